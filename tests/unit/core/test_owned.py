"""Whole files of ours: written, brought up to date, kept where a hand was at them, deleted."""

from __future__ import annotations

import pytest

from kestra_tasks.core.edit import Conflict, Edit, Noop
from kestra_tasks.core.markers import seal
from kestra_tasks.core.owned import plan_managed, plan_seeded, undo_owned
from kestra_tasks.core.tree import File, Tree

OLD = "# kestra-tasks:managed @@digest@@\nold\n"
NEW = "# kestra-tasks:managed @@digest@@\nnew\n"
SEED = "<!-- kestra-tasks:seeded @@digest@@ -->\ntext\n"


def tree(text: str | None, mode: int = 0o644) -> Tree:
    return Tree({} if text is None else {"f": File.of(text, mode)})


def test_absent_is_written_with_its_mode() -> None:
    change = plan_managed(tree(None), "f", NEW, mode=0o755)
    assert isinstance(change, Edit)
    assert change.verb == "create"
    assert change.after == File.of(seal(NEW), 0o755)


def test_up_to_date_is_left() -> None:
    assert isinstance(plan_managed(tree(seal(NEW)), "f", NEW), Noop)


def test_an_older_version_of_ours_is_replaced() -> None:
    change = plan_managed(tree(seal(OLD)), "f", NEW)
    assert isinstance(change, Edit)
    assert change.after is not None
    assert change.after.text == seal(NEW)


@pytest.mark.parametrize("text", [seal(OLD) + "by hand\n", "yours\n", "", seal(SEED)])
def test_a_hands_work_is_kept_unless_forced(text: str) -> None:
    change = plan_managed(tree(text), "f", NEW)
    assert isinstance(change, Conflict)
    assert (change.theirs, change.ours) == (text, seal(NEW))
    assert "--force" in change.hint
    forced = plan_managed(tree(text), "f", NEW, force=True)
    assert isinstance(forced, Edit)
    assert forced.before == File.of(text)
    assert forced.why == "forced"


def test_the_run_bit_is_kept_up() -> None:
    change = plan_managed(tree(seal(NEW)), "f", NEW, mode=0o755)
    assert isinstance(change, Edit)
    assert change.after is not None
    assert change.after.executable
    lost = plan_managed(tree(seal(NEW), 0o755), "f", NEW)
    assert isinstance(lost, Edit)
    assert lost.after is not None
    assert not lost.after.executable


def test_other_permission_bits_are_the_persons() -> None:
    assert isinstance(plan_managed(tree(seal(NEW), 0o600), "f", NEW), Noop)


def test_seeded_once_then_the_teams() -> None:
    first = plan_seeded(tree(None), "f", SEED)
    assert isinstance(first, Edit)
    assert first.after == File.of(seal(SEED))
    for text in ("", "rewritten\n", seal(SEED)):
        assert isinstance(plan_seeded(tree(text), "f", SEED), Noop)


@pytest.mark.parametrize("text", [seal(NEW), seal(SEED), seal(OLD)])
def test_undo_deletes_what_is_as_we_wrote_it(text: str) -> None:
    change = undo_owned(tree(text), "f")
    assert isinstance(change, Edit)
    assert change.verb == "delete"


def test_undo_leaves_what_isnt_ours_and_what_a_hand_changed() -> None:
    assert isinstance(undo_owned(tree(None), "f"), Noop)
    assert isinstance(undo_owned(tree("yours\n"), "f"), Noop)
    assert isinstance(undo_owned(tree("yours\n"), "f", force=True), Noop)
    changed = undo_owned(tree(seal(NEW) + "more\n"), "f")
    assert isinstance(changed, Conflict)
    assert changed.theirs == seal(NEW) + "more\n"
    forced = undo_owned(tree(seal(NEW) + "more\n"), "f", force=True)
    assert isinstance(forced, Edit)
    assert forced.after is None
