"""What a removal leaves: nothing of ours, all of a person's, and a clean `git status`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.unit.test_places import committed, git, inv, no_git

TMP = "tools/kestra/tmp"
# What the documents have an operator write, word for word.
FLOW, LOG = f"{TMP}/first-flow.yml", f"{TMP}/before-restart.log"
RULE = f"{TMP}/.gitignore"


@pytest.fixture(scope="module")
def integrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A committed monorepo whose .env is ignored, integrated and not committed again."""
    root = committed(tmp_path_factory.mktemp("mono") / "repo")
    (root / ".gitignore").write_text(".env\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "ignore .env")
    made = inv(root, "kestra.integrate", "--ports", "18380,18381")
    assert made.returncode == 0, made.stderr
    return root


@pytest.fixture
def root(integrated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(integrated, tmp_path / "repo", symlinks=True))


def removed(root: Path) -> str:
    """Remove the integration; return what was told."""
    done = inv(root, "kestra.remove")
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_without_anything_left_the_folder_goes(root: Path) -> None:
    assert "left in" not in removed(root)
    assert not (root / "tools/kestra").exists()
    assert git(root, "status", "--porcelain") == ""


def test_an_operators_files_stay_are_named_and_git_doesnt_take_them(root: Path) -> None:
    (root / FLOW).write_text("id: mine\n")
    (root / LOG).write_text("a line\n")
    said = removed(root)
    assert f"left in {TMP}: before-restart.log, first-flow.yml" in said
    assert (root / FLOW).read_text() == "id: mine\n"
    assert (root / LOG).read_text() == "a line\n"
    assert sorted(p.name for p in (root / "tools/kestra").iterdir()) == ["tmp"]
    assert git(root, "status", "--porcelain") == ""


def test_the_next_integration_and_removal_know_nothing_of_it(root: Path) -> None:
    (root / FLOW).write_text("id: mine\n")
    removed(root)
    made = inv(root, "kestra.integrate", "--ports", "18380,18381")
    assert made.returncode == 0, made.stderr
    git(root, "add", "-A")
    assert f"{TMP}/.gitkeep" in git(root, "diff", "--cached", "--name-only")
    assert FLOW not in git(root, "diff", "--cached", "--name-only")
    git(root, "reset", "-q")
    (root / FLOW).unlink()
    assert "left in" not in removed(root)
    assert not (root / "tools/kestra").exists()
    assert git(root, "status", "--porcelain") == ""


def test_what_our_tasks_and_scripts_noted_down_goes(root: Path) -> None:
    for name in ("up-failed-1.log", "smoke-failed-1.log", "openspec-report.md", "local-password"):
        (root / TMP / name).write_text("ours\n")
    assert "left in" not in removed(root)
    assert not (root / "tools/kestra").exists()


def test_data_that_are_kept_are_no_news_to_git_either(root: Path) -> None:
    for name in ("storage/main/flow.txt", "workdir/theirs.txt"):
        (root / "tools/kestra" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "tools/kestra" / name).write_text("data\n")
    said = removed(root)
    assert "left in tools/kestra/storage: main" in said
    assert "left in tools/kestra/workdir: theirs.txt" in said
    assert (root / "tools/kestra/storage/main/flow.txt").read_text() == "data\n"
    assert git(root, "status", "--porcelain", "--", "tools/kestra") == ""


def test_many_files_are_counted(root: Path) -> None:
    for number in range(8):
        (root / TMP / f"{number}.txt").write_text("")
    assert f"left in {TMP}: 0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 3 more" in removed(root)


def test_a_rule_of_a_persons_own_stays_as_it_is(root: Path) -> None:
    (root / FLOW).write_text("id: mine\n")
    (root / RULE).write_text("*.yml\n")
    removed(root)
    assert (root / RULE).read_text() == "*.yml\n"


def test_without_git_no_rule_is_written(tmp_path: Path) -> None:
    root = no_git(tmp_path)
    assert inv(root, "kestra.integrate", "--ports", "18380,18381").returncode == 0
    (root / FLOW).write_text("id: mine\n")
    assert f"left in {TMP}: first-flow.yml" in removed(root)
    assert not (root / RULE).exists()
