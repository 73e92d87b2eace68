"""What is known of a failed start: gathered while it is there, masked, kept in a file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from kestra_tasks.core.causes import Cause, Evidence, Service, plain
from kestra_tasks.ops.containers import Engine
from kestra_tasks.ops.environment import DATABASE, SERVER, Runtime
from kestra_tasks.ops.masking import Mask

_ROLES = {SERVER: "server", DATABASE: "database"}
_PREFIX = "up-failed-"
_KEPT = 10  # files of earlier failures


def collect(runtime: Runtime, engine: Engine, since: float, output: str = "") -> Evidence:
    """Take both services' states and what they printed since `since` (Unix time), masked.

    Args:
        output: what the failed `docker` command printed.
    """
    mask = Mask(runtime.secrets)
    services = []
    for service in runtime.services:
        name, found = runtime.containers[service], engine.ours(runtime, service)
        if found is None:
            services.append(Service(_ROLES[service], name, "absent"))
            continue
        deaths = engine.deaths(found.id, since)
        services.append(
            Service(
                role=_ROLES[service],
                container=found.name,
                status=found.status,
                health=found.health,
                exit_code=deaths.codes[-1] if deaths.codes else None,
                oom=found.oom or deaths.oom,
                lines=tuple(mask(line) for line in engine.logs(found.id, since)),
            )
        )
    lines = tuple(mask(line) for line in output.splitlines() if line.strip())
    return Evidence(tuple(services), lines, runtime.env_file.name)


def save(
    runtime: Runtime, evidence: Evidence, cause: Cause, now: datetime | None = None
) -> Path | None:
    """Write the evidence to a file that only this user reads; its path, None if it can't be.

    The oldest of more than ten such files is deleted.
    """
    folder = runtime.kestra_dir / "tmp"
    stamp = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%S%fZ")
    place = folder / f"{_PREFIX}{stamp}.log"
    try:
        _write(place, "\n".join(_text(evidence, cause)) + "\n")
    except OSError:
        return None
    for old in sorted(folder.glob(f"{_PREFIX}*.log"))[:-_KEPT]:
        old.unlink(missing_ok=True)
    return place


def _write(place: Path, text: str) -> None:
    place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)


def _text(evidence: Evidence, cause: Cause) -> Iterable[str]:
    yield f"cause: {cause.kind}: {cause.title}"
    yield f"next:  {cause.next}"
    for service in evidence.services:
        yield ""
        ended = "" if service.exit_code is None else f", last exit code {service.exit_code}"
        memory = ", out of memory" if service.oom else ""
        health = f", {service.health}" if service.health else ""
        yield f"== {service.container}: {service.status}{health}{ended}{memory}"
        yield from service.lines
    if evidence.output:
        yield ""
        yield "== docker"
        yield from (plain(line) for line in evidence.output)
