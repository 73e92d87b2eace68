"""The monitor's knowledge in Prometheus' text format, version 0.0.4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kestra_tasks.core.verdict import Status
from launcher.monitor import Monitor, Record

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def text(monitor: Monitor, streams: int) -> str:
    """All metrics; `streams` is how many pages and programs follow live."""
    records = list(monitor.records.values())
    sources = monitor.reader.sources
    answered = [r for r in records if r.answer is not None and not r.answer.trouble]
    lines = [
        *_metric(
            "service_up",
            "gauge",
            "Whether a service is up (1) or in any other state (0).",
            ((_labels(r), float(r.verdict.status is Status.UP)) for r in records),
        ),
        *_metric(
            "service_state",
            "gauge",
            "1 for the state that a service is in.",
            (
                (_labels(r, state=str(status)), float(r.verdict.status is status))
                for r in records
                for status in Status
            ),
        ),
        *_metric(
            "service_latency_seconds",
            "gauge",
            "Latency of the last answer of a service's health address.",
            ((_labels(r), (r.answer.ms if r.answer else 0) / 1000) for r in answered),
        ),
        *_metric(
            "service_state_changes_total",
            "counter",
            "Changes of a service's state since the launcher was started.",
            ((_labels(r), r.changed) for r in records),
        ),
        *_metric(
            "service_looks_total",
            "counter",
            "How often the launcher looked at a service.",
            ((_labels(r), r.looks) for r in records),
        ),
        *_one("launcher_services", "Services in the manifest.", len(records)),
        *_one(
            "launcher_manifest_readable", "1 where the manifest can be read.", _no(sources.broken)
        ),
        *_one("launcher_manifest_problems", "Entries left out.", len(sources.problems)),
        *_one("launcher_docker_reachable", "1 where Docker can be asked.", _no(monitor.docker)),
        *_one("launcher_streams", "Open event streams.", streams),
    ]
    return sources.mask("\n".join(lines) + "\n")


def _no(trouble: object) -> int:
    return 0 if trouble else 1


def _one(name: str, words: str, value: float) -> Iterator[str]:
    return _metric(name, "gauge", words, [("", value)])


def _metric(
    name: str, kind: str, words: str, samples: Iterable[tuple[str, float]]
) -> Iterator[str]:
    yield f"# HELP {name} {words}"
    yield f"# TYPE {name} {kind}"
    for labels, value in samples:
        yield f"{name}{labels} {value:.6g}"


def _labels(record: Record, **more: str) -> str:
    service = record.service
    pairs = {"id": service.ident, "stack": service.stack or service.type, **more}
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in pairs.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
