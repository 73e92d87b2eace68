"""The services manifest as services: tolerant of hosts' own spellings, exact about what is wrong.

An entry needs nothing but an `id`. Whatever can't be used is left out and told as a `Problem`
with its line; the rest of the manifest still counts.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from kestra_tasks.core.addresses import AddressError, Url, fill_in, parse
from kestra_tasks.core.jsonplaces import members, skip

_IDENT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._:@+-]{0,98}[A-Za-z0-9])?", re.ASCII)
_URL_IN_COMMAND = re.compile(r"https?://[^\s\"'|;&<>]+")
_MOST = 1000
_SPELLINGS = {
    "name": ("name", "title", "label"),
    "type": ("type", "category", "kind"),
    "stack": ("stack", "group", "category"),
    "description": ("description", "summary"),
    "path": ("path", "dir", "directory"),
    "managed": ("managed",),
    "start": ("start", "startCommand"),
    "stop": ("stop", "stopCommand"),
    "logs": ("logs", "log", "logsCommand"),
    "container": ("container", "containerName", "container_name"),
}
_HEALTH = ("healthUrl", "health_url", "healthCheck", "healthcheck", "health_check", "health")
_UI = ("uiUrl", "ui_url", "ui", "url", "href")


@dataclass(frozen=True)
class Problem:
    """What a manifest says that can't be used: the file, its line (from 1), and why."""

    file: str
    line: int
    why: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.why}"


@dataclass(frozen=True)
class Service:
    """One entry of the manifest.

    Attributes:
        ident: its id, unique in the manifest.
        commands: "start", "stop" and "logs" as a person types them; absent ones are left out.
        health, ui: addresses with variables filled in, None where there is none.
        port: TCP port on this machine, None where the entry names none.
        container: the container's name as the entry gives it, "" where it doesn't.
        compose_file, compose_service: out of a `docker compose … up` start command, or "".
        expected: HTTP status that its health must answer with, None for any good one.
        line: where the entry begins in the manifest.
    """

    ident: str
    name: str = ""
    type: str = ""
    stack: str = ""
    description: str = ""
    path: str = ""
    managed: str = ""
    commands: tuple[tuple[str, str], ...] = ()
    health: Url | None = None
    ui: Url | None = None
    port: int | None = None
    container: str = ""
    compose_file: str = ""
    compose_service: str = ""
    expected: int | None = None
    line: int = 0


@dataclass(frozen=True)
class Manifest:
    """All services in the manifest's order, and what was wrong with the rest of it."""

    services: tuple[Service, ...] = ()
    problems: tuple[Problem, ...] = ()


class ManifestError(ValueError):
    """A manifest that can't be read at all."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read_manifest(text: str, file: str, variables: Mapping[str, str]) -> Manifest:
    """Read a manifest: `{"services": [...]}`, `{"services": {id: {...}}}`, or a bare list.

    Args:
        file: its name in problems.
        variables: what `${NAME}` in an address stands for (`.env`, then the environment).

    Raises:
        ManifestError: it isn't JSON, or has no list of services.
    """
    text = text.removeprefix("\ufeff")
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise ManifestError(Problem(file, error.lineno, f"not JSON: {error.msg}")) from error
    except (RecursionError, ValueError) as error:  # nested too deep; a number too long
        raise ManifestError(Problem(file, 1, "not JSON that can be read")) from error
    services: dict[str, Service] = {}
    problems: list[Problem] = []
    for entry, position, key in _entries(text, file):
        line = text.count("\n", 0, position) + 1
        if len(services) >= _MOST:
            problems.append(Problem(file, line, f"only the first {_MOST} services are read"))
            break
        service, wrong = _service(entry, key, line, variables)
        problems += [Problem(file, line, why) for why in wrong]
        if service is not None and service.ident in services:
            first = services[service.ident].line
            why = f"the id {service.ident!r} is on line {first} already"
            problems.append(Problem(file, line, why))
        elif service is not None:
            services[service.ident] = service
    return Manifest(tuple(services.values()), tuple(problems))


def clean(value: object, length: int = 300) -> str:
    """A text out of a manifest as one line that can be shown anywhere; "" for what is no text."""
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = " ".join(value)
    if not isinstance(value, str):
        return ""
    # Neither control characters, nor those that turn the direction of the text around them.
    text = "".join(char if char.isprintable() else " " for char in value[: 2 * length]).strip()
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _entries(text: str, file: str) -> Iterator[tuple[Any, int, str]]:
    """Each entry with its offset, and its key where the services are a mapping."""
    start = skip(text, 0)
    if text[start] == "{":
        places = [where for key, _value, where in members(text, start) if key == "services"]
        if not places:
            raise ManifestError(Problem(file, 1, 'it has no "services"'))
        start = places[-1]
    if text[start] not in "[{":
        line = text.count("\n", 0, start) + 1
        raise ManifestError(Problem(file, line, '"services" is neither a list nor a mapping'))
    for key, value, where in members(text, start):
        yield value, where, key


def _service(
    entry: Any, key: str, line: int, variables: Mapping[str, str]
) -> tuple[Service | None, list[str]]:
    if not isinstance(entry, dict):
        return None, ["this entry isn't an object, and is left out"]
    ident = entry.get("id", key or entry.get("name"))
    ident = str(ident) if isinstance(ident, int) and not isinstance(ident, bool) else ident
    if not isinstance(ident, str) or not _IDENT.fullmatch(ident):
        shown = clean(ident, 60)
        why = f"the id {shown!r} isn't one" if shown else "this entry has no id"
        return None, [f"{why} (letters, digits and . _ : @ + -); it is left out"]
    texts = {
        field: next((t for name in names if (t := clean(entry.get(name), 1000))), "")
        for field, names in _SPELLINGS.items()
    }
    start, stop, logs = (texts.pop(field) for field in ("start", "stop", "logs"))
    file, compose_service = _compose(start)
    if not logs and compose_service:
        logs = f"docker compose -f {shlex.quote(file)} logs -f {shlex.quote(compose_service)}"
        logs = logs if file else f"docker compose logs -f {shlex.quote(compose_service)}"
    commands = (("start", start), ("stop", stop), ("logs", logs))
    service = Service(
        ident,
        texts["name"] or ident,
        **{name: text for name, text in texts.items() if name != "name"},  # type: ignore[arg-type]
        commands=tuple((name, command) for name, command in commands if command),
        compose_file=file,
        compose_service=compose_service,
        line=line,
    )
    return _with_addresses(service, entry, variables)


def _with_addresses(
    service: Service, entry: Mapping[str, Any], variables: Mapping[str, str]
) -> tuple[Service, list[str]]:
    wrong: list[str] = []

    def address(name: str, template: str, schemes: tuple[str, ...]) -> Url | None:
        try:
            return parse(fill_in(template, variables), schemes) if template else None
        except AddressError as error:
            wrong.append(f"{service.ident}: {name} is left out: {error}")
            return None

    port = _port(entry, variables)
    field, template, expected = _health(entry, port)
    health = address(field, template, ("http", "https", "tcp"))
    field = next((name for name in _UI if isinstance(entry.get(name), str)), "")
    ui = address(field, clean(entry.get(field), 3000), ("http", "https"))
    seen = next((url.port for url in (ui, health) if url and url.loopback), None)
    return replace(service, health=health, ui=ui, port=port or seen, expected=expected), wrong


def _health(entry: Mapping[str, Any], port: int | None) -> tuple[str, str, int | None]:
    """The field that tells the health's address, its template ("" for none), expected status."""
    for field in _HEALTH:
        value, expected = entry.get(field), None
        if isinstance(value, dict):
            status = value.get("expectedStatus", value.get("expected_status"))
            expected = status if isinstance(status, int) and 100 <= status <= 599 else None
            port = _port(value, {}) or port
            if value.get("type") == "tcp" and port:
                return field, f"tcp://{clean(value.get('host')) or 'localhost'}:{port}", None
            value = next((value[n] for n in ("url", "endpoint", "path") if n in value), None)
        text = clean(value, 3000)
        if text.startswith("/") and port:
            return field, f"http://localhost:{port}{text}", expected
        if " " in text and (found := _URL_IN_COMMAND.search(text)):
            return field, found[0], expected
        if text and text not in ("docker", "container", "none"):
            return field, text, expected
    return "", "", None


def _port(entry: Mapping[str, Any], variables: Mapping[str, str]) -> int | None:
    value = entry.get("port")
    try:
        text = fill_in(value, variables) if isinstance(value, str) else str(value)
    except AddressError:
        return None
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
    return number if 1 <= number <= 65_535 else None


def _compose(start: str) -> tuple[str, str]:
    """Compose file and service of `docker compose -f FILE up -d SERVICE`; "" for what isn't."""
    try:
        words = shlex.split(start)
    except ValueError:
        return "", ""
    if words[:2] == ["docker", "compose"]:
        words = words[2:]
    elif words[:1] == ["docker-compose"]:
        words = words[1:]
    else:
        return "", ""
    file = next((b for a, b in pairwise(words) if a in ("-f", "--file")), "")
    if "up" not in words:
        return file, ""
    named = [word for word in words[words.index("up") + 1 :] if not word.startswith("-")]
    return file, named[0] if len(named) == 1 else ""
