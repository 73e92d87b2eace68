"""Find and splice members of JSON text at exact offsets; nothing else is rewritten.

The decoder of the standard library (C) finds where each value ends, so that a file of 5 MB is
walked in a fraction of a second; only the level that is spliced is walked in Python.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

BOM = "\ufeff"
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_LEADING = re.compile(r"[ \t]*")


class JsonTextError(Exception):
    """Text that isn't JSON, or not of the wanted shape.

    Attributes:
        line, column: 1-based.
        why: what is wrong there.
    """

    def __init__(self, text: str, position: int, why: str) -> None:
        self.line, self.column = place(text, position)
        self.why = why
        super().__init__(f"{self.line}:{self.column}: {why}")


@dataclass(frozen=True)
class Item:
    """An element of an array, or a member of an object.

    Attributes:
        start, end: offsets of the element; of a member from its key to its value's end.
        value_start: offset of the value.
        value: decoded.
        key: of a member; None for an element.
    """

    start: int
    end: int
    value_start: int
    value: Any
    key: str | None = None


@dataclass(frozen=True)
class Container:
    """An array or an object: offsets of its brackets (`end` behind the last), and what it holds."""

    start: int
    end: int
    items: tuple[Item, ...]

    @property
    def inside(self) -> tuple[int, int]:
        return self.start + 1, self.end - 1


@dataclass(frozen=True)
class Style:
    """How a file writes an object of the level that is spliced.

    Attributes:
        newline: between the members; "" writes the object on one line.
        indent: before each member.
        closing: before the last brace.
        colon: between key and value, such as ": ".
        comma: between members on one line, such as ", ".
        pad: behind "{" and before "}" on one line.
    """

    newline: str
    indent: str = ""
    closing: str = ""
    colon: str = ": "
    comma: str = ", "
    pad: str = ""


def place(text: str, position: int) -> tuple[int, int]:
    """1-based line and column of an offset; a byte order mark takes no column."""
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return line, column - (line == 1 and text.startswith(BOM))


def parse(text: str) -> tuple[Any, int]:
    """Decode the whole text; return the value and the offset of its first character.

    Raises:
        JsonTextError: it isn't JSON.
    """
    start = _skip(text, len(BOM) if text.startswith(BOM) else 0)
    value, end = _value(text, start)
    rest = _skip(text, end)
    if rest != len(text):
        raise _wrong(text, rest, "more text behind the end of the document")
    return value, start


def container(text: str, start: int) -> Container:
    """Walk the array or object at `start` of a text that `parse` has accepted."""
    items = tuple(_items(text, start))
    end = _skip(text, items[-1].end if items else start + 1)
    return Container(start, end + 1, items)


def _items(text: str, start: int) -> Iterator[Item]:
    keyed, closing = text[start] == "{", "]}"
    position = _skip(text, start + 1)
    while text[position] not in closing:
        begin, key = position, None
        if keyed:
            key, position = _value(text, position)
            position = _skip(text, _skip(text, position) + 1)
        value, end = _value(text, position)
        yield Item(begin, end, position, value, key)
        position = _skip(text, end)
        if text[position] == ",":
            position = _skip(text, position + 1)


def _skip(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _value(text: str, position: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, position)
    except json.JSONDecodeError as error:
        raise _wrong(text, error.pos, error.msg) from None
    except ValueError:
        raise JsonTextError(text, position, "a number that is too long") from None
    except RecursionError:
        raise JsonTextError(text, position, "nested too deeply") from None


def _wrong(text: str, position: int, message: str) -> JsonTextError:
    char = text[position : position + 1]
    before = text[:position].rstrip(" \t\r\n")[-1:]
    if char == "/" or (char == "#" and position):
        return JsonTextError(text, position, "a comment, which JSON doesn't have")
    # Where the parser stops depends on its version: at the comma, or at the bracket behind it.
    after = text[_skip(text, position + 1) : _skip(text, position + 1) + 1]
    if (before == "," and char in ("]", "}")) or (char == "," and after in ("]", "}")):
        return JsonTextError(text, position, "a comma behind the last value")
    if not char:
        return JsonTextError(text, position, "the text ends in the middle of a value")
    return JsonTextError(text, position, message[:1].lower() + message[1:])


def style_of(text: str, around: Container) -> Style:
    """How the last object in `around` is written; where there is none, what fits its place."""
    models = [item for item in around.items if isinstance(item.value, dict) and item.value]
    if models:
        return _style_like(text, models[-1].value_start)
    line_start = text.rfind("\n", 0, around.start) + 1
    if "\n" not in text:
        spaced = re.search(r'"\s*:( ?)', text)
        colon = ": " if spaced is None or spaced[1] else ":"
        return Style("", colon=colon, comma=colon.replace(":", ","))
    newline = "\r\n" if "\r\n" in text else "\n"
    found = _LEADING.match(text, line_start)
    outer = found[0] if found else ""
    unit = outer or _first_indent(text) or "  "
    return Style(newline, outer + unit * 2, outer + unit)


def _style_like(text: str, start: int) -> Style:
    model = container(text, start)
    first, last = model.items[0], model.items[-1]
    colon = text[_value(text, first.start)[1] : first.value_start]
    lead = text[start + 1 : first.start]
    tail = text[last.end : model.end - 1]
    if "\n" in lead:
        newline = "\r\n" if "\r\n" in lead else "\n"
        closing = tail.rpartition("\n")[2] if "\n" in tail else ""
        return Style(newline, lead.rpartition("\n")[2], closing, colon)
    comma = ", "
    if len(model.items) > 1:
        gap = text[first.end : model.items[1].start]
        comma = gap if "\n" not in gap else comma
    elif colon == ":":
        comma = ","
    return Style("", colon=colon, comma=comma, pad=lead)


def _first_indent(text: str) -> str:
    found = re.search(r"\n([ \t]+)\S", text)
    return found[1] if found else ""


def write(entry: Mapping[str, Any], style: Style) -> str:
    """Write an object of scalars in the style of its neighbours."""
    members = [
        f"{json.dumps(key, ensure_ascii=False)}{style.colon}{json.dumps(value, ensure_ascii=False)}"
        for key, value in entry.items()
    ]
    if not style.newline:
        return "{" + style.pad + style.comma.join(members) + style.pad + "}"
    between = f",{style.newline}{style.indent}"
    first, last = f"{style.newline}{style.indent}", f"{style.newline}{style.closing}"
    return "{" + first + between.join(members) + last + "}"


def append(text: str, into: Container, item: str, style: Style) -> str:
    """Put `item` behind the last one of `into`, spaced like its neighbours.

    In an empty array only `[]` gets line ends around the item; where there is white space
    between the brackets, the item goes right behind the first one, so that `remove` can tell
    the two apart and give every byte back.
    """
    start, end = into.inside
    if not into.items:
        if start == end and style.newline:
            outer = _outer(text, into.start)
            item = f"{style.newline}{style.closing}{item}{style.newline}{outer}"
        return text[:start] + item + text[start:]
    last = into.items[-1]
    if len(into.items) > 1:
        gap = text[into.items[-2].end : last.start]
    else:
        gap = "," + text[start : last.start]
    return text[: last.end] + gap + item + text[last.end :]


def remove(text: str, from_: Container, item: Item) -> str:
    """Take `item` out, with the comma and the white space that came with it."""
    position = from_.items.index(item)
    if position:
        return text[: from_.items[position - 1].end] + text[item.end :]
    if len(from_.items) > 1:
        return text[: item.start] + text[from_.items[1].start :]
    start, end = from_.inside
    if item.start > start:
        return text[:start] + text[end:]
    return text[:start] + text[item.end :]


def _outer(text: str, position: int) -> str:
    """The indent of the line that `position` is on."""
    found = _LEADING.match(text, text.rfind("\n", 0, position) + 1)
    return found[0] if found else ""
