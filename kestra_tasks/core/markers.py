"""Marks that tell what is ours: blocks in a person's file, and seals on files of our own.

A mark carries a short digest of the content that it marks, so that an older version of ours,
a hand's edit and the current version can be told apart without any state file:

    # >>> kestra-tasks:compose 1a2b3c4d
    include: ...
    # <<< kestra-tasks:compose
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from kestra_tasks.errors import ExitCode, KestraTasksError

DIGEST = "@@digest@@"
_SEAL = re.compile(r"kestra-tasks:(managed|seeded) ([0-9a-f]{8})\b")
_SEAL_LINES = 12  # front matter may stand above a document's seal


@dataclass(frozen=True)
class Style:
    """How a language writes a comment of one line."""

    opening: str
    closing: str = ""


HASH = Style("# ")
SLASH = Style("// ")
HTML = Style("<!-- ", " -->")


@dataclass(frozen=True)
class Block:
    """A marked block.

    Attributes:
        start: offset of the first mark's line in the text.
        end: offset behind the last mark's line, its newline included.
        body: the lines between the marks, with LF, as they stand (indented).
        flags: words behind the digest, such as "created".
        intact: whether the body is what the digest says.
        line: 1-based number of the first mark's line.
    """

    start: int
    end: int
    body: str
    flags: tuple[str, ...]
    intact: bool
    line: int


class BrokenMarkError(KestraTasksError):
    """A mark without its partner, or a name marked twice."""

    code = ExitCode.PRECONDITION

    def __init__(self, path: str, line: int, why: str) -> None:
        super().__init__(f"{path}:{line}: {why}", "mend or delete the marked lines by hand")
        self.path = path


def digest(text: str) -> str:
    """Eight hex digits of the text's SHA-256, whatever its line ends."""
    plain = text.replace("\r\n", "\n").encode("utf-8", "surrogateescape")
    return hashlib.sha256(plain).hexdigest()[:8]


def block(
    name: str,
    body: str,
    style: Style = HASH,
    *,
    indent: str = "",
    newline: str = "\n",
    flags: tuple[str, ...] = (),
    signed: str | None = None,
) -> str:
    """Write a marked block, ending in a newline.

    Args:
        name: of the block, unique in its file.
        body: lines with LF, each already indented; a last newline is added if absent.
        indent: stands before both marks.
        newline: the file's own line end.
        flags: words that undo needs, kept in the first mark.
        signed: the text to take the digest of, where that isn't the body (values that a
            person may change).
    """
    body = body if body.endswith("\n") or not body else f"{body}\n"
    words = " ".join((digest(body if signed is None else signed), *flags))
    first = f"{indent}{style.opening}>>> kestra-tasks:{name} {words}{style.closing}\n"
    last = f"{indent}{style.opening}<<< kestra-tasks:{name}{style.closing}\n"
    return (first + body + last).replace("\n", newline)


def find(text: str, name: str, path: str) -> Block | None:
    """Find the block called `name`.

    Raises:
        BrokenMarkError: one of its marks is missing, or the name is marked twice.
    """
    quoted = re.escape(name)
    firsts = list(
        re.finditer(
            rf"^\ufeff?([^\S\n]*\S+ >>> kestra-tasks:{quoted} ([0-9a-f]{{8}})([^\n]*)(?:\n|\Z))",
            text,
            re.M,
        )
    )
    lasts = list(
        re.finditer(rf"^[^\S\n]*\S+ <<< kestra-tasks:{quoted}(?![\w:-])[^\n]*(?:\n|\Z)", text, re.M)
    )
    if not firsts and not lasts:
        return None
    line = text.count("\n", 0, (firsts or lasts)[0].start()) + 1
    if len(firsts) != 1 or len(lasts) != 1 or lasts[0].start() < firsts[0].end():
        raise BrokenMarkError(path, line, f"the marks of kestra-tasks:{name} don't pair up")
    first, last = firsts[0], lasts[0]
    body = text[first.end() : last.start()].replace("\r\n", "\n")
    flags = tuple(word for word in first[3].replace("-->", "").split())
    # From the group on: a byte order mark in front stays.
    return Block(first.start(1), last.end(), body, flags, digest(body) == first[2], line)


def seal(text: str) -> str:
    """Fill in the digest of a managed or seeded file's text, which holds `@@digest@@` once."""
    return text.replace(DIGEST, digest(text))


def seal_of(text: str) -> tuple[str, bool] | None:
    """The kind of a sealed text ("managed" or "seeded") and whether it is untouched."""
    head = "".join(text.splitlines(keepends=True)[:_SEAL_LINES])
    found = _SEAL.search(head)
    if found is None:
        return None
    plain = text[: found.start(2)] + DIGEST + text[found.end(2) :]
    return found[1], digest(plain) == found[2]
