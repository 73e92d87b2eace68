"""`inv status.serve`: the Service Launcher of this monorepo, or of another with --root."""

from __future__ import annotations

import os
import sys

from invoke import Collection

from dev.chores import ROOT
from kestra_tasks.rim import Rim, kestra_task

APP = ROOT / "apps" / "status"


def command(arguments: list[str]) -> tuple[list[str], dict[str, str]]:
    """Argv and environment of the launcher with these arguments."""
    path = os.pathsep.join(p for p in (str(APP), os.environ.get("PYTHONPATH", "")) if p)
    return [sys.executable, "-m", "launcher", *arguments], {**os.environ, "PYTHONPATH": path}


@kestra_task(
    iterable=["allow_host"],
    help={
        "host": "Address to listen on (default: this machine only).",
        "port": "TCP port (default: SERVICE_LAUNCHER_PORT, else 3500).",
        "allow_host": "Host name by which the page may be opened; may be repeated.",
    },
)
def serve(
    rim: Rim, host: str = "127.0.0.1", port: str = "", allow_host: list[str] | None = None
) -> None:
    """Show the services of the manifest on a page that is kept open."""
    arguments = ["--root", str(rim.root), "--host", host]
    arguments += ["--port", port] if port else []
    for name in allow_host or []:
        arguments += ["--allow-host", name]
    argv, env = command(arguments)
    sys.stderr.flush()
    # In this process's place: a signal reaches the server itself, and nothing waits beside it.
    os.execve(argv[0], argv, env)  # noqa: S606


ns = Collection("status", serve)
