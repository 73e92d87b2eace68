"""Row 5.2: Kestra in the port map and the naming document, and the operators' own documents."""

from __future__ import annotations

import re

from kestra_tasks.core.edit import Change, Changes, Conflict, Edit, Noop
from kestra_tasks.core.markers import DIGEST, HTML, block, find, seal, seal_of
from kestra_tasks.core.owned import plan_seeded, undo_owned
from kestra_tasks.core.template import render
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.settings import Settings
from kestra_tasks.steps import docs_links as links
from kestra_tasks.steps import docs_rows as rows
from kestra_tasks.steps.decisions import ports
from kestra_tasks.steps.docs_front import head
from kestra_tasks.steps.docs_values import conditions, documents, table_page, values
from kestra_tasks.templates import load

MARK = "port-map"
_EOL = "eol"
_TARGET = "docs"
_NOTHING = "has nothing of ours"
_WITHOUT = f"absent; `create: [{_TARGET}]` in invoke.yaml would write"


def plan(tree: Tree, settings: Settings) -> Changes:
    """Write what is absent; rows that a person made by hand are left alone."""
    yield _plan_port_map(tree, settings)
    yield _plan_naming(tree, settings)
    if tree.names(settings.ops_docs) is None and _TARGET not in settings.create:
        yield Noop(settings.ops_docs, f"{_WITHOUT} the operators' documents")
        return
    ours = documents(settings)
    told = {**values(tree, settings)}
    for template, about in ours.items():
        top = head(tree, settings, about, {item.path for item in ours.values()})
        text = load(f"seeded/docs/{template}.{settings.language}.md")
        text = render(text, {**told, "head": top, "title": about.title}, conditions(tree, settings))
        yield plan_seeded(tree, about.path, text)
    yield from links.plan(tree, settings, ours.values())


def undo(tree: Tree, settings: Settings) -> Changes:
    """Take out our rows and links, and the documents that nobody changed since."""
    ours = documents(settings)
    yield from links.undo(tree, settings)
    for about in reversed(ours.values()):
        yield undo_owned(tree, about.path, force=settings.force)
    yield _undo_naming(tree, settings)
    yield _undo_port_map(tree, settings)


# --- port map --------------------------------------------------------------------------------


def _plan_port_map(tree: Tree, settings: Settings) -> Change:
    path, (http, management) = settings.port_map, ports(tree, settings)
    file = tree.read(path)
    if file is None:
        if _TARGET not in settings.create:
            return Noop(path, f"{_WITHOUT} a port map")
        text = _page(tree, settings, "port-map")
        new = rows.with_port_rows(text, settings, http, management).text
        return Edit(path, None, File.of(seal(new or text)), "absent")
    text = file.text
    marked = find(text, MARK, path)
    if marked is None:
        done = rows.with_port_rows(text, settings, http, management)
        if done.by_hand:
            return Noop(path, f"has Kestra already, by hand: {path}:{done.line}")
        if done.text is not None:
            why = "our rows for other settings" if done.line else f"lacks {http} and {management}"
            return _changed(path, file, done.text, why, f"up to date, line {done.line}")
    section = _section(settings, http, management)
    if marked is None:
        return _edit(path, file, _append(text, section), "has no table of services")
    if marked.body == section:
        return Noop(path, f"up to date, line {marked.line}")
    if not marked.intact and not settings.force:
        return Conflict(
            path,
            f"{path}:{marked.line}: our section was edited by hand; it is kept",
            "add --force to write it anew, or delete its marks to make it yours",
            theirs=marked.body,
            ours=section,
        )
    newline = "\r\n" if "\r\n" in text else "\n"
    written = block(MARK, section, HTML, newline=newline, flags=marked.flags)
    new = text[: marked.start] + written + text[marked.end :]
    return _edit(path, file, new, "an older version of our section" if marked.intact else "forced")


def _section(settings: Settings, http: int, management: int) -> str:
    """A section with a table of its own, for a port map that has none."""
    table = table_page("port-section", settings)
    filled = rows.with_port_rows(table, settings, http, management).text
    return f"\n{filled or table}\n"


def _append(text: str, section: str) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    flags = () if text.endswith("\n") or not text else (_EOL,)
    ended = text + newline if flags else text
    return ended + newline + block(MARK, section, HTML, newline=newline, flags=flags)


def _undo_port_map(tree: Tree, settings: Settings) -> Change:
    path = settings.port_map
    file = tree.read(path)
    if file is None or seal_of(file.text) == ("seeded", True):
        return undo_owned(tree, path)
    text = file.text
    marked = find(text, MARK, path)
    if marked is None:
        new = rows.without_port_rows(text, settings)
        return _changed(path, file, new, "the rows were written by us", _NOTHING)
    if not marked.intact and not settings.force:
        return Conflict(
            path,
            f"{path}:{marked.line}: our section was edited by hand; it is kept",
            "delete it by hand, or add --force to delete it",
            theirs=marked.body,
        )
    above, below = text[: marked.start], text[marked.end :]
    for _ in range(1 + (_EOL in marked.flags and not below)):
        above = re.sub(r"\r?\n\Z", "", above)
    return _edit(path, file, above + below, "the section was written by us")


# --- naming document -------------------------------------------------------------------------


def _plan_naming(tree: Tree, settings: Settings) -> Change:
    path, (http, _) = settings.naming_document, ports(tree, settings)
    file = tree.read(path)
    if file is None:
        if _TARGET not in settings.create:
            return Noop(path, f"{_WITHOUT} a naming document")
        text = _page(tree, settings, "naming")
        return Edit(
            path,
            None,
            File.of(seal(rows.with_name_rows(text, settings, http).text or text)),
            "absent",
        )
    done = rows.with_name_rows(file.text, settings, http)
    if done.by_hand:
        return Noop(path, f"has Kestra already, by hand: {path}:{done.line}")
    if done.text is None:
        return Noop(path, "has no table of names that a row could go into")
    why = "our rows for other settings" if done.line else f"lacks {settings.container}"
    return _changed(path, file, done.text, why, f"up to date, line {done.line}")


def _undo_naming(tree: Tree, settings: Settings) -> Change:
    path = settings.naming_document
    file = tree.read(path)
    if file is None or seal_of(file.text) == ("seeded", True):
        return undo_owned(tree, path)
    new = rows.without_name_rows(file.text, settings)
    return _changed(path, file, new, "the row was written by us", _NOTHING)


# --- both ------------------------------------------------------------------------------------


def _page(tree: Tree, settings: Settings, template: str) -> str:
    about = documents(settings, pages=True)[template]
    text = load(f"seeded/docs/{template}.{settings.language}.md")
    told = {**values(tree, settings), "head": head(tree, settings, about, ()), "title": about.title}
    return render(text, told)


def _changed(path: str, file: File, text: str, why: str, else_: str) -> Change:
    """The edit, or `else_` where there is nothing to change."""
    return Noop(path, else_) if text == file.text else _edit(path, file, text, why)


def _edit(path: str, file: File, text: str, why: str) -> Edit:
    if seal_of(file.text) == ("seeded", True):  # our own page: it stays known as untouched
        opened = re.sub(r"(kestra-tasks:seeded )[0-9a-f]{8}", rf"\g<1>{DIGEST}", text)
        text = seal(opened)
    return Edit(path, file, File.of(text, file.mode), why)
