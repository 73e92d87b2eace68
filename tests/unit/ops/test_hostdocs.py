"""A monorepo's own validator of documents: what it says with ours and without them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from kestra_tasks.ops import hostdocs
from kestra_tasks.settings import Settings
from tests.helpers.cases import shoot
from tests.helpers.trees import build_tree

MAP = "docs/context/ops/service-port-map.md"
TABLE = "| Service | Port |\n|---|---|\n| Web | 3000 |\n"


def monorepo(root: Path, script: str, *, git: bool = True) -> Path:
    build_tree(
        root,
        {
            MAP: TABLE,
            "package.json": '{"scripts": {"validate-docs": "sh check.sh"}}',
            "check.sh": script,
            ".gitignore": "ignored\n",
            "ignored": "",
        },
    )
    if git:
        subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


@pytest.mark.parametrize(
    ("script", "state", "findings"),
    [
        ("exit 0", "passes", ()),
        # It counts, and it fails with or without us.
        ("find docs -type f | wc -l; date +%N; exit 1", "fails already", ()),
        ("test ! -e docs/context/ops/orchestration || { echo bad $PWD/x; exit 3; }", "fails", 1),
        # It failed already, and finds more with ours.
        ("echo old; ls docs/context/ops; exit 1", "fails", 2),
        # What it says doesn't matter while it passes.
        ("ls docs/context/ops; echo report > report.txt", "passes", ()),
    ],
)
def test_the_verdict_compares_with_and_without_our_documents(
    tmp_path: Path, script: str, state: str, findings: object
) -> None:
    root = monorepo(tmp_path, script)
    before = shoot(root)
    verdict = hostdocs.judge(root, Settings())
    assert verdict.state == state, verdict
    assert len(verdict.findings) == (findings if isinstance(findings, int) else 0)
    assert not any(str(tmp_path) in line or "/tmp/" in line for line in verdict.findings)
    assert shoot(root) == before


def test_what_git_ignores_is_not_copied_and_modules_are_linked(tmp_path: Path) -> None:
    script = "test ! -e ignored && test -e node_modules/x && test -L node_modules"
    root = monorepo(tmp_path, script)
    build_tree(root, {"node_modules/x": ""})
    assert hostdocs.judge(root, Settings()).state == "passes"


def test_a_folder_without_git_is_copied_whole(tmp_path: Path) -> None:
    root = monorepo(tmp_path, "test -e ignored", git=False)
    assert hostdocs.judge(root, Settings()).state == "passes"


@pytest.mark.parametrize("package", [None, "{}", "not json", '{"scripts": {"test": "x"}}', "[]"])
def test_without_the_script_there_is_nothing_to_ask(tmp_path: Path, package: str | None) -> None:
    build_tree(tmp_path, {} if package is None else {"package.json": package})
    assert hostdocs.judge(tmp_path, Settings()).state == "absent"
