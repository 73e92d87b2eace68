"""Apply writes what the plan says and nothing else; see tests/faults for what breaks."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from kestra_tasks.apply import apply
from kestra_tasks.core.tree import File
from kestra_tasks.errors import PreconditionError, StaleFileError
from tests.helpers.cases import shoot
from tests.helpers.plans import plan_to


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "mono repo"
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "a.json").write_text("{}\n")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o750)
    (folder / "other").write_bytes(b"\xff\r\n")
    return folder


def test_files_are_created_updated_and_deleted(root: Path) -> None:
    apply(root, plan_to(root, {"config/a.json": "[]\r\n", "new/deep/b": "b", "other": None}))
    assert {name: data for name, (data, _) in shoot(root).files.items()} == {
        "config/a.json": b"[]\r\n",
        "new/deep/b": b"b",
        "run.sh": b"#!/bin/sh\n",
    }


def test_an_empty_plan_touches_nothing(root: Path) -> None:
    before = shoot(root), root.stat().st_mtime_ns
    apply(root, plan_to(root, {}))
    assert (shoot(root), root.stat().st_mtime_ns) == before


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_new_files_and_folders_have_their_modes_whatever_the_umask(root: Path, umask: int) -> None:
    plan = plan_to(
        root,
        {
            "a/b/plain": "x",
            "a/b/run.sh": File.of("x", 0o755),
            ".env": File.of("x", 0o600),
        },
    )
    old = os.umask(umask)
    try:
        apply(root, plan)
    finally:
        os.umask(old)
    shot = shoot(root)
    assert shot.files["a/b/plain"][1] == 0o644
    assert shot.files["a/b/run.sh"][1] == 0o755
    assert shot.files[".env"][1] == 0o600
    assert shot.folders["a"] == shot.folders["a/b"] == 0o755


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o664, 0o666, 0o700, 0o755, 0o775])
def test_an_updated_file_keeps_its_mode(root: Path, mode: int) -> None:
    path = root / "config" / "a.json"
    path.chmod(mode)
    run_bit = 0o755 if mode & 0o111 else 0o644
    apply(root, plan_to(root, {"config/a.json": File.of("new", run_bit)}))
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o7777 == mode


@pytest.mark.parametrize(
    ("mode", "wanted", "becomes"),
    [
        (0o644, 0o755, 0o755),
        (0o600, 0o755, 0o700),
        (0o640, 0o755, 0o750),
        (0o755, 0o644, 0o644),
        (0o710, 0o644, 0o600),
    ],
)
def test_run_bits_follow_the_plan_and_who_may_read(
    root: Path, mode: int, wanted: int, becomes: int
) -> None:
    path = root / "run.sh"
    path.chmod(mode)
    apply(root, plan_to(root, {"run.sh": File.of("#!/bin/sh\n", wanted)}))
    assert path.stat().st_mode & 0o7777 == becomes


def test_deleting_leaves_no_empty_folder_but_spares_full_ones(root: Path) -> None:
    apply(root, plan_to(root, {"x/y/z/a": "a", "x/y/b": "b", "x/c": "c"}))
    apply(root, plan_to(root, {"x/y/z/a": None, "x/y/b": None}))
    assert (root / "x" / "c").is_file()
    assert not (root / "x" / "y").exists()
    apply(root, plan_to(root, {"x/c": None}))
    assert not (root / "x").exists()


def test_the_root_itself_stays_when_all_is_deleted(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    apply(root, plan_to(root, {"a": "a"}))
    apply(root, plan_to(root, {"a": None}))
    assert root.is_dir()


def test_an_updated_file_is_a_new_one_so_that_readers_never_see_half(root: Path) -> None:
    path = root / "config" / "a.json"
    with path.open() as reader:
        apply(root, plan_to(root, {"config/a.json": "x" * 100_000}))
        assert reader.read() == "{}\n"


def test_a_link_inside_the_monorepo_stays_a_link(root: Path) -> None:
    (root / "link.json").symlink_to("config/a.json")
    apply(root, plan_to(root, {"link.json": "[]"}))
    assert (root / "link.json").is_symlink()
    assert (root / "config" / "a.json").read_text() == "[]"
    assert not (root / "config" / "a.json").is_symlink()


def test_a_root_that_is_a_link_is_followed(root: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(root)
    apply(link, plan_to(link, {"a": "a"}))
    assert (root / "a").read_text() == "a"


@pytest.mark.parametrize(
    "meddle",
    [
        lambda path: path.write_text("{ }\n"),
        lambda path: path.unlink(),
        lambda path: path.chmod(0o755),
    ],
    ids=["changed", "gone", "run bit"],
)
def test_a_file_that_changed_stops_all_before_anything_is_written(root: Path, meddle) -> None:
    plan = plan_to(root, {"a-first": "x", "config/a.json": "[]", "z-last": "x"})
    meddle(root / "config" / "a.json")
    before = shoot(root)
    with pytest.raises(StaleFileError) as caught:
        apply(root, plan)
    assert "config/a.json" in caught.value.message
    assert caught.value.hint
    assert shoot(root) == before


def test_a_file_that_appeared_is_stale_too(root: Path) -> None:
    plan = plan_to(root, {"a-first": "x", "new": "ours"})
    (root / "new").write_text("theirs")
    before = shoot(root)
    with pytest.raises(StaleFileError, match="new"):
        apply(root, plan)
    assert shoot(root) == before


def test_a_file_with_the_same_bytes_is_not_stale(root: Path) -> None:
    plan = plan_to(root, {"config/a.json": "[]"})
    (root / "config" / "a.json").write_text("{}\n")
    apply(root, plan)
    assert (root / "config" / "a.json").read_text() == "[]"


def test_a_second_apply_of_one_plan_is_stale(root: Path) -> None:
    plan = plan_to(root, {"config/a.json": "[]"})
    apply(root, plan)
    with pytest.raises(StaleFileError):
        apply(root, plan)


def test_one_apply_at_a_time(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_to(root, {"config/a.json": "[]"})
    at_work, go_on = threading.Event(), threading.Event()
    real = os.replace

    def slow(source: str, target: str) -> None:
        at_work.set()
        assert go_on.wait(20)
        real(source, target)

    monkeypatch.setattr(os, "replace", slow)
    thread = threading.Thread(target=apply, args=(root, plan))
    thread.start()
    try:
        assert at_work.wait(20)
        with pytest.raises(PreconditionError) as caught:
            apply(root, plan)
    finally:
        go_on.set()
        thread.join()
    assert "another" in caught.value.message
    assert caught.value.hint
    assert (root / "config" / "a.json").read_text() == "[]"


def test_no_lock_or_temporary_file_is_left(root: Path) -> None:
    before = set(shoot(root).files)
    apply(root, plan_to(root, {"config/a.json": "[]"}))
    assert set(shoot(root).files) == before
