"""The errors a person is told of: what happened, what to type next, and the exit code."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every task; the README lists them."""

    OK = 0
    ERROR = 1
    PENDING = 2
    PRECONDITION = 3
    UNHEALTHY = 4
    CHILD = 5
    INTERRUPTED = 130


class KestraTasksError(Exception):
    """An expected failure.

    Args:
        message: what happened and what it was about (file:line, port, owner).
        hint: the next command to type, or what to change; may be empty.
        code: the exit code of the task.
    """

    code: ExitCode = ExitCode.ERROR

    def __init__(self, message: str, hint: str = "", code: ExitCode | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code


class UsageError(KestraTasksError):
    """A flag, setting or file that can't mean what it says."""


class PreconditionError(KestraTasksError):
    """Something must be there, or be decided, first."""

    code = ExitCode.PRECONDITION


class StaleFileError(PreconditionError):
    """A file changed between plan and apply."""


class UnhealthyError(KestraTasksError):
    """The server didn't become, or isn't, healthy."""

    code = ExitCode.UNHEALTHY


class ChildError(KestraTasksError):
    """A child command failed."""

    code = ExitCode.CHILD
