"""What the steps write: managed files and blocks stay ours, seeded files become the team's."""

from __future__ import annotations

from kestra_tasks.core.edit import Change, Conflict, Edit, Noop
from kestra_tasks.core.markers import Block, seal, seal_of
from kestra_tasks.core.tree import File, Tree


def plan_managed(
    tree: Tree, path: str, text: str, *, mode: int = 0o644, force: bool = False
) -> Change:
    """Bring a managed file up to date; a hand's edit is a conflict unless forced.

    Args:
        text: the rendered template, `@@digest@@` still in it.
        mode: permission bits of a new file; the run bit is kept up later as well.
    """
    wanted = File.of(seal(text), mode)
    found = tree.read(path)
    if found is None:
        return Edit(path, None, wanted, "absent")
    if found.same_as(wanted):
        return Noop(path, "up to date")
    if found.data == wanted.data:
        return Edit(path, found, wanted, "isn't executable" if wanted.executable else "run bit")
    sealed = seal_of(found.text)
    if force or sealed == ("managed", True):
        why = "an older version of ours" if sealed == ("managed", True) else "forced"
        return Edit(path, found, wanted, why)
    why = "was edited by hand" if sealed else "is a file of yours"
    return Conflict(
        path,
        f"{path} {why}; it is kept",
        "move it away, or add --force to replace it",
        theirs=found.text,
        ours=wanted.text,
    )


def plan_seeded(tree: Tree, path: str, text: str, *, mode: int = 0o644) -> Change:
    """Write a seeded file where there is none; from then on it is the team's."""
    if tree.read(path) is not None:
        return Noop(path, "is the team's now")
    return Edit(path, None, File.of(seal(text), mode), "absent")


def undo_owned(tree: Tree, path: str, *, force: bool = False) -> Change:
    """Delete a file that we wrote and nobody touched since."""
    found = tree.read(path)
    if found is None:
        return Noop(path, "absent")
    sealed = seal_of(found.text)
    if sealed is None:
        return Noop(path, "isn't ours")
    if sealed[1] or force:
        return Edit(path, found, None, "written by us")
    return Conflict(
        path,
        f"{path} was edited since we wrote it; it is kept",
        "save what you need of it, then add --force to delete it",
        theirs=found.text,
    )


def edited_block(
    path: str, block: Block, what: str, *, ours: str | None = None, named: str = ""
) -> Conflict:
    """A block of ours that a hand edited: kept, unless forced.

    Args:
        what: "include", "call", "lines": what we call it.
        ours: what would be written; None where it would be deleted.
        named: which of several blocks in that file it is.
    """
    were, they, them = ("were", "they are", "them") if what == "lines" else ("was", "it is", "it")
    which = f"our {what} ({named})" if named else f"our {what}"
    hint = f"add --force to write {them} anew"
    if ours is None:
        hint = "delete the marked lines by hand, or add --force to delete them"
    why = f"{path}:{block.line}: {which} {were} edited by hand; {they} kept"
    return Conflict(path, why, hint, theirs=block.body, ours=ours or "")
