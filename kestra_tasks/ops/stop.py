"""Stopping: only our two services, data kept unless a person says otherwise."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from kestra_tasks.core.labels import CREATED
from kestra_tasks.ops import compose, data
from kestra_tasks.ops.containers import Container
from kestra_tasks.ops.environment import SERVER
from kestra_tasks.ops.stack import Stack

if TYPE_CHECKING:
    from kestra_tasks.rim import Rim

_FIRST_AGAIN, _LONGEST_PAUSE = 2.0, 30.0  # seconds


def stop(stack: Stack, services: Iterable[str] = ()) -> list[str]:
    """Stop our containers (all by default); return the names of those that ran.

    The server is given up to six minutes to end its tasks.

    Raises:
        ChildError: Docker refuses.
    """
    wanted = tuple(services) or stack.runtime.services
    found = {service: stack.container(service) for service in wanted}
    active = {s: c for s, c in found.items() if c and c.status in ("running", "restarting")}
    if active:
        stack.say("stopping; running tasks get up to five minutes to end")
        with asked_again(stack, active.get(SERVER)):
            stack.runner.change(compose.stop(stack.runtime, list(active)))
    return [container.name for container in active.values()]


def down(rim: Rim, stack: Stack, *, remove_data: bool, yes: bool) -> dict[str, list[str]]:
    """Stop and remove our containers; with `remove_data`, what they kept as well.

    Returns:
        Names of what was removed ("containers", "data"), and what was left and why ("left").

    Raises:
        PreconditionError: data are to go and nobody said yes.
        ChildError: Docker refuses.
    """
    room = data.find(stack.runtime, stack.engine)
    if remove_data and room.any and not rim.dry_run:
        things = [f"volume {room.volume}"] * bool(room.volume) + [str(f) for f in room.folders]
        rim.confirm(
            f"Delete Kestra's data for good ({', '.join(things)})?", yes=yes, flag="--data --yes"
        )
    existing = {s: c for s, c in stack.containers().items() if c}
    if existing:
        with asked_again(stack, existing.get(SERVER)):
            stack.runner.change(compose.remove(stack.runtime, list(existing)))
    done = {"containers": [c.name for c in existing.values()], "data": [], "left": list(room.left)}
    if not remove_data:
        kept = [f"volume {room.volume}"] * bool(room.volume) + [str(f) for f in room.folders]
        return {**done, "left": [*kept, *room.left]}
    data.remove(stack.runtime, room, stack.runner)
    done["data"] = [room.volume] * bool(room.volume) + [str(folder) for folder in room.folders]
    done["data"] += _remove_network(stack)
    return done


@contextmanager
def asked_again(stack: Stack, server: Container | None) -> Iterator[None]:
    """Repeat TERM to the server while Docker waits for its end, at growing distances.

    Docker sends it once, and a server that is booting misses it: its first process is a shell,
    which the kernel shields from TERM until it has become Java. It would be killed after six
    minutes. Java takes the first TERM as the last word, so that more of them do no harm.
    """
    if server is None or not server.running or stack.dry_run:
        yield
        return
    argv, ended = compose.terminate(server.id[:12]), Event()

    def repeat() -> None:
        pause = _FIRST_AGAIN
        while not ended.wait(pause):
            if pause == _FIRST_AGAIN:
                stack.say(f"$ {shlex.join(argv)}  # and again: one that boots misses the first")
            # It may have ended by now.
            stack.runner.query(argv)
            pause = min(2 * pause, _LONGEST_PAUSE)

    thread = Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _remove_network(stack: Stack) -> list[str]:
    """Remove the network where we created it and nobody is on it."""
    name = stack.runtime.network
    network = stack.engine.network(name)
    if network is None or network.get("Containers"):
        return []
    if (network.get("Labels") or {}).get(CREATED) != "true":
        return []
    stack.runner.change(compose.remove_network(name))
    return [name]
