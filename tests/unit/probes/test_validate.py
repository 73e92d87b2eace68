"""Validation without Compose: what is said where it can't be asked."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from kestra_tasks.core.plan import Plan, Step, make_plan
from kestra_tasks.probes.tree import read_tree
from kestra_tasks.probes.validate import validate
from kestra_tasks.settings import Settings
from kestra_tasks.steps import compose
from tests.helpers.trees import build_tree

SETTINGS = Settings()
STEP = Step("compose", "3.1", compose.plan, compose.undo)


def planned(root: Path, *, undo: bool = False) -> Plan:
    return make_plan(read_tree(root), SETTINGS, [STEP], undo=undo)


def programs(folder: Path, monkeypatch: pytest.MonkeyPatch, docker: str = "") -> None:
    """A PATH with nothing but, perhaps, a docker of our own."""
    folder.mkdir()
    if docker:
        (folder / "docker").write_text(f"#!/bin/sh\n{docker}\n")
        (folder / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_no_docker_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("")
    programs(tmp_path / "bin", monkeypatch)
    found = validate(tmp_path, planned(tmp_path), SETTINGS)
    assert found.problems == []
    assert found.warnings == [
        f"{SETTINGS.compose_file} couldn't be checked: docker isn't installed or not on PATH"
    ]


def test_no_compose_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("")
    said = "echo \"docker: 'compose' is not a docker command.\" >&2; exit 1"
    programs(tmp_path / "bin", monkeypatch, said)
    found = validate(tmp_path, planned(tmp_path), SETTINGS)
    assert found.problems == []
    assert "there is no `docker compose` here" in found.warnings[0]


def test_a_docker_that_cant_see_the_mirror_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("")
    said = '[ "$2" = version ] || { echo "open $3: no such file or directory" >&2; exit 14; }'
    programs(tmp_path / "bin", monkeypatch, said)
    found = validate(tmp_path, planned(tmp_path), SETTINGS)
    assert found.problems == []
    assert "can't see the temporary folder" in found.warnings[0]


def test_the_env_file_that_the_include_names_must_come_first(tmp_path: Path) -> None:
    found = validate(tmp_path, planned(tmp_path), SETTINGS)
    assert found.problems == [".env isn't there, and the include names it: inv kestra.env"]


def test_nothing_planned_for_a_stack_file_is_fine(tmp_path: Path) -> None:
    assert validate(tmp_path, planned(tmp_path, undo=True), SETTINGS) == ([], [])


def test_a_link_in_whose_folder_the_include_would_be_lost_is_a_problem(tmp_path: Path) -> None:
    stack = "tools/compose/docker-compose.tools.yml"
    build_tree(tmp_path, {stack: "services: {a: {image: b}}\n", ".env": "A=1\n"})
    (tmp_path / "near").mkdir()
    (tmp_path / "docker-compose.yml").symlink_to(stack)
    (tmp_path / "tools/dev").symlink_to("compose")  # a folder: paths in it are as they were
    for words in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    [problem] = validate(tmp_path, planned(tmp_path), Settings()).problems
    assert problem.startswith(f"docker-compose.yml is a link to {stack}")
    assert "compose_file:" in problem
