"""Whether git would take a file that has passwords."""

from __future__ import annotations

import subprocess
from pathlib import Path

from kestra_tasks.probes.git import would_take


def test_only_in_a_repository_that_doesnt_ignore_it(tmp_path: Path) -> None:
    assert not would_take(tmp_path / "nowhere", ".env")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert would_take(tmp_path, ".env")
    (tmp_path / ".gitignore").write_text("/.env\n")
    assert not would_take(tmp_path, ".env")


def test_an_ignored_file_that_git_has_already_is_taken(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\n")
    (tmp_path / ".gitignore").write_text("/.env\n")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    subprocess.run(["git", "-C", str(tmp_path), "add", "--force", ".env"], check=True)
    assert would_take(tmp_path, ".env")
