"""The Docker engine: looked at, ensured, stopped. One that already runs is never reconfigured."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass

from .daemons import Daemon
from .errors import RigError, commands
from .places import state_dir
from .shell import Say, ask

SOCKET = "unix:///var/run/docker.sock"
NEEDED_COMPOSE = (2, 20)


@dataclass(frozen=True)
class Engine:
    """What there is.

    Attributes:
        found: the daemon's program is here, or one answers.
        running: one answers.
        ours: the rig started it.
        client, version, api, compose: versions; empty where there is none.
        host: where the client looks for it.
        problem: what the client said when none answers.
    """

    found: bool
    running: bool
    ours: bool
    client: str = ""
    version: str = ""
    api: str = ""
    compose: str = ""
    host: str = SOCKET
    problem: str = ""

    @property
    def compose_ok(self) -> bool:
        return version_tuple(self.compose) >= NEEDED_COMPOSE


def version_tuple(text: str) -> tuple[int, ...]:
    """The numbers that a version starts with: 'v2.26.1-4' -> (2, 26, 1)."""
    match = re.search(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in match.group().split(".")) if match else ()


def daemon() -> Daemon:
    """The engine's daemon as the rig starts it."""
    state = state_dir()
    return Daemon("dockerd", state / "run" / "dockerd.json", state / "log" / "dockerd.log")


def status() -> Engine:
    """Look, change nothing."""
    answer = ask(["docker", "version", "--format", "{{json .}}"], timeout=15)
    try:
        told = json.loads(answer.out or "{}") or {}
    except ValueError:
        told = {}
    client, server = told.get("Client") or {}, told.get("Server") or {}
    running = bool(server.get("Version"))
    host = _host()
    return Engine(
        found=running or shutil.which("dockerd", path=_daemon_path()) is not None,
        running=running,
        ours=running and host == SOCKET and daemon().pid() is not None,
        client=client.get("Version", ""),
        version=server.get("Version", ""),
        api=server.get("ApiVersion", ""),
        compose=compose_version(),
        host=host,
        problem="" if running else _problem(),
    )


def compose_version() -> str:
    """The Compose plugin's version; empty where there is none."""
    answer = ask(["docker", "compose", "version", "--short"], timeout=15)
    return answer.out.strip() if answer.ok and version_tuple(answer.out) else ""


def _daemon_path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def _problem() -> str:
    answer = ask(["docker", "version", "--format", "-"], merge=True, timeout=15)
    lines = answer.out.strip().splitlines()
    return lines[-1] if lines and answer.code != 127 else ""


def _host() -> str:
    if os.environ.get("DOCKER_HOST"):
        return os.environ["DOCKER_HOST"]
    endpoint = "{{.Endpoints.docker.Host}}"
    return (
        ask(["docker", "context", "inspect", "--format", endpoint], timeout=15).out.strip()
        or SOCKET
    )


def ensure(say: Say, *, install: bool = True) -> Engine:
    """Have an engine and Compose >= 2.20.

    An engine that already runs is left as it is. With `install=False` nothing is installed.

    Raises:
        RigError: code 3 with the commands to type where that can't be.
    """
    from . import engine_setup

    there = status()
    if not there.running:
        _refuse_foreign(there)
        if not there.found:
            engine_setup.install_engine(say, install=install)
        engine_setup.start(say)
        there = status()
        if not there.running:
            _refuse_foreign(there)
            raise RigError(f"The Docker engine was started but doesn't answer: {there.problem}")
    if not there.compose_ok:
        engine_setup.install_compose(say, there.compose, install=install)
        there = status()
        if not there.compose_ok:
            said = there.compose or "nothing"
            raise RigError(
                f"Compose 2.20 or newer is needed; `docker compose version` says {said}."
            )
    return there


def _refuse_foreign(there: Engine) -> None:
    if "permission denied" in there.problem.lower():
        raise RigError(
            f"The Docker engine runs, but not for you: {there.problem}",
            hint=commands(['sudo usermod -aG docker "$USER"', "newgrp docker   # or log in again"]),
        )
    if there.host != SOCKET:
        raise RigError(
            f"No Docker engine answers at {there.host}.",
            hint=commands(["unset DOCKER_HOST", "docker context use default"]),
        )


def down(say: Say) -> bool:
    """Stop the engine if the rig started it; containers end with it, their data stay."""
    stopped = daemon().stop(60)
    said = "stopped." if stopped else "nothing that the rig started is running."
    say(f"Docker engine: {said}")
    return stopped
