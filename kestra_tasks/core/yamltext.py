"""Add one marked item to a top-level list of a YAML text, and take it out again.

Every other byte stays: the edit inserts whole lines at one place (into a one-line `[...]`, a line
break and an indent as well, which a flag of the mark remembers) and is compared event by event
with the text before, so that an edit which would change what the rest means is refused instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from kestra_tasks.core.markers import Block, block, find
from kestra_tasks.core.yamloutline import BOM, Outline, YamlRefusedError, events, outline
from kestra_tasks.core.yamlplace import FLOW, ITEM, LIST, next_line, place_for

# More flags of the mark: what undo takes back besides the marked lines.
SPLIT = "split"  # the line break before, and the indent behind, that divide a line in two
EOL = "eol"  # the line end that the text's last line didn't have

_PLAIN = re.compile(r"[A-Za-z0-9_./][\w./+-]*(?: [\w./+-]+)*", re.ASCII)
_TYPED = re.compile(
    r"(?i)null|true|false|yes|no|on|off|y|n|[-+.\d_]*\d[\d_.]*|0[xo].*|\d.*e[-+]?\d+"
)


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
    place = place_for(text, outline(text, path, depth=2), key, path)
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
    seen = outline(text, path, depth=2)
    head, tail = text[: old.start], text[old.end :]
    indent = _indent_at(text, old.start)
    if _form(old) == LIST and _has_others(seen, key, old):
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


def render_line(key: str, item: Mapping[str, str]) -> str:
    """The same on one line."""
    return f"{key}: [{_body(FLOW, key, item, '').rstrip().rstrip(',')}]"


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


def _only_adds(before: str, after: str, adds: int, drops: bool, path: str) -> bool:
    """Whether `after` says what `before` does, with `adds` events more at one place."""
    try:
        return _differ_by(_shapes(before, path), _shapes(after, path), adds, drops)
    except YamlRefusedError:
        return False


def _differ_by(old: Iterator[Any], new: Iterator[Any], adds: int, drops: bool) -> bool:
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
        yield (type(event), *(v for k, v in vars(event).items() if not k.endswith("_mark")))


def _form(old: Block) -> str:
    return next((flag for flag in old.flags if flag in (LIST, ITEM, FLOW)), LIST)


def _has_others(seen: Outline, key: str, old: Block) -> bool:
    """Whether the list that our block opens has items behind it."""
    ours = [e.document for e in seen.all((key,)) if old.start <= e.key < old.end]
    return any(e.document in ours and e.key >= old.end for e in seen.below((key,)))


def _indent_at(text: str, offset: int) -> str:
    line = text[offset : next_line(text, offset)]
    return line[: len(line) - len(line.lstrip(" "))]


def _newline_at(text: str, offset: int) -> str:
    return "\r\n" if text[offset : next_line(text, offset)].endswith("\r\n") else "\n"


def _without_line_end(text: str) -> str:
    return re.sub(r"\r?\n\Z", "", text)
