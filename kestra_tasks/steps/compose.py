"""Row 3.1: Kestra's own compose file, and the include of it in the stack's compose file."""

from __future__ import annotations

import posixpath
import re

from kestra_tasks.core.edit import Change, Changes, Conflict, Edit, Noop
from kestra_tasks.core.markers import BrokenMarkError, find, seal_of
from kestra_tasks.core.owned import edited_block, plan_managed, undo_owned
from kestra_tasks.core.template import render
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.core.yamloutline import Entry, Outline, YamlRefusedError, outline
from kestra_tasks.core.yamltext import (
    add_item,
    remove_item,
    render_item,
    render_line,
    replace_item,
    scalar,
)
from kestra_tasks.settings import Settings
from kestra_tasks.steps.compose_clash import clashes
from kestra_tasks.templates import load

MARK = "compose"
KEY = "include"
CREATED = "created"


def plan(tree: Tree, settings: Settings) -> Changes:
    """Bring compose.yml and the include of it up to date."""
    stack = settings.compose_file
    found = tree.read(stack)
    own = own_text(settings)
    try:
        seen = outline(found.text, stack) if found else None
        taken = list(clashes(seen, own, settings)) if seen else []
        included = None if taken else _plan_include(found, seen, settings)
    except YamlRefusedError as error:
        yield _refused(error, settings)
        return
    if included is None:
        yield from taken
        return
    managed = plan_managed(tree, settings.kestra_compose, own, force=settings.force)
    yield managed
    if isinstance(managed, Conflict) and seal_of(managed.theirs) is None:
        yield Noop(stack, f"doesn't include {settings.kestra_compose}, which isn't ours")
    else:
        yield included


def undo(tree: Tree, settings: Settings) -> Changes:
    """Take out the include, and then the file that it named."""
    stack = settings.compose_file
    found = tree.read(stack)
    kept = False
    if found is None:
        yield Noop(stack, "absent")
    else:
        try:
            change = _undo_include(found, settings)
        except (YamlRefusedError, BrokenMarkError) as error:
            change = Conflict(stack, error.message, error.hint)
        kept = isinstance(change, Conflict)
        yield change
    if kept:
        why = f"is kept: {stack} still includes it"
        yield Noop(settings.kestra_compose, why)
        return
    yield undo_owned(tree, settings.kestra_compose, force=settings.force)


def own_text(settings: Settings) -> str:
    """Kestra's compose file, its seal still open."""
    values = {
        "compose_file": settings.compose_file,
        "env_file": settings.env_file,
        "image": settings.image,
        "container": settings.container,
        "http_port": str(settings.http_port),
        "management_port": str(settings.management_port),
        "kestra_dir_from_stack": settings.kestra_dir_from_stack,
        "username": settings.username,
        "memory": settings.memory,
        "stack": settings.stack,
        "postgres_image": settings.postgres_image,
        "postgres_container": settings.postgres_container,
        "postgres_memory": settings.postgres_memory,
        "volume": settings.volume,
        "network": settings.network,
    }
    return render(load("managed/compose.yml"), values, {settings.database})


def item(settings: Settings) -> dict[str, str]:
    """The stack file's include item; its paths are relative to the stack file's folder."""
    folder = posixpath.dirname(settings.compose_file)
    return {
        "path": settings.relative(settings.kestra_compose, folder),
        "project_directory": ".",
        "env_file": settings.relative(settings.env_file, folder),
    }


def project_name(stack: str) -> str:
    """`stack` as Compose takes it for a project's name."""
    return re.sub(r"[^a-z0-9_-]", "", stack)


def _plan_include(found: File | None, seen: Outline | None, settings: Settings) -> Change:
    path, wanted = settings.compose_file, item(settings)
    if found is None or seen is None:
        head = f"name: {scalar(project_name(settings.stack))}\n"
        text = add_item(head, KEY, wanted, MARK, path, flags=(CREATED,))
        return Edit(path, None, File.of(text), "absent")
    block = find(found.text, MARK, path)
    if block is None:
        if theirs := _included(seen, settings):
            return Noop(path, f"line {theirs.line} includes {settings.kestra_compose} already")
        text = add_item(found.text, KEY, wanted, MARK, path)
        return Edit(path, found, File.of(text, found.mode), f"doesn't include {wanted['path']}")
    text = replace_item(found.text, KEY, wanted, MARK, path)
    if text == found.text:
        return Noop(path, f"includes {wanted['path']} already, line {block.line}")
    if not block.intact and not settings.force:
        return edited_block(path, block, "include", ours=render_item(KEY, wanted))
    why = "an older version of our include" if block.intact else "forced"
    return Edit(path, found, File.of(text, found.mode), why)


def _undo_include(found: File, settings: Settings) -> Change:
    path = settings.compose_file
    block = find(found.text, MARK, path)
    if block is None:
        return Noop(path, "has nothing of ours")
    if not block.intact and not settings.force:
        return edited_block(path, block, "include")
    text = remove_item(found.text, KEY, MARK, path)
    if CREATED in block.flags and re.fullmatch(r"name: \S+\r?\n", text):
        return Edit(path, found, None, "written by us")
    return Edit(path, found, File.of(text, found.mode), f"drop {settings.kestra_compose}")


def _included(seen: Outline, settings: Settings) -> Entry | None:
    """A person's own include of Kestra's file, in any form that Compose takes."""
    folder = posixpath.dirname(settings.compose_file)
    tops = [
        seen.anchors.get(str(e.value), e.path) if e.kind == "alias" else e.path
        for e in seen.all((KEY,))
    ]
    for entry in seen.entries.values():
        if entry.kind != "scalar" or not any(entry.path[: len(top)] == top for top in tops):
            continue
        inside = [part for part in entry.path[1:] if isinstance(part, str)]
        place = posixpath.normpath(posixpath.join(folder, entry.value or ""))
        if inside in ([], ["path"]) and place == settings.kestra_compose:
            return entry
    return None


def _refused(error: YamlRefusedError, settings: Settings) -> Conflict:
    wanted = item(settings)
    return Conflict(
        error.path,
        error.message,
        f"add this by hand: {render_line(KEY, wanted)}" if error.by_hand else error.hint,
        ours=render_item(KEY, wanted),
    )
