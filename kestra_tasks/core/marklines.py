"""The lines of a Markdown text, and which of them are its own words."""

from __future__ import annotations

import re
from dataclasses import dataclass

BOM = "\ufeff"
# Not str.splitlines, which also cuts a row in two at U+2028 and its like.
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
# What opens a block of code, and with nothing behind it ends one; "```x```" is a code span.
_FENCE = re.compile(r" {0,3}(```+(?=[^`]*\Z)|~~~+)\s*(.*)")


@dataclass(frozen=True)
class Line:
    """One line.

    Attributes:
        text: with its line end.
        start: its offset; a byte order mark belongs to no line.
        plain: whether it stands outside of code fences and HTML comments.
    """

    text: str
    start: int
    plain: bool


def lines_of(text: str) -> list[Line]:
    """Every line of `text`, in order."""
    start = len(BOM) if text.startswith(BOM) else 0
    found: list[Line] = []
    fence, comment = "", False
    for line in _LINE.findall(text, start):
        opened = _FENCE.match(line)
        plain = False
        if fence:
            if opened and opened[1].startswith(fence) and not opened[2]:
                fence = ""
        elif comment or line.lstrip().startswith("<!--"):
            comment = "-->" not in line
        elif opened:
            fence = opened[1]
        else:
            plain = True
        found.append(Line(line, start, plain))
        start += len(line)
    return found
