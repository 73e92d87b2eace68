"""Claims out of compose files: what Compose resolved, with the lines of what stands there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kestra_tasks.core.composetext import LISTENING, ComposeText, ServiceText
from kestra_tasks.core.facts import Claim, Note
from kestra_tasks.core.labels import OURS
from kestra_tasks.core.ports import Published, expand


@dataclass(frozen=True)
class Unit:
    """Compose files that are resolved together.

    Attributes:
        files: as given to Compose by -f; an override comes behind its base.
        texts: file to text of these and of all that they include.
    """

    files: tuple[str, ...]
    texts: Mapping[str, ComposeText]

    def find(self, service: str) -> list[tuple[str, ServiceText]]:
        """Where a service stands, the first file given first; empty if in none of them."""
        return [
            (file, found)
            for file, text in self.texts.items()
            if (found := text.services.get(service))
        ]


@dataclass(frozen=True)
class Named:
    """A container's name as a compose file gives it."""

    file: str
    line: int | None
    service: str
    container: str


@dataclass
class Composed:
    """What compose files say.

    Attributes:
        names: file to its project's name, where it has one.
        sharers: services but Kestra's that take the whole of `.env` by `env_file`.
        refused: file to the reason why Compose wasn't or couldn't be asked.
    """

    claims: list[Claim] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    containers: list[Named] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    sharers: list[Named] = field(default_factory=list)


def add_resolved(into: Composed, unit: Unit, config: Mapping[str, Any], ours: str) -> None:
    """Add what `docker compose config --format json` answered for `unit`.

    Args:
        ours: Kestra's own compose file, relative to the root.
    """
    services = config.get("services") or {}
    for name, service in services.items():
        places = unit.find(name)
        file, text = places[0] if places else (unit.files[0], None)
        is_ours = file == ours or _is_labelled(service.get("labels"))
        container = service.get("container_name") or ""
        if container:
            into.containers.append(Named(file, text.line if text else None, name, container))
        if service.get("network_mode") == "host":
            _add_host(into, file, name, text, _own(service), "compose-host", is_ours)
            continue
        for published in _published(service.get("ports") or ()):
            where, line = _place(places, published) or (file, None)
            into.claims.append(_claim(published, where, line, name, "compose", is_ours))
    # What an older Compose leaves out (profiles) is still somebody's.
    missing = {
        name for file in unit.files for name in unit.texts[file].services if name not in services
    }
    _add_services(into, unit, sorted(missing), ours, approximate=True)


def add_literal(into: Composed, unit: Unit, ours: str, *, approximate: bool) -> None:
    """Add what stands in the unit's own files."""
    names = dict.fromkeys(name for file in unit.files for name in unit.texts[file].services)
    _add_services(into, unit, names, ours, approximate=approximate)


def _add_services(
    into: Composed, unit: Unit, names: Iterable[str], ours: str, *, approximate: bool
) -> None:
    suffix = "-approximate" if approximate else ""
    for name in names:
        for file, text in unit.find(name):
            if file in unit.files:
                _add_service(into, file, text, file == ours, suffix)


def _add_service(into: Composed, file: str, text: ServiceText, is_ours: bool, suffix: str) -> None:
    if text.container:
        into.containers.append(Named(file, text.line, text.name, text.container))
    for published, line in text.ports:
        kind = f"compose{suffix}"
        into.claims.append(_claim(published, file, line, text.name, kind, is_ours))
    for line in text.unread:
        into.notes.append(
            Note(
                "ports",
                f"{file}:{line} ({text.name}) has a port that can't be read",
                f"docker compose -f {file} config",
            )
        )
    if text.host:
        numbers = list(dict(text.own))
        _add_host(into, file, text.name, text, numbers, f"compose-host{suffix}", is_ours)


def _add_host(
    into: Composed,
    file: str,
    name: str,
    text: ServiceText | None,
    numbers: list[int],
    kind: str,
    is_ours: bool,
) -> None:
    lines = dict(text.own) if text else {}
    for number in numbers:
        line = lines.get(number) or (text.line if text else None)
        into.claims.append(_claim(Published(number, number), file, line, name, kind, is_ours))
    if not numbers:
        where = f"{file}:{text.line}" if text else file
        into.notes.append(
            Note(
                "ports",
                f"{where} ({name}) uses the host's network; which ports it listens on isn't "
                "in the file",
                "look at its listeners while it runs: ss -tlnp",
            )
        )


def _claim(
    published: Published, file: str, line: int | None, owner: str, kind: str, ours: bool
) -> Claim:
    return Claim(
        published.port, published.protocol, published.address, file, line, owner, kind, ours
    )


def _published(ports: Iterable[Mapping[str, Any]]) -> Iterator[Published]:
    for port in ports:
        if text := str(port.get("published") or ""):
            target = str(port.get("target") or "") or None
            protocol, address = str(port.get("protocol") or "tcp"), port.get("host_ip")
            yield from expand(text, target, protocol, address) or ()


def _own(service: Mapping[str, Any]) -> list[int]:
    """Ports that a service on the host's network says it has."""
    texts = [str(port.get("target") or "") for port in service.get("ports") or ()]
    texts += [str(text).partition("/")[0] for text in service.get("expose") or ()]
    environment = service.get("environment") or {}
    texts += [str(value) for key, value in environment.items() if LISTENING.fullmatch(key)]
    return list(dict.fromkeys(p.port for text in texts for p in expand(text, None) or ()))


def _place(places: list[tuple[str, ServiceText]], published: Published) -> tuple[str, int] | None:
    """The entry's file and line, else those of one with its target, of `ports`, of the name."""
    entries = [(file, *entry) for file, text in places for entry in text.ports]
    for file, found, line in entries:
        if (found.port, found.protocol) == (published.port, published.protocol):
            return file, line
    for file, found, line in entries:
        if found.target is not None and found.target == published.target:
            return file, line
    for file, text in places:
        if text.ports_line:
            return file, text.ports_line
    return (places[0][0], places[0][1].line) if places else None


def _is_labelled(labels: object) -> bool:
    return isinstance(labels, Mapping) and any(str(key).startswith(OURS) for key in labels)
