"""What git would do with a file."""

from __future__ import annotations

import subprocess
from pathlib import Path


def would_take(root: Path, file: str) -> bool:
    """Whether git would commit `file`, or has; False outside a repository or without git."""
    try:
        done = subprocess.run(
            ["git", "check-ignore", "--quiet", file],
            cwd=root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 1
