"""Golden cases: whole monorepos before and after, applied for real and taken back."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from kestra_tasks.apply import apply
from tests.helpers.cases import (
    CASES,
    SECRETS,
    Case,
    all_cases,
    describe,
    golden,
    lay_out,
    load,
    rewrite,
    shoot,
)

ALL = all_cases()
UPDATE = os.environ.get("UPDATE_CASES") == "1"


@pytest.fixture(params=ALL, ids=[case.name for case in ALL])
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


def test_plan_and_files_are_as_in_the_golden_folder(case: Case, tmp_path: Path) -> None:
    root = lay_out(case, tmp_path / "mono repo")
    before = shoot(root)
    plan = case.plan(root)
    lines = describe(plan)
    apply(root, plan)
    if UPDATE:
        rewrite(case, root, lines)
    assert lines == (case.folder / "plan.txt").read_text(encoding="utf-8").splitlines()

    after = shoot(root)
    found = {name: (data, bool(mode & 0o100)) for name, (data, mode) in after.files.items()}
    expected = golden(case)
    assert sorted(found) == sorted(expected)
    for name, content in expected.items():
        assert found[name] == content, name

    for name, (_, mode) in after.files.items():
        if name not in before.files:
            private = name == case.settings.env_file
            assert mode in ((0o600,) if private else (0o644, 0o755)), (name, oct(mode))
        elif before.files[name][1] != mode:
            assert before.files[name][1] | 0o111 == mode | 0o111, (name, oct(mode))
    for name, mode in after.folders.items():
        assert mode == 0o755, (name, oct(mode))


def test_a_second_plan_has_nothing_to_do(case: Case, tmp_path: Path) -> None:
    root = lay_out(case, tmp_path / "mono repo")
    apply(root, case.plan(root))
    once = shoot(root)
    again = case.plan(root)
    assert [(edit.path, edit.why) for edit in again.edits] == []
    apply(root, again)
    assert shoot(root) == once


def test_undo_takes_the_tree_back_byte_for_byte(case: Case, tmp_path: Path) -> None:
    if case.undo is None:
        pytest.skip("an undo can't know what before/ was; settings.yaml says why")
    root = lay_out(case, tmp_path / "mono repo")
    apply(root, case.plan(root))
    apply(root, case.plan(root, undo=True))
    original = lay_out(load(CASES / case.undo), tmp_path / "original")
    assert shoot(root) == shoot(original)


def test_undo_of_what_was_never_integrated_changes_nothing(case: Case, tmp_path: Path) -> None:
    if case.undo != case.name:
        pytest.skip("before/ is integrated already")
    root = lay_out(case, tmp_path / "mono repo")
    assert [(edit.path, edit.why) for edit in case.plan(root, undo=True).edits] == []


def test_the_plan_is_the_same_a_second_time(case: Case, tmp_path: Path) -> None:
    root = lay_out(case, tmp_path / "one")
    other = lay_out(case, tmp_path / "another, later")
    one, two = case.plan(root), case.plan(other)
    assert one.edits == two.edits
    assert describe(one) == describe(two)


def test_secrets_and_planted_values_stay_in_the_env_file(case: Case, tmp_path: Path) -> None:
    root = lay_out(case, tmp_path / "mono repo")
    private = case.settings.env_file
    planted = (
        {
            word
            for line in (root / private).read_text(errors="replace").splitlines()
            for word in line.replace('"', " ").replace("'", " ").replace("=", " ").split()
            if word.startswith("planted")
        }
        if (root / private).is_file()
        else set()
    )
    secrets = {SECRETS.database_password, SECRETS.basic_auth_password} | planted
    elsewhere = {
        name
        for name, (data, _) in shoot(root).files.items()
        if name != private and any(secret.encode() in data for secret in secrets)
    }
    plan = case.plan(root)
    story = "\n".join(describe(plan)) + repr([(c.theirs, c.ours) for c in plan.conflicts])
    apply(root, plan)
    for secret in secrets:
        assert secret not in story
        for name, (data, _) in shoot(root).files.items():
            if name != private and name not in elsewhere:
                assert secret.encode() not in data, name


def test_the_scripts_run_where_they_were_written(case: Case, tmp_path: Path) -> None:
    root = lay_out(case, tmp_path / "mono repo")
    apply(root, case.plan(root))
    scripts = sorted((root / case.settings.scripts_dir).glob("*.sh"))
    if not scripts:
        pytest.skip("this case has no scaffold")
    for script in scripts:
        done = subprocess.run(
            [script, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), script.name
        assert done.stdout.startswith(f"Usage: {script.name}")


def test_every_case_says_what_it_is_and_leaves_no_stray_folder() -> None:
    listed = {case.name for case in ALL}
    assert {path.name for path in CASES.iterdir() if path.is_dir()} == listed
    for case in ALL:
        text = (case.folder / "settings.yaml").read_text(encoding="utf-8")
        assert "\n  says: " in text, case.name
        extra = {path.name for path in case.folder.iterdir()} - {
            "before",
            "after",
            "settings.yaml",
            "plan.txt",
            "modes.txt",
            "deleted.txt",
        }
        assert not extra, case.name
