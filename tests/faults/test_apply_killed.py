"""Apply killed at every instant: each file is old or new, and a second run completes the plan."""

from __future__ import annotations

import resource
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kestra_tasks.apply import apply
from kestra_tasks.core.tree import File
from kestra_tasks.errors import PreconditionError
from tests.helpers.cases import Shot, shoot
from tests.helpers.forks import in_child, killed_at
from tests.helpers.plans import plan_to

SECRET = "planted-secret-9d1"
WANTED: Mapping[str, File | str | None] = {
    "tools/kestra/scripts/run.sh": File.of("#!/bin/bash\n", 0o755),
    "tools/kestra/README.md": "# Kestra\n" * 400,
    ".env": File.of(f"A=1\nPASSWORD={SECRET}\n", 0o600),
    "tools/compose/docker-compose.tools.yml": "services: {}\ninclude: []\n",
    "config/services-manifest.json": File.of("{}\n", 0o755),
    "old/only.txt": None,
    "old.txt": None,
}


def lay_out(folder: Path) -> Path:
    for path, text in {
        "tools/compose/docker-compose.tools.yml": "services: {}\n",
        "config/services-manifest.json": "[]\n",
        "old/only.txt": "old\n",
        "old.txt": "old\n",
        "untouched": "untouched\n",
    }.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return folder


@pytest.fixture
def done(tmp_path: Path) -> Shot:
    root = lay_out(tmp_path / "done")
    apply(root, plan_to(root, WANTED))
    return shoot(root)


def assert_old_or_new(now: Shot, old: Shot, new: Shot) -> list[str]:
    """Return the paths that are neither: temporary files only."""
    strays = []
    for name, state in now.files.items():
        if name not in old.files and name not in new.files:
            strays.append(name)
            assert name.endswith(".kestra-tasks-tmp"), name
            assert name.rpartition("/")[2].startswith(".")
            if SECRET.encode() in state[0]:
                assert not state[1] & 0o077, f"{name} can be read by others"
        else:
            assert state in (old.files.get(name), new.files.get(name)), name
    for name in old.files:
        assert name in now.files or name not in new.files, f"{name} is lost"
    return strays


def kill_everywhere(tmp_path: Path, check: Callable[[Path], None]) -> int:
    """Kill an apply before each of its changes in turn; return how many there are."""
    number = 0
    while True:
        number += 1
        root = lay_out(tmp_path / f"killed {number}")
        plan = plan_to(root, WANTED)
        ended = in_child(lambda root=root, plan=plan: apply(root, plan), killed_at(number))
        if not ended.signal:
            assert ended.error is None
            return number - 1
        assert ended.signal == signal.SIGKILL
        check(root)


def test_killed_at_every_change_a_second_run_completes(tmp_path: Path, done: Shot) -> None:
    old = shoot(lay_out(tmp_path / "old"))
    seen_strays = 0

    def check(root: Path) -> None:
        nonlocal seen_strays
        seen_strays += bool(assert_old_or_new(shoot(root), old, done))
        apply(root, plan_to(root, WANTED))
        now = shoot(root)
        assert now.files == done.files
        assert {k: v for k, v in now.folders.items() if k != "old"} == done.folders

    number = kill_everywhere(tmp_path, check)
    assert number > 4 * len(WANTED)
    assert seen_strays, "no kill left a temporary file: the hook isn't where the writing is"


def test_killed_at_every_change_it_can_be_taken_back(tmp_path: Path) -> None:
    old = shoot(lay_out(tmp_path / "old"))
    back = {path: File(*old.files[path]) if path in old.files else None for path in WANTED}

    def check(root: Path) -> None:
        apply(root, plan_to(root, back))
        assert shoot(root).files == old.files

    kill_everywhere(tmp_path, check)


@pytest.mark.parametrize("limit", [0, 1, 10, 1000])
def test_killed_in_the_middle_of_a_write_no_file_is_torn(
    tmp_path: Path, done: Shot, limit: int
) -> None:
    old = shoot(lay_out(tmp_path / "old"))
    root = lay_out(tmp_path / "root")
    plan = plan_to(root, WANTED)

    def prepare() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    assert in_child(lambda: apply(root, plan), prepare).signal == signal.SIGXFSZ
    assert assert_old_or_new(shoot(root), old, done)
    apply(root, plan_to(root, WANTED))
    assert shoot(root).files == done.files


@pytest.mark.parametrize("limit", [0, 1, 10, 1000])
def test_a_write_that_fails_leaves_all_as_it_was(tmp_path: Path, limit: int) -> None:
    root = lay_out(tmp_path / "root")
    old = shoot(root)
    plan = plan_to(root, WANTED)

    def prepare() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    pipe_limited = in_child(lambda: _told(root, plan), prepare)
    assert pipe_limited.error is None
    kind, message, hint = pipe_limited.value
    assert kind is PreconditionError
    assert "can't be written" in message
    assert hint
    assert shoot(root) == old


def _told(root: Path, plan) -> tuple[type, str, str]:
    try:
        apply(root, plan)
    except PreconditionError as error:
        return type(error), error.message, error.hint
    raise AssertionError("it was applied")


def test_interrupted_at_every_rename_nothing_is_left_behind(
    tmp_path: Path, done: Shot, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    real = os.replace
    for number in range(1, 5):
        root = lay_out(tmp_path / f"interrupted {number}")
        old = shoot(root)
        plan = plan_to(root, WANTED)
        left = number

        def interrupted(source: str, target: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
            real(source, target)

        monkeypatch.setattr(os, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            apply(root, plan)
        monkeypatch.setattr(os, "replace", real)
        assert assert_old_or_new(shoot(root), old, done) == []
        apply(root, plan_to(root, WANTED))
        assert shoot(root) == done
