"""What the rig raises when it can't go on."""

from __future__ import annotations

from collections.abc import Iterable

from kestra_tasks.errors import ExitCode, KestraTasksError


class RigError(KestraTasksError):
    """The rig can't go on; unless told otherwise because something must be there first."""

    code = ExitCode.PRECONDITION

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


def commands(lines: Iterable[str]) -> str:
    """A hint made of commands to type, one a line."""
    return "\n".join(f"  {line}" for line in lines)
