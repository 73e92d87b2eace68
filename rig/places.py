"""Where the rig keeps what it builds and what it started: one place a machine, not a clone."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
IMAGE_SOURCES = HERE / "images"


def state_dir(environ: Mapping[str, str] = os.environ, uid: int | None = None) -> Path:
    """The rig's folder: the machine's for root, one's own else; KESTRA_RIG_STATE beats both."""
    if environ.get("KESTRA_RIG_STATE"):
        return Path(environ["KESTRA_RIG_STATE"])
    if (os.getuid() if uid is None else uid) == 0:
        return Path("/var/lib/kestra-rig")
    base = environ.get("XDG_STATE_HOME")
    home = Path(environ.get("HOME") or Path.home())
    return (Path(base) if base else home / ".local" / "state") / "kestra-rig"


def folder(*names: str) -> Path:
    """A folder of the rig's state, made when absent."""
    path = state_dir().joinpath(*names)
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def locked(name: str = "rig") -> Iterator[None]:
    """Hold the machine-wide lock: two clones don't build or start the same thing at once."""
    descriptor = os.open(folder() / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
