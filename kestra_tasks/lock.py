"""One task at a time on a folder; the lock is on the folder itself, so no file is left behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from kestra_tasks.errors import PreconditionError


@contextlib.contextmanager
def held(folder: Path, busy: str) -> Iterator[None]:
    """Hold `folder`, which must be there; a process that ends in any way lets it go.

    Args:
        busy: what is told where another process holds it.

    Raises:
        PreconditionError: another one does.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise PreconditionError(busy, "run this again when it has ended") from error
        yield
    finally:
        os.close(handle)
