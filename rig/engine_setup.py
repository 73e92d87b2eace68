"""Installing a Docker engine and Compose where there are none, and starting the engine."""

from __future__ import annotations

import grp
import json
import os
from pathlib import Path

from . import apt
from .daemons import is_process
from .engine import NEEDED_COMPOSE, daemon, status, version_tuple
from .errors import RigError, commands
from .places import folder
from .shell import Say, ask

RUN = Path("/var/run")
SYSTEM_CONFIG = Path("/etc/docker/daemon.json")
MIRROR = {
    "registry-mirrors": "http://127.0.0.1:5000",
    "insecure-registries": "127.0.0.1:5000",
}
PLUGINS = (("docker-compose-v2", "docker-compose"), ("docker-buildx",))
CONTAINERD_SOCKETS = ("containerd.sock", "containerd.sock.ttrpc", "containerd-debug.sock")
START_SECONDS = 60.0
BIG_LOG = 20_000_000


def install_engine(say: Say, *, install: bool = True) -> None:
    """Install Debian's or Ubuntu's own docker.io; RigError where that can't be."""
    _refuse("No Docker engine is installed.", install)
    say("Docker engine: none here. Installing docker.io and iptables, the release's own packages:")
    apt.update(say)
    apt.install(["docker.io", "iptables"], say)


def install_compose(say: Say, present: str, *, install: bool = True) -> None:
    """Install the Compose and buildx plugins: the release's own where new enough, else trixie's."""
    missing = "Docker Compose is not installed."
    old = f"Compose {present} is too old (2.20 or newer is needed)."
    _refuse(old if present else missing, install)
    say(f"Compose: {old if present else 'none here.'} Installing the plugins:")
    apt.update(say)
    wanted, side = choose_plugins(
        {name: apt.candidate(name) for group in PLUGINS for name in group}
    )
    if wanted:
        apt.install(wanted, say)
    if side and apt.os_release().get("ID") == "debian":
        apt.install_debs(apt.fetch_from("trixie", side, say), say)


def choose_plugins(candidates: dict[str, str | None]) -> tuple[list[str], list[str]]:
    """Which plugin packages the release serves new enough, and which are to come from trixie."""
    wanted, side = [], []
    for names in PLUGINS:
        least = NEEDED_COMPOSE if "compose" in names[0] else (0, 1)
        good = [name for name in names if version_tuple(candidates.get(name) or "") >= least]
        if good:
            wanted.append(good[0])
        else:
            side.append(names[-1])
    return wanted, side


def start(say: Say) -> None:
    """Start the engine: by the service manager where one runs, detached and by hand elsewhere."""
    if status().running:  # the package started it
        return
    if not apt.can_be_root():
        raise RigError(
            "The Docker engine is not running, and starting it needs root, or sudo.",
            hint=commands(["sudo service docker start"]),
        )
    if Path("/run/systemd/system").is_dir():
        say("Docker engine: starting it by systemctl start docker")
        ask(apt.as_root(["systemctl", "start", "docker"]), timeout=90)
        return
    ours = daemon()
    say(f"Docker engine: no service manager here; starting dockerd by hand (log: {ours.log})")
    _clear_stale()
    if ours.log.exists() and ours.log.stat().st_size > BIG_LOG:
        ours.log.replace(ours.log.with_suffix(".log.1"))
    ours.start(apt.as_root(["dockerd", "--config-file", _write_config(), *_group()]))
    ours.await_ready(lambda: status().running, START_SECONDS)


def engine_config(system: str) -> dict[str, object]:
    """The settings of an engine that the rig starts: the machine's own plus the rig's registry."""
    try:
        settings = json.loads(system) if system.strip() else {}
    except ValueError:
        settings = {}
    if not isinstance(settings, dict):
        settings = {}
    for key, value in MIRROR.items():
        present = settings.get(key) or []
        settings[key] = [value, *(other for other in present if other != value)]
    return settings


def _refuse(what: str, install: bool) -> None:
    if not install:
        raise RigError(f"{what} Nothing is installed unasked.", hint=commands(_by_hand()))
    if not apt.is_supported(apt.os_release()):
        known = "Installing it is known for Debian and Ubuntu only."
        raise RigError(f"{what} {known}", hint=commands(_by_hand()))
    if not apt.can_be_root():
        raise RigError(f"{what} Installing it needs root, or sudo.", hint=commands(_by_hand()))


def _by_hand() -> list[str]:
    system = apt.os_release().get("ID", "")
    if system == "ubuntu":
        return ["sudo apt-get install docker.io docker-compose-v2 docker-buildx"]
    if system == "debian":
        return [
            "sudo apt-get install docker.io iptables",
            "sudo apt-get install docker-compose docker-buildx   # Debian 13 or newer",
        ]
    return [
        "# install Docker Engine and its Compose plugin as your system does it, then:",
        "docker version && docker compose version",
    ]


def _group() -> list[str]:
    """For an engine started through sudo: the socket belongs to the calling user's group."""
    return [] if os.getuid() == 0 else ["--group", grp.getgrgid(os.getgid()).gr_name]


def _write_config() -> Path:
    system = SYSTEM_CONFIG.read_text() if SYSTEM_CONFIG.is_file() else ""
    path = folder("etc") / "daemon.json"
    path.write_text(json.dumps(engine_config(system), indent=2) + "\n")
    return path


def _clear_stale() -> None:
    """Drop pid files and sockets whose process is gone: their pid may be another's by now."""
    containerd = RUN / "docker" / "containerd"
    stale: list[Path] = []
    if not _alive(RUN / "docker.pid", "dockerd"):
        stale += [RUN / "docker.pid", RUN / "docker.sock"]
    if not _alive(containerd / "containerd.pid", "containerd"):
        stale += [containerd / name for name in ("containerd.pid", *CONTAINERD_SOCKETS)]
    if stale:
        ask(apt.as_root(["rm", "-f", *stale]))


def _alive(pidfile: Path, name: str) -> bool:
    try:
        return is_process(int(pidfile.read_text()), name)
    except (OSError, ValueError):
        return False
