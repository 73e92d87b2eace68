"""Waiting on a clock that the test moves."""

from __future__ import annotations

import io
import time

import pytest

from kestra_tasks.ops.progress import Progress
from kestra_tasks.ops.wait import Deadline, Start, until


class Clock:
    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def test_an_answer_ends_the_wait_at_once() -> None:
    clock = Clock()
    assert until(lambda: "there", Deadline.after(5, clock), sleep=clock.sleep) == "there"
    assert clock.pauses == []


def test_false_is_an_answer() -> None:
    clock = Clock()
    assert until(lambda: False, Deadline.after(5, clock), sleep=clock.sleep) is False


def test_pauses_grow_to_a_quarter_second_and_no_further() -> None:
    clock = Clock()
    answer = until(
        lambda: True if clock.now >= 103 else None, Deadline.after(60, clock), sleep=clock.sleep
    )
    assert answer is True
    assert clock.pauses[0] == 0.05 and max(clock.pauses) == 0.25
    assert clock.now - 103 <= 0.25


def test_the_deadline_is_kept_and_asked_at_once_more() -> None:
    clock, asked = Clock(), []
    answer = until(lambda: asked.append(clock.now), Deadline.after(1, clock), sleep=clock.sleep)
    assert answer is None
    assert asked[0] == 100.0 and asked[-1] == 101.0


def test_no_time_still_asks_once() -> None:
    clock = Clock()
    assert until(lambda: 7, Deadline.after(0, clock), sleep=clock.sleep) == 7


def test_progress_is_plain_lines_where_there_is_no_terminal() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = Progress(stream, terminal=False, clock=clock)
    progress.stage("pulling x")
    progress.tick("1 of 2 layers")
    progress.stage("pulling x")
    progress.stage("server starting")
    progress.end()
    assert stream.getvalue() == "  pulling x\n  server starting\n"


def test_progress_rewrites_one_line_on_a_terminal() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = Progress(stream, terminal=True, clock=clock)
    progress.stage("pulling x")
    clock.now += 3
    progress.tick("1 of 2 layers")
    progress.end()
    assert "\r\x1b[K  pulling x (1 of 2 layers) 3 s" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K  pulling x: 3.0 s\n")


@pytest.mark.parametrize("jump", [-3600.0, 0.0, 3600.0])
def test_a_start_is_told_by_the_monotonic_clock_and_lies_behind_both_wall_clocks(
    monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    """What happened since is asked of the engine with this moment, and it must not be ahead."""
    clock = Clock()
    began = Start.now(clock)
    clock.now += jump + 2
    monkeypatch.setattr(time, "monotonic", lambda: began.at + 2)
    assert began.elapsed == 2
    assert began.unix == min(100.0, 100.0 + jump)
    assert began.unix <= clock()
