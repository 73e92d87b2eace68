"""Row 3.6: Kestra's own health script, and the monorepo's health check of all services.

Our own `health-check-all.sh` is written where the settings ask for one. A person's gets one marked
call at its head, which hands the run to our script: that runs it again, unchanged, and adds Kestra
to what it printed. So its flags, defaults and exit codes stay its own, however it is written.
"""

from __future__ import annotations

import posixpath

from kestra_tasks.core.bashtext import called_by_hand
from kestra_tasks.core.edit import Change, Changes, Conflict, Edit, Noop
from kestra_tasks.core.markers import block, find, seal_of
from kestra_tasks.core.owned import edited_block, plan_managed, undo_owned
from kestra_tasks.core.template import render
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.settings import Settings
from kestra_tasks.steps.healthcheck_place import NoPlaceError, find_place
from kestra_tasks.templates import load

MARK = "healthcheck"
_TARGET = "healthcheck"
# Path below kestra_dir/scripts: permission bits.
_OWN = {
    "lib/json.awk": 0o644,
    "lib/values.awk": 0o644,
    "lib/merge.awk": 0o644,
    "lib/probe.sh": 0o644,
    "lib/beside.sh": 0o644,
    "health.sh": 0o755,
}


def plan(tree: Tree, settings: Settings) -> Changes:
    """Write health.sh, then write, extend or leave alone the health check of all services."""
    shared = f"{settings.scripts_dir}/lib/common.sh"
    if tree.read(shared) is None:
        why = f"{shared}, which health.sh needs, isn't there"
        yield Conflict(settings.health_check, why, "inv kestra.scaffold")
        return
    for name, mode in _OWN.items():
        text = render(load(f"managed/{name}"), _values(settings))
        path = f"{settings.scripts_dir}/{name}"
        yield plan_managed(tree, path, text, mode=mode, force=settings.force)
    path = settings.health_check
    found = tree.read(path)
    if found is None and _TARGET not in settings.create:
        yield Noop(path, f"absent; `create: [{_TARGET}]` in invoke.yaml would write one")
    elif found is None or seal_of(found.text) is not None:
        text = render(load("managed/health-check-all.sh"), _values(settings))
        yield plan_managed(tree, path, text, mode=0o755, force=settings.force)
    else:
        yield _extend(found, settings)


def undo(tree: Tree, settings: Settings) -> Changes:
    """Take the call out of a person's script, and delete what is ours."""
    path = settings.health_check
    found = tree.read(path)
    if found is not None and seal_of(found.text) is None:
        yield _withdraw(found, settings)
    else:
        yield undo_owned(tree, path, force=settings.force)
    for name in reversed(_OWN):
        yield undo_owned(tree, f"{settings.scripts_dir}/{name}", force=settings.force)


def call(settings: Settings) -> str:
    """The lines that hand a person's script to ours; for any POSIX shell."""
    folder = posixpath.dirname(settings.health_check)
    script = settings.relative(f"{settings.scripts_dir}/health.sh", folder)
    return (
        "# Adds Kestra: health.sh runs this script again, as it is, and joins what both say.\n"
        f'kestra_health=$(dirname -- "$0")/{_plain(script)}\n'
        'if [ -z "${KESTRA_HEALTH_BESIDE:-}" ] && [ "${BASH_SOURCE:-$0}" = "$0" ] &&\n'
        '  [ -f "$kestra_health" ]; then\n'
        '  exec bash "$kestra_health" --beside "${BASH:-sh}" "$0" "$@"\n'
        "fi\n"
        "unset KESTRA_HEALTH_BESIDE kestra_health\n"
    )


def _plain(path: str) -> str:
    # A setting's path has no character that a shell reads, but for the space.
    return f'"{path}"' if " " in path else path


def _extend(found: File, settings: Settings) -> Change:
    path, text, wanted = settings.health_check, found.text, call(settings)
    ours = find(text, MARK, path)
    if ours is None:
        hand = f"{settings.scripts_dir}/health.sh"
        if line := called_by_hand(text, hand):
            return Noop(path, f"line {line} calls {hand} already")
        try:
            place = find_place(text)
        except NoPlaceError as error:
            return _unknown(error, settings)
        new = text[:place] + block(MARK, wanted) + text[place:]
        return Edit(path, found, File.of(new, found.mode), "doesn't check Kestra")
    if ours.body == wanted:
        return Noop(path, f"checks Kestra, line {ours.line}")
    if not ours.intact and not settings.force:
        return edited_block(path, ours, "call", ours=wanted)
    new = text[: ours.start] + block(MARK, wanted) + text[ours.end :]
    why = "an older version of our call" if ours.intact else "forced"
    return Edit(path, found, File.of(new, found.mode), why)


def _withdraw(found: File, settings: Settings) -> Change:
    path = settings.health_check
    ours = find(found.text, MARK, path)
    if ours is None:
        return Noop(path, "has nothing of ours")
    if not ours.intact and not settings.force:
        return edited_block(path, ours, "call")
    text = found.text[: ours.start] + found.text[ours.end :]
    return Edit(path, found, File.of(text, found.mode), "the call was written by us")


def _unknown(error: NoPlaceError, settings: Settings) -> Conflict:
    path = settings.health_check
    script = f"{settings.scripts_dir}/health.sh"
    return Conflict(
        path,
        f"{path}:{error.line}: {error}, so Kestra's check wasn't added",
        f"call {script} there yourself (it exits 0 when Kestra is up; --json for a program), "
        "or leave the step out: `skip: [healthcheck]` in invoke.yaml",
        ours=f"{_plain(script)} --json\n",
    )


def _values(settings: Settings) -> dict[str, str]:
    folder = posixpath.dirname(settings.health_check)
    return {
        "scripts_from_here": settings.relative(settings.scripts_dir, folder),
        "kestra_dir": settings.kestra_dir,
        "manifest": settings.manifest,
        "image": settings.image,
        "container": settings.container,
        "stack": settings.stack,
        "http_port": str(settings.http_port),
        "management_port": str(settings.management_port),
    }
