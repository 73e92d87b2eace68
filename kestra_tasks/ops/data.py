"""Kestra's data on this machine: folders made, and, when a person says so, all of it removed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kestra_tasks.errors import PreconditionError
from kestra_tasks.ops import compose
from kestra_tasks.ops.containers import Engine
from kestra_tasks.ops.environment import Runtime
from kestra_tasks.ops.images import RECORD, Record, read_record, write_record
from kestra_tasks.ops.runner import Runner

# The server's temporary files lie below this folder of the work folder; the rest is people's.
_TEMPORARY = "tmp"
# What our scaffold keeps in an ignored folder.
_KEEPERS = {".gitignore", ".gitkeep", RECORD}


@dataclass(frozen=True)
class Room:
    """Data that exist.

    Attributes:
        volume: the database's volume, "" where there is none that this project made.
        folders: host folders whose whole content is Kestra's.
        left: what isn't Kestra's alone, and is left: why, in words.
    """

    volume: str
    folders: tuple[Path, ...]
    left: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        return bool(self.volume or self.folders)


def ensure_folders(runtime: Runtime, say: Callable[[str], None], *, dry_run: bool) -> None:
    """Make the storage and the work folder, 755, this user's; note whether storage was empty.

    Raises:
        PreconditionError: one can't be made, or isn't a folder.
    """
    for folder in (runtime.storage, runtime.workdir):
        if folder.is_dir():
            continue
        say(f"{'would create' if dry_run else 'creating'} {folder}")
        if dry_run:
            continue
        try:
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o755)
        except OSError as error:
            raise PreconditionError(
                f"{folder} can't be made: {error.strerror}",
                "set KESTRA_STORAGE_DIR or KESTRA_WORKDIR_DIR to a folder of yours in .env",
            ) from error
    if not dry_run and read_record(runtime) is None and _content(runtime.storage) == []:
        write_record(runtime, Record(ours=True))


def find(runtime: Runtime, engine: Engine) -> Room:
    """What `down --data` would remove."""
    left = []
    volume = runtime.volume
    project = engine.volume_project(volume) if volume else None
    if project is None:
        volume = ""
    elif project != runtime.project:
        left.append(f"volume {volume}: the Compose project {project or '(none)'} made it")
        volume = ""
    folders = []
    if _is_ours(runtime):
        folders += [runtime.storage] if _content(runtime.storage) else []
    elif _content(runtime.storage):
        left.append(f"{runtime.storage}: it had content before Kestra used it")
    if _content(runtime.workdir / _TEMPORARY):
        folders.append(runtime.workdir / _TEMPORARY)
    return Room(volume, tuple(folders), tuple(left))


def remove(runtime: Runtime, room: Room, runner: Runner) -> None:
    """Remove the volume and empty the folders; the containers must be gone.

    Raises:
        ChildError: Docker refuses; what is left is named by a second run.
    """
    if room.volume:
        runner.change(compose.remove_volume(room.volume))
    for folder in room.folders:
        _empty(runtime, folder, runner)
    if not runner.dry_run:
        # What last ran on data that are gone says nothing of the next ones.
        with suppress(OSError):
            (runtime.storage / RECORD).unlink(missing_ok=True)


def _is_ours(runtime: Runtime) -> bool:
    """Whether all that the storage holds is Kestra's."""
    record = read_record(runtime)
    return runtime.storage.is_relative_to(runtime.kestra_dir) or bool(record and record.ours)


def _empty(runtime: Runtime, folder: Path, runner: Runner) -> None:
    """Delete what is in a folder but our scaffold's own files."""
    if runner.dry_run:
        runner.say(f"would empty {folder}")
        return
    runner.say(f"emptying {folder}")
    try:
        for item in folder.iterdir():
            if item.name in _KEEPERS - {RECORD}:
                continue
            if item.is_dir() and not item.is_symlink():
                shutil.rmtree(item)
            else:
                item.unlink()
    except PermissionError:
        # The server runs as root: what it wrote isn't this user's.
        runner.change(compose.empty_folder(runtime.image, str(folder)))


def _content(folder: Path) -> list[str] | None:
    """What is in a folder beside our own files; None where it can't be read or isn't there."""
    try:
        return sorted({item.name for item in folder.iterdir()} - _KEEPERS)
    except OSError:
        return None
