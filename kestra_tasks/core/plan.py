"""A plan: the fold of the steps over a tree, each seeing what the earlier ones leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kestra_tasks.core.edit import Changes, Conflict, Edit, Noop
from kestra_tasks.core.markers import BrokenMarkError
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.settings import Settings

Planner = Callable[[Tree, Settings], Changes]


@dataclass(frozen=True)
class Step:
    """One row, or a few, of the task list.

    Attributes:
        name: as in `inv kestra.<name>`.
        rows: the task list's rows that it serves, such as "2.1-2.4".
        plan: tree and settings in, changes out; pure.
        undo: the same, backwards.
    """

    name: str
    rows: str
    plan: Planner
    undo: Planner


@dataclass(frozen=True)
class Outcome:
    """What one step wants: its edits are relative to the tree that the step saw."""

    step: str
    edits: tuple[Edit, ...] = ()
    noops: tuple[Noop, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True)
class Plan:
    """All outcomes in order, and the one net edit a path that `apply` carries out."""

    outcomes: tuple[Outcome, ...]
    edits: tuple[Edit, ...]
    tree: Tree

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        return tuple(c for outcome in self.outcomes for c in outcome.conflicts)

    @property
    def pending(self) -> bool:
        return bool(self.edits)


def make_plan(tree: Tree, settings: Settings, steps: Iterable[Step], *, undo: bool = False) -> Plan:
    """Fold `steps` over `tree`; with `undo`, backwards, each by its inverse."""
    start = tree
    outcomes: list[Outcome] = []
    reasons: dict[str, list[str]] = {}
    ordered = list(steps)[::-1] if undo else list(steps)
    for step in ordered:
        edits: list[Edit] = []
        noops: list[Noop] = []
        conflicts: list[Conflict] = []
        planner = step.undo if undo else step.plan
        seen = tree
        for change in _guarded(planner(seen, settings)):
            match change:
                case Edit():
                    if same(change.before, change.after):
                        continue
                    edits.append(change)
                    reasons.setdefault(change.path, []).append(change.why)
                    tree = tree.with_file(change.path, change.after)
                case Noop():
                    noops.append(change)
                case Conflict():
                    conflicts.append(change)
        outcomes.append(Outcome(step.name, tuple(edits), tuple(noops), tuple(conflicts)))
    net = tuple(
        Edit(path, start.read(path), tree.read(path), "; ".join(dict.fromkeys(whys)))
        for path, whys in reasons.items()
        if not same(start.read(path), tree.read(path))
    )
    return Plan(tuple(outcomes), net, tree)


def _guarded(changes: Changes) -> Changes:
    """Pass on a step's changes; marks that a hand broke are a conflict, not an end."""
    try:
        yield from changes
    except BrokenMarkError as error:
        yield Conflict(error.path, error.message, error.hint)


def same(one: File | None, other: File | None) -> bool:
    """Whether two states of a path are equal in content and run bit."""
    return one is other or (one is not None and one.same_as(other))
