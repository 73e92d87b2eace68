"""The Docker engine: found, installed and started where there is none, never reconfigured where one runs."""

from __future__ import annotations

import grp
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import apt
from .daemons import Daemon, is_process
from .errors import RigError, commands
from .places import folder, state_dir
from .shell import Say, ask

SOCKET = "unix:///var/run/docker.sock"
RUN = Path("/var/run")
SYSTEM_CONFIG = Path("/etc/docker/daemon.json")
NEEDED_COMPOSE = (2, 20)
START_SECONDS = 60.0


@dataclass(frozen=True)
class Engine:
    """What there is: `found` = the daemon's program is here or one answers; `ours` = the rig started it."""

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
    refused = ""
    if not running and answer.code != 127:
        refused = ask(["docker", "version", "--format", "x"], merge=True, timeout=15).out.strip().splitlines()[-1:]
        refused = refused[0] if refused else ""
    return Engine(
        found=running or shutil.which("dockerd") is not None,
        running=running,
        ours=running and host == SOCKET and daemon().pid() is not None,
        client=client.get("Version", ""),
        version=server.get("Version", ""),
        api=server.get("ApiVersion", ""),
        compose=compose_version(),
        host=host,
        problem=refused,
    )


def compose_version() -> str:
    """The Compose plugin's version; empty where there is none."""
    answer = ask(["docker", "compose", "version", "--short"], timeout=15)
    return answer.out.strip() if answer.ok and version_tuple(answer.out) else ""


def _host() -> str:
    if os.environ.get("DOCKER_HOST"):
        return os.environ["DOCKER_HOST"]
    answer = ask(["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"], timeout=15)
    return answer.out.strip() or SOCKET


def ensure(say: Say, *, install: bool = True) -> Engine:
    """Have an engine and Compose >= 2.20; RigError(code 3) with the commands to type where that can't be.

    An engine that already runs is left as it is. With `install=False` nothing is installed.
    """
    engine = status()
    if not engine.running:
        if "permission denied" in engine.problem.lower():
            raise RigError(f"The Docker engine runs, but not for you: {engine.problem}", hint=commands(_join_group()))
        if engine.host != SOCKET:
            raise RigError(
                f"No Docker engine answers at {engine.host}.",
                hint=commands(["unset DOCKER_HOST", "docker context use default"]),
            )
        if not engine.found:
            _install_engine(say, install)
        _start(say)
        engine = status()
        if not engine.running:
            raise RigError(f"The Docker engine was started but doesn't answer: {engine.problem}", hint=commands(_join_group()))
    if not engine.compose_ok:
        _install_compose(say, install, engine.compose)
        engine = status()
        if not engine.compose_ok:
            raise RigError(f"Compose >= 2.20 is needed; `docker compose version` says {engine.compose or 'nothing'}.")
    return engine


def down(say: Say) -> bool:
    """Stop the engine if the rig started it; containers end with it, their data stay."""
    stopped = daemon().stop(60) if os.getuid() == 0 else _stop_by_sudo()
    say("Docker engine: stopped." if stopped else "Docker engine: nothing that the rig started is running.")
    return stopped


def _stop_by_sudo() -> bool:
    pid = daemon().pid()
    if pid is not None:
        ask(["sudo", "kill", str(pid)])
    return pid is not None


def _by_hand() -> list[str]:
    release = apt.os_release().get("ID", "")
    if release == "ubuntu":
        return ["sudo apt-get install docker.io docker-compose-v2 docker-buildx"]
    if release == "debian":
        return ["sudo apt-get install docker.io iptables docker-compose docker-buildx   # Debian 13 or newer"]
    return [
        "# install Docker Engine and its Compose plugin as your system does it, then:",
        "docker version && docker compose version",
    ]


def _join_group() -> list[str]:
    return ["sudo usermod -aG docker \"$USER\"", "newgrp docker   # or log in again"]


def _refuse_install(what: str, install: bool) -> None:
    if not install:
        raise RigError(f"{what} Nothing is installed unasked.", hint=commands(_by_hand()))
    if not apt.is_supported(apt.os_release()):
        raise RigError(f"{what} Installing it is known for Debian and Ubuntu only.", hint=commands(_by_hand()))
    if not apt.can_be_root():
        raise RigError(f"{what} Installing it needs root, or sudo.", hint=commands(_by_hand()))


def _install_engine(say: Say, install: bool) -> None:
    _refuse_install("No Docker engine is installed.", install)
    say("Docker engine: none here. Installing docker.io and iptables, Debian's own packages:")
    apt.update(say)
    apt.install(["docker.io", "iptables"], say)


def _install_compose(say: Say, install: bool, present: str) -> None:
    what = f"Compose {present} is too old (2.20 or newer is needed)." if present else "Docker Compose is not installed."
    _refuse_install(what, install)
    say(f"Compose: {'too old' if present else 'none here'}. Installing the plugin (and buildx where the release has it not):")
    apt.update(say)
    wanted, side = [], []
    for names in (("docker-compose-v2", "docker-compose"), ("docker-buildx",)):
        for name in names:
            if version_tuple(apt.candidate(name) or "0") >= (NEEDED_COMPOSE if "compose" in name else (0, 1)):
                wanted.append(name)
                break
        else:
            side.append(names[-1])
    if wanted:
        apt.install(wanted, say)
    if side and apt.os_release().get("ID") == "debian":
        apt.install_debs(apt.fetch_from("trixie", side, say), say)


def _start(say: Say) -> None:
    """Start the daemon: through the service manager where one runs, detached and by hand elsewhere."""
    if status().running:
        return
    if not apt.can_be_root():
        raise RigError("The Docker engine is not running, and starting it needs root, or sudo.", hint=commands(["sudo service docker start"]))
    if Path("/run/systemd/system").is_dir():
        say("Docker engine: starting it by systemctl start docker")
        ask(apt.as_root(["systemctl", "start", "docker"]), timeout=90)
        return
    ours = daemon()
    say(f"Docker engine: no service manager here, so starting dockerd by hand (log: {ours.log})")
    _clear_stale()
    if ours.log.exists() and ours.log.stat().st_size > 20_000_000:
        ours.log.replace(ours.log.with_suffix(".log.1"))
    ours.start(apt.as_root(["dockerd", "--config-file", _write_config(), *_group()]))
    ours.await_ready(lambda: status().running, START_SECONDS)


def _group() -> list[str]:
    return [] if os.getuid() == 0 else ["--group", grp.getgrgid(os.getgid()).gr_name]


def engine_config(system: str) -> dict[str, object]:
    """The settings of an engine that the rig starts: the machine's own plus the loopback registry."""
    try:
        settings = json.loads(system) if system.strip() else {}
    except ValueError:
        settings = {}
    settings = settings if isinstance(settings, dict) else {}
    for key, value in (("registry-mirrors", "http://127.0.0.1:5000"), ("insecure-registries", "127.0.0.1:5000")):
        present = settings.get(key) or []
        settings[key] = [value, *(other for other in present if other != value)]
    return settings


def _write_config() -> Path:
    system = SYSTEM_CONFIG.read_text() if SYSTEM_CONFIG.is_file() else ""
    path = folder("etc") / "daemon.json"
    path.write_text(json.dumps(engine_config(system), indent=2) + "\n")
    return path


def _clear_stale() -> None:
    """Drop pid files and sockets whose process is gone: dockerd would believe a pid that another now has."""
    for path, name in ((RUN / "docker.pid", "dockerd"), (RUN / "docker/containerd/containerd.pid", "containerd")):
        try:
            alive = is_process(int(path.read_text()), name)
        except (OSError, ValueError):
            alive = False
        if alive:
            continue
        stale = [path]
        if name == "containerd":
            stale += [path.with_name(other) for other in ("containerd.sock", "containerd.sock.ttrpc", "containerd-debug.sock")]
        else:
            stale.append(RUN / "docker.sock")
        ask(apt.as_root(["rm", "-f", *stale]))
