"""What the monitor knows, as the API says it. Every text passes the mask for `.env`'s secrets."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from kestra_tasks.core.matching import KESTRA
from kestra_tasks.core.reasons import say
from launcher.history import SLOT_SECONDS
from launcher.monitor import Monitor, Record


def service(monitor: Monitor, record: Record, language: str) -> dict[str, Any]:
    """One service as JSON-ready data; absent values are None."""
    made = record.kept.get(("view", language))
    if made is None:
        made = masked(_service(record, language), monitor)
        record.kept[("view", language)] = made
    return made  # type: ignore[return-value]


def service_json(monitor: Monitor, record: Record, language: str) -> bytes:
    """The same as bytes, made once a look."""
    made = record.kept.get(("json", language))
    if made is None:
        made = dump(service(monitor, record, language))
        record.kept[("json", language)] = made
    return made  # type: ignore[return-value]


def services_json(monitor: Monitor, records: Iterable[Record], language: str) -> bytes:
    """Several services as a JSON array."""
    return b"[" + b",".join(service_json(monitor, one, language) for one in records) + b"]"


def service_in_full(monitor: Monitor, record: Record, language: str) -> dict[str, Any]:
    """One service with its last hour and its changes of state."""
    history = [
        {
            "at": moment(slot.number * SLOT_SECONDS),
            "status": slot.status,
            "latencyMs": _round(slot.mean_ms),
            "mostMs": _round(slot.most_ms) if slot.answers else None,
        }
        for slot in record.history.last_hour(time.time())
        if slot is not None
    ]
    changes = [
        {
            "at": moment(change.at),
            "before": change.before,
            "status": change.verdict.status,
            "reason": say(change.verdict.words, language),
        }
        for change in reversed(record.changes)
    ]
    whole = {**service(monitor, record, language), "history": history, "changes": changes}
    found: dict[str, Any] = masked(whole, monitor)
    return found


def health(monitor: Monitor) -> dict[str, Any]:
    """Whether the page itself works."""
    sources = monitor.reader.sources
    whole = {
        "status": "UP" if monitor.alive else "DOWN",
        "services": len(monitor.records),
        "manifest": {
            "file": monitor.reader.file,
            "readAt": moment(sources.read_at),
            "error": str(sources.broken) if sources.broken else None,
            "problems": [str(problem) for problem in sources.problems],
        },
        "docker": monitor.docker or None,
    }
    found: dict[str, Any] = masked(whole, monitor)
    return found


def ordered(monitor: Monitor) -> list[tuple[str, list[Record]]]:
    """Records by stack: Kestra's stack and Kestra first, then as the manifest has them."""
    groups: dict[str, list[Record]] = {}
    for record in monitor.records.values():
        groups.setdefault(record.service.stack or record.service.type, []).append(record)
    for records in groups.values():
        records.sort(key=lambda record: record.service.ident != KESTRA)
    first = [stack for stack, rs in groups.items() if rs[0].service.ident == KESTRA]
    names = first + [stack for stack in groups if stack not in first]
    return [(stack, groups[stack]) for stack in names]


def moment(seconds: float) -> str | None:
    """Unix time as RFC 3339 in UTC with milliseconds; None for 0."""
    if not seconds:
        return None
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def masked(value: Any, monitor: Monitor) -> Any:
    """The same with every secret of `.env` hidden."""
    if isinstance(value, str):
        return monitor.reader.sources.mask(value)
    if isinstance(value, dict):
        return {key: masked(inner, monitor) for key, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner, monitor) for inner in value]
    return value


def dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _service(record: Record, language: str) -> dict[str, Any]:
    of, verdict, container = record.service, record.verdict, record.container
    answered = record.answer is not None and not record.answer.trouble
    runs = container is not None and container.state == "running"
    return {
        "id": of.ident,
        "name": of.name,
        "type": of.type or None,
        "stack": of.stack or None,
        "description": of.description or None,
        "path": of.path or None,
        "managed": of.managed or None,
        "status": str(verdict.status),
        "reason": say(verdict.words, language),
        "reasonCodes": [part.code for part in verdict.words],
        "source": verdict.source or None,
        "since": moment(record.since),
        "latencyMs": _round(record.answer.ms) if answered and record.answer else None,
        "port": of.port,
        "uiUrl": of.ui.text if of.ui else None,
        "healthUrl": of.health.text if of.health else None,
        "container": container.name if container else None,
        "image": container.image if container else None,
        "version": (container.version or None) if container else None,
        "uptime": max(0, int(time.time() - container.started)) if container and runs else None,
        "restarts": container.restarts if container else None,
        "commands": dict(of.commands),
        "updatedAt": moment(record.updated),
    }


def _round(ms: float | None) -> float | None:
    return None if ms is None else round(ms, 1)
