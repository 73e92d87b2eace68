"""What a step answers: an edit, a reason for none, or a conflict for a person to settle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from kestra_tasks.core.tree import File


@dataclass(frozen=True)
class Edit:
    """One file before and after; None stands for "no such file"."""

    path: str
    before: File | None
    after: File | None
    why: str

    @property
    def verb(self) -> str:
        if self.before is None:
            return "create"
        return "delete" if self.after is None else "update"


@dataclass(frozen=True)
class Noop:
    """Nothing to do for `path`, and why."""

    path: str
    why: str


@dataclass(frozen=True)
class Conflict:
    """Something of a person's that isn't overwritten.

    Attributes:
        path: the file, relative to the root.
        why: what stands in the way, with a line number where there is one.
        hint: the next command to type or the change to make by hand.
        theirs: the text that was found (secrets masked), for the diff.
        ours: the text that would replace it.
    """

    path: str
    why: str
    hint: str
    theirs: str = ""
    ours: str = ""


Change: TypeAlias = Edit | Noop | Conflict
Changes: TypeAlias = Iterator[Change]
