"""The only writer of the monorepo's files.

All files are compared with the plan, then staged beside their targets, then renamed: killed at
any instant each file is old or new, and a second run completes the plan.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path

from kestra_tasks import lock
from kestra_tasks.core.edit import Change, Edit
from kestra_tasks.core.plan import Plan, same
from kestra_tasks.core.tree import File
from kestra_tasks.errors import PreconditionError, StaleFileError
from kestra_tasks.probes.tree import DiskFiles

_FOLDER_MODE = 0o755


def apply(root: Path, plan: Plan) -> None:
    """Carry out the net edits of `plan` below `root`.

    Raises:
        StaleFileError: a file isn't as the plan saw it; nothing was written.
        PreconditionError: another apply is at work, a path leaves the root, or a file
            can't be written; what was renamed by then is whole.
    """
    root = root.resolve()
    with lock.held(root, f"another kestra task is writing to {root}"):
        for edit in plan.edits:
            _compare(root, edit)
        made: list[Path] = []
        staged: list[tuple[Path, Path]] = []
        try:
            _sweep(root, plan)
            for edit in plan.edits:
                if edit.after is not None:
                    staged.append(_stage(root, edit, edit.after, made))
            for temporary, target in staged:
                temporary.replace(target)
                _sync_folder(target.parent)
            for edit in plan.edits:
                if edit.after is None:
                    _delete(root, edit.path)
        except OSError as error:
            place = str(error.filename or root)
            raise PreconditionError(
                f"{place} can't be written: {error.strerror}; every file is as it was or new",
                _mend(error),
            ) from error
        finally:
            for temporary, _ in staged:
                temporary.unlink(missing_ok=True)
            _drop_empty(made)


def _compare(root: Path, edit: Edit) -> None:
    now = DiskFiles(root).get(edit.path)
    if not same(now, edit.before):
        raise StaleFileError(
            f"{edit.path} changed since the plan was made; nothing was written",
            "run the same command again",
        )
    if now is not None and not now.mode & 0o222:
        raise PreconditionError(
            f"{edit.path} is read-only; nothing was written", f"chmod u+w {edit.path}"
        )


def _stage(root: Path, edit: Edit, after: File, made: list[Path]) -> tuple[Path, Path]:
    """Write the new content beside its target; return both paths."""
    # A link inside the monorepo stays a link: its target is what is replaced.
    target = (root / edit.path).resolve()
    _make_folders(target.parent, made)
    temporary = _temporary(target)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as stream:
            stream.write(after.data)
            stream.flush()
            _give(stream.fileno(), target if edit.before is not None else target.parent)
            os.fchmod(stream.fileno(), _mode(target, edit, after))
            os.fsync(stream.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary, target


def _give(made: int | Path, model: Path) -> None:
    """Give a new file or folder the owner of `model`, as far as this user may."""
    # Under sudo the files of a person's checkout stay theirs; a file of a colleague's that
    # one may write becomes one's own, as with any editor that renames.
    owner = model.stat()
    if os.geteuid() == 0 or not stat.S_ISDIR(owner.st_mode):
        with contextlib.suppress(PermissionError):
            os.chown(made, owner.st_uid, owner.st_gid)


def _temporary(target: Path) -> Path:
    """The fixed name of a target's staged content; the lock makes it safe."""
    return target.with_name(f".{target.name}.kestra-tasks-tmp")


def _sweep(root: Path, plan: Plan) -> None:
    """Delete what a killed run staged, also for paths that this plan leaves alone."""
    changes: list[Change] = []
    for outcome in plan.outcomes:
        changes += [*outcome.edits, *outcome.noops, *outcome.conflicts]
    for path in {change.path for change in changes}:
        temporary = _temporary((root / path).resolve())
        found = temporary.is_file() or temporary.is_symlink()
        if found and temporary.is_relative_to(root):
            _delete(root, str(temporary.relative_to(root)))


def _mode(target: Path, edit: Edit, after: File) -> int:
    """The new file's mode: as it was, but for the run bits that the plan gives or takes."""
    if edit.before is None:
        return after.mode
    mode = target.stat().st_mode & 0o7777
    if after.executable:
        return mode | (mode & 0o444) >> 2
    return mode & ~0o111


def _make_folders(folder: Path, made: list[Path]) -> None:
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for path in reversed(missing):
        path.mkdir()
        made.append(path)
        path.chmod(_FOLDER_MODE)
        _give(path, path.parent)


def _drop_empty(made: list[Path]) -> None:
    for path in reversed(made):
        with contextlib.suppress(OSError):
            path.rmdir()


def _delete(root: Path, path: str) -> None:
    """Delete a file, and the folders that this leaves empty."""
    place = root / path
    place.unlink()
    for folder in place.parents:
        if folder == root:
            break
        try:
            folder.rmdir()
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                break
            raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _mend(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "free some space (df -h .), then run the same command again"
    if error.errno == errno.EROFS:
        return "the file system is read-only: mount it for writing, then run this again"
    return "give your user the right to write there, then run the same command again"
