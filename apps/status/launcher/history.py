"""The last hour of one service, in half minutes: small enough to keep for a thousand of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from kestra_tasks.core.verdict import Status

SLOT_SECONDS = 30
SLOTS = 120
# Of several states within one half minute the first of these is the one to show.
_WORST = (
    Status.DOWN,
    Status.DEGRADED,
    Status.STARTING,
    Status.STOPPED,
    Status.UNKNOWN,
    Status.UP,
)
# A dead service is asked so seldom that half minutes stay empty between two answers.
_CARRIED = 2


@dataclass
class Slot:
    """Half a minute: its number since the epoch, worst status, and latencies' sum, count, most."""

    number: int
    status: Status
    total_ms: float = 0.0
    answers: int = 0
    most_ms: float = 0.0

    @property
    def mean_ms(self) -> float | None:
        return self.total_ms / self.answers if self.answers else None


class History:
    """Half minutes of a service, none older than an hour."""

    def __init__(self) -> None:
        self._slots: deque[Slot] = deque(maxlen=SLOTS)

    def add(self, now: float, status: Status, ms: float | None) -> None:
        """Take one look's result: Unix time, state, and latency where it answered."""
        number = int(now // SLOT_SECONDS)
        if not self._slots or self._slots[-1].number != number:
            self._slots.append(Slot(number, status))
        slot = self._slots[-1]
        slot.status = min(slot.status, status, key=_WORST.index)
        if ms is not None:
            slot.total_ms += ms
            slot.answers += 1
            slot.most_ms = max(slot.most_ms, ms)

    def last_hour(self, now: float) -> list[Slot | None]:
        """Oldest first, always 120; None where nothing is known.

        A half minute without a look has the state of the one before it, for a minute at most.
        """
        newest = int(now // SLOT_SECONDS)
        known = {slot.number: slot for slot in self._slots}
        found: list[Slot | None] = []
        carried = 0
        for number in range(newest - SLOTS + 1, newest + 1):
            slot = known.get(number)
            carried = 0 if slot else carried + 1
            before = found[-1] if found else None
            if slot is None and before is not None and carried <= _CARRIED:
                slot = Slot(number, before.status)
            found.append(slot)
        return found


def share_up(slots: Sequence[Slot | None]) -> float | None:
    """Part of the known time in which a service was up, 0 to 1; None where nothing is known."""
    known = [slot for slot in slots if slot is not None and slot.status is not Status.UNKNOWN]
    if not known:
        return None
    return sum(slot.status is Status.UP for slot in known) / len(known)
