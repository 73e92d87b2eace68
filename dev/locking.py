"""`inv lock`."""

from __future__ import annotations

from invoke import Context, task

from dev.chores import run_all


@task(auto_shortflags=False)
def lock(_context: Context) -> None:
    """Pin every dependency with its hashes in requirements.lock (needs uv)."""
    command = [
        "uv",
        "pip",
        "compile",
        "pyproject.toml",
        "--extra",
        "dev",
        "--extra",
        "launcher",
        "--universal",
    ]
    options = ["--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--quiet"]
    header = ["--custom-compile-command", "inv lock"]
    run_all([[*command, *options, *header, "--output-file", "requirements.lock"]])
