"""The stages of something slow: one moving line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO


class Progress:
    """Tells of stages on stderr.

    Args:
        stream: where to write.
        terminal: whether lines may be rewritten; asked of the stream by default.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        terminal: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty() if terminal is None else terminal
        self._clock = clock
        self._stage = ""
        self._since = clock()

    def stage(self, name: str) -> None:
        """Begin a stage; does nothing where it is the current one."""
        if name == self._stage:
            return
        self.end()
        self._stage, self._since = name, self._clock()
        if self._terminal:
            self.tick()
        else:
            self._write(f"  {name}\n")

    def tick(self, detail: str = "") -> None:
        """Show that it goes on; only on a terminal."""
        if self._terminal and self._stage:
            extra = f" ({detail})" if detail else ""
            self._write(f"\r\x1b[K  {self._stage}{extra} {self._clock() - self._since:.0f} s")

    def clear(self) -> None:
        """Make room for a line of somebody else's; the stage goes on."""
        if self._terminal and self._stage:
            self._write("\r\x1b[K")

    def end(self) -> None:
        """End the current stage's line."""
        if self._terminal and self._stage:
            self._write(f"\r\x1b[K  {self._stage}: {self._clock() - self._since:.1f} s\n")
        self._stage = ""

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
