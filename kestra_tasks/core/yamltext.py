"""Add one marked item to a top-level list of a YAML text, and take it out again.

Every other byte stays: the edit inserts whole lines at one place (into a one-line `[...]`, a line
break and an indent as well, which a flag of the mark remembers) and is compared event by event
with the text before, so that an edit which would change what the rest means is refused instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from kestra_tasks.core.markers import Block, block, find
from kestra_tasks.core.yamloutline import BOM, Entry, Outline, YamlRefusedError, events, outline

# The mark's flags: what was written, and what undo takes back besides the marked lines.
LIST = "list"  # the key and its item
ITEM = "item"  # an item of a list that was there
FLOW = "flow"  # an item of a `[...]` that was there
SPLIT = "split"  # the line break before, and the indent behind, that divide a line in two
EOL = "eol"  # the line end that the text's last line didn't have

_PLAIN = re.compile(r"[A-Za-z0-9_./][\w./+-]*(?: [\w./+-]+)*", re.ASCII)
_TYPED = re.compile(
    r"(?i)null|true|false|yes|no|on|off|y|n|[-+.\d_]*\d[\d_.]*|0[xo].*|\d.*e[-+]?\d+"
)
_PROPERTIES = re.compile(r"(?:[&!]\S*|\s+#[^\n]*|\s+)*")


@dataclass(frozen=True)
class _Place:
    """Where an item goes: its offset, its form and indent, and what else changes there.

    `adds` and `drops` count events: besides the item's own, and of an empty value it replaces.
    """

    at: int
    form: str
    indent: str
    split: bool = False
    adds: int = 0
    drops: int = 0


def add_item(
    text: str,
    key: str,
    item: Mapping[str, str],
    name: str,
    path: str,
    flags: tuple[str, ...] = (),
) -> str:
    """Add `item` to the top-level list `key`, marked with `name`; the list is made if absent.

    Args:
        text: the whole file; a list that is there gets the item as its first.
        item: one level of names and texts, in the order to write them.
        path: the file's name, for messages.
        flags: words of the caller's own, kept in the mark.

    Raises:
        YamlRefusedError: it isn't YAML, or has a form in which the item can't be added safely.
    """
    place = _place(text, outline(text, path, depth=1), key, path)
    newline = newline_of(text)
    head, tail = text[: place.at], text[place.at :]
    flags = (place.form, *flags)
    before, behind = "", ""
    if place.split:
        before, behind, flags = newline, place.indent, (*flags, SPLIT)
    elif head.removeprefix(BOM) and not head.endswith("\n"):
        before, flags = newline, (*flags, EOL)
    body = _body(place.form, key, item, place.indent)
    piece = block(name, body, indent=place.indent, newline=newline, flags=flags)
    after = head + before + piece + behind + tail
    if not _only_adds(text, after, place.adds + 2 * len(item) + 2, place.drops, path):
        raise YamlRefusedError(
            path,
            head.count("\n") + 1,
            f"{key}: can't be added here without changing what stands around it",
        )
    return after


def replace_item(text: str, key: str, item: Mapping[str, str], name: str, path: str) -> str:
    """Write the marked block called `name` anew, in its place; its form and flags stay.

    Raises:
        YamlRefusedError: the result isn't YAML.
        BrokenMarkError: its marks don't pair up.
    """
    old = find(text, name, path)
    if old is None:
        return text
    indent = _indent_at(text, old.start)
    body = _body(_form(old), key, item, indent)
    newline = _newline_at(text, old.start)
    new = block(name, body, indent=indent, newline=newline, flags=old.flags)
    after = text[: old.start] + new + text[old.end :]
    outline(after, path, depth=1)
    return after


def remove_item(text: str, key: str, name: str, path: str) -> str:
    """Take the marked block called `name` out: the inverse of `add_item`, to the byte.

    What others put behind it stays, items that they added to a list of ours included.

    Raises:
        YamlRefusedError: it isn't YAML, before or after.
        BrokenMarkError: its marks don't pair up.
    """
    old = find(text, name, path)
    if old is None:
        return text
    head, tail = text[: old.start], text[old.end :]
    indent = _indent_at(text, old.start)
    if _form(old) == LIST and _has_others(outline(text, path, depth=2), key, old):
        head += f"{indent}{key}:{_newline_at(text, old.start)}"
    elif SPLIT in old.flags:
        head, tail = _without_line_end(head), tail.removeprefix(indent)
    elif EOL in old.flags and not tail:
        head = _without_line_end(head)
    outline(head + tail, path, depth=1)
    return head + tail


def render_item(key: str, item: Mapping[str, str]) -> str:
    """`item` as the only one of the list `key`, for a person to paste."""
    return _body(LIST, key, item, "")


def newline_of(text: str) -> str:
    """The line end that most lines of `text` have."""
    return "\r\n" if 2 * text.count("\r\n") > text.count("\n") else "\n"


def scalar(value: str) -> str:
    """`value` as a YAML string on one line, quoted only where it must be."""
    if _PLAIN.fullmatch(value) and not _TYPED.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _body(form: str, key: str, item: Mapping[str, str], indent: str) -> str:
    pairs = [f"{name}: {scalar(value)}" for name, value in item.items()]
    if form == FLOW:
        return f"{indent}{{{', '.join(pairs)}}},\n"
    if form == LIST:
        return f"{indent}{key}:\n" + _body(ITEM, key, item, f"{indent}  ")
    return "".join(f"{indent}{'  ' if n else '- '}{pair}\n" for n, pair in enumerate(pairs))


def _place(text: str, seen: Outline, key: str, path: str) -> _Place:
    there = seen.all((key,))
    if merged := seen.all(("<<",)):
        raise YamlRefusedError(
            path, merged[0].line, f"<<: at the top level may bring an {key}: of its own"
        )
    if there:
        if seen.documents[there[0].document].flow:
            raise _flow_root(path, seen.documents[there[0].document].line)
        return _place_in(text, seen, there[0], path)
    if not seen.documents:
        return _Place(len(text), LIST, "", adds=7)
    last = seen.documents[-1]
    if last.empty:
        return _Place(last.end, LIST, "", adds=5, drops=1)
    if last.kind != "mapping":
        raise YamlRefusedError(path, last.line, "the top level isn't a mapping")
    if last.flow:
        raise _flow_root(path, last.line)
    indent = " " * last.indent
    if last.block_scalar and not text[: last.end].endswith("\n"):
        # A line end added to a text of `|` would become part of it: go before the first key.
        first = min(e.key for e in seen.below(()) if e.document == len(seen.documents) - 1)
        return _Place(_line_start(text, first), LIST, indent, adds=3)
    return _Place(last.end, LIST, indent, adds=3)


def _flow_root(path: str, line: int) -> YamlRefusedError:
    return YamlRefusedError(path, line, "the top level is written as {...}, which has no lines")


def _place_in(text: str, seen: Outline, entry: Entry, path: str) -> _Place:
    """Where in the value of a key that is there."""
    key = str(entry.path[0])
    inner = " " * (seen.documents[entry.document].indent + 2)
    line_start = _line_start(text, entry.key)
    if entry.kind == "scalar" and entry.start == entry.end and entry.plain:
        if not text[line_start : entry.key].strip(f" {BOM}"):
            return _Place(_next_line(text, entry.key), ITEM, inner, adds=2, drops=1)
    elif entry.kind == "sequence":
        opening = entry.start
        if matched := _PROPERTIES.match(text, entry.start):
            opening = matched.end()
        if entry.flow and text[opening] == "[":
            rest = text[opening + 1 : _next_line(text, opening)]
            if re.fullmatch(r"\s*(?:\s#.*)?\r?\n", rest):
                return _Place(_next_line(text, opening), FLOW, inner)
            return _Place(opening + 1, FLOW, inner, split=True)
        start = _line_start(text, opening)
        indent = text[start:opening]
        if text[opening] == "-" and not indent.strip(" "):
            return _Place(_above_comments(text, start), ITEM, indent)
    what = {"alias": f"the alias *{entry.value}", "mapping": "a mapping"}.get(
        entry.kind, "no list of lines"
    )
    raise YamlRefusedError(path, entry.line, f"{key}: is {what}, to which nothing can be added")


def _above_comments(text: str, start: int) -> int:
    """The start of the blank and comment lines right above the line at `start`."""
    while start:
        above = _line_start(text, start - 1)
        line = text[above:start].strip()
        if line and not line.startswith("#"):
            return start
        start = above
    return start


def _only_adds(before: str, after: str, adds: int, drops: int, path: str) -> bool:
    """Whether `after` says what `before` does, with `adds` events more at one place."""
    old, new = _shapes(before, path), _shapes(after, path)
    one, other = next(old, None), next(new, None)
    while one == other:
        if one is None:
            return False
        one, other = next(old, None), next(new, None)
    if drops:
        one = next(old, None)
    for _ in range(adds):
        other = next(new, None)
    return one == other and all(a == b for a, b in zip_longest(old, new))


def _shapes(text: str, path: str) -> Iterator[tuple[Any, ...]]:
    """What each event says, without its marks."""
    for event in events(text, path):
        said = vars(event) if hasattr(event, "__dict__") else {}
        yield (type(event), *(v for k, v in said.items() if not k.endswith("_mark")))


def _form(old: Block) -> str:
    return next((flag for flag in old.flags if flag in (LIST, ITEM, FLOW)), LIST)


def _has_others(seen: Outline, key: str, old: Block) -> bool:
    """Whether the list that our block opens has items behind it."""
    ours = [e.document for e in seen.all((key,)) if old.start <= e.key < old.end]
    return any(e.document in ours and e.key >= old.end for e in seen.below((key,)))


def _line_start(text: str, offset: int) -> int:
    start = text.rfind("\n", 0, offset) + 1
    return start or len(BOM) * text.startswith(BOM)


def _next_line(text: str, offset: int) -> int:
    return text.find("\n", offset) + 1 or len(text)


def _indent_at(text: str, offset: int) -> str:
    line = text[offset : _next_line(text, offset)]
    return line[: len(line) - len(line.lstrip(" "))]


def _newline_at(text: str, offset: int) -> str:
    return "\r\n" if text[offset : _next_line(text, offset)].endswith("\r\n") else "\n"


def _without_line_end(text: str) -> str:
    return (
        text.removesuffix("\n").removesuffix("\r")
        if text.endswith("\r\n")
        else text.removesuffix("\n")
    )
