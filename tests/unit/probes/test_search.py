"""The one pass of ripgrep: what it sees, what it leaves out, what it doesn't keep."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from kestra_tasks.core.facts import Unavailable
from kestra_tasks.probes import search as module
from kestra_tasks.probes.search import Found, find_ripgrep, search
from tests.helpers.trees import build_tree

COMPOSE = "services:\n  web:\n    image: x\n"


def found(root: Path, **options: object) -> Found:
    result = search(root, **options)  # type: ignore[arg-type]
    assert isinstance(result, Found)
    return result


def places(result: Found) -> list[str]:
    return sorted(f"{hit.file}:{hit.line}" for hit in result.hits)


def test_hidden_files_are_seen_and_noise_is_not(tmp_path: Path) -> None:
    names = ["a.md", ".github/x.yml", "deep/er/.env.example", "sp ace/ç.txt"]
    noise = [".git/x", "node_modules/x.js", "a/node_modules/b/x.js", ".venv/x.py", ".env"]
    build_tree(tmp_path, dict.fromkeys([*names, *noise], "one\nKestra\n"))
    assert places(found(tmp_path)) == sorted(f"{name}:2" for name in names)


def test_what_git_or_the_settings_ignore_is_left_out(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    names = ["kept", "built/x", "tests/cases/x", "other/tests/cases/x", "logs/a.log"]
    build_tree(tmp_path, {".gitignore": "built/\n", **dict.fromkeys(names, "kestra\n")})
    result = found(tmp_path, ignore=["tests/cases", "logs/*.log"])
    assert places(result) == ["kept:1", "other/tests/cases/x:1"]


def test_compose_files_are_known_by_their_content(tmp_path: Path) -> None:
    build_tree(
        tmp_path,
        {
            "stack/anything.yaml": COMPOSE,
            ".devcontainer/docker-compose.yml": COMPOSE.replace("\n", "\r\n"),
            "only-include.yml": "# x\ninclude: [../kestra/compose.yml]\n",
            "bom.yml": "\ufeff" + COMPOSE,
            "nested.yml": "  services:\n",
            "services.py": "services: dict = {}\n",
        },
    )
    result = found(tmp_path)
    expected = [
        ".devcontainer/docker-compose.yml",
        "bom.yml",
        "only-include.yml",
        "stack/anything.yaml",
    ]
    assert result.composes == expected
    assert places(result) == ["only-include.yml:2"]


def test_scripts_that_remove_orphans(tmp_path: Path) -> None:
    line = "docker compose up -d --remove-orphans\n"
    files = {
        "up.sh": f"#!/bin/sh\n{line}",
        "README.md": line,
        "old.sh": f"# {line}",
        "Makefile": line,
    }
    build_tree(tmp_path, files)
    messages = sorted(note.message.split(" removes")[0] for note in found(tmp_path).notes)
    assert messages == ["Makefile:1", "up.sh:2"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("docker compose --project-directory . -f infra/tools.yml up -d", True),
        ("docker compose -f docker-compose.yml -f infra/tools.yml up -d", True),
        ("docker-compose --file=base.yml --file=./infra/tools.yml up", True),
        ("docker compose -f infra/tools.yml up -d", False),
        ("docker compose -f infra/tools.yml -f other/dev.yml up -d", False),
        ("docker compose -f infra/base.yml -f ./infra/tools.yml up -d", False),
        ("# docker compose --project-directory . -f infra/tools.yml up", False),
        ("cp infra/tools.yml /srv", False),
    ],
)
def test_scripts_that_read_the_stacks_file_from_another_folder(
    tmp_path: Path, line: str, told: bool
) -> None:
    build_tree(tmp_path, {"up.sh": f"#!/bin/sh\n{line}\n"})
    answer = search(tmp_path, stack="infra/tools.yml")
    assert isinstance(answer, Found)
    assert [n.message.split(" has ")[0] for n in answer.notes] == (["up.sh:2"] if told else [])
    assert not answer.hits


def test_long_lines_odd_names_and_binaries(tmp_path: Path) -> None:
    build_tree(
        tmp_path,
        {
            "min.js": "x" * 3_000_000 + "kestra",
            "a:1:b": "kestra\n",
            "bin": b"kestra\n\0\0kestra\n",
            "latin.txt": "kestra é\n".encode("latin-1"),
        },
    )
    assert {"a:1:b:1", "latin.txt:1", "min.js:1"} <= set(places(found(tmp_path)))
    (tmp_path / b"\xff.txt".decode("utf-8", "surrogateescape")).write_text("kestra")
    assert "\udcff.txt:1" in places(found(tmp_path))


def test_no_line_is_kept(tmp_path: Path) -> None:
    build_tree(tmp_path, {"x.yml": "KESTRA_DB_PASSWORD: canary-9f2\n"})
    result = found(tmp_path)
    assert places(result) == ["x.yml:1"]
    assert "canary" not in repr(result)


def test_the_number_of_hits_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 5)
    build_tree(tmp_path, {"a": "kestra\n" * 12})
    result = found(tmp_path)
    assert (len(result.hits), result.more) == (5, 7)


def test_without_ripgrep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_ripgrep()
    monkeypatch.setattr(module, "find_ripgrep", lambda: None)
    result = search(tmp_path)
    assert isinstance(result, Unavailable)
    assert "ripgrep" in result.reason
    monkeypatch.setattr(module, "find_ripgrep", lambda: str(tmp_path / "rg"))
    assert isinstance(search(tmp_path), Unavailable)
