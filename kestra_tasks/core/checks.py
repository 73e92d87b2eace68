"""Judgements over facts: what blocks Kestra here, and what only deserves a warning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kestra_tasks.core.documents import Naming
from kestra_tasks.core.facts import (
    Disk,
    EngineFacts,
    Memory,
    Note,
    Reference,
    Unavailable,
    Wanted,
)
from kestra_tasks.core.ports import HTTP, MANAGEMENT

COMPOSE_NEEDED = (2, 20)
DISK_NEEDED = 5 * 10**9
MEMORY_ADVISED = 4 * 10**9


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        level: "block" or "warn".
        topic: docker, ports, disk, memory, references, conventions, credentials, ...
        message: what, and about what (file:line, port, owner).
        hint: the next command to type, or what to change; may be empty.
    """

    level: str
    topic: str
    message: str
    hint: str = ""


def check_engine(facts: EngineFacts | Unavailable) -> list[Problem]:
    """Judge the Docker client, Compose and the engine; the first cause of each failure only."""
    if isinstance(facts, Unavailable):
        return [_block("docker", facts.reason, "install Docker Engine and Compose 2.20 or newer")]
    problems: list[Problem] = []
    if facts.client is None:
        problems.append(
            _block(
                "docker",
                "the docker command isn't installed or not on PATH",
                "install Docker Engine and Compose 2.20 or newer",
            )
        )
    else:
        problems += _check_compose(facts)
    if facts.remote:
        problems.append(_remote(facts))
        return problems
    problems += _check_server(facts)
    if facts.server is not None:
        problems += _check_kind(facts)
    return problems


def _check_compose(facts: EngineFacts) -> list[Problem]:
    needed = ".".join(map(str, COMPOSE_NEEDED))
    hint = f"install Docker Compose {needed} or newer (docker-compose-plugin)"
    if facts.compose is None:
        return [_block("docker", "docker compose isn't installed", hint)]
    if facts.compose[:2] < COMPOSE_NEEDED:
        return [
            _block(
                "docker",
                f"docker compose is {facts.compose_text}; `include:` needs {needed} or newer",
                hint,
            )
        ]
    return []


def _remote(facts: EngineFacts) -> Problem:
    by_variable = facts.context == "DOCKER_HOST"
    said_by = "DOCKER_HOST" if by_variable else f"the Docker context {facts.context!r}"
    return _block(
        "docker",
        f"{said_by} leads to {facts.endpoint}: a remote engine can't mount this "
        "machine's folders and socket",
        "unset DOCKER_HOST" if by_variable else "docker context use default",
    )


def _check_server(facts: EngineFacts) -> list[Problem]:
    socket = facts.socket
    if socket is not None and not socket.exists:
        return [
            _block(
                "docker",
                f"{socket.path} is absent: the Docker daemon isn't running",
                "sudo systemctl start docker",
            )
        ]
    if socket is not None and not socket.is_socket:
        return [
            _block(
                "docker",
                f"{socket.path} isn't a socket (Docker makes a folder of that name when it "
                "mounts what isn't there)",
                f"sudo rmdir {socket.path}, then start the daemon",
            )
        ]
    if socket is not None and not socket.permitted:
        return [
            _block(
                "docker",
                f"no permission for {socket.path} ({socket.owner}, mode {socket.mode})",
                "sudo usermod -aG docker $USER, then log in again",
            )
        ]
    if facts.server is None:
        return [
            _block(
                "docker",
                f"the Docker daemon at {facts.endpoint} doesn't answer: {facts.trouble}",
                "sudo systemctl start docker",
            )
        ]
    return []


def _check_kind(facts: EngineFacts) -> list[Problem]:
    problems = []
    if facts.podman:
        problems.append(
            _warn(
                "docker",
                f"the engine is Podman {facts.server}, which isn't tested",
                "use Docker Engine where something behaves differently",
            )
        )
    if facts.rootless:
        problems.append(
            _warn(
                "docker",
                "the engine is rootless: `user: root` is this user there, and flows "
                "can't reach /var/run/docker.sock",
                "use the system's engine for flows that start containers",
            )
        )
    elif facts.socket is not None and not facts.socket.mountable:
        problems.append(
            _block(
                "docker",
                f"the engine listens on {facts.socket.path}, but Kestra mounts "
                "/var/run/docker.sock, which isn't its socket",
                f"set KESTRA_DOCKER_SOCKET={facts.socket.path} in .env",
            )
        )
    return problems


def check_ports(wanted: Iterable[Wanted], task: str = "integrate") -> list[Problem]:
    """A port that Kestra can't have blocks; of the smoke test's it is a warning.

    Args:
        task: the one that takes the decision: `integrate`, or `env` once that is done.
    """
    problems = []
    for item in wanted:
        if item.clear:
            continue
        message = f"port {item.port} ({item.name}) can't be had: {item.why}"
        if item.name in (HTTP, MANAGEMENT):
            problems.append(_block("ports", message, f"inv kestra.{task} --ports auto"))
        else:
            setting = f"kestra.{item.name.replace('-', '_')}_port"
            free = f": {setting}: {item.proposal}" if item.proposal else ""
            problems.append(_warn("ports", message, f"set another one in invoke.yaml{free}"))
    return problems


def check_room(disks: Iterable[Disk], memory: Memory, engine: int | None = None) -> list[Problem]:
    """Too little disk blocks, too little memory is a warning.

    Args:
        engine: bytes of memory that the engine has, where that is less than the machine's.
    """
    problems = []
    for disk in disks:
        if disk.free < DISK_NEEDED:
            problems.append(
                _block(
                    "disk",
                    f"{gigabytes(disk.free)} free at {disk.path} ({disk.purpose}); "
                    f"{gigabytes(DISK_NEEDED)} are needed",
                    "docker system df shows what the engine could give back",
                )
            )
    total = min(memory.total, engine or memory.total)
    if total < MEMORY_ADVISED:
        problems.append(
            _warn(
                "memory",
                f"the engine has {gigabytes(total)} of memory; "
                f"{gigabytes(MEMORY_ADVISED)} are advised",
                "set kestra.memory in invoke.yaml to what it can have",
            )
        )
    elif memory.available < MEMORY_ADVISED:
        problems.append(
            _warn(
                "memory",
                f"{gigabytes(memory.available)} of memory are available now; "
                f"{gigabytes(MEMORY_ADVISED)} are advised",
                "stop what isn't needed (docker stats)",
            )
        )
    return problems


def check_references(references: Sequence[Reference], more: int = 0) -> list[Problem]:
    """A Kestra that somebody else set up here is a warning, told once."""
    foreign = [r for r in references if r.kind == "foreign"]
    # A variable in .env tells less than a service does.
    foreign.sort(key=lambda r: (r.file.startswith(".env"), r.file, r.line))
    problems = []
    if foreign:
        first, files = foreign[0], len({r.file for r in foreign})
        others = f" and {files - 1} more files" if files > 1 else ""
        problems.append(
            _warn(
                "references",
                f"Kestra is set up here by somebody else: {first.file}:{first.line}{others}",
                "see whether it is still used before a second one is added",
            )
        )
    if more:
        problems.append(
            _warn(
                "references", f"{more} further lines name Kestra and aren't listed", "rg -n kestra"
            )
        )
    return problems


def check_naming(naming: Naming) -> list[Problem]:
    """Conventions that differ from the settings."""
    problems = []
    hint = "set kestra.prefix in invoke.yaml to the one that is meant"
    if naming.present and naming.line is None:
        message = f"{naming.file} doesn't name the pattern {naming.pattern}"
        problems.append(_warn("conventions", message, hint))
    for item in naming.outliers[:1]:
        more = f" and {len(naming.outliers) - 1} more" if len(naming.outliers) > 1 else ""
        place = f"{item.file}:{item.line}" if item.line else item.file
        message = (
            f"{place}: container {item.container}{more} in Kestra's stack isn't {naming.pattern}"
        )
        problems.append(_warn("conventions", message, hint))
    return problems


def check_refused(refused: Mapping[str, str]) -> list[Problem]:
    """Compose files whose claims are only approximate, by reason."""
    by_reason: dict[str, list[str]] = {}
    for file, reason in sorted(refused.items()):
        by_reason.setdefault(reason, []).append(file)
    problems = []
    for reason, files in by_reason.items():
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        problems.append(
            _warn(
                "compose",
                f"{files[0]}{more} read as it stands, not as Compose resolves it: {reason}",
                f"docker compose -f {files[0]} config",
            )
        )
    return problems


def from_notes(notes: Iterable[Note]) -> list[Problem]:
    """Warnings out of what the probes noted."""
    return [_warn(note.topic, note.message, note.hint) for note in notes]


def gigabytes(count: int) -> str:
    return f"{count / 10**9:.1f} GB"


def _block(topic: str, message: str, hint: str = "") -> Problem:
    return Problem("block", topic, message, hint)


def _warn(topic: str, message: str, hint: str = "") -> Problem:
    return Problem("warn", topic, message, hint)
