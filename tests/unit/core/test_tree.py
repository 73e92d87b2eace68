"""What lies in a folder: asked of a mapping, with planned edits laid over it."""

from __future__ import annotations

from kestra_tasks.core.tree import File, Tree

ANY = File(b"x")


def test_a_mappings_folders_are_inferred_from_its_paths() -> None:
    tree = Tree({"a/b/c.md": ANY, "a/d.md": ANY, "ab/e.md": ANY})
    assert tree.names("a") == ("b", "d.md")
    assert tree.names("a/b") == ("c.md",)
    assert tree.names("a/d.md") is None
    assert tree.names("x") is None


def test_planned_files_count_and_deleted_ones_do_not() -> None:
    tree = Tree({"a/old.md": ANY}).with_file("a/new/one.md", ANY).with_file("a/old.md", None)
    assert tree.names("a") == ("new",)
    assert tree.names("a/new") == ("one.md",)


def test_a_folder_whose_last_file_is_deleted_is_gone() -> None:
    assert Tree({"a/old.md": ANY}).with_file("a/old.md", None).names("a") is None
