"""Taking the integration back, with an eye on the data that its credentials open."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from kestra_tasks import integration
from kestra_tasks.errors import KestraTasksError, PreconditionError
from kestra_tasks.rim import Rim

if TYPE_CHECKING:
    from kestra_tasks.ops.stack import Stack


def remove(rim: Rim, *, data: bool, yes: bool, force: bool) -> None:
    """Undo every step; containers must be gone first, data go only with `data`.

    Raises:
        PreconditionError: our containers exist (their compose file would be gone), nobody
            said yes to the loss of data, or a file of ours was edited by hand.
    """
    from kestra_tasks.ops import stop as stopping

    stack = _stack(rim)
    if stack is not None and data:
        stopping.down(rim, stack, remove_data=True, yes=yes)
    kept = _data(rim, stack) if not (data and rim.dry_run) else []
    if stack is not None and not rim.dry_run:
        _refuse_with_containers(stack)
    integration.take_back(rim, force=force, keep_credentials=bool(kept))
    if not rim.dry_run:
        folder = rim.root / rim.settings.kestra_dir
        if not kept:
            _drop_leavings(folder)
        _drop_empty_folders(folder, rim.root)
    _tell_of_settings(rim)
    for thing in kept:
        rim.say(f"kept {thing}; {rim.settings.env_file} keeps the credentials that open it")
    if kept:
        rim.say("to remove these as well: inv kestra.integrate, then inv kestra.remove --data")


def _tell_of_settings(rim: Rim) -> None:
    """What `kestra.init` wrote is no step's: say what takes it back."""
    from kestra_tasks.core import adopt
    from kestra_tasks.core.markers import find
    from kestra_tasks.probes.tree import read_tree

    tree = read_tree(rim.root)
    marks = ((adopt.SETTINGS_FILE, adopt.SETTINGS_MARK), (adopt.TASKS_FILE, adopt.TASKS_MARK))
    left = [
        path for path, mark in marks if (file := tree.read(path)) and find(file.text, mark, path)
    ]
    if left:
        rim.say(f"kept what inv kestra.init wrote ({' and '.join(left)}); it goes with:")
        rim.say("  -> inv kestra.init --remove")


def _stack(rim: Rim) -> Stack | None:
    """The stack, or None where there is no engine or nothing of ours to ask it about."""
    from kestra_tasks.ops.stack import open_stack

    try:
        stack = open_stack(rim)
        stack.engine.ping()
    except KestraTasksError:
        return None
    return stack


def _data(rim: Rim, stack: Stack | None) -> list[str]:
    """What Kestra kept on this machine, in words.

    Without an engine to ask, a storage folder with content is the sign that a database may
    exist: no server has run here without one.
    """
    from kestra_tasks.ops import data

    if stack is not None:
        room = data.find(stack.runtime, stack.engine)
        volume = [f"volume {room.volume}"] if room.volume else []
        return [*volume, *(str(folder) for folder in room.folders)]
    storage = rim.root / rim.settings.kestra_dir / "storage"
    return [str(storage)] if storage.is_dir() and any(storage.iterdir()) else []


def _refuse_with_containers(stack: Stack) -> None:
    names = [container.name for container in stack.containers().values() if container]
    if names:
        raise PreconditionError(
            f"{' and '.join(names)} would be left without the compose file that made them",
            "inv kestra.down, then inv kestra.remove",
        )


def _drop_leavings(folder: Path) -> None:
    """Delete what our tasks noted down: of no use where nothing of Kestra is left."""
    from kestra_tasks.ops.images import RECORD

    storage = folder / "storage"
    with contextlib.suppress(OSError):
        if [item.name for item in storage.iterdir()] == [RECORD]:
            (storage / RECORD).unlink()
    for pattern in ("up-failed-*.log", "smoke-failed-*.log", "openspec-report.md"):
        for place in (folder / "tmp").glob(pattern):
            with contextlib.suppress(OSError):
                place.unlink()


def _drop_empty_folders(folder: Path, root: Path) -> None:
    """Remove what was left empty: folders that `up` made, and those above them."""
    names = ("storage", "workdir/tmp", "workdir", "tmp", "")
    for place in (folder / name for name in names):
        with contextlib.suppress(OSError):
            place.rmdir()
    for parent in folder.relative_to(root).parents:
        with contextlib.suppress(OSError):
            if parent != Path():
                (root / parent).rmdir()
