"""A plan for a person (a diff by step, then what is left alone and why) and for a program."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, TextIO

from kestra_tasks.core.edit import Conflict, Edit
from kestra_tasks.core.envtext import mask
from kestra_tasks.core.inline import hide
from kestra_tasks.core.plan import Outcome, Plan
from kestra_tasks.core.tree import File
from kestra_tasks.settings import Settings

_COLOURS = {"+": "32", "-": "31", "@": "36"}


class PlanRenderer:
    """Shows a plan with secrets masked: all of `.env`, and what others wrote inline elsewhere.

    Args:
        settings: say which files hold secrets.
        full: show the content of new and deleted files too, not only their names.
    """

    def __init__(self, settings: Settings, *, full: bool) -> None:
        self.full = full
        self._secret = {settings.env_file, settings.env_example}

    def lines(self, plan: Plan) -> Iterator[str]:
        """The whole plan, line by line without line ends."""
        for outcome in plan.outcomes:
            if outcome.edits or outcome.conflicts:
                yield f"== {outcome.step}"
            for edit in outcome.edits:
                yield from self._edit(edit)
            for conflict in outcome.conflicts:
                yield from self._conflict(conflict)
        yield from self._left_alone(plan.outcomes)

    def document(self, plan: Plan) -> dict[str, Any]:
        """The plan's edits, noops and conflicts, JSON-ready."""
        return {
            "edits": [
                {
                    "step": outcome.step,
                    "verb": edit.verb,
                    "path": edit.path,
                    "why": edit.why,
                    "diff": "\n".join(self.diff(edit.path, edit.before, edit.after)),
                }
                for outcome in plan.outcomes
                for edit in outcome.edits
            ],
            "noops": [
                {"step": outcome.step, "path": noop.path, "why": noop.why}
                for outcome in plan.outcomes
                for noop in outcome.noops
            ],
            "conflicts": [
                {
                    "step": outcome.step,
                    "path": conflict.path,
                    "why": conflict.why,
                    "hint": conflict.hint,
                }
                for outcome in plan.outcomes
                for conflict in outcome.conflicts
            ],
        }

    def diff(self, path: str, before: File | None, after: File | None) -> Iterator[str]:
        """A unified diff of one path, secrets masked."""
        old = self._text(path, before)
        # What is new as a whole is a template's; else somebody's own lines are in it.
        new = self._text(path, after, others=before is not None)
        yield from difflib.unified_diff(
            old.splitlines(),
            new.splitlines(),
            f"a/{path}" if before else "/dev/null",
            f"b/{path}" if after else "/dev/null",
            lineterm="",
        )

    def _edit(self, edit: Edit) -> Iterator[str]:
        run = "  (executable)" if edit.after and edit.after.executable else ""
        yield f"{edit.verb:<7} {edit.path}{run}  [{edit.why}]"
        if self.full or edit.verb == "update":
            yield from self.diff(edit.path, edit.before, edit.after)

    def _conflict(self, conflict: Conflict) -> Iterator[str]:
        yield f"conflict {conflict.why}"
        yield f"      -> {conflict.hint}"
        if conflict.ours or conflict.theirs:
            theirs = File.of(conflict.theirs) if conflict.theirs else None
            ours = File.of(conflict.ours) if conflict.ours else None
            yield from self.diff(conflict.path, theirs, ours)

    def _left_alone(self, outcomes: tuple[Outcome, ...]) -> Iterator[str]:
        noops = [(outcome.step, noop) for outcome in outcomes for noop in outcome.noops]
        if noops:
            yield "== left alone"
        width = max((len(step) for step, _ in noops), default=0)
        for (step, why), group in groupby(noops, key=lambda item: (item[0], item[1].why)):
            paths = [noop.path for _, noop in group]
            more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
            yield f"{step:<{width}}  {paths[0]}{more}: {why}"

    def _text(self, path: str, file: File | None, *, others: bool = True) -> str:
        if file is None:
            return ""
        text = file.data.decode("utf-8", "replace")
        if path in self._secret:
            return mask(text)
        return hide(text) if others else text


def write(lines: Iterator[str], stream: TextIO) -> None:
    """Print diff lines, in colour on a terminal unless NO_COLOR is set."""
    paint = _paint if stream.isatty() and not os.environ.get("NO_COLOR") else str
    show: Callable[[str], str] = paint
    for line in lines:
        print(show(line), file=stream)


def _paint(line: str) -> str:
    colour = "1" if line.startswith("==") else _COLOURS.get(line[:1], "")
    return f"\033[{colour}m{line}\033[0m" if colour else line
