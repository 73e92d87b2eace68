"""TERM again to a server that missed the first: when, how often, and to which container."""

from __future__ import annotations

import dataclasses
import time
from types import SimpleNamespace
from typing import Any

import pytest

from kestra_tasks.ops import stop
from kestra_tasks.ops.containers import Container

SERVER = Container(
    *("x-kestra", "0123456789abcdef", "stack", "kestra", "running", "", "kestra/kestra:v1"),
    *("sha256:bbb", 0, False, 0, "2026-01-31T12:00:00Z", ""),
)
ASKED = ["docker", "kill", "--signal", "TERM", "0123456789ab"]


class Stack:
    """A stack that remembers what was run and said."""

    def __init__(self, *, dry_run: bool = False) -> None:
        self.ran: list[list[str]] = []
        self.said: list[str] = []
        self.say = self.said.append
        self.dry_run = dry_run
        self.runner = SimpleNamespace(query=self.ran.append)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stop, "_FIRST_AGAIN", 0.02)
    monkeypatch.setattr(stop, "_LONGEST_PAUSE", 0.05)


def held(stack: Any, server: Container | None, seconds: float) -> None:
    with stop.asked_again(stack, server):
        time.sleep(seconds)


def test_a_stop_that_lasts_is_asked_for_again_and_told_once() -> None:
    stack = Stack()
    held(stack, SERVER, 0.5)
    assert stack.ran.count(ASKED) == len(stack.ran) >= 2
    assert len(stack.said) == 1
    assert stack.said[0].startswith("$ docker kill --signal TERM 0123456789ab")
    count = len(stack.ran)
    time.sleep(0.2)
    assert len(stack.ran) == count, "it went on behind the stop"


def test_a_quick_stop_is_not() -> None:
    stack = Stack()
    held(stack, SERVER, 0)
    assert (stack.ran, stack.said) == ([], [])


@pytest.mark.parametrize("status", ["exited", "restarting", "created", "paused"])
def test_only_a_server_that_runs_is_asked(status: str) -> None:
    stack = Stack()
    held(stack, dataclasses.replace(SERVER, status=status), 0.1)
    held(stack, None, 0.1)
    assert stack.ran == []


def test_a_dry_run_asks_nobody() -> None:
    stack = Stack(dry_run=True)
    held(stack, SERVER, 0.1)
    assert (stack.ran, stack.said) == ([], [])


def test_it_ends_with_an_interrupt() -> None:
    stack = Stack()
    with pytest.raises(KeyboardInterrupt), stop.asked_again(stack, SERVER):  # type: ignore[arg-type]
        raise KeyboardInterrupt
    time.sleep(0.1)
    assert stack.ran == []
