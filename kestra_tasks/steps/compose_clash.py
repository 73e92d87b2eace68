"""What in the stack's compose file would collide with Kestra's own, by line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kestra_tasks.core.edit import Conflict
from kestra_tasks.core.yamloutline import Entry, Outline, Path, outline
from kestra_tasks.settings import Settings

_VARIABLE = re.compile(r"\$\{\w+:?-([^${}]*)\}")
_SKIP = "or leave this step out: `skip: [compose]` under `kestra:` in invoke.yaml"
_SHARED = ("volumes", "networks", "configs", "secrets")


def clashes(theirs: Outline, own: str, settings: Settings) -> Iterator[Conflict]:
    """Name what Compose would refuse, or two containers would fight for.

    Args:
        theirs: the stack file.
        own: the text of Kestra's own compose file.
    """
    path = settings.compose_file
    ours = outline(own, settings.kestra_compose)
    services = {str(e.path[1]) for e in ours.below(("services",))}
    for entry in theirs.below(("services",)):
        if entry.path[1] in services:
            yield _conflict(
                path, entry, f"a service called {entry.path[1]} is there already", "service"
            )
    yield from _names(theirs, ours, services, path)
    yield from _own_network(theirs, settings)
    for section in _SHARED:
        own_keys = {e.path[1] for e in ours.below((section,))}
        for entry in theirs.below((section,)):
            if entry.path[1] in own_keys and _said(theirs, entry.path) != _said(ours, entry.path):
                why = (
                    f"{section}: {entry.path[1]} is declared otherwise than Kestra's own file does"
                )
                yield _conflict(path, entry, why, section.removesuffix("s"))


def literal(value: str | None) -> str:
    """`value` with `${NAME:-default}` replaced by the default."""
    return _VARIABLE.sub(r"\1", value or "")


def _names(theirs: Outline, ours: Outline, services: set[str], path: str) -> Iterator[Conflict]:
    """Container names and volume names of ours that something else uses as well."""
    containers = {literal(e.value) for e in _values(ours, "services", "container_name")}
    for entry in _values(theirs, "services", "container_name"):
        if literal(entry.value) in containers and entry.path[1] not in services:
            why = f"the container name {literal(entry.value)} is taken by service {entry.path[1]}"
            yield _conflict(path, entry, why, "container")
    volumes = {literal(e.value): e.path[1] for e in _values(ours, "volumes", "name")}
    for entry in _values(theirs, "volumes", "name"):
        name = literal(entry.value)
        if entry.path[1] != volumes.get(name, entry.path[1]) and not _external(theirs, entry):
            why = f"the volume {name}, where Kestra's database lies, is declared here as well"
            yield _conflict(path, entry, why, "volume")


def _own_network(theirs: Outline, settings: Settings) -> Iterator[Conflict]:
    """The network that Kestra's file takes as external, declared as the stack's own.

    Compose (2.26) would then start nothing at all while the network is absent, and would refuse
    it for having the wrong label once it was created.
    """
    for entry in _values(theirs, "networks", "name"):
        if literal(entry.value) == settings.network and not _external(theirs, entry):
            yield Conflict(
                settings.compose_file,
                f"{settings.compose_file}:{entry.line}: the network {settings.network} is declared "
                f"as this stack's own; Kestra and the other stacks need it to be external",
                "declare it there as `external: true` in place of its driver and options, or set "
                f"another `network:` under `kestra:` in invoke.yaml, {_SKIP}",
            )


def _external(seen: Outline, entry: Entry) -> bool:
    section, key, *_ = entry.path
    found = seen.entries.get((entry.document, (section, key, "external")))
    return found is not None and (found.kind == "mapping" or found.value == "true")


def _values(seen: Outline, section: str, key: str) -> list[Entry]:
    return [
        e
        for e in seen.entries.values()
        if len(e.path) == 3 and e.path[0] == section and e.path[2] == key
    ]


def _said(seen: Outline, place: Path) -> dict[Path, tuple[str, str]]:
    """Everything said at `place`, variables by their defaults."""
    size = len(place)
    return {
        e.path[size:]: (e.kind, literal(e.value))
        for e in seen.entries.values()
        if e.path[:size] == place
    }


def _conflict(path: str, entry: Entry, why: str, what: str) -> Conflict:
    return Conflict(path, f"{path}:{entry.line}: {why}", f"rename or remove that {what}, {_SKIP}")
