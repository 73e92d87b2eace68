"""Where in a YAML text an item of a top-level list can be inserted as lines of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kestra_tasks.core.yamloutline import BOM, Entry, Outline, YamlRefusedError

# Forms: what is inserted.
LIST = "list"  # the key and its item
ITEM = "item"  # an item of a list that was there
FLOW = "flow"  # an item of a `[...]` that was there

_PROPERTIES = re.compile(r"(?:[&!]\S*|\s+#[^\n]*|\s+)*")


@dataclass(frozen=True)
class Place:
    """Where an item goes: its offset, its form and indent, and what else changes there.

    `adds` counts events besides the item's own; `drops` says that an empty value is replaced.
    """

    at: int
    form: str
    indent: str
    split: bool = False
    adds: int = 0
    drops: bool = False


def place_for(text: str, seen: Outline, key: str, path: str) -> Place:
    """Where an item of the top-level list `key` goes; at the end where there is no such list.

    Raises:
        YamlRefusedError: the text has a form in which nothing can be added safely.
    """
    there = seen.all((key,))
    for top in seen.below(()):
        if text[line_start(text, top.key) : top.key].strip().startswith("?"):
            # Compose's parser takes a key that follows it at the left for one level deeper.
            raise YamlRefusedError(path, top.line, f"{top.path[0]} is written as a `?` key")
    if merged := seen.all(("<<",)):
        raise YamlRefusedError(
            path, merged[0].line, f"<<: at the top level may bring an {key}: of its own"
        )
    if there:
        if seen.documents[there[0].document].flow:
            raise _flow_root(path, seen.documents[there[0].document].line)
        return _in_value(text, seen, there[0], path)
    if not seen.documents:
        return Place(len(text), LIST, "", adds=7)
    last = seen.documents[-1]
    if last.empty:
        return Place(last.end, LIST, "", adds=5, drops=True)
    if last.kind != "mapping":
        raise YamlRefusedError(path, last.line, "the top level isn't a mapping")
    if last.flow:
        raise _flow_root(path, last.line)
    indent = " " * last.indent
    if last.block_scalar and not text[: last.end].endswith("\n"):
        # A line end added to a text of `|` would become part of it: go before the first key.
        first = min(e.key for e in seen.below(()) if e.document == len(seen.documents) - 1)
        return Place(line_start(text, first), LIST, indent, adds=3)
    return Place(last.end, LIST, indent, adds=3)


def _flow_root(path: str, line: int) -> YamlRefusedError:
    return YamlRefusedError(path, line, "the top level is written as {...}, which has no lines")


def _in_value(text: str, seen: Outline, entry: Entry, path: str) -> Place:
    """Where in the value of a key that is there."""
    key = str(entry.path[0])
    inner = " " * (seen.documents[entry.document].indent + 2)
    if entry.kind == "scalar" and entry.start == entry.end and entry.plain:
        return Place(next_line(text, entry.key), ITEM, inner, adds=2, drops=True)
    if entry.kind == "sequence":
        properties = _PROPERTIES.match(text, entry.start)
        opening = properties.end() if properties else entry.start
        if entry.flow and text[opening] == "[":
            rest = text[opening + 1 : next_line(text, opening)]
            if re.fullmatch(r"\s*(?:\s#.*)?\r?\n", rest):
                return Place(next_line(text, opening), FLOW, inner)
            return Place(opening + 1, FLOW, inner, split=True)
        start = line_start(text, opening)
        indent = text[start:opening]
        if text[opening] == "-" and not indent.strip(" "):
            return Place(_above_comments(text, start), ITEM, indent)
    what = {"alias": f"the alias *{entry.value}", "mapping": "a mapping"}.get(
        entry.kind, "no list of lines"
    )
    raise YamlRefusedError(path, entry.line, f"{key}: is {what}, to which nothing can be added")


def _above_comments(text: str, start: int) -> int:
    """The start of the blank and comment lines right above the line at `start`."""
    while start:
        above = line_start(text, start - 1)
        line = text[above:start].strip()
        if line and not line.startswith("#"):
            return start
        start = above
    return start


def line_start(text: str, offset: int) -> int:
    """The offset of the first character of the line at `offset`, behind a byte order mark."""
    start = text.rfind("\n", 0, offset) + 1
    return start or len(BOM) * text.startswith(BOM)


def next_line(text: str, offset: int) -> int:
    """The offset behind the end of the line at `offset`."""
    return text.find("\n", offset) + 1 or len(text)
