"""The engine's containers in one call: names, labels, published ports, bind mounts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kestra_tasks.core.facts import ListedContainer, PublishedPort, Unavailable
from kestra_tasks.core.labels import FILES, FOLDER, OURS
from kestra_tasks.probes.endpoint import find_endpoint, inspect_socket
from kestra_tasks.probes.engine import connect, why

_ENDED = {"created", "exited", "dead"}


def list_containers(environ: Mapping[str, str] = os.environ) -> list[ListedContainer] | Unavailable:
    """All containers of the local engine, the stopped ones included."""
    endpoint, _ = find_endpoint(environ)
    if not endpoint.startswith("unix://"):
        return Unavailable(f"no local engine at {endpoint or 'the current Docker context'}")
    _, trouble = inspect_socket(endpoint.removeprefix("unix://"))
    if trouble:
        return Unavailable(f"the engine at {endpoint} doesn't answer: {trouble}")
    from docker.errors import DockerException
    from requests import RequestException

    try:
        client = connect(endpoint)
        rows = client.containers(all=True)
        client.close()
    except (DockerException, RequestException) as error:
        return Unavailable(f"the engine at {endpoint} doesn't answer: {why(error)}")
    return [_container(row) for row in rows]


def is_ours(container: ListedContainer, root: Path) -> bool:
    """Whether kestra_tasks started it, for the monorepo at `root` and no other."""
    if not any(label.startswith(OURS) for label in container.labels):
        return False
    return is_of(root, container.labels, container.sources)


def is_of(root: Path, labels: Mapping[str, str], sources: Iterable[str] = ()) -> bool:
    """Whether Compose started it from a folder of the monorepo at `root`, or it mounts one.

    Two monorepos may well call their Compose projects the same.
    """
    places = [labels.get(FOLDER, ""), *labels.get(FILES, "").split(","), *sources]
    real = root.resolve()
    return any(Path(place).resolve().is_relative_to(real) for place in places if place)


def _container(row: Mapping[str, Any]) -> ListedContainer:
    names = row.get("Names") or ["/" + str(row.get("Id", ""))[:12]]
    state = str(row.get("State", ""))
    # An engine that was killed goes on listing the ports of containers that ended with it.
    ports = {
        PublishedPort(int(port["PublicPort"]), str(port.get("Type", "tcp")), port.get("IP", ""))
        for port in row.get("Ports") or []
        if port.get("PublicPort") and state not in _ENDED
    }
    mounts = row.get("Mounts") or []
    return ListedContainer(
        ident=str(row.get("Id", "")),
        name=str(names[0]).removeprefix("/"),
        image=str(row.get("Image", "")),
        state=state,
        labels={str(k): str(v) for k, v in (row.get("Labels") or {}).items()},
        ports=tuple(sorted(ports, key=lambda p: (p.port, p.protocol, p.address))),
        sources=tuple(str(m["Source"]) for m in mounts if m.get("Type") == "bind"),
    )
