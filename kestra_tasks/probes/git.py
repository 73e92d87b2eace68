"""What git would do with a file."""

from __future__ import annotations

import subprocess
from pathlib import Path


def would_take(root: Path, file: str) -> bool:
    """Whether git would commit `file`, or has; False outside a repository or without git."""
    return _git(root, "check-ignore", "--quiet", file) == 1


def has(root: Path, file: str) -> bool:
    """Whether git follows `file` already, so that ignoring it changes nothing."""
    return _git(root, "ls-files", "--error-unmatch", "--", file) == 0


def keep_out(root: Path, file: str) -> str:
    """What to do so that `file`, which holds secrets and which git would take, stays out of it."""
    if not has(root, file):
        return f"echo '/{file}' >> .gitignore"
    return (
        f"git has {file} already: take a file of its own, `env_file: {file}.kestra` under "
        f"`kestra:` in invoke.yaml, and: echo '/{file}.kestra' >> .gitignore"
    )


def links(root: Path) -> list[str]:
    """The symbolic links that git follows, relative to `root`."""
    done = _run(root, "ls-files", "--stage", "-z")
    entries = done.stdout.split(b"\0") if done and done.returncode == 0 else []
    names = (entry.partition(b"\t")[2] for entry in entries if entry.startswith(b"120000 "))
    return [name.decode("utf-8", "surrogateescape") for name in names]


def _git(root: Path, *words: str) -> int | None:
    done = _run(root, *words)
    return None if done is None else done.returncode


def _run(root: Path, *words: str) -> subprocess.CompletedProcess[bytes] | None:
    try:
        return subprocess.run(
            ["git", *words],
            cwd=root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
