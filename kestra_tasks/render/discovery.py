"""What discover found: for a program (one document) and for a person (80 columns)."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from kestra_tasks.core.checks import Problem
from kestra_tasks.core.facts import EngineFacts, Reference, Unavailable
from kestra_tasks.core.readiness import DISK_NEEDED, MEMORY_ADVISED, gigabytes
from kestra_tasks.discovery import Discovery
from kestra_tasks.render.tables import line_width, table

SCHEMA = "kestra-tasks/discover/1"
IMPACT = (
    "Kestra runs as root with the engine's socket: whoever may write a flow is root on this "
    "machine. Give its UI and API to trusted operators only; they listen on 127.0.0.1 by default."
)
_SHOWN = 3
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CLAIM = ("port", "protocol", "host_ip", "file", "line", "owner", "kind")
_WANTED = ("name", "port", "verdict", "proposal", "why")


def document(found: Discovery) -> dict[str, Any]:
    """The answer of `kestra.discover --json`."""
    file, rows = found.port_map
    answer = {
        "schema": SCHEMA,
        "root": str(found.root),
        "references": [_pick(item, ("file", "line", "kind")) for item in found.references],
        "ports": {
            "wanted": [_pick(item, _WANTED) for item in found.wanted],
            "claims": [_pick(item, _CLAIM) for item in found.claims],
            "listeners": _listeners(found),
        },
        "resources": {
            "disks": [
                {"path": d.path, "purpose": d.purpose, "free_bytes": d.free, "total_bytes": d.total}
                for d in found.disks
            ],
            "memory": {
                "total_bytes": found.memory.total,
                "available_bytes": found.memory.available,
                "engine_bytes": getattr(found.engine, "memory", None),
            },
            "databases": [
                {"prefix": d.prefix, "missing": list(d.missing)} for d in found.databases
            ],
        },
        "credentials": [_pick(item, ("name", "file", "state")) for item in found.credentials],
        "conventions": {
            "naming": asdict(found.naming),
            "port_map": {"file": file, "present": rows is not None, "ports": rows},
        },
        "docker": _engine(found.engine),
        "blocking": [_pick(p, ("topic", "message", "hint")) for p in found.blocking],
        "warnings": [_pick(p, ("topic", "message", "hint")) for p in found.warnings],
    }
    cleaned: dict[str, Any] = _clean(answer)
    return cleaned


def report(found: Discovery) -> Iterator[str]:
    """The same for a person, line by line; what blocks comes last, where the eye is."""
    yield f"What kestra.discover found in {_plain(str(found.root))}"
    yield from _section("Ports", _ports(found))
    yield from _section("References to Kestra", _references(found.references))
    yield from _section("Room", _room(found))
    yield from _section("Credentials", _credentials(found))
    yield from _section("Conventions", _conventions(found))
    yield from _section("Docker", _docker(found.engine))
    if found.warnings:
        yield from _section(f"Warnings ({len(found.warnings)})", _problems(found.warnings))
    if found.blocking:
        yield from _section(f"Blocking ({len(found.blocking)})", _problems(found.blocking))
    else:
        yield ""
        yield f"Nothing blocks Kestra here. Next: inv kestra.{found.next}"


def _pick(item: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(item, name) for name in names}


def _listeners(found: Discovery) -> list[dict[str, Any]]:
    """TCP only, as the wanted ports are; one entry where a process has it twice (IPv4, IPv6)."""
    entries = [
        _pick(item, ("port", "pid", "process", "container"))
        for item in found.listeners
        if item.protocol == "tcp"
    ]
    return list({tuple(entry.values()): entry for entry in entries}.values())


def _engine(engine: EngineFacts | Unavailable) -> dict[str, Any]:
    if isinstance(engine, Unavailable):
        return {"unavailable": engine.reason, "impact": IMPACT}
    compose = ".".join(map(str, engine.compose)) if engine.compose else None
    return {**asdict(engine), "compose": compose, "impact": IMPACT}


def _clean(value: Any) -> Any:
    """Names of files need not be UTF-8; JSON must be."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


def _plain(text: str) -> str:
    """A line that a terminal takes: no control characters, valid UTF-8."""
    return _CONTROL.sub("?", str(_clean(text)))


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield ""
    yield title
    for line in lines:
        yield f"  {line}"


def _grid(headers: tuple[str, ...], rows: list[tuple[object, ...]]) -> Iterator[str]:
    cells = [[_plain(str(cell)) for cell in row] for row in rows]
    yield from table(headers, cells, width=line_width() - 2).splitlines()


def _wrap(text: str, indent: str = "") -> Iterator[str]:
    yield from textwrap.wrap(
        _plain(text),
        line_width() - 2,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _ports(found: Discovery) -> Iterator[str]:
    rows: list[tuple[object, ...]] = [
        (w.name, w.port, w.verdict, "" if w.clear else w.proposal or "none", w.why)
        for w in found.wanted
    ]
    yield from _grid(("for", "port", "verdict", "free", "why"), rows)
    files = {claim.file for claim in found.claims}
    live = _listeners(found)
    yield from _wrap(
        f"Claimed: {_count(len({c.port for c in found.claims}), 'port')} in "
        f"{_count(len(files), 'file')}. Listened on here: "
        f"{_count(len({entry['port'] for entry in live}), 'port')}. All of them: --json."
    )


def _references(references: list[Reference]) -> Iterator[str]:
    if not references:
        yield "none"
        return
    kinds = Counter(item.kind for item in references)
    rows: list[tuple[object, ...]] = []
    for kind, meaning in (
        ("ours", "written by kestra_tasks"),
        ("foreign", "set up by somebody else"),
        ("mention", "only named"),
    ):
        files = Counter(item.file for item in references if item.kind == kind)
        if files:
            shown = [f"{file} ({count})" for file, count in files.most_common(_SHOWN)]
            if len(files) > _SHOWN:
                shown.append(f"{len(files) - _SHOWN} more files")
            rows.append((kind, kinds[kind], f"{meaning}: {', '.join(shown)}"))
    yield from _grid(("kind", "lines", "where"), rows)


def _room(found: Discovery) -> Iterator[str]:
    rows: list[tuple[object, ...]] = [
        ("disk", gigabytes(d.free), gigabytes(DISK_NEEDED), f"{d.path} ({d.purpose})")
        for d in found.disks
    ]
    memory = found.memory
    detail = f"of {gigabytes(memory.total)} in all"
    rows.append(("memory", gigabytes(memory.available), gigabytes(MEMORY_ADVISED), detail))
    yield from _grid(("", "free", "wanted", "where"), rows)


def _credentials(found: Discovery) -> Iterator[str]:
    rows: list[tuple[object, ...]] = []
    for state in ("present", "placeholder", "empty", "missing"):
        names = [item.name for item in found.credentials if item.state == state]
        if names:
            rows.append((state, ", ".join(names)))
    yield from _grid(("state", "variables (values are never shown)"), rows)
    for database in found.databases:
        if database.missing:
            missing = " and ".join(database.missing)
            text = f"{database.prefix}_* lacks {missing} to serve as an external database."
        else:
            text = (
                f"{database.prefix}_* could serve as an external database: "
                f"inv kestra.env --database-from {database.prefix}"
            )
        yield from _wrap(text)


def _conventions(found: Discovery) -> Iterator[str]:
    naming = found.naming
    if not naming.present:
        said = "absent"
    elif naming.line is None:
        said = f"{naming.pattern} isn't in it"
    else:
        said = f"{naming.pattern} (line {naming.line})"
    file, rows = found.port_map
    mapped = "absent" if rows is None else f"{rows} ports listed"
    yield from _grid((), [("names", said, naming.file), ("port map", mapped, file)])


def _docker(engine: EngineFacts | Unavailable) -> Iterator[str]:
    if isinstance(engine, Unavailable):
        yield from _wrap(engine.reason)
        return
    kind = "Podman" if engine.podman else "engine"
    kind = f"rootless {kind}" if engine.rootless else kind
    rows: list[tuple[object, ...]] = [
        ("client", engine.client or "absent"),
        ("compose", engine.compose_text or "absent"),
        (kind, f"{engine.server}, API {engine.api_version}" if engine.server else "no answer"),
        ("endpoint", f"{engine.endpoint} ({'remote' if engine.remote else engine.context})"),
    ]
    if engine.socket is not None and engine.socket.exists:
        mount = "Kestra can mount it" if engine.socket.mountable else "not the one Kestra mounts"
        mount += "" if engine.socket.permitted else ", no permission for this user"
        rows.append(("socket", f"{engine.socket.owner}, mode {engine.socket.mode}, {mount}"))
    yield from _grid((), rows)
    yield from _wrap(IMPACT)


def _problems(problems: list[Problem]) -> Iterator[str]:
    for problem in problems:
        yield from _wrap(f"{problem.topic}: {problem.message}", "  ")
        if problem.hint:
            yield from _wrap(f"  -> {problem.hint}", "     ")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
