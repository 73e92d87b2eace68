"""Rows 2.1-2.4 and 4.1-4.3: what is written, kept, taken back, and said in the README."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from kestra_tasks.apply import apply
from kestra_tasks.core.edit import Conflict, Edit, Noop
from kestra_tasks.core.plan import Plan, Step, make_plan
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.probes.tree import read_tree
from kestra_tasks.settings import Settings
from kestra_tasks.steps import scaffold
from kestra_tasks.templates import load

_STEP = Step("scaffold", "2.1-2.4", scaffold.plan, scaffold.undo)
_SCRIPTS = ("run.sh", "status.sh", "logs.sh", "stop.sh")
_LANGUAGES = ("en", "pt-BR")


def plan(tree: Tree, settings: Settings | None = None, *, undo: bool = False) -> Plan:
    return make_plan(tree, settings or Settings(), [_STEP], undo=undo)


def readme(language: str, **settings: str) -> str:
    chosen = Settings(language=language).with_(**settings)
    found = plan(Tree({}), chosen).tree.read(f"{chosen.kestra_dir}/README.md")
    assert found is not None
    return found.text


def test_writes_folders_scripts_readme_and_ignore_rules() -> None:
    edits = {edit.path.removeprefix("tools/kestra/"): edit for edit in plan(Tree({})).edits}
    assert set(edits) == {
        *(f"scripts/{name}" for name in _SCRIPTS),
        *(f"scripts/lib/{name}.sh" for name in ("common", "env", "checks")),
        *(".gitignore", "docs/.gitkeep", "tmp/.gitkeep", "README.md"),
    }
    modes = {path: edit.after.mode for path, edit in edits.items() if edit.after}
    assert all(modes[f"scripts/{name}"] == 0o755 for name in _SCRIPTS)
    assert {mode for path, mode in modes.items() if not path.endswith(_SCRIPTS)} == {0o644}


def test_a_second_plan_is_empty_and_undo_takes_all_back() -> None:
    tree = plan(Tree({})).tree
    assert plan(tree).edits == ()
    undone = plan(tree, undo=True)
    assert all(edit.after is None for edit in undone.edits)
    assert {path for path, file in undone.tree.overlay.items() if file} == set()


def test_a_lost_run_bit_is_given_back() -> None:
    path = "tools/kestra/scripts/run.sh"
    tree = plan(Tree({})).tree
    found = tree.read(path)
    assert found is not None
    again = plan(tree.with_file(path, File(found.data, 0o644)))
    assert [(edit.path, edit.after and edit.after.mode) for edit in again.edits] == [(path, 0o755)]


def test_a_hands_edit_is_kept_unless_forced() -> None:
    path = "tools/kestra/scripts/stop.sh"
    tree = plan(Tree({})).tree
    found = tree.read(path)
    assert found is not None
    edited = tree.with_file(path, File.of(found.text + "# mine\n", 0o755))
    assert [conflict.path for conflict in plan(edited).conflicts] == [path]
    assert plan(edited).edits == ()
    forced = plan(edited, Settings().with_(force=True))
    assert [edit.path for edit in forced.edits] == [path]
    assert [type(c) for c in scaffold.undo(edited, Settings())].count(Conflict) == 1
    undone = plan(edited, Settings(force=True), undo=True)
    assert not undone.conflicts
    assert undone.tree.read(path) is None


def test_the_readme_is_the_teams() -> None:
    own = Tree({"tools/kestra/README.md": File.of("ours\n")})
    changes = list(scaffold.plan(own, Settings()))
    assert isinstance(changes[-1], Noop)
    assert sum(isinstance(change, Edit) for change in changes) == len(changes) - 1
    undone = plan(plan(own).tree, undo=True)
    kept = undone.tree.read("tools/kestra/README.md")
    assert kept is not None
    assert kept.text == "ours\n"


def test_applied_under_a_strict_umask_folders_are_755(tmp_path: Path) -> None:
    kept = os.umask(0o077)
    try:
        apply(tmp_path, plan(read_tree(tmp_path)))
    finally:
        os.umask(kept)
    for name in ("", "scripts", "scripts/lib", "docs", "tmp"):
        folder = tmp_path / "tools/kestra" / name
        assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "tools/kestra/scripts/run.sh").stat().st_mode) == 0o755


def test_git_keeps_the_folders_and_ignores_the_data(tmp_path: Path) -> None:
    apply(tmp_path, plan(read_tree(tmp_path)))
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for name in ("storage/main/x", "workdir/tmp/y", "tmp/local-password", "tmp/deep/z"):
        place = tmp_path / "tools/kestra" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("data")
    git = ["git", "-C", str(tmp_path), "ls-files", "--others", "--exclude-standard"]
    listed = subprocess.run(git, check=True, capture_output=True, text=True).stdout.split()
    assert sorted(listed) == sorted(edit.path for edit in plan(Tree({})).edits)


def test_other_settings_reach_the_scripts() -> None:
    settings = Settings(
        kestra_dir="infra/flow engine/kestra", compose_file="infra/stack.yml", prefix="ops"
    )
    tree = plan(Tree({}), settings).tree
    common = tree.read("infra/flow engine/kestra/scripts/lib/common.sh")
    run = tree.read("infra/flow engine/kestra/scripts/run.sh")
    assert common is not None
    assert run is not None
    assert '"${here:?}/../../../.."' in common.text
    assert 'compose_file="$root/infra/stack.yml"' in common.text
    assert "ops-kestra}-wrapper" in run.text
    text = readme("en", kestra_dir="infra/flow engine/kestra")
    assert "'infra/flow engine/kestra/scripts'/status.sh" in text


@pytest.mark.parametrize(
    ("language", "titles"),
    [
        (
            "en",
            "Prerequisites, Main commands, Stack integration, Security, Monitoring, Backup, "
            "Troubleshooting",
        ),
        (
            "pt-BR",
            "Pré-requisitos, Comandos principais, Integrações de stack, Segurança, "
            "Monitoramento, Backup, Troubleshooting",
        ),
    ],
)
def test_readme_sections(language: str, titles: str) -> None:
    found = re.findall(r"^## (.+)$", readme(language), re.M)
    assert found == titles.split(", ")


@pytest.mark.parametrize("language", _LANGUAGES)
def test_readme_documents_every_variable_that_is_read(language: str) -> None:
    read = set(re.findall(r"\$\{(KESTRA_[A-Z_]+)", load("managed/compose.yml")))
    for name in _SCRIPTS:
        read |= set(re.findall(r"\bKESTRA_[A-Z_]+", load(f"managed/{name}")))
    read.discard("KESTRA_CONFIGURATION")
    documented = set(re.findall(r"^\| `(\w+)` \|", readme(language), re.M))
    assert documented == read | {"SKIP_Kestra_AUTO_START"}


@pytest.mark.parametrize("language", _LANGUAGES)
def test_readme_names_only_scripts_and_options_that_exist(language: str) -> None:
    text = readme(language)
    for script, options in re.findall(
        r"(?<!-)\b(\w+\.sh)((?: --?[\w-]+(?:=\w+)?(?: [\w@]+)?)*)", text
    ):
        help_text = load(f"managed/{script}")
        for option in re.findall(r"--[\w-]+", options):
            assert option in help_text, (script, option)


@pytest.mark.parametrize("language", _LANGUAGES)
@pytest.mark.parametrize("database", ["internal", "external"])
def test_readme_is_whole(language: str, database: str) -> None:
    text = readme(language, database=database)
    assert "@@" not in text
    assert "#@" not in text
    assert "/health/readiness" in text
    assert "/prometheus" in text
    assert "/var/run/docker.sock" in text
    assert ("tools-kestra-postgres" in text) == (database == "internal")
    assert max(len(line) for line in text.splitlines() if not line.startswith("|")) <= 140


@pytest.mark.parametrize("language", _LANGUAGES)
def test_links_inside_the_readme_lead_somewhere(language: str) -> None:
    text = readme(language)
    titles = re.findall(r"^#+ (.+)$", text, re.M)
    anchors = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors
