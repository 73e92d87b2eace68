"""The files that say what to watch: read again when they change, the last good ones kept."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kestra_tasks.core.addresses import secret_values
from kestra_tasks.core.services import (
    Manifest,
    ManifestError,
    Problem,
    Service,
    read_manifest,
)
from kestra_tasks.ops.masking import Mask
from kestra_tasks.probes.survey import read_variables
from kestra_tasks.settings import Settings

_MOST_BYTES = 4 * 2**20


@dataclass(frozen=True)
class Sources:
    """What the files say.

    Attributes:
        services: of the last manifest that could be read.
        problems: entries that were left out, in that manifest.
        broken: why the file as it is now can't be read; None where it can.
        read_at: Unix time at which the services were read, 0 for never.
        mask: hides the secrets of `.env`.
    """

    services: tuple[Service, ...] = ()
    problems: tuple[Problem, ...] = ()
    broken: Problem | None = None
    read_at: float = 0.0
    mask: Mask = field(default_factory=lambda: Mask(()))


class Reader:
    """Reads the manifest and `.env` of the monorepo at `root`.

    Args:
        environ: beats `.env`, as it does for Compose.
    """

    def __init__(
        self, root: Path, settings: Settings, environ: Mapping[str, str] = os.environ
    ) -> None:
        self.file = settings.manifest
        self._root = root
        self._settings = settings
        self._manifest = root / settings.manifest
        self._env = root / settings.env_file
        self._environ = environ
        self._marks: tuple[object, object] | None = None
        self.sources = Sources()

    def variable(self, name: str) -> str:
        """A variable's value out of the environment or `.env`; "" where it isn't set."""
        return self._variables().get(name, "")

    def changed(self) -> bool:
        """Whether either file is another than the one that was read; costs two stat calls."""
        return self._marks != (_mark(self._manifest), _mark(self._env))

    def read(self) -> Sources:
        """Read both; keep the last good services where the manifest can't be read."""
        marks = (_mark(self._manifest), _mark(self._env))
        variables = self._variables()
        mask = Mask(secret_values(variables))
        last = self.sources
        try:
            found = self._read_manifest(variables)
        except ManifestError as error:
            self.sources = Sources(last.services, last.problems, error.problem, last.read_at, mask)
        else:
            self.sources = Sources(found.services, found.problems, None, time.time(), mask)
        self._marks = marks
        return self.sources

    def _read_manifest(self, variables: Mapping[str, str]) -> Manifest:
        data = _read(self._manifest)
        if isinstance(data, str):
            raise ManifestError(Problem(self.file, 1, data))
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise ManifestError(Problem(self.file, line, "not UTF-8")) from error
        return read_manifest(text, self.file, variables)

    def _variables(self) -> dict[str, str]:
        return read_variables(self._root, self._settings, self._environ)


def _mark(path: Path) -> object:
    try:
        found = path.stat()
    except OSError as error:
        return error.errno
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _read(path: Path) -> bytes | str:
    """A file's bytes, or why there are none; never waits for what isn't a plain file."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return "it isn't a file"
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return "there is no such file"
    except OSError as error:
        return f"it can't be read: {error.strerror}"
    return data if len(data) <= _MOST_BYTES else f"it is larger than {_MOST_BYTES // 2**20} MiB"
