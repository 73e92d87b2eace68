"""`inv kestra.integrate` typed where it can't be carried out: what is told, code 3, nothing lost.

The same faults are met one by one, at every write, in test_apply_refused and test_apply_killed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.helpers.cases import shoot
from tests.helpers.forks import READS_ALL

ROOT = Path(__file__).resolve().parents[2]
SHAPE = ROOT / "tests" / "cases" / "minimal" / "before"
INTEGRATE = ("kestra.integrate", "--ports", "18284,18285")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: changes user, mounts")
# Changes a file as soon as the apply has taken its lock on the root.
_MEDDLER = """\
import os, sys
_root, _file, _done = os.environ["MEDDLE_ROOT"], os.environ["MEDDLE_FILE"], []
def _hook(event, args):
    if event == "open" and not _done and str(args[0]) == _root and args[2] & os.O_DIRECTORY:
        _done.append(True)
        with open(_file, "a") as stream:
            stream.write("# a colleague was here\\n")
sys.addaudithook(_hook)
"""


def start(
    root: Path, *words: str, prefix: Sequence[str] = (), env: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*prefix, sys.executable, "-m", "invoke", *words, "--root", str(root)],
        cwd=ROOT,
        env={**os.environ, "DOCKER_HOST": "unix:///nonexistent.sock", **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def refused(child: subprocess.Popen[str], message: str, hint: str) -> None:
    _, err = child.communicate(timeout=120)
    assert child.returncode == 3, err
    assert message in err and f"-> {hint}" in err, err
    assert "Traceback" not in err


def succeeds(root: Path) -> None:
    """The same command works once the fault is gone, and the whole is clean."""
    for words in (INTEGRATE, ("kestra.check",)):
        child = start(root, *words)
        out, err = child.communicate(timeout=120)
        assert child.returncode == 0, out + err


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHAPE, tmp_path / "a monorepo"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small disk"
    place.mkdir()
    argv = ["mount", "-t", "tmpfs", "-o", "size=96k", "kt-small", str(place)]
    if mounted := subprocess.run(argv, capture_output=True, text=True).stderr:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@as_root
def test_the_disk_fills_up_in_mid_apply(small_disk: Path) -> None:
    root = Path(shutil.copytree(SHAPE, small_disk / "root"))
    before = shoot(root)
    told = "No space left on device; every file is as it was or new"
    refused(start(root, *INTEGRATE), told, "free some space (df -h .)")
    assert shoot(root) == before
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    succeeds(root)


def test_a_file_changed_between_plan_and_apply(root: Path, tmp_path: Path) -> None:
    path = ".env.example"
    (root / path).write_text("A=1\n")
    before = shoot(root)
    (tmp_path / "sitecustomize.py").write_text(_MEDDLER)
    meddle = {
        "MEDDLE_ROOT": str(root),
        "MEDDLE_FILE": str(root / path),
        "PYTHONPATH": str(tmp_path),
    }
    refused(
        start(root, *INTEGRATE, env=meddle),
        f"{path} changed since the plan was made; nothing was written",
        "run the same command again",
    )
    after = shoot(root)
    assert after.files[path][0] == before.files[path][0] + b"# a colleague was here\n"
    assert {k: v for k, v in after.files.items() if k != path} == {
        k: v for k, v in before.files.items() if k != path
    }
    succeeds(root)


def test_two_at_once_write_it_once(root: Path) -> None:
    children = [start(root, *INTEGRATE) for _ in range(2)]
    ended = [(child.communicate(timeout=120)[1], child.returncode) for child in children]
    assert 0 in {code for _, code in ended}, ended
    for err, code in ended:
        rival = "another kestra task is writing" in err or "changed since the plan was made" in err
        assert code == 0 or (code == 3 and rival), err
    succeeds(root)
    lines = (root / ".env").read_text().splitlines()
    assert sum(line.startswith("KESTRA_DB_PASSWORD=") for line in lines) == 1


@as_root
def test_a_folder_that_this_user_may_not_write(root: Path) -> None:
    before = shoot(root)
    child = start(root, *INTEGRATE, prefix=READS_ALL)
    refused(child, "can't be written: Permission denied", "give your user the right to write there")
    assert shoot(root) == before


def test_a_link_that_leaves_the_root(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "theirs").write_text("theirs\n")
    (root / "tools").symlink_to(outside)
    before = shoot(outside), sorted(root.iterdir())
    child = start(root, *INTEGRATE)
    _, err = child.communicate(timeout=120)
    assert child.returncode == 3, err
    assert "leaves the monorepo" in err and "Traceback" not in err
    assert (shoot(outside), sorted(root.iterdir())) == before
