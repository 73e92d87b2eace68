"""Where a script that takes no arguments first starts a stack, whatever it is called with."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kestra_tasks.core.bashaim import Aim, acts, before
from kestra_tasks.core.bashfiles import joined_to
from kestra_tasks.core.bashphases import PHASE
from kestra_tasks.core.bashscan import BashRefusedError
from kestra_tasks.core.bashtext import Insertion
from kestra_tasks.core.bashtree import Node, Script

_ARGUMENTS = re.compile(r"\$(?:[@*#1-9]|\{[#!]?[@*1-9])|\bgetopts\b")
_ARRAY = re.compile(r'"\$\{(\w+)\[@\]\}"')
# What may stand before "&&" and isn't a question whether to start anything.
_STEPS = {("cd",), ("pushd",)}


def one_call(script: Script, aim: Aim) -> Insertion:
    """The call that comes before the first stack.

    Raises:
        BashRefusedError: the script takes arguments, or no place is sure to be passed.
    """
    if (place := _argument(script)) is not None:
        line = script.line(place) + 1
        raise BashRefusedError(line, "it takes arguments, and how it handles a phase isn't clear")
    if (first := _first(script, script.root.children, aim)) is not None:
        return before(script, first.start, PHASE, f'"${{KESTRA_STACK[@]}}" {aim.action}')
    raise BashRefusedError(1, f"no place was found where it must {aim.action} a stack")


def _argument(script: Script) -> int | None:
    """Where the script uses an argument of its own; handing all of them on is no use of them."""
    functions = list(script.root.walk("function"))  # one name may be defined twice
    takers = {node.name for node in functions if _takes(script, node)}
    harmless = {(node.name, '"$@"') for node in functions if node.name not in takers}
    outside = list(script.live)
    calls = (n for n in script.root.children if n.kind == "command" and n.words in harmless)
    for node in (*functions, *calls):
        outside[node.start : node.end] = " " * (node.end - node.start)
    if found := _ARGUMENTS.search("".join(outside)):
        return found.start()
    # `for x; do` goes through them too.
    loops = (n for n in script.root.walk("loop") if n.above("function") is None and n.name)
    return next((n.start for n in loops if not n.words), None)


def _takes(script: Script, function: Node) -> bool:
    return _ARGUMENTS.search(script.live, function.start, function.end) is not None


def _first(script: Script, nodes: Iterable[Node], aim: Aim) -> Node | None:
    """The first of `nodes` that acts, with what leads up to it; None where it may be left out."""
    for node in nodes:
        if node.kind != "function" and acts(script, node, aim):
            return _lead(script, node) if _must(script, node, aim) else None
    return None


def _must(script: Script, node: Node, aim: Aim) -> bool:
    """Whether the script can't come past `node` without acting."""
    if node.kind == "if":  # its condition is asked in any case
        return acts(script, node.children[0], aim)
    if node.kind == "loop":
        return all(_is_sure(script, node, word) for word in node.words)
    if node.kind in ("group", "subshell"):
        return _first(script, node.children, aim) is not None
    return node.kind == "command"


def _lead(script: Script, node: Node) -> Node | None:
    """What `&&` joins `node` to, from its beginning; None where that asks whether to act."""
    while (earlier := joined_to(script, node)) is not None:
        joint = script.bare[earlier.end : node.start].split()
        if earlier.words[:1] not in _STEPS or joint != ["&&"]:
            return None
        node = earlier
    return node


def _is_sure(script: Script, loop: Node, word: str) -> bool:
    """Whether a loop goes through `word` in any case: a text, or an array that is never emptied."""
    array = _ARRAY.fullmatch(word)
    if array is None:
        return not re.search(r"[$`!]", word)
    name = array[1]
    if re.search(rf"\b(?:unset|read|readarray|mapfile)\b[^;&|\n]*\b{name}\b", script.bare):
        return False
    filled = [node.parent for node in script.root.walk("array") if node.name == name and node.words]
    sets = re.findall(rf"(?<![\w$])(?:{name}=|{name}\[[^]]*\]=)", script.bare)
    root = script.root.children
    return len(sets) == 1 and any(node in root and node.start < loop.start for node in filled)
