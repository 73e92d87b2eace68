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


# What our tasks and scripts note down in tmp, and the folders that our .gitignore ignores.
_NOTES = ("up-failed-*.log", "smoke-failed-*.log", "openspec-report.md", "local-password")
_IGNORED = ("storage", "workdir", "tmp")
_RULE = "# kestra-tasks: what was left here at the removal.\n*\n!.gitkeep\n"
_SHOWN = 5


_AGAIN = "inv kestra.integrate, then inv kestra.remove --data"


def remove(rim: Rim, *, data: bool, yes: bool, force: bool) -> None:
    """Undo every step; containers must be gone first, data go only with `data`.

    Raises:
        PreconditionError: our containers exist (their compose file would be gone), nobody
            said yes to the loss of data, a file of ours was edited by hand, or data should
            have gone whose compose file is gone already.
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
        _leave_the_rest(rim, folder)
        _drop_empty_folders(folder, rim.root)
    _tell_of_settings(rim)
    for thing in kept:
        rim.say(f"kept {thing}; {rim.settings.env_file} keeps the credentials that open it")
    if kept and data and not rim.dry_run:
        raise PreconditionError(
            f"{kept[0]} is still there: without the compose file nothing tells whose it is", _AGAIN
        )
    if kept:
        rim.say(f"to remove these as well: {_AGAIN}")


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
    for pattern in _NOTES:
        for place in (folder / "tmp").glob(pattern):
            with contextlib.suppress(OSError):
                place.unlink()


def _leave_the_rest(rim: Rim, folder: Path) -> None:
    """Say what a person, or a server, left in our ignored folders, and keep git from taking it.

    The rule that ignored them went with our own .gitignore: it gets one in the folder itself,
    which ignores itself too and goes at the next removal that finds nothing else there.
    """
    from kestra_tasks.probes.git import would_take

    for name in _IGNORED:
        rule = folder / name / ".gitignore"
        with contextlib.suppress(OSError):
            left = sorted(item.name for item in rule.parent.iterdir() if item != rule)
            if not left:
                if rule.is_file() and rule.read_text(encoding="utf-8") == _RULE:
                    rule.unlink()
                continue
            place = rule.parent.relative_to(rim.root).as_posix()
            shown = ", ".join(left[:_SHOWN]) + (
                f" and {len(left) - _SHOWN} more" * (len(left) > _SHOWN)
            )
            rim.say(f"left in {place}: {shown}")
            if not rule.exists() and would_take(rim.root, f"{place}/{left[0]}"):
                rule.write_text(_RULE, encoding="utf-8")


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
