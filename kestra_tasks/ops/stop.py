"""Stopping: only our two services, data kept unless a person says otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kestra_tasks.ops import compose, data
from kestra_tasks.ops.stack import Stack

if TYPE_CHECKING:
    from kestra_tasks.rim import Rim

_CREATED = "dev.kestra-tasks.created"


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
        stack.runner.change(compose.remove(stack.runtime, list(existing)))
    done = {"containers": [c.name for c in existing.values()], "data": [], "left": list(room.left)}
    if not remove_data:
        kept = [f"volume {room.volume}"] * bool(room.volume) + [str(f) for f in room.folders]
        return {**done, "left": [*kept, *room.left]}
    data.remove(stack.runtime, room, stack.runner)
    done["data"] = [room.volume] * bool(room.volume) + [str(folder) for folder in room.folders]
    done["data"] += _remove_network(stack)
    return done


def _remove_network(stack: Stack) -> list[str]:
    """Remove the network where we created it and nobody is on it."""
    name = stack.runtime.network
    network = stack.engine.network(name)
    if network is None or network.get("Containers"):
        return []
    if (network.get("Labels") or {}).get(_CREATED) != "true":
        return []
    stack.runner.change(compose.remove_network(name))
    return [name]
