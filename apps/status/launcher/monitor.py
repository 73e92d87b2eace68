"""Asks all services side by side, for ever; whoever wants to know reads what it knows."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex
from typing import Protocol

from kestra_tasks.core.facts import Unavailable
from kestra_tasks.core.matching import find_container
from kestra_tasks.core.services import Service
from kestra_tasks.core.verdict import (
    UNASKED,
    Answer,
    ContainerState,
    Status,
    Verdict,
    judge,
)
from kestra_tasks.probes.health import TIMEOUT, ask
from kestra_tasks.probes.states import States
from launcher.history import History
from launcher.sources import Reader

_LOOK_AT_FILES = 1.0
# Less than a database takes from its restart to its first health check.
_LOOK_AT_DOCKER = 2.0
_MOST_BACKOFF = 30.0
_CHANGES = 50


class Looks(Protocol):
    """Whatever tells the containers' states."""

    def look(self) -> Sequence[ContainerState] | Unavailable: ...


@dataclass(frozen=True)
class Change:
    """A service's state changed: Unix time, from what, to what and why."""

    at: float
    before: Status
    verdict: Verdict


@dataclass
class Record:
    """All that is known of one service.

    Attributes:
        number: its place among all that were ever watched; never used twice.
        since: Unix time since when it is in its state.
        updated: Unix time of the last look, 0 before the first.
        version: the monitor's version at the last look.
        kept: what others derived from this version, by their own keys.
    """

    service: Service
    number: int
    verdict: Verdict = UNASKED
    answer: Answer | None = None
    container: ContainerState | None = None
    since: float = 0.0
    updated: float = 0.0
    looks: int = 0
    failures: int = 0
    changed: int = 0
    version: int = 0
    history: History = field(default_factory=History)
    changes: deque[Change] = field(default_factory=lambda: deque(maxlen=_CHANGES))
    kept: dict[object, object] = field(default_factory=dict)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Monitor:
    """Watches the services of one monorepo.

    Args:
        root: the monorepo, absolute and without symbolic links.
        pace: seconds between two looks at a service that is well; None to follow their number
            (5 s for a hundred, 10 s from two hundred on).
        states: where containers are looked at.
    """

    def __init__(
        self,
        root: Path,
        reader: Reader,
        pace: float | None = None,
        states: Looks | None = None,
    ) -> None:
        self.root = root
        self.reader = reader
        self.boot = token_hex(4)
        self.records: dict[str, Record] = {}
        self.version = 0
        self.structure = 0
        self.docker = "not asked yet"
        self.closing = False
        self._pace = pace
        self._containers: Sequence[ContainerState] = ()
        self._states = states or States()
        self._docker_seen = asyncio.Event()
        self._numbers = 0
        self._tasks: list[asyncio.Task[None]] = []
        # One thread for Docker, some for files and host names: none of them can hold the others.
        self._docker_thread = ThreadPoolExecutor(1, "docker")

    @property
    def pace(self) -> float:
        """Seconds between two looks at a service that is well."""
        if self._pace is not None:
            return self._pace
        return min(10.0, max(5.0, len(self.records) * 0.05))

    @property
    def alive(self) -> bool:
        """Whether everything that should watch still does."""
        tasks = [*self._tasks, *(record.task for record in self.records.values())]
        return bool(self._tasks) and not any(task is None or task.done() for task in tasks)

    async def start(self) -> None:
        """Read the files, then begin to watch; returns before any service was asked."""
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(32, "lookup"))
        self._take(await asyncio.to_thread(self.reader.read))
        self._tasks = [
            asyncio.create_task(self._watch_files()),
            asyncio.create_task(self._watch_docker()),
        ]

    async def stop(self) -> None:
        self.closing = True
        tasks = [r.task for r in self.records.values() if r.task is not None] + self._tasks
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._docker_thread.shutdown(wait=False, cancel_futures=True)

    async def _watch_files(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_AT_FILES)
            if self.reader.changed():
                self._take(await asyncio.to_thread(self.reader.read))

    def _take(self, _sources: object) -> None:
        """Watch what the files say now; what they say of a known service keeps its history."""
        services = self.reader.sources.services
        for ident in self.records.keys() - {service.ident for service in services}:
            gone = self.records.pop(ident)
            if gone.task is not None:
                gone.task.cancel()
        records = {}
        for service in services:
            record = self.records.get(service.ident)
            if record is None:
                self._numbers += 1
                record = Record(service, self._numbers, since=time.time())
                record.task = asyncio.create_task(self._watch(record))
            elif replace(record.service, line=0) != replace(service, line=0):
                record.service = service
                record.failures = 0
                record.wake.set()
            else:
                record.service = service
            record.kept.clear()
            records[service.ident] = record
        self.records = records
        self._match()
        self.structure += 1
        self.version += 1

    async def _watch_docker(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            found = await loop.run_in_executor(self._docker_thread, self._states.look)
            self.docker = found.reason if isinstance(found, Unavailable) else ""
            containers: Sequence[ContainerState] = () if isinstance(found, Unavailable) else found
            self._docker_seen.set()
            if containers != self._containers:
                # What needs a container whose state changed is looked at again as well.
                moved = {c.project for c in set(containers) ^ set(self._containers) if c.project}
                self._containers = containers
                self._match(moved)
            await asyncio.sleep(_LOOK_AT_DOCKER)

    def _match(self, moved: Set[str] = frozenset()) -> None:
        """Give each service its container; one whose container changed is asked at once.

        Args:
            moved: Compose projects in which a container changed.
        """
        for record in self.records.values():
            container = find_container(record.service, self._containers, str(self.root))
            if container != record.container or (container and container.project in moved):
                record.container = container
                record.wake.set()

    async def _watch(self, record: Record) -> None:
        with suppress(TimeoutError):
            # Without Docker's word, what is merely stopped would be called down first.
            await asyncio.wait_for(self._docker_seen.wait(), 5)
        await self._pause(record, random.uniform(0, 1.0))  # noqa: S311 - spread, not secrecy
        while True:
            record.wake.clear()
            service = record.service
            answer = await ask(service.health) if service.health is not None else None
            if service is record.service:
                self._note(record, answer)
            await self._pause(record, self._wait(record))

    async def _pause(self, record: Record, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(record.wake.wait(), seconds)

    def _wait(self, record: Record) -> float:
        """Seconds until the next look: soon while it starts, seldom while it is long dead."""
        seconds = self.pace
        if record.verdict.status is Status.STARTING:
            seconds = min(seconds, 2.0)
        elif record.failures > 2:
            seconds = min(_MOST_BACKOFF, seconds * 2 ** min(record.failures - 2, 5))
        return seconds * random.uniform(0.9, 1.1)  # noqa: S311

    def _note(self, record: Record, answer: Answer | None) -> None:
        now = time.time()
        verdict = judge(
            record.service,
            answer,
            record.container,
            self._containers,
            docker=self.docker,
            timeout=TIMEOUT,
            now=now,
        )
        if verdict.status is not record.verdict.status:
            if record.looks:
                record.changes.append(Change(now, record.verdict.status, verdict))
                record.changed += 1
            record.since = now
        answered = answer is not None and not answer.trouble
        record.failures = 0 if answered or answer is None else record.failures + 1
        record.verdict, record.answer, record.updated = verdict, answer, now
        record.looks += 1
        record.history.add(now, verdict.status, answer.ms if answered and answer else None)
        self.version += 1
        record.version = self.version
        record.kept.clear()
