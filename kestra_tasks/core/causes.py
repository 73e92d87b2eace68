"""Why a start failed, told from log lines and states; "unknown" rather than a guess.

The lines that show each cause are in `causerules`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kestra_tasks.core.causerules import RULES, Rule
from kestra_tasks.errors import ExitCode

UNKNOWN = "unknown"
_SHOWN = 4  # lines that show a cause
_TAIL = 8  # last lines of each service where the cause is unknown
_TIME = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+Z ")
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Service:
    """A container at the time of the failure.

    Attributes:
        role: "server" or "database".
        container: its name.
        status: as the engine calls it; "absent" without a container.
        health: starting, healthy, unhealthy or "".
        exit_code: of its last end; None if it never ended.
        oom: the kernel killed it, or a process of it, for its memory limit.
        lines: what it printed since the start, secrets masked, oldest first.
    """

    role: str
    container: str
    status: str
    health: str = ""
    exit_code: int | None = None
    oom: bool = False
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """All that is known of a failed start.

    Attributes:
        services: the server, and the database where the stack holds it.
        output: what the failed `docker` command printed, line by line, secrets masked.
        env_file: where the settings are, as a person would name it.
    """

    services: tuple[Service, ...]
    output: tuple[str, ...] = ()
    env_file: str = ".env"

    def of(self, role: str) -> Service | None:
        return next((service for service in self.services if service.role == role), None)


@dataclass(frozen=True)
class Cause:
    """Why it failed.

    Attributes:
        kind: stable name for programs, such as "database-password".
        title: what happened, in one sentence.
        lines: what shows it, each with its source in front.
        next: what to type or to change.
        code: exit code: 3 where something has to be settled first, 4 otherwise.
    """

    kind: str
    title: str
    lines: tuple[str, ...]
    next: str
    code: ExitCode = ExitCode.UNHEALTHY


def find(evidence: Evidence) -> Cause:
    """The cause that the evidence shows, or "unknown" with both services' last lines."""
    for rule in RULES:
        found = list(_matches(rule, evidence))
        if not found and rule.kind == "out-of-memory":
            cause = _killed(evidence, rule)
            if cause:
                return cause
        if found:
            return _told(rule, found, evidence)
    database = evidence.of("database")
    # Where docker said why it made no container, its absence isn't the cause.
    refused = database and database.status == "absent" and any(evidence.output)
    if (
        database
        and not refused
        and (database.status != "running" or database.health == "unhealthy")
    ):
        return _database_down(database, evidence)
    return Cause(
        UNKNOWN,
        "unknown cause",
        tuple(_last_lines(evidence)),
        "read the evidence; then: inv kestra.logs",
    )


def plain(line: str) -> str:
    """A log line without the engine's time in front and without colours."""
    return _COLOUR.sub("", _TIME.sub("", line)).rstrip()


def _matches(rule: Rule, evidence: Evidence) -> Iterator[tuple[str, re.Match[str]]]:
    pattern = re.compile(rule.pattern)
    for source, line in _sources(rule.source, evidence):
        match = pattern.search(plain(line))
        if match:
            yield f"{source} | {plain(line)}", match


def _sources(wanted: str, evidence: Evidence) -> Iterator[tuple[str, str]]:
    for service in evidence.services:
        if wanted in (service.role, "any"):
            yield from ((service.container, line) for line in service.lines)
    if wanted in ("output", "any"):
        yield from (("docker", line) for line in evidence.output)


def _told(rule: Rule, found: list[tuple[str, re.Match[str]]], evidence: Evidence) -> Cause:
    groups: dict[str, str] = {"env_file": evidence.env_file}
    for _, match in reversed(found):
        groups |= {name: text for name, text in match.groupdict().items() if text}
    lines = tuple(dict.fromkeys(line for line, _ in found))[:_SHOWN]
    return Cause(rule.kind, _fill(rule.title, groups), lines, _fill(rule.next, groups), rule.code)


def _fill(text: str, groups: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: groups.get(match[1], "(see the lines)"), text)


def _killed(evidence: Evidence, rule: Rule) -> Cause | None:
    for service in evidence.services:
        if service.oom:
            line = (
                f"{service.container} | killed by the kernel: its memory limit was reached"
                f" (exit code {service.exit_code})"
            )
            title = f"memory ran out in {service.container}"
            return Cause(
                rule.kind, title, (line,), _fill(rule.next, {"env_file": evidence.env_file})
            )
    return None


def _database_down(database: Service, evidence: Evidence) -> Cause:
    state = database.health if database.status == "running" else database.status
    code = f", exit code {database.exit_code}" if database.exit_code else ""
    return Cause(
        "database-unhealthy",
        f"the database is {state}{code}",
        tuple(f"{database.container} | {plain(line)}" for line in database.lines[-_TAIL:]),
        f"docker logs {database.container}; then: inv kestra.up",
    )


def _last_lines(evidence: Evidence) -> Iterable[str]:
    for line in evidence.output[-_TAIL:]:
        yield f"docker | {plain(line)}"
    for service in evidence.services:
        if not service.lines:
            yield f"{service.container} | (printed nothing; {service.status})"
        for line in service.lines[-_TAIL:]:
            yield f"{service.container} | {plain(line)}"
