"""Containers' states for `verdict`, read through the Docker SDK and kept between looks."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from kestra_tasks.core.facts import Unavailable
from kestra_tasks.core.labels import FILES, NEEDS, PROJECT, ROLE, ROOT, SERVICE
from kestra_tasks.core.verdict import ContainerState
from kestra_tasks.probes.endpoint import find_endpoint, inspect_socket
from kestra_tasks.probes.engine import connect

_VERSION_LABEL = "org.opencontainers.image.version"
_INSPECT_AGAIN = 30.0


class States:
    """Looks at the engine's containers again and again over one connection.

    A look costs one list call; a container is inspected when its state or health changed, and
    every half minute. Not for several threads at once.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._client: Any = None
        self._seen: dict[str, tuple[str, float, ContainerState]] = {}
        self._versions: dict[str, str] = {}

    def look(self) -> Sequence[ContainerState] | Unavailable:
        """All containers, the stopped ones included."""
        endpoint, _ = find_endpoint(self._environ)
        if not endpoint.startswith("unix://"):
            return Unavailable(f"no local engine at {endpoint or 'the current Docker context'}")
        _, trouble = inspect_socket(endpoint.removeprefix("unix://"))
        if trouble:
            self.close()
            return Unavailable(f"the engine doesn't answer: {trouble}")
        from docker.errors import DockerException
        from requests import RequestException

        try:
            if self._client is None:
                self._client = connect(endpoint)
            rows = self._client.containers(all=True)
            found = [state for row in rows if (state := self._state(row)) is not None]
        except (DockerException, RequestException) as error:
            self.close()
            first = (str(error) or type(error).__name__).splitlines()[0]
            return Unavailable(f"the engine doesn't answer: {first}")
        alive = {state.ident for state in found}
        self._seen = {ident: seen for ident, seen in self._seen.items() if ident in alive}
        return found

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _state(self, row: Mapping[str, Any]) -> ContainerState | None:
        from docker.errors import NotFound

        ident, now = row["Id"], time.monotonic()
        mark = f"{row.get('State')} {health_word(str(row.get('Status', '')))}"
        if ident in self._seen:
            before, at, state = self._seen[ident]
            if before == mark and now - at < _INSPECT_AGAIN and row.get("State") == "running":
                return state
        try:
            state = read_state(self._client.inspect_container(ident), self._version)
        except NotFound:  # removed since the list
            return None
        self._seen[ident] = (mark, now, state)
        return state

    def _version(self, image: str) -> str:
        from docker.errors import NotFound

        if image not in self._versions:
            try:
                labels = (self._client.inspect_image(image).get("Config") or {}).get("Labels") or {}
            except NotFound:  # retagged and pruned while its container still is
                labels = {}
            self._versions[image] = str(labels.get(_VERSION_LABEL, ""))[:60]
        return self._versions[image]


def health_word(status: str) -> str:
    """`Up 3 minutes (healthy)` as "healthy"; "" without a health check."""
    words = {"(healthy)": "healthy", "(unhealthy)": "unhealthy", "(health: starting)": "starting"}
    return next((word for sign, word in words.items() if sign in status), "")


def read_state(found: Mapping[str, Any], version: Callable[[str], str]) -> ContainerState:
    """A container's state out of what the engine's inspect answers.

    Args:
        version: the version that an image (by id) says it is, "" where it says none.
    """
    state, config = found["State"], found["Config"]
    labels = config.get("Labels") or {}
    image = str(config.get("Image", ""))
    return ContainerState(
        name=found["Name"].lstrip("/"),
        ident=found["Id"],
        image=image,
        version=version(found["Image"]) or _tag(image),
        state=state.get("Status", ""),
        health=_health(state),
        exit_code=state.get("ExitCode", 0),
        oom=bool(state.get("OOMKilled")),
        restarts=found.get("RestartCount", 0),
        started=_unix(state.get("StartedAt", "")),
        project=labels.get(PROJECT, ""),
        service=labels.get(SERVICE, ""),
        config_files=_files(labels.get(FILES, "")),
        depends_on=_needed(labels.get(NEEDS, "")),
        role=labels.get(ROLE, ""),
        root=labels.get(ROOT, ""),
    )


def _health(state: Mapping[str, Any]) -> str:
    health = str((state.get("Health") or {}).get("Status", ""))
    return "" if health == "none" else health


def _files(label: str) -> tuple[str, ...]:
    return tuple(os.path.normpath(path) for path in label.split(",") if path)


def _needed(label: str) -> tuple[str, ...]:
    """Services out of `name:condition:restart,…`; one that has to end first needn't run."""
    parts = [need.split(":") for need in label.split(",") if need]
    return tuple(part[0] for part in parts if "service_completed_successfully" not in part)


def _tag(image: str) -> str:
    last = image.rpartition("/")[2].partition("@")[0]
    return last.partition(":")[2]


def _unix(text: str) -> float:
    """RFC 3339 with nanoseconds as Unix time; 0 for Docker's "never" (year 1)."""
    if not text or text.startswith("0001"):
        return 0.0
    whole = text.split(".")[0].rstrip("Z")
    try:
        return datetime.fromisoformat(f"{whole}+00:00").timestamp()
    except ValueError:
        return 0.0
