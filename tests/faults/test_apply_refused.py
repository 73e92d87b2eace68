"""What apply must refuse, or survive: full disks, rights, links out, odd files, rivals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kestra_tasks.apply import apply
from kestra_tasks.core.plan import Plan
from kestra_tasks.core.tree import File
from kestra_tasks.errors import KestraTasksError, PreconditionError
from tests.helpers.cases import shoot
from tests.helpers.forks import Ended, in_child
from tests.helpers.plans import plan_to

NOBODY = 65_534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: changes user, mounts")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "a.json").write_text("{}\n")
    return folder


def refused(root: Path, plan: Plan) -> KestraTasksError:
    with pytest.raises(PreconditionError) as caught:
        apply(root, plan)
    assert caught.value.message
    assert "Traceback" not in caught.value.message
    return caught.value


# --- room -----------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "h-small", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@as_root
def test_a_full_disk_loses_nothing_and_names_itself(small_disk: Path) -> None:
    root = small_disk / "root"
    (root / "config").mkdir(parents=True)
    (root / "config" / "a.json").write_text("{}\n")
    (root / ".env").write_text("PASSWORD=planted\n")
    before = shoot(root)
    wanted: dict[str, str] = {
        ".env": "PASSWORD=planted\nB=1\n",
        "config/a.json": "[]\n",
        "new/big": "x" * 100_000,
    }
    error = refused(root, plan_to(root, wanted))
    assert "No space left" in error.message
    assert "df" in error.hint
    assert shoot(root) == before

    wanted["new/big"] = "x"
    apply(root, plan_to(root, wanted))
    assert (root / ".env").read_text() == wanted[".env"]


@as_root
def test_a_read_only_file_system_is_named(small_disk: Path) -> None:
    root = small_disk / "root"
    root.mkdir()
    plan = plan_to(root, {"a": "a"})
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    error = refused(root, plan)
    assert "Read-only file system" in error.message
    assert "mount" in error.hint


# --- rights ---------------------------------------------------------------------------------


def nobody() -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def apply_as_nobody(root: Path, plan: Plan) -> Ended:
    for folder in (root, *root.parents):
        if folder.stat().st_uid == os.geteuid() and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    return in_child(lambda: apply(root, plan), nobody)


def test_a_read_only_file_is_left_alone_and_nothing_else_is_written(root: Path) -> None:
    (root / "config" / "a.json").chmod(0o444)
    before = shoot(root)
    error = refused(root, plan_to(root, {"a-first": "x", "config/a.json": "[]"}))
    assert "config/a.json" in error.message
    assert "chmod u+w config/a.json" in error.hint
    assert shoot(root) == before


@as_root
def test_a_folder_of_another_user_is_refused_and_nothing_is_written(root: Path) -> None:
    root.chmod(0o777)
    before = shoot(root)
    ended = apply_as_nobody(root, plan_to(root, {"a-first": "x", "config/b.json": "x"}))
    assert isinstance(ended.error, PreconditionError)
    assert "config" in ended.error.message
    assert "Permission denied" in ended.error.message
    assert ended.error.hint
    assert shoot(root) == before


@as_root
def test_a_file_of_another_user_that_one_may_write_is_written(root: Path) -> None:
    (root / "config").chmod(0o777)
    (root / "config" / "a.json").chmod(0o666)
    ended = apply_as_nobody(root, plan_to(root, {"config/a.json": "[]"}))
    assert ended.error is None
    assert (root / "config" / "a.json").read_text() == "[]"
    assert (root / "config" / "a.json").stat().st_mode & 0o7777 == 0o666


@as_root
def test_an_updated_file_keeps_its_owner(root: Path) -> None:
    os.chown(root / "config" / "a.json", 1234, 4321)
    apply(root, plan_to(root, {"config/a.json": "[]"}))
    kept = (root / "config" / "a.json").stat()
    assert (kept.st_uid, kept.st_gid) == (1234, 4321)


@as_root
def test_a_new_file_in_a_users_checkout_isnt_roots(root: Path) -> None:
    """`sudo inv ...` in one's own checkout mustn't leave files that one can't edit."""
    for place in (root, root / "config"):
        os.chown(place, 1234, 4321)
    apply(root, plan_to(root, {"config/new/deep/b.json": "[]"}))
    for name in ("config/new", "config/new/deep", "config/new/deep/b.json"):
        made = (root / name).stat()
        assert (made.st_uid, made.st_gid) == (1234, 4321), name


# --- places that aren't ours ------------------------------------------------------------------


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "a.json").write_text("theirs\n")
    return folder


@pytest.mark.parametrize(
    ("link", "target", "path"),
    [
        ("link.json", "outside/a.json", "link.json"),
        ("link.json", "outside/absent.json", "link.json"),
        ("folder", "outside", "folder/a.json"),
        ("folder", "outside", "folder/new.json"),
        ("folder", "outside", "folder/new/deep.json"),
    ],
    ids=["file", "dangling", "folder", "new file", "new folder"],
)
def test_a_link_that_leaves_the_monorepo_is_refused_when_planning(
    root: Path, outside: Path, link: str, target: str, path: str
) -> None:
    (root / link).symlink_to(root.parent / target)
    before = shoot(outside)
    with pytest.raises(PreconditionError) as caught:
        plan_to(root, {path: "ours"})
    assert path in caught.value.message
    assert "leaves the monorepo" in caught.value.message
    assert caught.value.hint
    assert shoot(outside) == before


def test_dots_that_leave_the_monorepo_are_refused(root: Path, outside: Path) -> None:
    with pytest.raises(PreconditionError, match="leaves the monorepo"):
        plan_to(root, {"../outside/a.json": "ours"})
    assert (outside / "a.json").read_text() == "theirs\n"


def test_a_folder_swapped_for_a_link_after_planning_is_refused(root: Path, outside: Path) -> None:
    plan = plan_to(root, {"a-first": "x", "config/new.json": "ours"})
    (root / "config" / "a.json").unlink()
    (root / "config").rmdir()
    (root / "config").symlink_to(outside)
    before = shoot(outside)
    assert "leaves the monorepo" in refused(root, plan).message
    assert shoot(outside) == before
    assert not (root / "a-first").exists()


def test_a_deleted_file_swapped_for_a_link_is_refused(root: Path, outside: Path) -> None:
    plan = plan_to(root, {"config/a.json": None})
    (root / "config" / "a.json").unlink()
    (root / "config" / "a.json").symlink_to(outside / "a.json")
    refused(root, plan)
    assert (outside / "a.json").exists()
    assert (root / "config" / "a.json").is_symlink()


@pytest.mark.parametrize("name", ["a.json", "absent"])
def test_a_temporary_name_that_is_a_link_isnt_followed(
    root: Path, outside: Path, name: str
) -> None:
    plan = plan_to(root, {"config/a.json": "[]"})
    (root / "config" / ".a.json.kestra-tasks-tmp").symlink_to(outside / name)
    apply(root, plan)
    assert sorted(path.name for path in outside.iterdir()) == ["a.json"]
    assert (outside / "a.json").read_text() == "theirs\n"
    assert (root / "config" / "a.json").read_text() == "[]"
    assert sorted(path.name for path in (root / "config").iterdir()) == ["a.json"]


def test_links_in_a_circle_are_told(root: Path) -> None:
    (root / "one").symlink_to("two")
    (root / "two").symlink_to("one")
    with pytest.raises(PreconditionError, match="one"):
        plan_to(root, {"one": "x"})


def test_a_folder_where_a_file_should_be_is_told(root: Path) -> None:
    with pytest.raises(PreconditionError, match="config"):
        plan_to(root, {"config": "x"})


def test_a_file_where_a_folder_should_be_is_told(root: Path) -> None:
    (root / "tools").write_text("a file")
    before = shoot(root)
    error = refused(root, plan_to(root, {"a-first": "x", "tools/kestra/run.sh": "x"}))
    assert "tools" in error.message
    assert shoot(root) == before


def test_a_pipe_where_a_file_should_be_is_told_and_not_waited_for(root: Path) -> None:
    os.mkfifo(root / ".env")
    ended = in_child(lambda: plan_to(root, {".env": "x"}), lambda: signal_alarm(5))
    assert isinstance(ended.error, PreconditionError)
    assert ".env" in ended.error.message


def signal_alarm(seconds: int) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(seconds)


# --- rivals -----------------------------------------------------------------------------------


def test_two_applies_at_once_in_two_processes(root: Path, tmp_path: Path) -> None:
    program = (
        "import fcntl, os, sys, time\n"
        "handle = os.open(sys.argv[1], os.O_RDONLY)\n"
        "fcntl.flock(handle, fcntl.LOCK_EX)\n"
        "print('locked', flush=True)\n"
        "sys.stdin.read()\n"
    )
    plan = plan_to(root, {"config/a.json": "[]"})
    before = shoot(root)
    with subprocess.Popen(
        [sys.executable, "-c", program, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as rival:
        assert rival.stdout is not None and rival.stdin is not None
        assert rival.stdout.readline() == "locked\n"
        started = time.monotonic()
        error = refused(root, plan)
        assert time.monotonic() - started < 5
        rival.stdin.close()
        rival.wait(10)
    assert "another kestra task" in error.message
    assert shoot(root) == before
    apply(root, plan)


def test_a_killed_rival_leaves_no_lock(root: Path) -> None:
    from tests.helpers.forks import killed_at

    plan = plan_to(root, {"config/a.json": "[]"})
    assert in_child(lambda: apply(root, plan), killed_at(2)).signal
    apply(root, plan)
    assert (root / "config" / "a.json").read_text() == "[]"


def test_many_applies_of_one_plan_write_it_once(root: Path) -> None:
    plan = plan_to(root, {f"f{number}": File.of("x") for number in range(30)})
    children = []
    for _ in range(6):
        child = os.fork()
        if child == 0:
            try:
                apply(root, plan)
                os._exit(0)
            except PreconditionError:
                os._exit(3)
            finally:
                os._exit(70)
        children.append(child)
    codes = sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)
    assert codes[0] == 0
    assert codes.count(0) == 1
    assert set(codes[1:]) == {3}
    assert sorted(shoot(root).files) == sorted(["config/a.json", *(f"f{n}" for n in range(30))])
