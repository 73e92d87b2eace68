"""Monorepos as the integration tests have them, and an engine that may be broken."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

import pytest

from tests.helpers import own_engine
from tests.helpers.own_engine import OwnEngine
from tests.integration.conftest import images, make_monorepo
from tests.integration.monorepo import Monorepo, lay

__all__ = ["images", "make_monorepo"]


@pytest.fixture(scope="session")
def engine(images: Mapping[str, str]) -> Iterator[OwnEngine]:
    """An engine of the tests' own, with Kestra's two images."""
    if reason := own_engine.missing():
        pytest.skip(reason)
    made = OwnEngine()
    try:
        made.start()
        made.load(images.values())
        yield made
    finally:
        made.close()


@pytest.fixture
def own_repo(
    engine: OwnEngine, images: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Monorepo]:
    """A monorepo on that engine, with Kestra in it and nothing started."""
    name = f"kt-{random.randrange(16**6):06x}"
    root = tmp_path_factory.mktemp("own") / "a monorepo"
    root.mkdir()
    # Any ports are free: nothing else is in the engine's network.
    repo = Monorepo(root, name, 18_280, 18_281, env=engine.env, prefix=engine.prefix)
    lay(repo, images, "internal")
    repo.set(KESTRA_DOCKER_SOCKET=str(engine.socket))
    yield repo
    if ids := engine.docker("ps", "-aq", check=False).split():
        engine.docker("rm", "-fv", *ids, check=False)
    engine.docker("volume", "rm", repo.volume, check=False)
    engine.docker("network", "rm", f"{repo.name}-net", check=False)
