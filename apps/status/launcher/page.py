"""The page as HTML, whole or in the pieces that change; templates escape every text."""

from __future__ import annotations

import time
from datetime import datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from kestra_tasks.core.matching import KESTRA
from kestra_tasks.core.reasons import LANGUAGES, say
from kestra_tasks.core.verdict import Status
from launcher import drawing, view
from launcher.history import share_up
from launcher.monitor import Monitor, Record
from launcher.texts import Words

PARTS = ("headline", "counts", "links", "notices", "title", "tone")
_URGENT = (Status.DOWN, Status.DEGRADED, Status.STARTING)
_NAMED = 5
_LINKS = 10


class Pages:
    """Renders what the monitor knows."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._templates = Environment(
            loader=PackageLoader("launcher"),
            autoescape=True,
            auto_reload=False,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._parts: dict[str, tuple[tuple[int, int], dict[str, str]]] = {}

    def page(self, language: str, query: str, status: str) -> str:
        """The whole page; rows that `query` or `status` leave out are there, but hidden."""
        words = _words(language)
        monitor = self._monitor
        stacks = []
        shown = 0
        for stack, records in view.ordered(monitor):
            rows = []
            for record in records:
                matches = self._matches(record, language, query, status)
                shown += matches
                rows.append((Markup(self.row(record, language)), matches))  # noqa: S704 - a template's
            stacks.append((view.masked(stack, monitor) or words("other_stack"), rows))
        return self._render(
            "page.html",
            words,
            languages=LANGUAGES,
            root=view.masked(monitor.root.name, monitor),
            mark=f"{monitor.boot}.{monitor.structure}.{monitor.version}",
            stacks=stacks,
            query=query,
            status=status,
            shown=shown,
            parts={name: Markup(html) for name, html in self.parts(language).items()},  # noqa: S704
            clock=_clock(time.time()),
        )

    def row(self, record: Record, language: str) -> str:
        """One service's row; made once a look."""
        made = record.kept.get(("row", language))
        if made is None:
            made = self._row(record, language)
            record.kept[("row", language)] = made
        return str(made)

    def parts(self, language: str) -> dict[str, str]:
        """What stands around the rows, by name (`PARTS`); made once a change."""
        monitor = self._monitor
        key = (monitor.structure, monitor.version)
        before = self._parts.get(language)
        if before is None or before[0] != key:
            self._parts[language] = (key, self._make_parts(language))
        return self._parts[language][1]

    def _row(self, record: Record, language: str) -> str:
        words = _words(language)
        service = view.service(self._monitor, record, language)
        slots = record.history.last_hour(time.time())
        line, area = drawing.sparkline(slots)
        slowest = max((slot.most_ms for slot in slots if slot), default=0.0)
        share = share_up(slots)
        changes = [
            (
                _clock(change.at),
                view.moment(change.at),
                str(change.verdict.status),
                view.masked(say(change.verdict.words, language), self._monitor),
            )
            for change in list(record.changes)[:-6:-1]
        ]
        return self._render(
            "row.html",
            words,
            number=record.number,
            s=service,
            kestra=record.service.ident == KESTRA,
            find=_findable(service, words),
            line=line,
            area=area,
            slowest=slowest,
            runs=drawing.strip(slots),
            share=share,
            changes=changes,
            since=_clock(record.since),
            checked=_clock(record.updated),
            width=drawing.WIDTH,
            height=drawing.HEIGHT,
        )

    def _make_parts(self, language: str) -> dict[str, str]:
        words, monitor = _words(language), self._monitor
        records = [record for _stack, group in view.ordered(monitor) for record in group]
        services = [(r.number, view.service(monitor, r, language)) for r in records]
        count = dict.fromkeys(Status, 0)
        for record in records:
            count[record.verdict.status] += 1
        worst = next((status for status in _URGENT if count[status]), None)
        tone = str(worst or (Status.UP if count[Status.UP] else Status.UNKNOWN))
        asked = any(record.looks for record in records)
        sentence = _sentence(words, count, worst, len(records), asked)
        urgent = [pair for status in _URGENT for pair in services if pair[1]["status"] == status]
        sources = monitor.reader.sources
        common: dict[str, Any] = {"tone": tone, "sentence": sentence, "count": count}
        html = {
            name: self._render(
                f"{name}.html",
                words,
                **common,
                total=len(records),
                urgent=urgent[:_NAMED],
                more=max(0, len(urgent) - _NAMED),
                links=[s for _n, s in services if s["uiUrl"]][:_LINKS],
                broken=view.masked(str(sources.broken or ""), monitor),
                problems=[view.masked(str(p), monitor) for p in sources.problems],
                read_at=_clock(sources.read_at) if sources.read_at else "",
                docker="" if monitor.docker == "not asked yet" else monitor.docker,
            )
            for name in PARTS[:4]
        }
        title = f"{sentence} · {view.masked(monitor.root.name, monitor)}"
        return {**html, "title": title, "tone": tone}

    def _matches(self, record: Record, language: str, query: str, status: str) -> bool:
        if status and record.verdict.status != status:
            return False
        service = view.service(self._monitor, record, language)
        text = _findable(service, _words(language))
        return all(word in text for word in query.lower().split())

    def _render(self, template: str, words: Words, **values: Any) -> str:
        return self._templates.get_template(template).render(t=words, **values)


@cache
def _words(language: str) -> Words:
    return Words(language)


def _sentence(
    words: Words, count: dict[Status, int], worst: Status | None, total: int, asked: bool
) -> str:
    if not total:
        return words("none_listed")
    if not asked:
        return words("asking", n=total)
    if count[Status.UP] == total:
        return words("one_up") if total == 1 else words("all_up", n=total)
    if worst is None:
        return words("none_down")
    return words(f"some_{worst}", k=count[worst], n=total)


def _findable(service: dict[str, Any], words: Words) -> str:
    """What the search looks at, in lower case."""
    fields = ("id", "name", "type", "stack", "status", "port", "container", "description")
    found = [str(service[field]) for field in fields if service[field]]
    return " ".join([*found, words(service["status"])]).lower()


def _clock(seconds: float) -> str:
    """Local time of day, with the date where it isn't today's."""
    if not seconds:
        return ""
    at = datetime.fromtimestamp(seconds).astimezone()
    today = at.date() == datetime.now().astimezone().date()
    return at.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M")
