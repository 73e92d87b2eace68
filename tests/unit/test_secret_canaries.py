"""No task shows or writes a secret, whatever its output mode; without an engine.

What breaks is in tests/integration/test_secret_canaries_faults.py, the running stack in
test_secret_canaries.py beside it.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.canaries import (
    ENVIRONMENT,
    PLACEHOLDERS,
    TOKEN,
    Inv,
    Job,
    lay,
    lay_integrated,
    spilled,
)
from tests.helpers.canaries import canaries as find
from tests.helpers.task_calls import CALLS, FAILING_MODES, MODES, NO_ENGINE, calls, tasks, watch

TESTS = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def inv(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inv]:
    made = Inv(tmp_path_factory.mktemp("inv"), NO_ENGINE)
    yield made
    made.close()


@pytest.fixture(scope="module")
def integrated(inv: Inv, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_integrated(inv, tmp_path_factory.mktemp("integrated") / "a monorepo")


def test_every_task_is_called() -> None:
    assert set(CALLS) == set(tasks())


def _names(listed: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for task in listed["tasks"]:
        yield prefix + task["name"]
    for inner in listed["collections"]:
        yield from _names(inner, f"{prefix}{inner['name']}.")


def test_every_other_task_is_watched_elsewhere_or_reads_no_env() -> None:
    """A new task of the root needs a place here, and a test where it may meet a secret."""
    elsewhere = {
        "status.serve": "integration/test_secret_canaries_launcher.py",
        "quickstart": "integration/test_quickstart.py",
    }
    reads_none = {"bench", "docs.tasks", "format", "lint", "lock", "mutate"}
    done = subprocess.run(
        [sys.executable, "-m", "invoke", "--list", "--list-format", "json"],
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    found = set(_names(json.loads(done.stdout)))
    assert {f"kestra.{name}" for name in tasks()} <= found
    own = {name for name in found if name.split(".")[0] not in ("kestra", "rig", "test")}
    assert own - reads_none == set(elsewhere)
    for name, path in elsewhere.items():
        assert name in (TESTS / path).read_text(encoding="utf-8")


def test_what_is_searched_for_can_be_found() -> None:
    assert find(f"a {TOKEN}14b") == {f"{TOKEN}14"}
    for user in ("a", "ab", "abc"):
        assert find(base64.b64encode(f"{user}:{TOKEN}14".encode()))
    assert find("drawn: Xyz", ["Xyz"]) == {"Xyz"}
    assert spilled({"a": b""}, {"a": TOKEN.encode()}) == {"a": {TOKEN}}
    assert not any(find(value) for value in os.environ.values())


@pytest.mark.timeout(600)
def test_before_the_integration(inv: Inv, tmp_path: Path) -> None:
    root = tmp_path / "a monorepo"
    lay(root)
    watch(inv, (Job(" ".join(call), root, call) for call in calls(MODES)), root)


@pytest.mark.timeout(600)
def test_after_the_integration(inv: Inv, integrated: Path) -> None:
    jobs = (Job(" ".join(call), integrated, call, ENVIRONMENT) for call in calls(MODES))
    watch(inv, jobs, integrated)


@pytest.mark.timeout(600)
def test_secrets_that_are_drawn(inv: Inv, tmp_path: Path) -> None:
    root = tmp_path / "a monorepo"
    lay(root, {".env": PLACEHOLDERS})
    drawing = ("env", "integrate", "up", "check", "discover")
    named = {f"kestra.{name}" for name in drawing}
    jobs = (Job(" ".join(c), root, c) for c in calls(FAILING_MODES) if c[0] in named)
    watch(inv, jobs, root)
