"""Row 3.4: Kestra in the scripts that start and stop the monorepo's stacks."""

from __future__ import annotations

import posixpath
import shlex

from kestra_tasks.core.bashaim import Aim, compose_name
from kestra_tasks.core.bashplaces import NAMES, place
from kestra_tasks.core.bashscan import BashRefusedError
from kestra_tasks.core.bashtext import blocks, called_by_hand, insert, line_feeds, strip
from kestra_tasks.core.edit import Change, Changes, Conflict, Edit, Noop
from kestra_tasks.core.markers import BrokenMarkError, seal_of
from kestra_tasks.core.owned import edited_block, plan_managed, undo_owned
from kestra_tasks.core.template import render
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.errors import PreconditionError
from kestra_tasks.settings import Settings
from kestra_tasks.templates import load

STEP = "stacks"
SCRIPT = "stack.sh"
# Without them ours would fail, and take a watched `docker compose` of the host's with it.
_NEEDS = ("lib/common.sh", "lib/env.sh", "lib/checks.sh", "stop.sh")
_VERBS = {"start": frozenset({"up", "start"}), "stop": frozenset({"stop", "down", "kill", "rm"})}


def plan(tree: Tree, settings: Settings) -> Changes:
    """Write the scripts where the settings ask for them, or call ours from the host's."""
    scripts = _scripts(settings)
    ours = f"{settings.scripts_dir}/{SCRIPT}"
    create = STEP in settings.create
    if not create and not any(tree.read(path) for path in scripts.values()):
        for path in scripts.values():
            yield Noop(path, "absent, and the settings don't ask for it (create: [stacks])")
        return
    if missing := next((n for n in _NEEDS if not tree.read(f"{settings.scripts_dir}/{n}")), None):
        yield Conflict(
            ours,
            f"{ours} needs {missing} beside it, which isn't there; it isn't written",
            "inv kestra.scaffold   # or all together: inv kestra.integrate",
        )
        return
    text = render(load(f"managed/{SCRIPT}"), _values(settings), {settings.database})
    yield plan_managed(tree, ours, text, mode=0o755, force=settings.force)
    for action, path in scripts.items():
        found = tree.read(path)
        if found is not None and seal_of(found.text) is None:
            yield _extend(tree, found, path, action, settings)
        elif found is not None or create:
            template = render(load(f"managed/{action}-stacks.sh"), _values(settings, path))
            yield plan_managed(tree, path, template, mode=0o755, force=settings.force)
        else:
            yield Noop(path, "absent, and the settings don't ask for it (create: [stacks])")


def undo(tree: Tree, settings: Settings) -> Changes:
    """Take our calls out of the host's scripts, and delete the scripts of our own."""
    kept = False
    for path in _scripts(settings).values():
        found = tree.read(path)
        if found is None:
            change: Change = Noop(path, "absent")
        elif seal_of(found.text) is not None:
            change = undo_owned(tree, path, force=settings.force)
        else:
            change = _take_out(found, path, settings)
        kept = kept or isinstance(change, Conflict)
        yield change
    ours = f"{settings.scripts_dir}/{SCRIPT}"
    if kept:
        yield Noop(ours, "is kept: a script may still call it")
    else:
        yield undo_owned(tree, ours, force=settings.force)


def _scripts(settings: Settings) -> dict[str, str]:
    return {"start": settings.start_stacks, "stop": settings.stop_stacks}


def _extend(tree: Tree, found: File, path: str, action: str, settings: Settings) -> Change:
    there = blocks(found.text, NAMES, path)
    plain = strip(found.text, there.values())
    if line := called_by_hand(plain, f"{settings.scripts_dir}/{SCRIPT}"):
        return Noop(path, f"line {line} calls {SCRIPT} already")
    aim = _aim(tree, path, action, settings)
    try:
        text = insert(plain, place(line_feeds(plain), aim))
    except BashRefusedError as error:
        return _refused(path, error, aim, settings)
    if text == found.text:
        first = min(block.line for block in there.values())
        return Noop(path, f"calls {SCRIPT} already, line {first}")
    for name, block in there.items():
        if not block.intact and not settings.force:
            ours = "".join(b.body for b in blocks(text, NAMES, path).values())
            return edited_block(path, block, "lines", named=name, ours=ours)
    why = "an older version of our calls" if there else f"doesn't {action} Kestra"
    return Edit(path, found, File.of(text, found.mode), why)


def _take_out(found: File, path: str, settings: Settings) -> Change:
    try:
        there = blocks(found.text, NAMES, path)
    except BrokenMarkError as error:
        return Conflict(path, error.message, error.hint)
    if not there:
        return Noop(path, "has nothing of ours")
    for name, block in there.items():
        if not block.intact and not settings.force:
            return edited_block(path, block, "lines", named=name)
    text = strip(found.text, there.values())
    return Edit(path, found, File.of(text, found.mode), f"drop the calls of {SCRIPT}")


def _aim(tree: Tree, path: str, action: str, settings: Settings) -> Aim:
    ours = f"{settings.scripts_dir}/{SCRIPT}"
    return Aim(
        verbs=_VERBS[action],
        action=action,
        stack=settings.stack,
        compose_file=settings.compose_file,
        ours=settings.relative(ours, posixpath.dirname(path)),
        folder=posixpath.dirname(path),
        there=lambda other: _is_file(tree, other),
    )


def _is_file(tree: Tree, path: str) -> bool:
    try:
        return tree.read(path) is not None
    except PreconditionError:  # a folder, or not inside the monorepo
        return False


def _refused(path: str, error: BashRefusedError, aim: Aim, settings: Settings) -> Conflict:
    where = (
        "before the first stack that it starts, behind its own guards"
        if aim.action == "start"
        else "before the first stack that it stops"
    )
    call = f'"$(dirname -- "$(readlink -f -- "$0")")/{aim.ours}" --for "$*" {aim.action}'
    return Conflict(
        path,
        f"{path}:{error.line}: no sure place for the call of {SCRIPT}: {error.why}",
        f"add this by hand {where}: {call}   # or leave the step out: skip: [{STEP}]",
        ours=f"{call}\n",
    )


def _values(settings: Settings, path: str = "") -> dict[str, str]:
    folder = posixpath.dirname(settings.compose_file)
    named = shlex.quote(compose_name(settings.compose_file))
    return {
        "compose_file": settings.compose_file,
        "compose_folder": f"/{folder}" if folder else "",
        "compose_label": folder or "the root",
        "stack": settings.stack,
        "stack_words": f"{settings.stack} | {named} | */{named}",
        "stack_script": f"{settings.scripts_dir}/{SCRIPT}",
        "start_script": settings.start_stacks,
        "container": settings.container,
        "network": settings.network,
        "http_port": str(settings.http_port),
        "management_port": str(settings.management_port),
        "root": settings.relative(".", posixpath.dirname(path)),
    }
