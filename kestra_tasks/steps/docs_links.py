"""Links to the new documents in the bullet lists of the READMEs beside them.

A list has no room for marks: a line is ours where it is what we write, in either language.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from kestra_tasks.core.edit import Change, Changes, Edit, Noop
from kestra_tasks.core.marklines import lines_of
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.settings import Settings
from kestra_tasks.steps.docs_front import About
from kestra_tasks.steps.docs_values import documents

_ITEM = re.compile(r"([*+-][ \t]+)\[[^\]]+\]\(([^)\s]+\.md)(?:#[^)]*)?\)[^\r\n]*")


def plan(tree: Tree, settings: Settings, ours: Iterable[About]) -> Changes:
    """Add a line for each document that the nearest README's list doesn't name."""
    wanted: dict[str, list[About]] = {}
    for about in ours:
        wanted.setdefault(_readme(settings, about), []).append(about)
    for path, abouts in wanted.items():
        file = tree.read(path)
        if file is not None:
            yield _plan(path, file, abouts)


def undo(tree: Tree, settings: Settings) -> Changes:
    """Take our lines out again."""
    every = [
        about
        for language in ("en", "pt-BR")
        for about in documents(settings.with_(language=language)).values()
    ]
    for path in dict.fromkeys(_readme(settings, about) for about in every):
        file = tree.read(path)
        if file is not None:
            yield _undo(path, file, {_line(path, a) for a in every if _readme(settings, a) == path})


def _readme(settings: Settings, about: About) -> str:
    folder = posixpath.dirname(about.path)
    runbooks = f"{settings.ops_docs}/runbooks"
    return f"{runbooks if folder == runbooks else settings.ops_docs}/README.md"


def _line(path: str, about: About) -> str:
    target = posixpath.relpath(about.path, posixpath.dirname(path))
    return f"[{about.title}]({target})"


def _plan(path: str, file: File, abouts: list[About]) -> Change:
    text = file.text
    named = {posixpath.normpath(match[2]) for _, match in _items(text)}
    folder = posixpath.dirname(path)
    missing = [a for a in abouts if posixpath.relpath(a.path, folder) not in named]
    if not missing:
        return Noop(path, "names them already")
    last = _last(text)
    if last is None:
        return Noop(path, "has no list of documents that a line could go into")
    end, bullet = last
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = "".join(f"{newline}{bullet}{_line(path, about)}" for about in missing)
    return Edit(path, file, File.of(text[:end] + lines + text[end:], file.mode), "lacks the links")


def _undo(path: str, file: File, ours: set[str]) -> Change:
    text = file.text
    for start, match in reversed(list(_items(text))):
        if match[0][len(match[1]) :] in ours:
            before = re.sub(r"\r?\n\Z", "", text[:start])
            text = before + text[start + len(match[0]) :]
    if text == file.text:
        return Noop(path, "has nothing of ours")
    return Edit(path, file, File.of(text, file.mode), "the links were written by us")


def _items(text: str) -> Iterator[tuple[int, re.Match[str]]]:
    """Offset and match of each list line that links to a document, outside of code."""
    for line in lines_of(text):
        if line.plain and (match := _ITEM.match(line.text)):
            yield line.start, match


def _last(text: str) -> tuple[int, str] | None:
    """Where the first such list ends, before its line end, and the bullet that it uses."""
    found: tuple[int, str] | None = None
    for start, match in _items(text):
        gap = text[found[0] : start] if found else ""
        if gap.strip() or gap.count("\n") > 1:
            break
        found = start + len(match[0]), match[1]
    return found
