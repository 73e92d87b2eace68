"""Server-sent events: for programs the services themselves, for the page its changed rows.

A stream remembers one number, the version that it has shown; nothing is queued, so a slow reader
costs nothing and gets the newest state when it reads again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from launcher import view
from launcher.monitor import Monitor
from launcher.page import Pages

_TICK = 1.0
_BEAT = 5.0


class Streams:
    """Open event streams and their number."""

    def __init__(self, monitor: Monitor, pages: Pages, most: int = 100) -> None:
        self._monitor = monitor
        self._pages = pages
        self._most = most
        self.open = 0

    @property
    def full(self) -> bool:
        return self.open >= self._most

    async def services(self, language: str) -> AsyncIterator[bytes]:
        """`snapshot` with all, then `services` with the changed ones and `removed` with ids."""
        monitor = self._monitor
        known = set(monitor.records)
        shown = monitor.version
        everything = view.services_json(monitor, monitor.records.values(), language)
        yield _event("snapshot", everything)
        async for _ in self._ticks():
            gone = sorted(known - set(monitor.records))
            known = set(monitor.records)
            if gone:
                yield _event("removed", view.dump(gone))
            changed = [r for r in monitor.records.values() if r.version > shown]
            shown = monitor.version
            if changed:
                yield _event("services", view.services_json(monitor, changed, language))
            else:
                yield b": still here\n\n"

    async def page(self, language: str, last: str) -> AsyncIterator[bytes]:
        """What changed of the page since `last`, the id of the last event that it saw."""
        monitor = self._monitor
        structure, shown = _parse(last, monitor)
        parts: dict[str, str] = {}
        quiet = 0.0
        first = True
        async for _ in self._ticks():
            if structure != monitor.structure:
                structure = monitor.structure
                yield _event("structure", b"{}", self._mark(shown))
                continue
            rows = {
                f"s{r.number}": self._pages.row(r, language)
                for r in monitor.records.values()
                if r.version > shown
            }
            shown = monitor.version
            now = self._pages.parts(language)
            changed = {name: html for name, html in now.items() if parts.get(name) != html}
            parts = now
            quiet += _TICK
            if rows or changed or first or quiet >= _BEAT:
                data = view.dump({"rows": rows, "parts": changed})
                yield _event("page", data, self._mark(shown))
                quiet, first = 0.0, False

    def _mark(self, shown: int) -> str:
        return f"{self._monitor.boot}.{self._monitor.structure}.{shown}"

    async def _ticks(self) -> AsyncIterator[None]:
        self.open += 1
        try:
            yield
            while not self._monitor.closing:
                await asyncio.sleep(_TICK)
                yield
        finally:
            self.open -= 1


def _parse(mark: str, monitor: Monitor) -> tuple[int, int]:
    """Structure and version of a mark; (-1, 0) for another run's, or none of ours."""
    boot, _, rest = mark.partition(".")
    structure, _, shown = rest.partition(".")
    if boot != monitor.boot or not (structure.isdecimal() and shown.isdecimal()):
        return -1, 0
    return int(structure[:18]), int(shown[:18])


def _event(name: str, data: bytes, ident: str = "") -> bytes:
    mark = f"id: {ident}\n" if ident else ""
    return f"event: {name}\n{mark}data: ".encode() + data + b"\n\n"
