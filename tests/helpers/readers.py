"""The readers of `.env` that have to agree: Compose, run.sh's bash, python-dotenv."""

from __future__ import annotations

import functools
import io
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path

import dotenv

_UNSET = "unset-in-this-file"


@functools.cache
def has_compose() -> bool:
    """Whether `docker compose` answers; no daemon is needed."""
    if shutil.which("docker") is None:
        return False
    argv = ["docker", "compose", "version"]
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


def compose(text: str, keys: Iterable[str], environ: Mapping[str, str] | None = None) -> object:
    """Values of `keys` as Compose reads them (absent ones left out), or its refusal as text."""
    environment = {key: f"${{{key}-{_UNSET}}}" for key in keys}
    service = {"image": "x", "environment": environment}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / ".env").write_bytes(text.encode("utf-8", "surrogateescape"))
        (root / "compose.yml").write_text(json.dumps({"services": {"a": service}}))
        argv = ["docker", "compose", "-p", "readers", "-f", str(root / "compose.yml")]
        done = subprocess.run(
            [*argv, "config", "--format", "json"],
            capture_output=True,
            env={"PATH": os.environ["PATH"], "HOME": folder, **(environ or {})},
            check=False,
        )
    if done.returncode:
        return done.stderr.decode()
    read = json.loads(done.stdout)["services"]["a"]["environment"]
    return {k: v.replace("$$", "$") for k, v in read.items() if v != _UNSET}


def run_sh(text: str, keys: Iterable[str]) -> object:
    """Values of `keys` as run.sh reads them, or its refusal as text."""
    names = " ".join(keys)
    reader = resources.files("kestra_tasks").joinpath("templates/managed/lib/env.sh")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "env.sh").write_text(reader.read_text())
        (root / ".env").write_bytes(text.encode("utf-8", "surrogateescape"))
        script = (
            "set -euo pipefail; EXIT_PRECONDITION=3\n"
            'fail() { printf "%s\\n" "$@" >&2; exit "$1"; }\n'
            f'. "{folder}/env.sh"; env_file="{folder}/.env"\n'
            f"read_env {names}\n"
            f'for name in {names}; do printf \'%s=%s\\0\' "$name" "${{!name-}}"; done\n'
        )
        done = subprocess.run(
            ["bash", "-c", script],
            capture_output=True,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            check=False,
        )
    if done.returncode:
        return done.stderr.decode()
    pairs = done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]
    return dict(pair.split("=", 1) for pair in pairs)


def python_dotenv(text: str) -> dict[str, str | None]:
    """Values as python-dotenv reads them, `${NAME}` left alone."""
    return dict(dotenv.dotenv_values(stream=io.StringIO(text), interpolate=False))
