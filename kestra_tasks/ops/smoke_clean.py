"""What a smoke run leaves behind: found, removed, kept as evidence where it failed."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from kestra_tasks.errors import UnhealthyError
from kestra_tasks.ops import compose
from kestra_tasks.ops.runner import Runner
from kestra_tasks.ops.smoke_place import Place

_PREFIX = "smoke-failed-"
_KEPT = 10  # files of earlier failures
_PATIENCE = 20.0  # seconds


def volumes(place: Place, runner: Runner) -> set[str]:
    """The Docker volumes that the run's containers have."""
    template = '{{range .Mounts}}{{if eq .Type "volume"}}{{println .Name}}{{end}}{{end}}'
    argv = ["docker", "container", "inspect", "--format", template, *place.containers]
    return set(runner.query(argv).out.split())


def remains(place: Place, runner: Runner, known_volumes: Sequence[str] = ()) -> list[str]:
    """What there still is of the run, in words.

    Raises:
        PreconditionError: there is no docker.
    """
    kinds = [
        *(("container", name) for name in place.containers),
        ("network", place.name),
        *(("volume", name) for name in known_volumes),
    ]
    left = [f"{kind} {name}" for kind, name in kinds if _exists(kind, name, runner)]
    if place.folder.exists():
        left.append(f"folder {place.folder}")
    return left


def remove(place: Place, runner: Runner, known_volumes: Sequence[str] = ()) -> None:
    """Remove all of the run, until nothing is left.

    Raises:
        UnhealthyError: something stays; names it and the command that shows why.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        for name in place.containers:
            if _exists("container", name, runner):
                runner.query(place.remove_container(name), timeout=120)
        if _exists("network", place.name, runner):
            runner.query(place.remove_network())
        for name in known_volumes:
            if _exists("volume", name, runner):
                runner.query(compose.remove_volume(name))
        _remove_folder(place, runner)
        left = remains(place, runner, known_volumes)
        if not left:
            return
        if time.monotonic() > deadline:
            raise UnhealthyError(
                f"the smoke run left behind: {', '.join(left)}",
                "docker rm -fv " + " ".join(place.containers),
            )
        time.sleep(0.5)


def keep_evidence(place: Place, parts: Mapping[str, Sequence[str]]) -> Path:
    """Write what is known of a failed run to a file that only this user reads.

    The oldest of more than ten such files is deleted.

    Args:
        parts: heading to lines, all of them masked.

    Returns:
        Its path, absolute.
    """
    folder = place.folder.parent
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    path = folder / f"{_PREFIX}{stamp}.log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
        for heading, lines in parts.items():
            file.write("\n".join((f"== {heading}", *lines, "", "")))
    for old in sorted(folder.glob(f"{_PREFIX}*.log"))[:-_KEPT]:
        old.unlink(missing_ok=True)
    return path


def _exists(kind: str, name: str, runner: Runner) -> bool:
    return runner.query(["docker", kind, "inspect", "--format", "{{.Name}}", name]).ok


def _remove_folder(place: Place, runner: Runner) -> None:
    try:
        shutil.rmtree(place.folder)
    except FileNotFoundError:
        return
    except OSError:
        # The server runs as root: what it wrote isn't this user's.
        runner.query(compose.empty_folder(place.postgres_image, str(place.folder)), timeout=120)
        shutil.rmtree(place.folder, ignore_errors=True)
