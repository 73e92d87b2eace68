"""Monorepos with a canary in every place where a secret can be, and `inv` run in them.

Every canary has `TOKEN` in it, letters and digits only: quoting, cutting or interpolating a
secret doesn't hide it, and one search finds them all. Two digits behind it tell which it was.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

TOKEN = "cnry7Q"
# What base64 makes of it, wherever it begins: the characters that its bits alone decide.
HIDDEN = {
    base64.b64encode(b"_" * n + TOKEN.encode() + b"__").decode()[-(-n * 4 // 3) : (n + 6) * 4 // 3]
    for n in range(3)
}

ENV = f"""\
# OLD_TOKEN={TOKEN}01 was used before
POSTGRES_USER=app
POSTGRES_PASSWORD={TOKEN}02
TIMESCALE_HOST=timescale
TIMESCALE_PORT=5433
TIMESCALE_DB=prices
TIMESCALE_USER=prices
TIMESCALE_PASSWORD='{TOKEN}03 "#$x'
DATABASE_URL=postgres://app:{TOKEN}04@db.example.org:5432/app
REDIS_URL=redis://:{TOKEN}05@cache:6379/0
export GITHUB_TOKEN="{TOKEN}06"
ZZ_UNTOLD={TOKEN}07
NEIGHBOUR_PORT={TOKEN}08
DERIVED="${{POSTGRES_PASSWORD}}/{TOKEN}09"
PRIVATE_KEY="-----BEGIN PRIVATE KEY-----
{TOKEN}10
-----END PRIVATE KEY-----"
EMPTY_PASSWORD=
AFTER=x # and {TOKEN}11
KESTRA_SLACK={TOKEN}12
KESTRA_HTTP_PORT=19560
KESTRA_MANAGEMENT_PORT=19561
KESTRA_DB_HOST=kestra-postgres
KESTRA_DB_PORT=5432
KESTRA_DB_NAME=kestra
KESTRA_DB_USER=kestra
KESTRA_DB_PASSWORD='{TOKEN}13 "$#\\{{}}'
KESTRA_BASICAUTH_USERNAME=admin@example.org
KESTRA_BASICAUTH_PASSWORD={TOKEN}14
KESTRA_URL=https://proxy:{TOKEN}15@kestra.example.org/
"""
PLACEHOLDERS = ENV.replace(f"'{TOKEN}13 \"$#\\{{}}'", "CHANGE_ME_SECURE_PASSWORD").replace(
    f"{TOKEN}14", "ChangeMe123!"
)
# What a process may inherit; the last two also reach the HTTP client.
ENVIRONMENT = {
    "KESTRA_DB_PASSWORD": f"{TOKEN}16x",
    "KESTRA_BASICAUTH_PASSWORD": f"{TOKEN}17x",
    "KESTRA_SECRET_MINE": f"{TOKEN}18",
    "HTTP_PROXY": f"http://me:{TOKEN}19@127.0.0.1:9",
    "HTTPS_PROXY": f"http://me:{TOKEN}20@127.0.0.1:9",
}
REMOTE = {"DOCKER_HOST": f"tcp://me:{TOKEN}21@127.0.0.1:9"}
_STACK = f"""\
name: tools
services:
  neighbour:
    image: busybox:1.36
    container_name: tools-neighbour
    ports: ["${{NEIGHBOUR_PORT:-8080}}:80"]
    environment:
      DSN: postgres://app:{TOKEN}22@db.example.org/app
      API_KEY: {TOKEN}23
    labels:
      - "token={TOKEN}24"
networks:
  tradingsystem_backend:
    external: true
# password: {TOKEN}25
"""
_OTHER = f"""\
services:
  host:
    image: busybox:1.36
    network_mode: host
    environment: ["PORT={TOKEN}26", "DB_PASSWORD={TOKEN}27"]
  range:
    image: kestra/kestra:v0.1
    environment: {{KESTRA_TOKEN: {TOKEN}28}}
    ports: ["{TOKEN}29:80"]
"""
_MANIFEST = (
    f'{{"services": [{{"id": "one", "port": 3000, "token": "{TOKEN}30", '
    f'"healthUrl": "http://me:{TOKEN}31@localhost:3000/"}}], "apiKey": "{TOKEN}32"}}\n'
)
_BY_HAND = (
    f'{{"services": [{{"id": "kestra-orchestrator", "port": 8080, "token": "{TOKEN}33", '
    f'"healthUrl": "http://me:{TOKEN}34@localhost:3000/"}}]}}\n'
)
_START = f"""\
#!/usr/bin/env bash
set -euo pipefail
export REGISTRY_PASSWORD={TOKEN}35
curl -H "Authorization: Bearer {TOKEN}36" https://me:{TOKEN}37@registry.example.org/ || true
for stack in data tools; do
  docker compose -f "tools/compose/docker-compose.$stack.yml" up -d
done
"""
_HEALTH = f"""\
#!/usr/bin/env bash
DB_PASSWORD={TOKEN}38
services=(one two)
for service in "${{services[@]}}"; do echo "$service"; done
"""
_SERVER = f"""\
const express = require('express');
const API_TOKEN = '{TOKEN}39';
const SERVICE_TARGETS = [
  {{
    id: 'one', name: 'One', category: 'tools', defaultPort: 3000,
    healthUrl: 'http://me:{TOKEN}40@localhost:3000/', token: '{TOKEN}41',
  }},
];
const secret = "{TOKEN}42";
"""
_TASKS = f"""\
from invoke import Collection
from kestra_tasks import ns as kestra

DEPLOY_TOKEN = "{TOKEN}43"
ns = Collection()
ns.add_collection(kestra, name="kestra")
"""
_PORTS = f"""\
# Ports

| Service | Port | Container | Stack | Notes |
|---|---|---|---|---|
| one | 3000 | tools-one | tools | http://me:{TOKEN}44@localhost:3000 |
"""
_NAMING = "# Names\n\nContainers are called `tools-*`.\n\n| Stack | Name |\n|---|---|\n"
_SETTINGS = f"""\
deploy:
  password: {TOKEN}45
  url: https://me:{TOKEN}46@deploy.example.org
kestra:
  create: [manifest, docs, openspec]
other:
  token: {TOKEN}47
"""
TREE = {
    ".env": ENV,
    ".env.example": f"POSTGRES_PASSWORD=change_me\nOLD_API_KEY={TOKEN}48\n",
    "invoke.yaml": _SETTINGS,
    "tasks.py": _TASKS,
    "tools/compose/docker-compose.tools.yml": _STACK,
    "tools/compose/docker-compose.data.yml": _OTHER,
    "config/services-manifest.json": _MANIFEST,
    "scripts/docker/start-stacks.sh": _START,
    "scripts/docker/stop-stacks.sh": _START.replace("up -d", "stop"),
    "scripts/maintenance/health-check-all.sh": _HEALTH,
    "apps/status/server.js": _SERVER,
    "docs/context/ops/service-port-map.md": _PORTS,
    "docs/governance/CONTAINER-NAMING-CONVENTION.md": _NAMING,
}
_STACK_FILE = "tools/compose/docker-compose.tools.yml"
_BAD_STACK = {
    "interpolation": ("API_KEY: ", f'API_KEY: "{TOKEN}49${{"\n      API_KEY2: '),
    "port": ("container_name: tools-neighbour", f"expose: [{TOKEN}50]"),
    "type": ("image: busybox:1.36", f"image: [{TOKEN}51]"),
    "shape": ("    labels:\n", f"    healthcheck: {TOKEN}52\n    labels:\n"),
}
# Failures that files make: name to the files that differ.
BROKEN: dict[str, dict[str, str]] = {
    "env line": {".env": f"{ENV}a b {TOKEN}60\n"},
    "env quote": {".env": f'{ENV}LAST="{TOKEN}61\n'},
    "env name": {".env": f"{ENV}API-KEY-{TOKEN}62 = x\n"},
    "weak password": {".env": ENV.replace(f"{TOKEN}14", f"{TOKEN.lower()}64")},
    "settings": {"invoke.yaml": f"{_SETTINGS}deploy: {{token: {TOKEN}65\n  password: {TOKEN}66\n"},
    "a setting": {
        "invoke.yaml": f"{_SETTINGS}kestra:\n  image: https://me:{TOKEN}67@registry.example.org\n"
    },
    "settings' keys": {"invoke.yaml": f"deploy: [{TOKEN}68\n"},
    "manifest": {"config/services-manifest.json": _MANIFEST.replace("}]", f'}}, "{TOKEN}69",]')},
    "hand-made entry": {"config/services-manifest.json": _BY_HAND},
    **{
        f"compose {name}": {_STACK_FILE: _STACK.replace(*change, 1)}
        for name, change in _BAD_STACK.items()
    },
    "compose isn't YAML": {_STACK_FILE: f"{_STACK}x: [{TOKEN}70\n  {{y: {TOKEN}71\n"},
    "not UTF-8": {".env": ENV.replace("KESTRA_SLACK=", "KESTRA_SLACK=\udcff")},
}
# Ours, changed by hand: what of it is shown as a conflict.
BY_HAND = {
    "tools/kestra/compose.yml": f"\nx-token: {TOKEN}80\n",
    "tools/kestra/scripts/run.sh": f"export DB_PASSWORD={TOKEN}81\n",
    "tools/kestra/README.md": f"the password is https://me:{TOKEN}82@kestra.example.org\n",
}


def lay(root: Path, *changes: Mapping[str, str]) -> None:
    """Write the tree below `root`, with `changes` in place of its own files."""
    for path, text in {**TREE, **{k: v for c in changes for k, v in c.items()}}.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", errors="surrogateescape")
        place.chmod(0o600 if path == ".env" else 0o755 if path.endswith(".sh") else 0o644)


def files(root: Path) -> dict[str, bytes]:
    """Every file below `root` by its path, `.env` of the root left out."""
    found = (p for p in root.rglob("*") if p.is_file() and not p.is_symlink())
    return {str(p.relative_to(root)): p.read_bytes() for p in found if p != root / ".env"}


def canaries(text: str | bytes, extra: Iterable[str] = ()) -> set[str]:
    """The canaries in `text`, also those in base64, and which of `extra` are in it."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    found = set(re.findall(rf"{TOKEN}\w{{0,2}}", text, re.IGNORECASE))
    return found | {hidden for hidden in HIDDEN if hidden in text} | {e for e in extra if e in text}


def spilled(
    before: Mapping[str, bytes], after: Mapping[str, bytes], extra: Iterable[str] = ()
) -> dict[str, set[str]]:
    """Canaries, and those of `extra`, by the file that they came into."""
    new = {
        path: canaries(raw, extra) - canaries(before.get(path, b""))
        for path, raw in after.items()
        if before.get(path) != raw
    }
    return {path: found for path, found in new.items() if found}


@dataclass(frozen=True)
class Job:
    """One call of `inv`: where, with which arguments and which further environment."""

    name: str
    cwd: Path
    argv: list[str]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


class Inv:
    """A process that has everything imported and forks for each call: a tenth of a start.

    `home` is its home and the place of its temporary files.
    """

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        own = {"HOME": self.home, "XDG_CACHE_HOME": self.home / "cache", "TMPDIR": self.home}
        self._out, self._err = folder / "stdout", folder / "stderr"
        self._child = subprocess.Popen(
            [sys.executable, "-c", "from tests.helpers.canaries import serve; serve()"],
            cwd=Path(__file__).parents[2],
            env={**os.environ, **{name: str(path) for name, path in own.items()}, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, job: Job) -> Said:
        assert self._child.stdin and self._child.stdout
        order = [str(job.cwd), job.argv, dict(job.env), str(self._out), str(self._err)]
        self._child.stdin.write(json.dumps(order) + "\n")
        self._child.stdin.flush()
        code = int(self._child.stdout.readline())
        out, err = (p.read_bytes().decode("utf-8", "replace") for p in (self._out, self._err))
        return Said(code, out, err)

    def close(self) -> None:
        assert self._child.stdin and self._child.stdout
        self._child.stdin.close()
        self._child.wait(30)
        self._child.stdout.close()


def lay_integrated(inv: Inv, root: Path) -> Path:
    """Write the tree below `root` and integrate Kestra there; returns `root`."""
    lay(root)
    said = inv(Job("integrate", root, ["kestra.integrate", "--ports", "19560,19561"]))
    assert (root / "tools/kestra/compose.yml").is_file(), said.err
    return root


def serve() -> None:
    """Fork an `inv` for each line of stdin; answer with its exit code."""
    import docker  # noqa: F401
    import requests  # noqa: F401
    import rich.table  # noqa: F401
    import yaml  # noqa: F401

    import kestra_tasks.integration
    import kestra_tasks.ops.operate  # noqa: F401

    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _call(*json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _call(cwd: str, argv: list[str], env: dict[str, str], out: str, err: str) -> None:
    from invoke.main import program

    os.chdir(cwd)
    os.environ.update(env)
    sys.argv = ["inv", *argv]
    for number, place in ((0, os.devnull), (1, out), (2, err)):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(place, flags, 0o600), number)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    code = 0
    try:
        program.run(sys.argv)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
