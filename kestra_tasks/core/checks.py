"""Judgements over facts: what blocks Kestra here, and what only deserves a warning."""

from __future__ import annotations

from dataclasses import dataclass

from kestra_tasks.core.facts import EngineFacts, Unavailable

COMPOSE_NEEDED = (2, 20)
_INSTALL = "install Docker Engine and Compose 2.20 or newer"


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
        return [_block(facts.reason, _INSTALL)]
    if facts.client is None:
        problems = [_block("the docker command isn't installed or not on PATH", _INSTALL)]
    else:
        problems = check_compose(facts.compose, facts.compose_text)
    if facts.remote:
        return [*problems, _remote(facts)]
    problems += check_server(facts)
    if facts.server is not None:
        problems += _check_kind(facts)
    return problems


def check_compose(version: tuple[int, ...] | None, text: str) -> list[Problem]:
    """Judge Compose's version (None where there is no Compose); `text` is how it says it."""
    needed = ".".join(map(str, COMPOSE_NEEDED))
    hint = f"install Docker Compose {needed} or newer (docker-compose-plugin)"
    if version is None:
        return [_block("docker compose isn't installed", hint)]
    if version[:2] < COMPOSE_NEEDED:
        return [
            _block(
                f"docker compose is {text}; `include:` needs {needed} or newer",
                hint,
            )
        ]
    return []


def _remote(facts: EngineFacts) -> Problem:
    by_variable = facts.context == "DOCKER_HOST"
    said_by = "DOCKER_HOST" if by_variable else f"the Docker context {facts.context!r}"
    return _block(
        f"{said_by} leads to {facts.endpoint}: a remote engine can't mount this "
        "machine's folders and socket",
        "unset DOCKER_HOST" if by_variable else "docker context use default",
    )


def check_server(facts: EngineFacts) -> list[Problem]:
    """Why a local engine didn't answer: one problem, none where it did."""
    socket = facts.socket
    if socket is not None and not socket.exists:
        return [
            _block(
                f"{socket.path} is absent: the Docker daemon isn't running",
                "sudo systemctl start docker",
            )
        ]
    if socket is not None and not socket.is_socket:
        return [
            _block(
                f"{socket.path} isn't a socket (Docker makes a folder of that name when it "
                "mounts what isn't there)",
                f"sudo rmdir {socket.path}, then start the daemon",
            )
        ]
    if socket is not None and not socket.permitted:
        return [
            _block(
                f"no permission for {socket.path} ({socket.owner}, mode {socket.mode})",
                "sudo usermod -aG docker $USER, then log in again",
            )
        ]
    if facts.server is None:
        return [
            _block(
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
                f"the engine is Podman {facts.server}, which isn't tested",
                "use Docker Engine where something behaves differently",
            )
        )
    if facts.rootless:
        problems.append(
            _warn(
                "the engine is rootless: `user: root` is this user there, and flows "
                "can't reach /var/run/docker.sock",
                "use the system's engine for flows that start containers",
            )
        )
    elif facts.socket is not None and not facts.socket.mountable:
        problems.append(
            _block(
                f"the engine listens on {facts.socket.path}, but Kestra mounts "
                "/var/run/docker.sock, which isn't its socket",
                f"set KESTRA_DOCKER_SOCKET={facts.socket.path} in .env",
            )
        )
    return problems


def _block(message: str, hint: str) -> Problem:
    return Problem("block", "docker", message, hint)


def _warn(message: str, hint: str) -> Problem:
    return Problem("warn", "docker", message, hint)
