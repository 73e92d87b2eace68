"""Waiting: until something is there, or a deadline on the monotonic clock has passed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

_FIRST = 0.05
_LONGEST = 0.25


@dataclass(frozen=True)
class Deadline:
    """A point in time, in seconds of `clock`."""

    at: float
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def after(cls, seconds: float, clock: Callable[[], float] = time.monotonic) -> Deadline:
        return cls(clock() + seconds, clock)

    @property
    def left(self) -> float:
        """Seconds until then, never negative."""
        return max(0.0, self.at - self.clock())

    @property
    def passed(self) -> bool:
        return self.clock() >= self.at


@dataclass(frozen=True)
class Start:
    """When something began, by two clocks: a wall clock may be set while one waits.

    Attributes:
        clock: a wall clock, in Unix time; the engine's, where the engine is to be asked.
        unix_then: what it said then.
        at: the same moment on the monotonic clock, in seconds.
    """

    clock: Callable[[], float]
    unix_then: float
    at: float

    @classmethod
    def now(cls, clock: Callable[[], float]) -> Start:
        return cls(clock, clock(), time.monotonic())

    @property
    def elapsed(self) -> float:
        """Seconds since then."""
        return time.monotonic() - self.at

    @property
    def unix(self) -> float:
        """Unix time that nothing which came later is stamped before, by the old clock or the new.

        Never later than the clock's now, so that one can ask for what happened since.
        """
        return min(self.unix_then, self.clock() - self.elapsed)


def until(
    probe: Callable[[], T | None],
    deadline: Deadline,
    *,
    sleep: Callable[[float], None] = time.sleep,
    longest: float = _LONGEST,
) -> T | None:
    """Call `probe` until it answers something; None where the deadline passed first.

    It is asked at once, then after pauses that grow from 0.05 s to `longest` seconds, and a
    last time at the deadline.
    """
    pause = _FIRST
    while True:
        last = deadline.passed
        answer = probe()
        if answer is not None or last:
            return answer
        sleep(min(pause, deadline.left))
        pause = min(pause * 1.5, longest)
