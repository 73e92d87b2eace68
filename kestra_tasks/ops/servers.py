"""Other Kestra servers on this engine: run.sh looks for them in the same way."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kestra_tasks.core.checks import Problem
from kestra_tasks.core.labels import ROLE
from kestra_tasks.ops.containers import Engine
from kestra_tasks.ops.environment import SERVER, Runtime

_GRACE = 360  # seconds, as compose.yml gives its server
_STORAGE = "/app/storage"


def others(runtime: Runtime, engine: Engine) -> Iterator[Problem]:
    """Running servers, not the stack's own, that share its database or its files.

    Two servers on one database take each other's work from one queue; the wrapper refuses that
    without a word of the operator's, and so does the stack.
    """
    own = engine.ours(runtime, SERVER)
    for name, found in _running(runtime, engine).items():
        if own is not None and found["Id"] == own.id:
            continue
        if _database(found, runtime) == (runtime.db_host, runtime.db_port, _name(runtime.db_name)):
            yield Problem(
                "block",
                "up",
                f"{name} ({found['State']['Status']}) uses the database {runtime.db_name}; two "
                "servers would share one queue",
                f"{_stop(runtime, name)}   # then this again",
            )
        elif (folder := _storage(found)) and folder.resolve() == runtime.storage.resolve():
            yield Problem(
                "warn",
                "up",
                f"{name} keeps its files in the same folder {runtime.storage}, and both would "
                "write namespace files there; set KESTRA_STORAGE_DIR to another",
            )


def _running(runtime: Runtime, engine: Engine) -> dict[str, dict[str, Any]]:
    """The servers that run, by name: ours by their label, others by the image."""
    found = [
        *engine.running(label=f"{ROLE}=server"),
        *engine.running(label=f"{ROLE}=wrapper"),
        *engine.running(image=runtime.image),
    ]
    return {str(item["Name"]).lstrip("/"): item for item in found}


def _database(found: Mapping[str, Any], runtime: Runtime) -> tuple[str, str, str] | None:
    """Host, port and name of its database; None where the host means another one there."""
    variables = dict(line.split("=", 1) for line in found["Config"].get("Env") or [] if "=" in line)
    host = variables.get("ORCHESTRATOR_DB_HOST", "")
    # A bare host name is a container's, known on its network only.
    networks = (found.get("NetworkSettings") or {}).get("Networks") or {}
    if not any(mark in host for mark in ".:") and runtime.network not in networks:
        return None
    name = _name(variables.get("ORCHESTRATOR_DB_NAME", ""))
    return host, variables.get("ORCHESTRATOR_DB_PORT", ""), name


def _name(with_options: str) -> str:
    return with_options.partition("?")[0]


def _storage(found: Mapping[str, Any]) -> Path | None:
    mounts = found.get("Mounts") or []
    return next((Path(m["Source"]) for m in mounts if m.get("Destination") == _STORAGE), None)


def _stop(runtime: Runtime, name: str) -> str:
    script = runtime.kestra_dir / "scripts/stop.sh"
    if script.is_file():
        return f"{shlex.quote(script.relative_to(runtime.root).as_posix())} {name}"
    return f"docker stop --time {_GRACE} {name}"
