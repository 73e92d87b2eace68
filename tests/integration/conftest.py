"""A real engine and monorepos on it, cleaned up after each module."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.integration.monorepo import Monorepo, lay, missing, two_ports

_IMAGES = {
    "KESTRA_IMAGE": "kestra/kestra:latest",
    "KESTRA_POSTGRES_IMAGE": "postgres:15-alpine",
}


@pytest.fixture(scope="session")
def images() -> Mapping[str, str]:
    """The images' names by variable, on an engine that has or can pull them.

    Without one the test is skipped with the reason; under CI=true it fails.
    """
    names = {variable: os.environ.get(variable, name) for variable, name in _IMAGES.items()}
    reason = os.environ.get("KESTRA_TESTS_NO_ENGINE") or missing(names.values())
    if reason and os.environ.get("CI") == "true":
        pytest.fail(f"CI=true and no engine to test on: {reason}")
    if reason:
        pytest.skip(f"needs a Docker engine with Kestra's images: {reason}")
    return names


@pytest.fixture(scope="module")
def make_monorepo(
    images: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Monorepo]]:
    """Makes scratch monorepos that clean up after the module."""
    made: list[Monorepo] = []

    def make(*, neighbour: bool = False, database: str = "internal", **env: str) -> Monorepo:
        name = f"kt-{random.randrange(16**6):06x}"
        http, management = two_ports()
        root = tmp_path_factory.mktemp("mono") / "a monorepo"
        root.mkdir()
        repo = Monorepo(root, name, http, management, neighbour)
        made.append(repo)
        lay(repo, images, database)
        if env:
            repo.set(**env)
        return repo

    yield make
    for repo in made:
        repo.clean()
