"""Wherever a monorepo lies: integrated, clean, and back to the byte, or a clear word why not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHAPE = ROOT / "tests" / "cases" / "minimal" / "before"


def git(root: Path, *words: str) -> str:
    identity = ["-c", "user.email=a@example.org", "-c", "user.name=a"]
    done = subprocess.run(
        ["git", *identity, "-c", "protocol.file.allow=always", *words],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def inv(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "invoke", *words, "--root", str(root)],
        cwd=ROOT,
        env={**os.environ, "DOCKER_HOST": "unix:///nonexistent.sock"},
        capture_output=True,
        text=True,
        check=False,
    )


def snapshot(root: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(p.relative_to(root)): (p.read_bytes(), p.stat().st_mode)
        for p in root.rglob("*")
        if p.is_file() and ".git" not in p.relative_to(root).parts
    }


def committed(place: Path) -> Path:
    shutil.copytree(SHAPE, place)
    git(place, "init", "-q")
    git(place, "add", "-A")
    git(place, "commit", "-q", "-m", "all")
    return place


def no_git(tmp: Path) -> Path:
    return Path(shutil.copytree(SHAPE, tmp / "plain"))


def worktree(tmp: Path) -> Path:
    git(committed(tmp / "main"), "worktree", "add", "-q", str(tmp / "tree"))
    return tmp / "tree"


def submodule(tmp: Path) -> Path:
    committed(tmp / "inner")
    outer = tmp / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    git(outer, "submodule", "add", "-q", str(tmp / "inner"), "services")
    return outer / "services"


def inside_another_compose_project(tmp: Path) -> Path:
    text = "name: outer\nservices: {kestra: {image: kestra/kestra:v0.20}}\n"
    (tmp / "docker-compose.yml").write_text(text)
    (tmp / ".env").write_text("COMPOSE_PROJECT_NAME=outer\nKESTRA_HTTP_PORT=1\n")
    return Path(shutil.copytree(SHAPE, tmp / "inner"))


def spaces_and_letters(tmp: Path) -> Path:
    return Path(shutil.copytree(SHAPE, tmp / "São Paulo, nº 1"))


@pytest.mark.parametrize(
    "lay", [no_git, worktree, submodule, inside_another_compose_project, spaces_and_letters]
)
def test_integrated_clean_and_taken_back(tmp_path: Path, lay: Callable[[Path], Path]) -> None:
    root = lay(tmp_path)
    before = snapshot(root)

    made = inv(root, "kestra.integrate", "--ports", "18080,18081")
    checked = inv(root, "kestra.check")
    removed = inv(root, "kestra.remove")

    assert made.returncode == 0, made.stderr
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert removed.returncode == 0, removed.stderr
    assert snapshot(root) == before


def test_a_step_that_is_skipped_later_is_taken_back_too(tmp_path: Path) -> None:
    root = no_git(tmp_path)
    before = snapshot(root)
    assert inv(root, "kestra.integrate", "--ports", "18080,18081").returncode == 0
    settings = root / "invoke.yaml"
    settings.write_text("kestra:\n  skip: [stacks, manifest, compose]\n")

    removed = inv(root, "kestra.remove")

    assert removed.returncode == 0, removed.stderr
    settings.unlink()
    assert snapshot(root) == before


def test_a_read_only_file_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    root = no_git(tmp_path)
    (root / ".env.example").write_text("A=1\n")
    (root / ".env.example").chmod(0o444)
    before = snapshot(root)

    made = inv(root, "kestra.integrate", "--ports", "18080,18081")

    assert made.returncode == 3
    assert ".env.example is read-only" in made.stderr
    assert "chmod u+w" in made.stderr
    assert snapshot(root) == before


def test_a_colleagues_clone_needs_its_own_env_and_nothing_else(tmp_path: Path) -> None:
    first = committed(tmp_path / "first")
    (first / ".gitignore").write_text(".env\n")
    assert inv(first, "kestra.integrate", "--ports", "18080,18081").returncode == 0
    git(first, "add", "-A")
    git(first, "commit", "-q", "-m", "Kestra")
    git(tmp_path, "clone", "-q", str(first), "second")
    second = tmp_path / "second"

    assert inv(second, "kestra.check").returncode == 0
    assert inv(second, "kestra.env").returncode == 0
    assert inv(second, "kestra.check").returncode == 0
    assert git(second, "status", "--porcelain") == ""
    text = (second / ".env").read_text()
    assert "KESTRA_HTTP_PORT=18080\n" in text
    assert "CHANGE_ME" not in text
    assert text != (first / ".env").read_text()
