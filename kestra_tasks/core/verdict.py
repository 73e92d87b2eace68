"""A service's state: its health's answer first, then its container as `docker ps` has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from kestra_tasks.core.reasons import Part, part
from kestra_tasks.core.services import Service

SLOW_MS = 2000
# A container without a health check may take so long, in seconds, until it listens.
_SETTLING = 60
_GOOD_WORDS = {"UP", "OK", "PASS", "HEALTHY", "GREEN", "AVAILABLE", "ALIVE", "RUNNING", "READY"}
_HALF_WORDS = {"DEGRADED", "WARN", "WARNING", "YELLOW", "PARTIAL"}
_BAD_WORDS = {"DOWN", "FAIL", "FAILED", "ERROR", "UNHEALTHY", "RED", "OUT_OF_SERVICE", "CRITICAL"}
# How `docker stop` and `docker compose stop` leave a container that ends in time, or is killed.
_STOPPED_CODES = (0, 130, 137, 143)


class Status(StrEnum):
    """States of a service, from good to unknown."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    STARTING = "starting"
    STOPPED = "stopped"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Answer:
    """What asking a health address gave.

    Attributes:
        trouble: "" where it answered, else refused, timeout, no_host, unreachable, not_http, tls.
        code: HTTP status; 0 for TCP and where there was no answer.
        word: the body's own status word in capitals, "" where it has none.
        parts: names of the parts that the body calls bad.
        ms: milliseconds until the head of the answer, or until it was given up.
    """

    trouble: str = ""
    code: int = 0
    word: str = ""
    parts: tuple[str, ...] = ()
    ms: float = 0.0


@dataclass(frozen=True)
class ContainerState:
    """A container as the engine lists it.

    Attributes:
        state: created, running, restarting, exited, paused, removing or dead.
        health: starting, healthy, unhealthy, or "" without a health check.
        version: what its image says of itself, else the image's tag.
        restarts: by its restart policy.
        started: Unix time of the last start, 0 where it never ran.
        project, service, config_files: out of Compose's labels.
        depends_on: Compose services that have to run while it runs.
        role, root: of ours: "server", "database" or "wrapper", and the monorepo of a wrapper's.
    """

    name: str
    ident: str = ""
    image: str = ""
    version: str = ""
    state: str = "running"
    health: str = ""
    exit_code: int = 0
    oom: bool = False
    restarts: int = 0
    started: float = 0.0
    project: str = ""
    service: str = ""
    config_files: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    role: str = ""
    root: str = ""


@dataclass(frozen=True)
class Verdict:
    """A service's state.

    Attributes:
        words: why, as clauses for `reasons.say`.
        source: what decided: "http", "tcp", "container" or "" (nothing could be asked).
    """

    status: Status
    words: tuple[Part, ...]
    source: str = ""


UNASKED = Verdict(Status.UNKNOWN, (part("unasked"),))


def judge(
    service: Service,
    answer: Answer | None,
    container: ContainerState | None,
    others: Iterable[ContainerState] = (),
    *,
    docker: str = "",
    timeout: float = 0,
    now: float = 0,
) -> Verdict:
    """A service's state.

    Args:
        answer: of its health address; None where it has none.
        container: its own, None where none matches.
        others: all containers, for what it depends on.
        docker: why Docker can't be asked, "" where it can.
        timeout: seconds that its health address was given.
        now: Unix time, for how long a container has run.
    """
    if answer is not None and not answer.trouble:
        verdict = _answered(service, answer, container)
    elif answer is not None:
        verdict = _silent(service, answer, container, (docker, timeout, now))
    elif container is not None:
        verdict = _contained(container)
    elif docker:
        return Verdict(Status.UNKNOWN, (part("no_docker", why=docker),))
    else:
        return Verdict(Status.UNKNOWN, (part("no_health"),))
    if verdict.status is Status.STOPPED or container is None:
        return verdict
    needed = _dependencies(container, others)
    # It may still answer while what it needs is gone, but not for long.
    status = Status.DEGRADED if needed and verdict.status is Status.UP else verdict.status
    return Verdict(status, (*verdict.words, *needed), verdict.source)


def _answered(service: Service, answer: Answer, container: ContainerState | None) -> Verdict:
    status, words = _of_answer(service, answer)
    source = "http" if answer.code else "tcp"
    if container is not None and status is not Status.UP and container.health == "starting":
        return Verdict(Status.STARTING, (part("starting", name=container.name), *words), source)
    if status is Status.UP and container is not None and container.health == "unhealthy":
        status, words = Status.DEGRADED, (*words, part("unhealthy", name=container.name))
    return Verdict(status, words, source)


def _of_answer(service: Service, answer: Answer) -> tuple[Status, tuple[Part, ...]]:
    code, ms, word = answer.code, round(answer.ms), answer.word
    if word in _BAD_WORDS or (word in _HALF_WORDS and code < 500):
        names = ", ".join(answer.parts)
        said = part("says_parts", word=word, parts=names) if names else part("says", word=word)
        return (Status.DOWN if word in _BAD_WORDS else Status.DEGRADED), (said,)
    if service.expected is not None and code and code != service.expected:
        return Status.DEGRADED, (part("other_code", code=code, expected=service.expected),)
    if service.expected is None:
        if code >= 500:
            return Status.DOWN, (part("error_code", code=code),)
        if code in (401, 403):
            return Status.UP, (part("login", code=code),)
        if code >= 400:
            return Status.DEGRADED, (part("odd_code", code=code),)
    if ms >= SLOW_MS:
        return Status.DEGRADED, (part("slow", code=code, ms=ms),)
    if not code:
        return Status.UP, (part("accepts"),)
    if word in _GOOD_WORDS:
        return Status.UP, (part("says", word=word),)
    return Status.UP, (part("answers", code=code),)


def _silent(
    service: Service,
    answer: Answer,
    container: ContainerState | None,
    around: tuple[str, float, float],
) -> Verdict:
    """No answer: fall back to the container, and say so."""
    docker, timeout, now = around
    assert service.health is not None
    at = service.health.host if answer.trouble == "no_host" else service.health.authority
    words: tuple[Part, ...] = (part(answer.trouble, at=at),)
    if answer.trouble == "timeout":
        words = (part("timeout", at=at, seconds=f"{timeout:g}"),)
    if container is None:
        if service.compose_service and not docker and answer.trouble == "refused":
            return Verdict(Status.STOPPED, (part("no_container"), *words), "container")
        return Verdict(Status.DOWN, words, service.health.scheme.replace("https", "http"))
    seen = _contained(container)
    if not container.health and seen.status is Status.UP and now - container.started < _SETTLING:
        return Verdict(
            Status.STARTING, (part("starting", name=container.name), *words), "container"
        )
    # Docker's own checks lag behind: a container that it calls healthy may be dying.
    status = Status.DEGRADED if seen.status is Status.UP else seen.status
    if status is not Status.DEGRADED:
        return Verdict(status, seen.words, "container")
    return Verdict(status, (*words, *seen.words), "container")


def _contained(container: ContainerState) -> Verdict:
    status, said = _of_container(container)
    return Verdict(status, (said,), "container")


def _of_container(c: ContainerState) -> tuple[Status, Part]:
    name, code = c.name, c.exit_code
    match c.state, c.health:
        case "running", "healthy":
            return Status.UP, part("healthy", name=name)
        case "running", "unhealthy":
            return Status.DOWN, part("unhealthy", name=name)
        case "running", "starting":
            return Status.STARTING, part("starting", name=name)
        case "running", _:
            return Status.UP, part("runs_unchecked", name=name)
        case "restarting", _:
            return Status.DOWN, part("restarting", name=name, code=code, restarts=c.restarts)
        case "created", _:
            return Status.STOPPED, part("created", name=name)
        case "paused", _:
            return Status.STOPPED, part("paused", name=name)
        case "removing", _:
            return Status.STOPPED, part("removing", name=name)
    if c.oom:
        return Status.DOWN, part("oom", name=name)
    if code in _STOPPED_CODES:
        return Status.STOPPED, part("exited", name=name, code=code)
    return Status.DOWN, part("failed", name=name, code=code)


def _dependencies(container: ContainerState, others: Iterable[ContainerState]) -> list[Part]:
    said = []
    for other in others:
        if not container.project or other.project != container.project:
            continue
        # Compose leaves the label out of a container that was started by itself (--no-deps).
        ours = (container.role, other.role) == ("server", "database")
        if not ours and other.service not in container.depends_on:
            continue
        state = other.health if other.state == "running" else other.state
        if state not in ("", "healthy"):
            said.append(part("depends", name=other.name, state=state))
    return said
