"""The openspec step: where the change goes, and when it doesn't."""

from __future__ import annotations

import re

import pytest

from kestra_tasks.core.edit import Conflict, Edit, Noop
from kestra_tasks.core.plan import Step, make_plan
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.settings import Settings
from kestra_tasks.steps import openspec

STEP = Step("openspec", "5.4", openspec.plan, openspec.undo)
ANY = File(b"x")
ROWS = [
    *("1.1", "1.2", "1.3", "1.4", "1.5", "2.1", "2.2", "2.3", "2.4", "3.1", "3.2", "3.3", "3.4"),
    *("3.5", "3.6", "4.1", "4.2", "4.3", "5.1", "5.2", "5.3", "5.4"),
]


@pytest.mark.parametrize(
    ("files", "setting", "place"),
    [
        (["openspec/project.md"], "openspec", "openspec"),
        (["tools/openspec/changes/a/proposal.md"], "openspec", "tools/openspec"),
        (["openspec/AGENTS.md", "tools/openspec/changes/a/x"], "openspec", "tools/openspec"),
        (["specs/x.md", "openspec/changes/a/x"], "specs", "openspec"),
        (["specs/changes/x.md", "openspec/changes/a/x"], "specs", "specs"),
        (["README.md"], "openspec", None),
    ],
)
def test_the_tree_says_where_changes_are_kept(
    files: list[str], setting: str, place: str | None
) -> None:
    assert openspec.folder(Tree(dict.fromkeys(files, ANY)), Settings(openspec=setting)) == place


def test_the_setting_says_where_one_is_made() -> None:
    chosen = Settings(openspec="docs/openspec", create=("openspec",))
    plan = make_plan(Tree({}), chosen, [STEP])
    assert {edit.path.split("/changes/")[0] for edit in plan.edits} == {"docs/openspec"}
    undone = make_plan(plan.tree, chosen, [STEP], undo=True)
    assert {edit.verb for edit in undone.edits} == {"delete"}
    assert len(undone.edits) == len(plan.edits) == 4


@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_the_tasks_mirror_every_row_of_the_task_list(language: str) -> None:
    chosen = Settings(language=language, create=("openspec",))
    plan = make_plan(Tree({}), chosen, [STEP])
    [tasks] = [e.after.text for e in plan.edits if e.after and e.path.endswith("tasks.md")]
    assert re.findall(r"^- \[ \] (\d\.\d) ", tasks, re.M) == ROWS
    assert len(re.findall(r"(?:Validation|Validação): ", tasks)) == len(ROWS)


@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_the_design_weighs_root_and_the_socket(language: str) -> None:
    plan = make_plan(Tree({}), Settings(language=language, create=("openspec",)), [STEP])
    [design] = [e.after.text for e in plan.edits if e.after and e.path.endswith("design.md")]
    assert re.search(r"^## Impac\w+ (of|de) `--user=root`$", design, re.M)
    assert re.search(r"^## Impac\w+ (of|de) `/var/run/docker.sock`$", design, re.M)


FILES = [
    f"changes/add-kestra-orchestrator/{name}"
    for name in ("specs/kestra-orchestrator/spec.md", "tasks.md", "design.md", "proposal.md")
]


def test_nothing_to_take_out_is_told_of_the_settings_folder() -> None:
    noops = [Noop(f"docs/openspec/{name}", "absent") for name in FILES]
    assert list(openspec.undo(Tree({}), Settings(openspec="docs/openspec"))) == noops


def test_a_change_is_taken_out_of_the_usual_folder_that_it_was_written_to() -> None:
    there = Tree({"tools/openspec/changes/a/x": ANY})
    tree = make_plan(there, Settings(), [STEP]).tree
    written = [(f"tools/openspec/{name}", tree.read(f"tools/openspec/{name}")) for name in FILES]
    noops = [Noop(f"openspec/{name}", "absent") for name in FILES]
    gone = [Edit(path, file, None, "written by us") for path, file in written]
    assert list(openspec.undo(tree, Settings())) == [*noops, *gone]


def test_a_change_that_the_team_went_on_with_stays_unless_forced() -> None:
    chosen = Settings(create=("openspec",))
    tree = make_plan(Tree({}), chosen, [STEP]).tree
    path = f"openspec/{FILES[1]}"
    found = tree.read(path)
    assert found is not None
    edited = File(found.data.replace(b"- [ ]", b"- [x]"))
    tree = tree.with_file(path, edited)
    [conflict] = [c for c in openspec.undo(tree, chosen) if isinstance(c, Conflict)]
    assert conflict.path == path
    assert Edit(path, edited, None, "written by us") in list(
        openspec.undo(tree, chosen.with_(force=True))
    )
