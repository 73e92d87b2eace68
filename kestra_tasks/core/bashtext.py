"""Put marked blocks into a bash script at the beginning of lines, and take them out again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from kestra_tasks.core import markers


@dataclass(frozen=True)
class Insertion:
    """A block to put in.

    Attributes:
        line: 0-based number of the line to stand before.
        name: of the block.
        body: its lines, LF between them, without indent.
        indent: blanks before each line.
    """

    line: int
    name: str
    body: str
    indent: str = ""


def insert(text: str, insertions: Iterable[Insertion]) -> str:
    """`text` with the blocks put in; each takes the line end of the line above it."""
    lines = _lines(text)
    for _, one in sorted(enumerate(insertions), key=lambda i: (i[1].line, i[0]), reverse=True):
        near = lines[max(one.line - 1, 0)]
        newline = "\r\n" if near.endswith("\r\n") else "\n"
        body = "".join(f"{one.indent}{line}\n" for line in one.body.splitlines())
        made = markers.block(one.name, body, indent=one.indent, newline=newline)
        lines.insert(one.line, made)
    return "".join(lines)


def blocks(text: str, names: Iterable[str], path: str) -> dict[str, markers.Block]:
    """The blocks of those names that stand in `text`.

    Raises:
        BrokenMarkError: the marks of one don't pair up.
    """
    found = {name: markers.find(text, name, path) for name in names}
    return {name: block for name, block in found.items() if block is not None}


def strip(text: str, found: Iterable[markers.Block]) -> str:
    """`text` without those blocks."""
    for block in sorted(found, key=lambda b: b.start, reverse=True):
        text = text[: block.start] + text[block.end :]
    return text


def line_feeds(text: str) -> str:
    """The text as its lines are counted: LF, and no byte order mark."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def called_by_hand(text: str, ours: str) -> int | None:
    """1-based number of the first line, not a comment, that names our script `ours`."""
    for number, line in enumerate(text.split("\n"), 1):
        if ours in line and not line.lstrip().startswith("#"):
            return number
    return None


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+\Z", text)
