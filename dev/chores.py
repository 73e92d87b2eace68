"""What every chore shares: the repository's root, its tools, and child commands shown first."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from invoke import Exit

ROOT = Path(__file__).resolve().parent.parent
_BIN = Path(sys.executable).parent


def say(text: str) -> None:
    """One line on stderr."""
    print(text, file=sys.stderr, flush=True)


def run(argv: Sequence[str], env: Mapping[str, str] | None = None) -> int:
    """Show and run a command in the repository's root; return its exit code.

    A first word that is a tool of the virtual environment is taken from there.
    """
    tool = _BIN / argv[0]
    say(f"$ {shlex.join(argv)}")
    command = [str(tool) if tool.exists() else argv[0], *argv[1:]]
    path = f"{_BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PATH": path, **(env or {})}, check=False
    )
    return done.returncode


def run_all(commands: Sequence[Sequence[str]]) -> None:
    """Run every command, then fail with the names of those that failed.

    Raises:
        Exit: code 1, where any failed.
    """
    failed = [argv[0] for argv in commands if run(argv) != 0]
    if failed:
        raise Exit(f"failed: {', '.join(failed)}", code=1)


def tracked(*patterns: str) -> list[str]:
    """The files that git tracks, or would, and that match one of the patterns."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(p for p in set(listed.stdout.split("\0")) if p and (ROOT / p).is_file())
