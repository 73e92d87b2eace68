"""The fold: each step sees what earlier ones leave, and one net edit a path comes out."""

from __future__ import annotations

from collections.abc import Iterable

from kestra_tasks.core.edit import Change, Changes, Conflict, Edit, Noop
from kestra_tasks.core.markers import BrokenMarkError
from kestra_tasks.core.plan import Planner, Step, make_plan, same
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.settings import Settings

SETTINGS = Settings()


def step(name: str, plan: Planner, undo: Planner | None = None) -> Step:
    return Step(name, "0.0", plan, undo or (lambda _tree, _settings: iter(())))


def appending(path: str, word: str, why: str | None = None) -> Planner:
    """A planner that adds `word` to the end of `path` unless it is there."""

    def plan(tree: Tree, _settings: Settings) -> Changes:
        found = tree.read(path)
        if found is not None and word in found.text:
            yield Noop(path, f"has {word}")
            return
        text = found.text if found else ""
        yield Edit(path, found, File.of(text + word), why or f"no {word}")

    return plan


def answering(changes: Iterable[Change]) -> Planner:
    return lambda _tree, _settings: iter(tuple(changes))


def test_two_steps_that_edit_one_file_make_one_net_edit() -> None:
    tree = Tree({"f": File.of("a")})
    plan = make_plan(
        tree, SETTINGS, [step("one", appending("f", "b")), step("two", appending("f", "c"))]
    )

    assert plan.edits == (Edit("f", File.of("a"), File.of("abc"), "no b; no c"),)
    assert [outcome.edits[0].after for outcome in plan.outcomes] == [File.of("ab"), File.of("abc")]
    assert plan.outcomes[1].edits[0].before == File.of("ab")
    assert plan.tree.read("f") == File.of("abc")
    assert tree.read("f") == File.of("a")
    assert plan.pending


def test_a_reason_given_twice_is_told_once() -> None:
    steps = [step("one", appending("f", "b", "absent")), step("two", appending("f", "c", "absent"))]
    assert make_plan(Tree({}), SETTINGS, steps).edits[0].why == "absent"


def test_one_step_may_edit_one_file_twice() -> None:
    changes = [
        Edit("f", None, File.of("1"), "first"),
        Edit("f", File.of("1"), File.of("12"), "second"),
    ]
    plan = make_plan(Tree({}), SETTINGS, [step("s", answering(changes))])
    assert plan.edits == (Edit("f", None, File.of("12"), "first; second"),)


def test_edits_that_cancel_each_other_leave_nothing_to_do() -> None:
    there = answering([Edit("f", None, File.of("x"), "made")])
    back = answering([Edit("f", File.of("x"), None, "unmade")])
    plan = make_plan(Tree({}), SETTINGS, [step("one", there), step("two", back)])
    assert plan.edits == ()
    assert not plan.pending


def test_a_file_changed_and_changed_back_is_as_it_was() -> None:
    one, two = File.of("1"), File.of("2")
    there = answering([Edit("f", one, two, "made")])
    back = answering([Edit("f", two, one, "unmade")])
    plan = make_plan(Tree({"f": one}), SETTINGS, [step("one", there), step("two", back)])
    assert plan.edits == ()
    assert len(plan.outcomes[0].edits) == 1


def test_a_file_that_ends_absent_is_deleted_whatever_was_planned_between() -> None:
    one, two = File.of("1"), File.of("2")
    changed = answering([Edit("f", one, two, "changed")])
    gone = answering([Edit("f", two, None, "gone")])
    plan = make_plan(Tree({"f": one}), SETTINGS, [step("one", changed), step("two", gone)])
    assert plan.edits == (Edit("f", one, None, "changed; gone"),)


def test_an_edit_that_changes_nothing_is_dropped_and_those_behind_it_are_not() -> None:
    idle = Edit("f", File.of("x"), File.of("x"), "why not")
    real = Edit("g", None, File.of("y"), "absent")
    tree = Tree({"f": File.of("x")})
    plan = make_plan(tree, SETTINGS, [step("s", answering([idle, real]))])
    assert plan.outcomes[0].edits == (real,)


def test_other_permission_bits_are_no_change_but_the_run_bit_is() -> None:
    found = File.of("x", 0o600)
    shut = answering([Edit("f", found, File.of("x", 0o644), "mode")])
    runs = answering([Edit("f", found, File.of("x", 0o755), "isn't executable")])
    tree = Tree({"f": found})
    assert not make_plan(tree, SETTINGS, [step("s", shut)]).pending
    assert make_plan(tree, SETTINGS, [step("s", runs)]).pending


def test_a_deleted_file_is_absent_for_later_steps() -> None:
    gone = answering([Edit("f", File.of("x"), None, "not needed")])
    plan = make_plan(
        Tree({"f": File.of("x")}), SETTINGS, [step("one", gone), step("two", appending("f", "y"))]
    )
    assert plan.edits == (Edit("f", File.of("x"), File.of("y"), "not needed; no y"),)
    assert plan.edits[0].verb == "update"


def test_noops_and_conflicts_are_kept_by_step() -> None:
    conflict = Conflict("g", "edited by hand", "--force")
    plan = make_plan(
        Tree({"f": File.of("b")}),
        SETTINGS,
        [step("one", appending("f", "b")), step("two", answering([conflict]))],
    )
    assert plan.outcomes[0].noops == (Noop("f", "has b"),)
    assert plan.outcomes[1].conflicts == (conflict,)
    assert plan.conflicts == (conflict,)
    assert [outcome.step for outcome in plan.outcomes] == ["one", "two"]


def test_undo_runs_the_inverses_backwards() -> None:
    ran: list[str] = []

    def note(name: str) -> Planner:
        def undo(_tree: Tree, _settings: Settings) -> Changes:
            ran.append(name)
            yield Noop("f", name)

        return undo

    steps = [step(name, answering([]), note(name)) for name in ("one", "two", "three")]
    plan = make_plan(Tree({}), SETTINGS, steps, undo=True)
    assert ran == ["three", "two", "one"]
    assert [outcome.step for outcome in plan.outcomes] == ran


def test_broken_marks_are_a_conflict_that_keeps_what_the_step_did_before() -> None:
    def plan(_tree: Tree, _settings: Settings) -> Changes:
        yield Edit("f", None, File.of("x"), "absent")
        raise BrokenMarkError("g", 7, "the marks don't pair up")

    made = make_plan(Tree({}), SETTINGS, [step("one", plan), step("two", appending("h", "y"))])
    assert [edit.path for edit in made.edits] == ["f", "h"]
    (conflict,) = made.conflicts
    assert conflict.path == "g"
    assert "g:7" in conflict.why
    assert conflict.hint


def test_steps_see_the_settings() -> None:
    seen: list[Settings] = []

    def plan(_tree: Tree, settings: Settings) -> Changes:
        seen.append(settings)
        yield Noop("f", "")

    mine = SETTINGS.with_(prefix="ops")
    make_plan(Tree({}), mine, [step("s", plan)])
    assert seen == [mine]


def test_same_knows_absence() -> None:
    assert same(None, None)
    assert not same(None, File.of(""))
    assert not same(File.of(""), None)
    assert same(File.of("x", 0o600), File.of("x", 0o644))


def test_text_survives_bytes_that_are_no_utf_8() -> None:
    raw = b"caf\xe9\r\n\xef\xbb\xbf\xff"
    assert File.of(File(raw).text).data == raw
