"""Whole files of ours: written, brought up to date, kept where a hand was at them, deleted."""

from __future__ import annotations

import pytest

from kestra_tasks.core.edit import Conflict, Edit, Noop
from kestra_tasks.core.markers import Block, seal
from kestra_tasks.core.owned import edited_block, plan_managed, plan_seeded, undo_owned
from kestra_tasks.core.tree import File, Tree

OLD = "# kestra-tasks:managed @@digest@@\nold\n"
NEW = "# kestra-tasks:managed @@digest@@\nnew\n"
SEED = "<!-- kestra-tasks:seeded @@digest@@ -->\ntext\n"


def tree(text: str | None, mode: int = 0o644) -> Tree:
    return Tree({} if text is None else {"f": File.of(text, mode)})


def test_absent_is_written_with_its_mode() -> None:
    for mode in (0o644, 0o755):
        wanted = File.of(seal(NEW), mode)
        assert plan_managed(tree(None), "f", NEW, mode=mode) == Edit("f", None, wanted, "absent")
    assert plan_managed(tree(None), "f", NEW) == Edit("f", None, File.of(seal(NEW)), "absent")


def test_up_to_date_is_left() -> None:
    assert plan_managed(tree(seal(NEW)), "f", NEW) == Noop("f", "up to date")


@pytest.mark.parametrize("force", [False, True])
def test_an_older_version_of_ours_is_replaced_and_called_so(force: bool) -> None:
    change = plan_managed(tree(seal(OLD)), "f", NEW, force=force)
    assert change == Edit("f", File.of(seal(OLD)), File.of(seal(NEW)), "an older version of ours")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (seal(OLD) + "by hand\n", "f was edited by hand; it is kept"),
        (seal(SEED), "f was edited by hand; it is kept"),
        ("yours\n", "f is a file of yours; it is kept"),
        ("", "f is a file of yours; it is kept"),
    ],
)
def test_a_hands_work_is_kept_unless_forced(text: str, why: str) -> None:
    hint = "move it away, or add --force to replace it"
    assert plan_managed(tree(text), "f", NEW) == Conflict("f", why, hint, text, seal(NEW))
    forced = plan_managed(tree(text), "f", NEW, force=True)
    assert forced == Edit("f", File.of(text), File.of(seal(NEW)), "forced")


def test_the_run_bit_is_kept_up() -> None:
    plain, runs = File.of(seal(NEW)), File.of(seal(NEW), 0o755)
    change = plan_managed(tree(seal(NEW)), "f", NEW, mode=0o755)
    assert change == Edit("f", plain, runs, "isn't executable")
    assert plan_managed(tree(seal(NEW), 0o755), "f", NEW) == Edit("f", runs, plain, "run bit")


def test_other_permission_bits_are_the_persons() -> None:
    assert isinstance(plan_managed(tree(seal(NEW), 0o600), "f", NEW), Noop)


def test_seeded_once_then_the_teams() -> None:
    assert plan_seeded(tree(None), "f", SEED) == Edit("f", None, File.of(seal(SEED)), "absent")
    private = plan_seeded(tree(None), "f", SEED, mode=0o600)
    assert private == Edit("f", None, File.of(seal(SEED), 0o600), "absent")
    for text in ("", "rewritten\n", seal(SEED)):
        assert plan_seeded(tree(text), "f", SEED) == Noop("f", "is the team's now")


@pytest.mark.parametrize("text", [seal(NEW), seal(SEED), seal(OLD)])
def test_undo_deletes_what_is_as_we_wrote_it(text: str) -> None:
    assert undo_owned(tree(text), "f") == Edit("f", File.of(text), None, "written by us")


def test_undo_leaves_what_isnt_ours_and_what_a_hand_changed() -> None:
    assert undo_owned(tree(None), "f") == Noop("f", "absent")
    assert undo_owned(tree("yours\n"), "f") == Noop("f", "isn't ours")
    assert undo_owned(tree("yours\n"), "f", force=True) == Noop("f", "isn't ours")
    changed = seal(NEW) + "more\n"
    assert undo_owned(tree(changed), "f") == Conflict(
        "f",
        "f was edited since we wrote it; it is kept",
        "save what you need of it, then add --force to delete it",
        theirs=changed,
    )
    forced = undo_owned(tree(changed), "f", force=True)
    assert forced == Edit("f", File.of(changed), None, "written by us")


BLOCK = Block(0, 9, "theirs\n", (), intact=False, line=7)


@pytest.mark.parametrize(
    ("what", "named", "why", "anew", "away"),
    [
        (
            "call",
            "",
            "f:7: our call was edited by hand; it is kept",
            "add --force to write it anew",
            "delete the marked lines by hand, or add --force to delete them",
        ),
        (
            "lines",
            "stop",
            "f:7: our lines (stop) were edited by hand; they are kept",
            "add --force to write them anew",
            "delete the marked lines by hand, or add --force to delete them",
        ),
    ],
)
def test_a_block_that_a_hand_edited_is_told_with_both_sides(
    what: str, named: str, why: str, anew: str, away: str
) -> None:
    both = edited_block("f", BLOCK, what, ours="ours\n", named=named)
    assert both == Conflict("f", why, anew, theirs="theirs\n", ours="ours\n")
    gone = edited_block("f", BLOCK, what, named=named)
    assert gone == Conflict("f", why, away, theirs="theirs\n")
