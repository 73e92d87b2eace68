"""`kestra.integrate --dry-run` beside the calls of Compose that it makes."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from dev.bench_discover import grow
from dev.bench_report import Measured, Row, interleave, ratio, timed

SECONDS, GOAL = 1.5, 1.3
FILES, COMPOSES = 3_000, 40
_STACK = """\
services:
  app{0}:
    image: busybox:1.36
    container_name: tools-app{0}
    ports: ["{1}:80"]
    environment:
      MODE: production
  worker{0}:
    image: busybox:1.36
    depends_on: [app{0}]
networks:
  tradingsystem_backend:
    external: true
"""
_PLUGINS = ("/usr/local/lib", "/usr/local/libexec", "/usr/lib", "/usr/libexec")
_SHIM = """\
#!{python}
import json, os, sys
line = json.dumps([os.getcwd(), sys.argv[1:]]) + "\\n"
with open({log!r}, "a") as stream:
    stream.write(line)
os.execv({plugin!r}, [{plugin!r}, *sys.argv[1:]])
"""


def measure(*, small: bool) -> Measured:
    """A monorepo of 3,000 files, half of its 40 compose files with a port from a variable."""
    plugin = next((p for p in _places() if os.access(p, os.X_OK)), None)
    if plugin is None:
        raise RuntimeError("docker compose isn't installed")
    argv = [str(Path(sys.executable).with_name("inv")), "kestra.integrate", "--dry-run"]
    with TemporaryDirectory(prefix="kestra-bench-") as made:
        root, log = Path(made) / "monorepo", Path(made) / "calls"
        root.mkdir()
        lay(root)
        calls = recorded(argv, root, Path(made), log, plugin)
        bodies = {
            "ours": lambda: timed(argv, root),
            "bare": lambda: replay(calls, root, ["docker", "compose"]),
            "plugin": lambda: replay(calls, root, [plugin]),
        }
        taken = interleave(bodies, 3 if small else 9)
    name = f"integrate --dry-run, {FILES:,} files, {COMPOSES} compose files"
    ours = taken["ours"]
    calls_by_hand = f"the same / its {len(calls)} calls of docker compose config"
    return Measured(
        [
            Row(name, "s", ours, None, ours, SECONDS, "{:.2f} s"),
            ratio(calls_by_hand, "s", ours, taken["bare"], GOAL),
            # Ours calls the plugin itself, which takes half as long: not held against it.
            ratio("the same / those calls of the plugin itself", "s", ours, taken["plugin"], None),
        ]
    )


def lay(root: Path) -> None:
    grow(root, FILES - COMPOSES)
    stacks = root / "tools/compose"
    stacks.mkdir(parents=True)
    for number in range(COMPOSES):
        port = 3100 + number
        shown = f"${{APP{number}_PORT:-{port}}}" if number % 2 else str(port)
        name = "tools" if number == 0 else f"stack{number}"
        place = stacks / f"docker-compose.{name}.yml"
        place.write_text(_STACK.format(number, shown), encoding="utf-8")
    variables = "".join(f"APP{n}_PORT={3100 + n}\n" for n in range(1, COMPOSES, 2))
    (root / ".env").write_text(variables, encoding="utf-8")


def recorded(
    argv: list[str], root: Path, made: Path, log: Path, plugin: str
) -> list[tuple[str, list[str]]]:
    """The calls of Compose that a run makes: (folder, arguments), in the order of their start."""
    plugins = made / "docker/cli-plugins"
    plugins.mkdir(parents=True)
    shim = plugins / "docker-compose"
    shim.write_text(_SHIM.format(python=sys.executable, log=str(log), plugin=plugin))
    shim.chmod(0o755)
    timed(argv, root, {"DOCKER_CONFIG": str(made / "docker")})
    found = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    calls = [(str(folder), list(given)) for folder, given in found if "config" in given]
    if not calls:
        raise RuntimeError(f"{shlex.join(argv)} asked Compose nothing")
    return calls


def replay(calls: list[tuple[str, list[str]]], root: Path, program: list[str]) -> float:
    """Seconds of the same calls by `program`, as many side by side as ours are.

    A copy of the stack's file that is gone since becomes the file itself.
    """

    def call(one: tuple[str, list[str]]) -> None:
        folder, given = one
        given = given[1:] if given[0] == "compose" else given
        if not (Path(folder).is_dir() and all(Path(w).exists() for w in given if w[0] == "/")):
            stack = str(root / "tools/compose/docker-compose.tools.yml")
            folder, given = str(root), ["-f", stack, "config", "--format", "json"]
        env = {**os.environ, "GOGC": "off"}
        subprocess.run([*program, *given], cwd=folder, env=env, capture_output=True, check=False)

    begun = time.perf_counter()
    with ThreadPoolExecutor((os.cpu_count() or 2) + 1) as pool:
        list(pool.map(call, calls))
    return time.perf_counter() - begun


def _places() -> list[str]:
    own = os.environ.get("DOCKER_CONFIG") or str(Path.home() / ".docker")
    base = "cli-plugins/docker-compose"
    return [f"{own}/{base}", *(f"{place}/docker/{base}" for place in _PLUGINS)]
