"""What keeps two smoke runs, other people's ports and signals out of each other's way."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from typing import Any

from kestra_tasks import lock
from kestra_tasks.errors import PreconditionError
from kestra_tasks.ops.smoke_place import Place

_ENDING = (signal.SIGTERM, signal.SIGHUP)


def ports_free(place: Place) -> None:
    """Stop where a port is taken.

    Raises:
        PreconditionError: names its owner.
    """
    from kestra_tasks.probes.listeners import listeners, owner_of

    found = listeners(place.root)
    for port in (place.http_port, place.management_port):
        holder = owner_of(port, address="127.0.0.1", among=found)
        if holder:
            raise PreconditionError(
                f"port {port} is held by {holder.owner}",
                "stop that, or choose two others: inv kestra.smoke --ports 8190,8750",
            )


@contextlib.contextmanager
def alone(place: Place) -> Iterator[None]:
    """Hold the monorepo's smoke.

    Raises:
        PreconditionError: another run holds it.
    """
    folder = place.folder.parent
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    with lock.held(folder, "another smoke of this monorepo is running"):
        yield


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let TERM and HUP end the run as Ctrl-C does: with everything removed."""

    def interrupt(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    kept = {number: signal.signal(number, interrupt) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Go on through further signals: what is being removed now would be left behind."""
    numbers = (signal.SIGINT, *_ENDING)
    kept = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
