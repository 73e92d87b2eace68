"""A start that failed: the cause told, the evidence kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from kestra_tasks.core.causes import UNKNOWN, Cause, Evidence, find
from kestra_tasks.errors import ExitCode, KestraTasksError
from kestra_tasks.ops import evidence, preflight
from kestra_tasks.ops.stack import Stack
from kestra_tasks.ops.wait import Deadline, Start, until


class StartFailedError(KestraTasksError):
    """The stack didn't start; carries the cause and the file that shows it."""

    def __init__(
        self, cause: Cause, place: Path | None, root: Path, after: float, running: str
    ) -> None:
        self.cause = cause
        self.place = place
        inside = place is not None and place.is_relative_to(root)
        shown = place.relative_to(root) if place and inside else place or "(couldn't be kept)"
        lines = "".join(f"\n         {line}" for line in cause.lines)
        super().__init__(
            f"Kestra didn't start ({after:.0f} s): {cause.title}{lines}\n"
            f"       evidence: {shown}{running}",
            cause.next,
            cause.code,
        )


_SECONDS_FOR_LAST_LINES = 3.0


def failure(stack: Stack, since: Start, output: str = "") -> StartFailedError:
    """Gather what shows the failure of a start begun at `since`, and name its cause.

    Args:
        output: what the failed `docker` command printed.
    """
    stack.progress.end()
    gathered, cause = _found(stack, since, output)
    if cause.kind == "port-taken":
        cause = replace(cause, lines=(*cause.lines, *_holders(stack)))
    place = evidence.save(stack.runtime, gathered, cause)
    ended = [s for s in gathered.services if s.exit_code is not None]
    looping = [s.container for s in ended if s.status in ("restarting", "running")]
    running = (
        f"\n       {' and '.join(looping)} will be tried again and again; end that with: "
        "inv kestra.stop"
        if looping
        else ""
    )
    return StartFailedError(cause, place, stack.runtime.root, since.elapsed, running)


def _found(stack: Stack, since: Start, output: str) -> tuple[Evidence, Cause]:
    """What shows the failure, and its cause.

    On a busy machine a container's last lines arrive after the news of its end: where they
    name no cause yet, they are asked for again.
    """
    deadline = Deadline.after(_SECONDS_FOR_LAST_LINES)

    def named() -> tuple[Evidence, Cause] | None:
        gathered = evidence.collect(stack.runtime, stack.engine, since.unix, output)
        cause = find(gathered)
        return (gathered, cause) if cause.kind != UNKNOWN or deadline.passed else None

    found = until(named, deadline, longest=0.5)
    assert found, "the last answer, at the deadline, is never None"
    return found


def _holders(stack: Stack) -> list[str]:
    """Who holds our ports now, as the engine's error doesn't say."""
    return [problem.message for problem in preflight.ports(stack.runtime, stack.engine)]


def too_slow(stack: Stack, since: Start) -> StartFailedError:
    """What was started runs and isn't ready: no failure yet, only not in time."""
    stack.progress.end()
    gathered = evidence.collect(stack.runtime, stack.engine, since.unix)
    found = find(gathered)
    took = since.elapsed
    cause = (
        found
        if found.kind != UNKNOWN
        else Cause(
            "too-slow",
            f"still starting after {took:.0f} s; it goes on",
            found.lines,
            f"follow it: inv kestra.logs -f; wait longer: inv kestra.up --timeout {2 * took:.0f}",
            ExitCode.UNHEALTHY,
        )
    )
    place = evidence.save(stack.runtime, gathered, cause)
    return StartFailedError(cause, place, stack.runtime.root, took, "")
