"""A bash script that was read: its structure, and what stands in a line beside a place in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Node:
    """A piece of a script.

    Attributes:
        kind: "script", "function", "group", "subshell", "if", "loop", "case", "arm", "array"
            or "command".
        start: offset of its first character.
        end: offset behind its last one; what a compound's output goes to comes after it.
        name: a function's or an array's name, a `for` loop's variable.
        words: as they stand, quotes and all: a command's, an array's, those a `for` goes
            through, a case's subject, an arm's patterns.
        body: offset where the inner code begins, for a function, a loop, a case, an arm and
            an array.
    """

    kind: str
    start: int
    end: int = 0
    name: str = ""
    words: tuple[str, ...] = ()
    body: int = 0
    parent: Node | None = field(default=None, repr=False)
    children: list[Node] = field(default_factory=list, repr=False)

    def walk(self, kind: str = "") -> Iterator[Node]:
        """All nodes below this one, in order; of one kind if given."""
        for child in self.children:
            if kind in ("", child.kind):
                yield child
            yield from child.walk(kind)

    def above(self, kind: str) -> Node | None:
        """The innermost node of that kind around this one."""
        node = self.parent
        while node is not None and node.kind != kind:
            node = node.parent
        return node


@dataclass(frozen=True)
class Script:
    """A script that was read.

    Attributes:
        text: the script with LF line ends.
        code: the same with comments and here-documents blanked.
        bare: the same with everything quoted or expanded as "_".
        live: `code` with blanks for what stands in single quotes.
        root: its structure.
    """

    text: str
    code: str
    bare: str
    live: str
    root: Node

    def line(self, place: int) -> int:
        """0-based number of the line that holds the offset."""
        return self.text[:place].count("\n")

    def starts_line(self, place: int) -> bool:
        """Whether only blanks stand before the offset in its line, and the line is code."""
        before = self.bare[:place].rpartition("\n")[2]
        return not before.strip() and "\n" not in self.text[place - len(before) : place]

    def ends_line(self, place: int) -> bool:
        """Whether only blanks and a comment stand behind the offset in its line."""
        behind, newline, _ = self.bare[place:].partition("\n")
        quoted = "\n" in self.text[place : place + len(behind)]
        return bool(newline) and not behind.strip() and not quoted

    def indent(self, place: int) -> str:
        """The blanks at the beginning of the offset's line."""
        line = self.text.split("\n")[self.line(place)]
        return line[: len(line) - len(line.lstrip(" \t"))]


def plain(word: str) -> str | None:
    """A word without its quotes; None where the shell would expand it."""
    if re.fullmatch(r"'[^']*'", word) or re.fullmatch(r'"[^"$`\\]*"', word):
        return word[1:-1]
    return word if re.fullmatch(r"[\w./:@%+,=-]+", word) else None
