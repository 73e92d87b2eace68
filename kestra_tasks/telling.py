"""Errors and the next command, told to a person on stderr and to a program on stdout."""

from __future__ import annotations

import json as jsonlib
import os
import shlex
import sys
from collections.abc import Callable
from typing import Any, TextIO

from kestra_tasks.core.typed import typed
from kestra_tasks.errors import ExitCode, KestraTasksError

# The variable in which whoever starts this says how it was typed.
TYPED_NAME = "INV_NAME"


class TypedStream:
    """A stream on which commands are written as they can be typed."""

    def __init__(self, stream: TextIO, typed: Callable[[str], str]) -> None:
        self._stream, self._typed = stream, typed

    def write(self, text: str) -> int:
        return self._stream.write(self._typed(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def program_name() -> str:
    """What was typed to start this, as a shell takes it: `./inv` says so itself."""
    name = os.environ.get(TYPED_NAME) or "inv"
    return name if name.startswith("python ") else shlex.quote(name)


def tell(error: KestraTasksError, *, json: bool, root: str | None = None) -> None:
    """Tell a person what happened and what to type next; with `json` also on stdout."""
    message, hint = (typed(text, program_name(), root) for text in (error.message, error.hint))
    error = KestraTasksError(message, hint, error.code)
    print(f"error: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"  -> {error.hint}", file=sys.stderr)
    if json:
        _answer_error(error)


def tell_interrupt(*, json: bool) -> None:
    """Tell that Ctrl-C ended it; with `json` also on stdout."""
    print("\ninterrupted", file=sys.stderr)
    if json:
        _answer_error(KestraTasksError("interrupted", code=ExitCode.INTERRUPTED))


def unexpected(error: Exception) -> KestraTasksError:
    """A defect of ours as an error that can be told."""
    return KestraTasksError(
        f"unexpected: {type(error).__name__}: {error}",
        "this is a defect of ours; the same command with --debug shows where",
    )


def hush() -> None:
    """Write nothing more: whoever read the output went away (`| head`)."""
    # Not closed: the interpreter flushes both at its end.
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115


def _answer_error(error: KestraTasksError) -> None:
    document = {
        "schema": "kestra-tasks/error/1",
        "error": {"message": error.message, "hint": error.hint, "code": int(error.code)},
    }
    print(jsonlib.dumps(document, indent=2, ensure_ascii=False))
