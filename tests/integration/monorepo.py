"""Scratch monorepos on a real engine, each with names and ports of its own."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

_RANGE = range(19_100, 19_200)
TASKS = (
    "from kestra_tasks import ns as kestra\nfrom invoke import Collection\nns = Collection()\n"
    "ns.add_collection(kestra, name='kestra')\n"
)
# What a server needs to run; the other steps have tests of their own.
_STEPS = {"env", "compose"}
_NEIGHBOUR = """\
name: {project}
services:
  neighbour:
    image: {image}
    entrypoint: ["sleep", "infinity"]
    init: true
    container_name: {project}-neighbour
"""


def docker(*arguments: str, check: bool = True, timeout: float = 120) -> str:
    """Run docker; return what it printed on stdout, stripped."""
    done = subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, timeout=timeout, check=False
    )
    assert not check or done.returncode == 0, done.stderr
    return done.stdout.strip()


@dataclass(frozen=True)
class Answer:
    """What an `inv` call gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.out)
        return document


def answer(
    argv: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    secrets: Callable[[], Iterable[str]] = tuple,
    timeout: float = 180,
) -> Answer:
    """Run `argv` to its end; no secret that there is then may be in what it printed."""
    done = subprocess.run(
        argv,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    for secret in secrets():
        assert secret not in done.stdout + done.stderr
    return Answer(done.returncode, done.stdout, done.stderr)


def passwords(root: Path) -> list[str]:
    """The passwords in `.env` of `root`; none before there is one."""
    from kestra_tasks.core import envtext

    place = root / ".env"
    values = envtext.values(place.read_text(encoding="utf-8") if place.exists() else "")
    return [value for name, value in values.items() if name.endswith("PASSWORD") and value]


def wait_for_launcher(port: int) -> None:
    """Until the launcher on `port` shows Kestra up.

    Raises:
        AssertionError: it doesn't within a minute.
    """
    from kestra_tasks.ops.wait import Deadline, until

    def shown() -> bool | None:
        try:
            found = requests.get(f"http://localhost:{port}/api/services", timeout=5).json()
        except (requests.RequestException, ValueError):
            return None
        return any(i["id"] == "kestra-orchestrator" and i["status"] == "up" for i in found) or None

    assert until(shown, Deadline.after(60)), "the launcher doesn't show Kestra up"


@dataclass
class Monorepo:
    """A scratch monorepo with Kestra in it.

    `name` is its Compose project and the prefix of its containers, networks and volumes;
    `prefix` is put in front of every `inv`.
    """

    root: Path
    name: str
    http: int
    management: int
    neighbour: bool = False
    env: dict[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()

    @property
    def driver(self) -> Path:
        """Where `inv` is started: another folder, so that `--root` has to find everything."""
        return self.root.parent / "driver"

    @property
    def server(self) -> str:
        return f"{self.name}-kestra"

    @property
    def database(self) -> str:
        return f"{self.name}-kestra-postgres"

    @property
    def volume(self) -> str:
        return f"{self.name}-data"

    @property
    def compose(self) -> list[str]:
        return ["compose", "-f", str(self.root / "tools/compose/docker-compose.tools.yml")]

    def inv(self, *arguments: str, timeout: float = 180, **env: str) -> Answer:
        """Run `inv` for this monorepo from elsewhere; no answer may hold a secret."""
        argv = [*self.prefix, sys.executable, "-m", "invoke", *arguments, "--root", str(self.root)]
        given = {**os.environ, **self.env, **env}
        return answer(argv, self.driver, given, self.secrets, timeout)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `inv` and don't wait for it."""
        return subprocess.Popen(
            [*self.prefix, sys.executable, "-m", "invoke", *arguments, "--root", str(self.root)],
            cwd=self.driver,
            env={**os.environ, **self.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def secrets(self) -> list[str]:
        return passwords(self.root)

    def set(self, **values: str) -> None:
        """Change variables in .env."""
        from kestra_tasks.core import envtext

        place = self.root / ".env"
        text = place.read_text(encoding="utf-8")
        for name, value in values.items():
            known = name in envtext.values(text)
            text = (
                envtext.set_value(text, name, value)
                if known
                else f"{text}{name}={envtext.quote(value)}\n"
            )
        place.write_text(text, encoding="utf-8")

    def get(self, name: str) -> str:
        from kestra_tasks.core import envtext

        return envtext.get((self.root / ".env").read_text(encoding="utf-8"), name) or ""

    def api(self) -> Any:
        from kestra_tasks.ops.api import Api

        return Api(
            f"http://127.0.0.1:{self.http}",
            self.get("KESTRA_BASICAUTH_USERNAME"),
            self.get("KESTRA_BASICAUTH_PASSWORD"),
        )

    def inspect(self, container: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(docker("inspect", container))[0]
        return document

    def clean(self) -> None:
        """Remove every container, volume and network of this name."""
        ids = docker("ps", "-aq", "--filter", f"name=^/?{self.name}-", check=False).split()
        if ids:
            docker("rm", "-fv", *ids, check=False)
        for kind in ("volume", "network"):
            found = docker(kind, "ls", "-q", "--filter", f"name=^{self.name}", check=False).split()
            if found:
                docker(kind, "rm", *found, check=False)


def lay(repo: Monorepo, images: Mapping[str, str], database: str) -> None:
    """Write the monorepo's files, ours through the steps themselves."""
    from kestra_tasks import config, integration, secrets, steps
    from kestra_tasks.apply import apply

    repo.driver.mkdir()
    (repo.driver / "tasks.py").write_text(TASKS)
    (repo.root / "invoke.yaml").write_text(
        f"kestra:\n  prefix: {repo.name}\n  stack: {repo.name}\n  network: {repo.name}-net\n"
        f"  database: {database}\n  memory: 1g\n  postgres_memory: 512m\n"
        f"  image: {images['KESTRA_IMAGE']}\n  postgres_image: {images['KESTRA_POSTGRES_IMAGE']}\n"
        f"  skip: {sorted(set(steps.NAMES) - _STEPS)}\n"
    )
    if repo.neighbour:
        stack = repo.root / "tools/compose/docker-compose.tools.yml"
        stack.parent.mkdir(parents=True)
        stack.write_text(
            _NEIGHBOUR.format(project=repo.name, image=images["KESTRA_POSTGRES_IMAGE"])
        )
    settings = config.load(repo.root)
    settings = secrets.draw(repo.root, settings, lambda _volume: False)
    settings = settings.with_(decided_ports=(repo.http, repo.management))
    apply(repo.root, integration.plan(repo.root, settings))
    repo.set(KESTRA_POSTGRES_VOLUME=repo.volume)


def two_ports() -> tuple[int, int]:
    free = [port for port in random.sample(list(_RANGE), len(_RANGE)) if is_free(port)]
    return free[0], free[1]


def is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def missing(names: Iterable[str]) -> str:
    """Why there is no engine with these images; empty where there is."""
    try:
        done = subprocess.run(
            ["docker", "info", "--format", "{{.ServerVersion}}"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode != 0:
        return done.stderr.strip() or "docker info failed"
    for name in names:
        known = subprocess.run(["docker", "image", "inspect", name], capture_output=True)
        if known.returncode == 0:
            continue
        pulled = subprocess.run(["docker", "pull", "-q", name], capture_output=True, text=True)
        if pulled.returncode != 0:
            return pulled.stderr.strip() or f"{name} can't be pulled"
    return ""
