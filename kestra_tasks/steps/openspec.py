"""Row 5.4: the change proposal, where the monorepo keeps its OpenSpec changes."""

from __future__ import annotations

from collections.abc import Mapping

from kestra_tasks.core.edit import Changes, Noop
from kestra_tasks.core.owned import plan_seeded, undo_owned
from kestra_tasks.core.template import render
from kestra_tasks.core.tree import Tree
from kestra_tasks.settings import Settings
from kestra_tasks.steps.docs_values import values
from kestra_tasks.templates import load

CHANGE = "add-kestra-orchestrator"
_TARGET = "openspec"
_USUAL = ("openspec", "tools/openspec")
# Path below the change's folder, by template.
_FILES = {
    "proposal": "proposal.md",
    "design": "design.md",
    "tasks": "tasks.md",
    "spec": "specs/kestra-orchestrator/spec.md",
}
_AND = {"en": "and", "pt-BR": "e"}
_DATABASE = {"en": "the external database", "pt-BR": "no banco externo"}
_VOLUME = {"en": "the volume `{}`", "pt-BR": "no volume `{}`"}


def folder(tree: Tree, settings: Settings) -> str | None:
    """Where the monorepo keeps OpenSpec; None where it doesn't."""
    there = [
        place
        for place in dict.fromkeys((settings.openspec, *_USUAL))
        if tree.names(place) is not None
    ]
    with_changes = [place for place in there if tree.names(f"{place}/changes") is not None]
    return next(iter([*with_changes, *there]), None)


def plan(tree: Tree, settings: Settings) -> Changes:
    """Write the change once; from then on it is the team's."""
    place = folder(tree, settings)
    if place is None and _TARGET not in settings.create:
        yield Noop(
            settings.openspec, f"absent; `create: [{_TARGET}]` in invoke.yaml would write a change"
        )
        return
    place = place or settings.openspec
    if archived := _archived(tree, place):
        yield Noop(archived, "the change is archived")
        return
    told = _values(tree, settings)
    for template, name in _FILES.items():
        text = render(
            load(f"seeded/openspec/{template}.{settings.language}.md"), told, {settings.database}
        )
        yield plan_seeded(tree, f"{place}/changes/{CHANGE}/{name}", text)


def undo(tree: Tree, settings: Settings) -> Changes:
    """Delete the change's files that nobody changed since."""
    for place in dict.fromkeys((settings.openspec, *_USUAL)):
        for name in reversed(_FILES.values()):
            path = f"{place}/changes/{CHANGE}/{name}"
            if tree.read(path) is not None or place == settings.openspec:
                yield undo_owned(tree, path, force=settings.force)


def _archived(tree: Tree, place: str) -> str | None:
    """The folder that the team moved the finished change to."""
    archive = f"{place}/changes/archive"
    names = [name for name in tree.names(archive) or () if name.endswith(CHANGE)]
    return f"{archive}/{names[-1]}" if names else None


def _values(tree: Tree, settings: Settings) -> Mapping[str, str]:
    internal = settings.database == "internal"
    both = f"`kestra` {_AND[settings.language]} `kestra-postgres`"
    volume = _VOLUME[settings.language].format(settings.volume)
    return {
        **values(tree, settings),
        "services": both if internal else "`kestra`",
        "data_place": volume if internal else _DATABASE[settings.language],
        "manifest": settings.manifest,
        "port_map": settings.port_map,
        "naming_document": settings.naming_document,
        "ops_docs": settings.ops_docs,
    }
