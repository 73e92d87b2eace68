"""Which compose files a piece of a script uses, and whether the piece is sure to get past them."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from kestra_tasks.core.bashaim import Aim, acts, commands
from kestra_tasks.core.bashtree import Node, Script

_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?-([^${}]*))?\}|(\w+))")
_LOOKS = re.compile(r"(?:\[|\btest)\s(?:(?!\s\]).)*?(?<!\w)-[efrs]\s")
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
    for command in commands(piece):
        if command.above("function") is not around or not acts(script, command, aim):
            continue
        sure = is_sure(script, command)
        known = {**_assigned(script, command), **values}
        words = [part for word in command.words for part in _filled(word, known)]
        called = functions.get(command.words[0])
        file = _file_of(words)
        if called is None or file is not None or depth > 3:
            yield Use(file or "", sure)
            continue
        given = {str(n): word for n, word in enumerate(words)}
        for inner in uses(script, called, aim, given, depth + 1):
            yield Use(inner.file, inner.sure or sure)


def is_sure(script: Script, command: Node) -> bool:
    """Whether a command comes after a look at its file, or its failure ends nothing."""
    if _swallowed(script, command):
        return True
    before = joined_to(script, command)
    if before is not None and looks(script, before):
        return True
    node = command
    # What is asked outside a loop, an arm or a function isn't whether this file is there.
    while (around := node.parent) is not None and around.kind not in ("function", "arm", "loop"):
        if around.kind == "if":
            first = around.children[0]
            if first is node:
                return not ENDING.search(script.bare, around.start, around.end)
            if looks(script, first):
                return True
        node = around
    return False


def is_there(file: str, folders: tuple[str, ...], there: Callable[[str], bool]) -> bool:
    """Whether the monorepo holds the file, its path beginning in one of the folders."""
    if not file or re.search(r"[*?\[]", file):
        return False
    return any(there(posixpath.normpath(posixpath.join(folder, file))) for folder in folders)


def joined_to(script: Script, command: Node) -> Node | None:
    """The command before `command` that `&&` or `||` joins it to."""
    if not script.bare[: command.start].rstrip().endswith(("&&", "||")):
        return None
    return next((node for node, after in _neighbours(command) if after is command), None)


def looks(script: Script, command: Node) -> bool:
    """Whether a command tests for a file, itself or by the function that it calls."""
    spans = [script.code[command.start : command.end]]
    for function in script.root.walk("function"):
        if function.name in command.words[:1]:
            spans.append(script.code[function.body : function.end])
    return any(_LOOKS.search(span) for span in spans)


def _swallowed(script: Script, command: Node) -> bool:
    """Whether `||` follows a command, and nothing that ends what it stands in."""
    for node, after in _neighbours(command):
        if node is command and script.bare[node.end : after.start].strip() == "||":
            text = script.bare[after.start : after.end]
            return text != "false" and not ENDING.search(text)
    return False


def _neighbours(node: Node) -> Iterable[tuple[Node, Node]]:
    return itertools.pairwise(node.parent.children if node.parent else ())


def _file_of(words: list[str]) -> str | None:
    """The file of `-f FILE`; None where there is no such option."""
    for word, following in itertools.pairwise([*words, ""]):
        found = re.fullmatch(r"(?:-f|--file)(?:=(.+))?", word)
        if found:
            return (found[1] or following).rsplit(_UNKNOWN)[-1].lstrip("/")
    return None


def _assigned(script: Script, command: Node) -> dict[str, str]:
    """Variables as the script has set them for a command, its function's before all others."""
    around = command.above("function")
    found: dict[str, str] = {}
    for scope in (None, around):
        for node in script.root.walk("command"):
            inside = node.above("function")
            if inside is not scope or (inside is around and node.start >= command.start):
                continue
            for word in node.words:
                name, sign, value = word.partition("=")
                if sign and value:
                    found[name] = value
    return found


def _filled(word: str, known: Mapping[str, str]) -> list[str]:
    """The words that a word is with its variables filled in; what isn't known is one mark."""
    text = word
    for _ in range(6):
        text = re.sub(r"\$\((?:[^()]|\([^()]*\))*\)|`[^`]*`", _UNKNOWN, text)
        text = text.replace('"', "").replace("'", "")

        def value(found: re.Match[str]) -> str:
            return known.get(found[1] or found[3], found[2] or _UNKNOWN)

        filled = _VARIABLE.sub(value, text)
        if filled == text:
            break
        text = filled
    text = re.sub(r"\$[^/]*", _UNKNOWN, text)
    return text.split() if word.startswith("$") else [text]
