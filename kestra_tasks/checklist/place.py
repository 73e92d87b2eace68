"""What the rows are looked up in: the monorepo, its settings, commands and their answers."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from kestra_tasks.core.inline import hide_quoted
from kestra_tasks.discovery import Discovery, discover
from kestra_tasks.ops.runner import Result, Runner
from kestra_tasks.ops.stack import Stack
from kestra_tasks.settings import Settings

PASS, FAIL, NA = "pass", "fail", "n/a"


@dataclass(frozen=True)
class Verdict:
    """What a row came to: state is pass, fail or n/a; mend is the command for a failure."""

    state: str
    why: str
    mend: str = ""


@dataclass
class Place:
    """One run of the checklist.

    Attributes:
        open_stack: gives the stack, or raises a KestraTasksError that says why not.
        quick: rows that take minutes are left out.
        said: masked lines of the commands, by row, for the report.
    """

    root: Path
    settings: Settings
    runner: Runner
    open_stack: Callable[[], Stack]
    quick: bool = False
    launcher_port: int = field(
        default_factory=lambda: int(os.environ.get("SERVICE_LAUNCHER_PORT") or 3500)
    )

    @cached_property
    def discovery(self) -> Discovery:
        return discover(self.root, self.settings)

    @cached_property
    def stack(self) -> Stack:
        return self.open_stack()

    def run(self, argv: Sequence[str], timeout: float = 120) -> Result:
        """A command of the document, in the root."""
        return self.runner.query(argv, timeout=timeout)

    def script(self, name: str, *arguments: str, timeout: float = 120) -> Result:
        """One of tools/kestra/scripts."""
        return self.run([f"./{self.settings.scripts_dir}/{name}", *arguments], timeout)

    def exists(self, path: str) -> bool:
        return (self.root / path).is_file()

    def text(self, path: str) -> str:
        """A file's text; "" where there is none."""
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""


def passed(why: str) -> Verdict:
    return Verdict(PASS, why)


def failed(why: str, mend: str) -> Verdict:
    return Verdict(FAIL, why, mend)


def not_applicable(why: str) -> Verdict:
    return Verdict(NA, why)


def last_line(result: Result) -> str:
    """A failed command's own last words."""
    text = hide_quoted(result.err.strip() or result.out.strip())
    words = text.splitlines() or ["it printed nothing"]
    return f"code {result.code}: {words[-1][:200]}"
