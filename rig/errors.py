"""What the rig raises when it can't go on."""

from __future__ import annotations

from collections.abc import Iterable


class RigError(Exception):
    """A message, the next command to type, and the exit code (3: a precondition failed)."""

    def __init__(self, message: str, *, hint: str = "", code: int = 3) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


def commands(lines: Iterable[str]) -> str:
    """A hint made of commands to type, one a line."""
    return "\n".join(f"  {line}" for line in lines)
