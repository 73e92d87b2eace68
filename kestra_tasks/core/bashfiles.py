"""Which compose files a piece of a script uses, and whether the piece is sure to get past them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from kestra_tasks.core.bashaim import Aim, acts
from kestra_tasks.core.bashtree import Node, Script

_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?-([^${}]*))?\}|(\w+))")
_LOOKS = re.compile(r"(?<!\w)-[efrs]\s")
_SWALLOWED = re.compile(r"\s*\|\|(?!\s*(?:exit|return|false|break|die|fail|abort)\b)")
ENDING = re.compile(r"\b(?:exit|return|break|die|fail|abort)\b")
_UNKNOWN = "\0"


@dataclass(frozen=True)
class Use:
    """A command that runs Compose.

    Attributes:
        file: the end of its file's path, as far as the script says it; "" where it doesn't.
        sure: it comes after a look at the file, or its failure ends nothing.
    """

    file: str
    sure: bool


def uses(
    script: Script, piece: Node, aim: Aim, values: Mapping[str, str], depth: int = 0
) -> Iterator[Use]:
    """The Compose commands below `piece`, those of functions that it calls included.

    Args:
        values: variables that are known there, such as the phase's name.
    """
    functions = {f.name: f for f in script.root.walk("function")}
    around = piece if piece.kind == "function" else piece.above("function")
    own = [piece] if piece.kind == "command" else []
    for command in [*own, *piece.walk("command")]:
        if command.above("function") is not around:
            continue
        if not command.words or not acts(script, command, aim):
            continue
        sure = is_sure(script, command)
        known = {**_assigned(script, piece, values), **values}
        words = [_filled(script, word, known) for word in command.words]
        called = functions.get(command.words[0])
        file = _file_of(words)
        if called is None or file is not None or depth > 3:
            yield Use(file or "", sure)
            continue
        given = {str(n): word for n, word in enumerate(words[1:], 1)}
        for inner in uses(script, called, aim, given, depth + 1):
            yield Use(inner.file, inner.sure or sure)


def is_sure(script: Script, command: Node) -> bool:
    """Whether a command comes after a look at its file, or its failure ends nothing."""
    line_end = script.bare.find("\n", command.end)
    if _SWALLOWED.match(script.bare[command.end : line_end if line_end >= 0 else None]):
        return True
    before = joined_to(script, command)
    if before is not None and looks(script, before):
        return True
    node = command
    while (around := node.parent) is not None and around.kind not in ("function", "arm", "loop"):
        if around.kind == "if" and around.children:
            first = around.children[0]
            if first is node:
                return not ENDING.search(script.code[around.start : around.end])
            if looks(script, first):
                return True
        node = around
    return False


def is_there(file: str, folders: tuple[str, ...], there: Callable[[str], bool]) -> bool:
    """Whether the monorepo holds the file, its path beginning in one of the folders."""
    if not file or re.search(r"[*?\[]", file):
        return False
    for folder in folders:
        path = posixpath.normpath(posixpath.join(folder, file))
        if not path.startswith("..") and there(path):
            return True
    return False


def joined_to(script: Script, command: Node) -> Node | None:
    """The command before `command` that `&&` or `||` joins it to."""
    head = script.bare[: command.start].rstrip(" \t\n\\")
    siblings = command.parent.children if command.parent else []
    place = next((i for i, node in enumerate(siblings) if node is command), 0)
    return siblings[place - 1] if place and head.endswith(("&&", "||")) else None


def looks(script: Script, command: Node) -> bool:
    """Whether a command tests for a file, itself or by the function that it calls."""
    if _LOOKS.search(script.code[command.start : command.end]):
        return True
    name = command.words[0] if command.words else ""
    called = next((f for f in script.root.walk("function") if f.name == name), None)
    return called is not None and bool(_LOOKS.search(script.code[called.body : called.end]))


def _file_of(words: list[str]) -> str | None:
    """The file of `-f FILE`; None where there is no such option."""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        found = re.fullmatch(r"(?:-f|--file)(?:=(.+))?", word, re.S)
        if found:
            return (found[1] or following).rsplit(_UNKNOWN, 1)[-1].lstrip("/")
    return None


def _assigned(script: Script, piece: Node, values: Mapping[str, str]) -> dict[str, str]:
    """Variables that the script sets, those of the piece before all others."""
    around = piece.above("function")
    spans = [script.root, *([around] if around else []), piece]
    found: dict[str, str] = {}
    for span in spans:
        own = [span] if span.kind == "command" else []
        for node in [*own, *span.walk("command")]:
            inside = node.above("function")
            if span is script.root and inside is not None and inside is not around:
                continue
            for word in node.words:
                if set_ := re.fullmatch(r"(\w+)=(.+)", word, re.S):
                    found[set_[1]] = set_[2]
    return {name: text for name, text in found.items() if name not in values}


def _filled(script: Script, word: str, known: Mapping[str, str]) -> str:
    """A word with its variables filled in; what isn't known of it is one mark."""
    for _ in range(6):
        word = re.sub(r"\$\((?:[^()]|\([^()]*\))*\)|`[^`]*`", _UNKNOWN, word)
        word = word.replace('"', "").replace("'", "")

        def value(found: re.Match[str]) -> str:
            return known.get(found[1] or found[3], found[2] or _UNKNOWN)

        filled = _VARIABLE.sub(value, word)
        if filled == word:
            break
        word = filled
    return re.sub(r"\$[^/]*", _UNKNOWN, word)
