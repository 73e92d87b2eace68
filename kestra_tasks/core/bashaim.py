"""What is to be placed in a script, and what a piece of the script does about it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass

from kestra_tasks.core.bashscan import BashRefusedError
from kestra_tasks.core.bashtext import Insertion
from kestra_tasks.core.bashtree import Node, Script, plain


@dataclass(frozen=True)
class Aim:
    """What is to be placed.

    Attributes:
        verbs: Compose's words for it, such as "up".
        action: what our script is told: "start" or "stop".
        stack: the phase's name.
        compose_file: the stack's, relative to the root.
        ours: our script, relative to the folder of the script that is extended.
        folder: of the script that is extended, relative to the root.
        there: whether a path relative to the root is a file.
    """

    verbs: frozenset[str]
    action: str
    stack: str
    compose_file: str
    ours: str
    folder: str = ""
    there: Callable[[str], bool] = lambda _: True


USUAL = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")


def compose_name(path: str) -> str:
    """What a compose file is known by: its name, with its folder where others have that name."""
    folder, name = posixpath.split(path)
    return posixpath.join(posixpath.basename(folder), name) if name in USUAL else name


def acts(script: Script, node: Node, aim: Aim) -> bool:
    """Whether code below `node` runs Compose with one of the verbs, itself or by a function."""
    functions: dict[str | None, Node] = {f.name: f for f in script.root.walk("function")}
    pieces = [node]
    for piece in pieces:  # a function is looked at once, however often it is called
        for command in commands(piece):
            words = [plain(word) for word in command.words]
            text = script.code[command.start : command.end]
            if not aim.verbs.isdisjoint(words) and re.search(r"docker|compose", text, re.I):
                return True
            called = functions.pop(next(iter(words), None), None)
            pieces += [called] if called else []
    return False


def commands(node: Node) -> list[Node]:
    """The commands of a piece of a script, in order: a command's is itself."""
    return [node] if node.kind == "command" else list(node.walk("command"))


def before(script: Script, at: int, name: str, body: str) -> Insertion:
    """A block before the line that the place begins.

    Raises:
        BashRefusedError: it stands behind something else in its line.
    """
    if not script.starts_line(at):
        raise BashRefusedError(script.line(at) + 1, "there is no line of its own to stand before")
    return Insertion(script.line(at), name, body, script.indent(at))
