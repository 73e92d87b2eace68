"""The mirror: planned files in place, all else the real thing, nothing written in the root."""

from __future__ import annotations

from pathlib import Path

from kestra_tasks.core.tree import File
from kestra_tasks.probes.mirror import mirrored


def lay(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def state(root: Path) -> dict[str, str]:
    return {str(f.relative_to(root)): f.read_text() for f in root.rglob("*") if f.is_file()}


def test_planned_files_stand_among_the_real_ones(tmp_path: Path) -> None:
    root = tmp_path / "my repo"
    lay(root, {"a/b/old": "1", "a/b/c": "2", "a/gone": "3", "top": "4", "../beside/x": "5"})
    before = state(tmp_path)
    planned = {
        "a/b/old": File.of("new"),
        "a/gone": None,
        "a/n/e/w": File.of("made"),
        ".env": File.of("SECRET=1"),
    }
    with mirrored(root, planned) as top:
        here = top / root.relative_to(root.anchor)
        assert (here / "a/b/old").read_text() == "new"
        assert (here / "a/n/e/w").read_text() == "made"
        assert not (here / "a/gone").exists()
        assert (here / "a/b/c").read_text() == "2"
        assert (here / "a/b/c").resolve() == root / "a/b/c"
        assert (here / "top").read_text() == "4"
        assert (here.parent / "beside/x").read_text() == "5"
        assert (here / ".env").stat().st_mode & 0o777 == 0o600
        assert top.stat().st_mode & 0o077 == 0
        assert not (here / ".env").is_symlink()
    assert not top.exists()
    assert state(tmp_path) == before


def test_the_real_files_outlive_the_mirror_even_where_it_fails(tmp_path: Path) -> None:
    lay(tmp_path, {"a/b": "1"})
    try:
        with mirrored(tmp_path, {"a/c": File.of("2")}) as top:
            raise RuntimeError
    except RuntimeError:
        assert not top.exists()
    assert state(tmp_path) == {"a/b": "1"}


def test_a_root_that_has_no_such_folders_yet(tmp_path: Path) -> None:
    with mirrored(tmp_path / "new", {"x/y": File.of("1")}) as top:
        assert (top / tmp_path.relative_to("/") / "new/x/y").read_text() == "1"
