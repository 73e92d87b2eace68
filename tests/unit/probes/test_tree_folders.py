"""Folders on disk as the steps see them."""

from __future__ import annotations

from pathlib import Path

from kestra_tasks.core.tree import File
from kestra_tasks.probes.tree import read_tree
from tests.helpers.trees import build_tree


def test_a_folder_is_listed_once_and_an_empty_one_is_there(tmp_path: Path) -> None:
    root = build_tree(tmp_path / "root", {"docs/b.md": "", "docs/a.md": "", "file": ""})
    (root / "empty").mkdir()
    tree = read_tree(root)
    assert tree.names("docs") == ("a.md", "b.md")
    (root / "docs/later.md").touch()
    assert tree.names("docs") == ("a.md", "b.md")
    assert tree.names("empty") == ()
    assert tree.names("file") is None
    assert tree.names("absent") is None
    assert tree.with_file("docs/c.md", File(b"")).names("docs") == ("a.md", "b.md", "c.md")


def test_a_folder_outside_of_the_root_is_none_of_ours(tmp_path: Path) -> None:
    build_tree(tmp_path / "elsewhere", {"a.md": ""})
    root = build_tree(tmp_path / "root", {"x": ""})
    (root / "link").symlink_to(tmp_path / "elsewhere")
    assert read_tree(root).names("link") is None
    assert read_tree(root).names("..") is None
