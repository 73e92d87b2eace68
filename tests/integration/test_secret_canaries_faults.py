"""No task shows or writes a secret where something is broken; the engine can't be reached."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.canaries import (
    BROKEN,
    BY_HAND,
    REMOTE,
    TOKEN,
    TREE,
    Inv,
    Job,
    lay,
    lay_integrated,
)
from tests.helpers.task_calls import FAILING_MODES, MODES, NO_ENGINE, calls, watch

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not shutil.which("docker"), reason="needs Compose's own messages"),
]


@pytest.fixture(scope="module")
def inv(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inv]:
    made = Inv(tmp_path_factory.mktemp("inv"), NO_ENGINE)
    yield made
    made.close()


@pytest.fixture(scope="module")
def integrated(inv: Inv, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_integrated(inv, tmp_path_factory.mktemp("integrated") / "a monorepo")


def test_a_remote_engine(inv: Inv, integrated: Path) -> None:
    jobs = (Job(" ".join(c), integrated, c, REMOTE) for c in calls(FAILING_MODES, first=True))
    watch(inv, jobs, integrated)


def test_ours_edited_by_hand(inv: Inv, integrated: Path, tmp_path: Path) -> None:
    root = tmp_path / "a monorepo"
    shutil.copytree(integrated, root)
    for path, more in BY_HAND.items():
        with (root / path).open("a", encoding="utf-8") as stream:
            stream.write(more)
    env = root / ".env"
    text = env.read_text(encoding="utf-8")
    env.write_text(text.replace("KESTRA_DB_PORT=5432", f"KESTRA_X={TOKEN}83"), encoding="utf-8")
    watch(inv, (Job(" ".join(call), root, call) for call in calls(MODES)), root)


@pytest.mark.parametrize("name", BROKEN)
def test_files_that_are_broken(inv: Inv, integrated: Path, tmp_path: Path, name: str) -> None:
    """Each in a monorepo with Kestra; those that the integration refuses in one without too."""
    # By --root from elsewhere: else Invoke itself reads invoke.yaml first.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "tasks.py").write_text(TREE["tasks.py"], encoding="utf-8")
    for state in ("before", "after"):
        root = tmp_path / state / "a monorepo"
        if state == "before":
            lay(root, BROKEN[name])
        else:
            shutil.copytree(integrated, root)
            for path, text in BROKEN[name].items():
                (root / path).write_text(text, encoding="utf-8", errors="surrogateescape")
        given = ["--root", str(root.parent / "copy")]
        writes = {"kestra.integrate", "kestra.discover", "kestra.compose", "kestra.env"}
        jobs = (
            Job(f"{' '.join(call)} ({name}, {state})", elsewhere, [*call, *given])
            for call in calls(FAILING_MODES, first=True)
            if state == "after" or call[0] in writes
        )
        watch(inv, jobs, root)


@pytest.mark.parametrize("name", ["settings", "settings' keys", "a setting"])
def test_invokes_own_reading_of_broken_settings(inv: Inv, tmp_path: Path, name: str) -> None:
    root = tmp_path / "a monorepo"
    lay(root, BROKEN[name])
    watch(inv, [Job(name, root, ["kestra.check"]), Job(name, root, ["--list"])], root)
