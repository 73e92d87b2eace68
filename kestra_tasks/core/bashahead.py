"""A call ahead of the order, where what stands before the stack in it may end it.

Hosts end at the first stack that fails, and some of theirs always do: their compose file is gone.
A script that reaches the stack's own phase only behind one of those calls ours before its first
stack. Where everything before the stack has its file, nothing is called ahead.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from kestra_tasks.core.bashaim import Aim, acts, before, commands, compose_name
from kestra_tasks.core.bashfiles import ENDING, Use, is_sure, is_there, joined_to, looks, uses
from kestra_tasks.core.bashphases import AHEAD, Unit
from kestra_tasks.core.bashscan import BashRefusedError
from kestra_tasks.core.bashtext import Insertion
from kestra_tasks.core.bashtree import Node, Script, plain

_ERREXIT = re.compile(r"(?:^|[\s;&])set\s+-(?:\w*e\w*\b|\w*o\s+errexit\b)")
_SHEBANG = re.compile(r"#!.*\bbash\s+-\w*e")
_PROJECT = re.compile(r"(?<![\w-])(?:-p|--project-name|--project-directory)\b|COMPOSE_PROJECT_NAME")
_GUARD = re.compile(r"freez|frozen|guard|maintenance|\block", re.I)
_LIST = re.compile(r"(\w+)(\+?=)[\"'](.+)[\"']\Z", re.S)


def ahead(script: Script, aim: Aim, units: list[Unit], after: str) -> Insertion | None:
    """The call that comes before the order; None where the order is sure to reach the stack.

    Args:
        units: of the loops over phases.
        after: what the script does once Kestra had its turn.
    """
    if _PROJECT.search(script.code):
        return None  # in which project Kestra belongs is only known where the stack is started
    found = _loop(script, aim, units) or _line(script, aim)
    if found is None:
        return None
    at, words = found
    call = f'"${{KESTRA_STACK[@]}}" ahead {aim.action} {words}'.rstrip()
    body = (
        f"# What stands before {aim.stack} may fail and end the order.\n"
        f"if [[ -x ${{KESTRA_STACK[0]}} ]] && {call}; then\n"
        f"  {after}\n"
        "fi\n"
    )
    try:
        return before(script, at.start, AHEAD, body)
    except BashRefusedError:
        return None


# --- a loop over phases or files -----------------------------------------------------------------


def _loop(script: Script, aim: Aim, units: list[Unit]) -> tuple[Node, str] | None:
    for loop in script.root.walk("loop"):
        words = " ".join(loop.words)
        if re.search(r"\$\(|`|[<>]\(|[*?](?!\})", re.sub(r"\[[@*]\]|\$\{?\*", "", words)):
            continue  # said a second time, they may be others or do something
        unit = next((unit for unit in units if loop in unit.loops), None)
        earlier = _before_the_stack(script, loop, aim)
        if not earlier or not _ends(script, loop, unit, aim) or _guarded(script, loop, unit, aim):
            continue
        if any(_may_fail(script, loop, unit, phase, aim) for phase in earlier):
            return loop, words
    return None


def _before_the_stack(script: Script, loop: Node, aim: Aim) -> list[str]:
    """What the loop goes through before the stack, by the lists that it is fed from."""
    found: dict[str, None] = {}
    for listed in _lists(script, loop):
        place = next((i for i, word in enumerate(listed) if _is_stack(word, aim)), 0)
        found |= dict.fromkeys(listed[:place])
    return list(found)


def _lists(script: Script, loop: Node) -> Iterator[list[str]]:
    """The words that each list says, those that it is made of behind it."""
    lists = [loop.words]
    known = _variables(script)
    for words in lists:
        yield [said for word in words if (said := plain(word))]
        for word in words:
            if given := re.search(r":?-([^${}]+)\}", word):
                lists.append(tuple(given[1].split()))
            for name in re.findall(r"\$\{?(\w+)", word):
                lists += known.pop(name, ())


def _variables(script: Script) -> dict[str, list[tuple[str, ...]]]:
    """The lists that each variable is set to: an array's words, or a text's and the text."""
    found: dict[str, list[tuple[str, ...]]] = {}

    def add(name: str, sign: str, words: tuple[str, ...]) -> None:
        lists = found.setdefault(name, [])
        lists.append((*lists[-1], *words) if lists and sign == "+=" else words)

    for array in script.root.walk("array"):
        add(array.name, script.code[: array.start][-2:], array.words)
    for node in script.root.walk("command"):
        for text in filter(None, map(_LIST.match, node.words)):
            add(text[1], text[2], (*text[3].split(), text[0]))
    return found


def _is_stack(word: str, aim: Aim) -> bool:
    return word == aim.stack or _is_file(word, aim)


def _is_file(path: str, aim: Aim) -> bool:
    """Whether a path's end is the stack's compose file."""
    return f"/{path}".endswith(f"/{compose_name(aim.compose_file)}")


def _ends(script: Script, loop: Node, unit: Unit | None, aim: Aim) -> bool:
    """Whether the first failure ends the loop."""
    if all(is_sure(script, call) for call in commands(loop) if acts(script, call, aim)):
        return False
    return _errexit(script) or any(
        ENDING.search(script.bare, node.start, node.end)
        for piece in (loop, *([unit.node] if unit else []))
        for node in _behind(piece)
    )


def _behind(piece: Node) -> Iterator[Node]:
    """Commands of a piece, but for what it says to an unknown name."""
    for node in piece.walk("command"):
        arm = node.above("arm")
        if arm is None or "*" not in arm.words:
            yield node


def _errexit(script: Script) -> bool:
    return bool(_ERREXIT.search(script.code) or _SHEBANG.match(script.text))


def _guarded(script: Script, loop: Node, unit: Unit | None, aim: Aim) -> bool:
    """Whether a guard stands inside the loop, where a call before the loop would miss it."""
    for piece in [loop, *([unit.node] if unit else [])]:
        for node in piece.walk("command"):
            if acts(script, node, aim):
                break
            if _GUARD.search(script.code[node.start : node.end]):
                return True
    return False


def _may_fail(script: Script, loop: Node, unit: Unit | None, phase: str, aim: Aim) -> bool:
    values, pieces = {loop.name: phase}, [unit.node if unit else loop]
    if unit and unit.node is not loop:
        values["1"] = phase
    if unit and unit.case:
        arms = [arm for arm in unit.case.children if arm.kind == "arm"]
        named = [arm for arm in arms if phase in map(plain, arm.words)]
        pieces = named or [arm for arm in arms if "*" in arm.words]
    found = [use for piece in pieces for use in uses(script, piece, aim, values)]
    return not found or any(_fails(use, aim) for use in found)


def _fails(use: Use, aim: Aim) -> bool:
    folders = ("", posixpath.dirname(aim.compose_file), aim.folder)
    return not use.sure and not is_there(use.file, folders, aim.there)


# --- one stack after the other -------------------------------------------------------------------


def _line(script: Script, aim: Aim) -> tuple[Node, str] | None:
    """The first stack of a list of commands that comes to ours whatever was asked for."""
    if not _errexit(script):
        return None
    around = [n for n in script.root.walk() if n.kind in ("function", "arm", "group")]
    for piece in [script.root, *around]:
        inside = [n for n in piece.children if n.kind != "function" and acts(script, n, aim)]
        place = next((i for i, n in enumerate(inside) if _comes_to_ours(script, n, aim)), 0)
        earlier = inside[:place]
        if any(
            _fails(use, aim)
            for node in earlier
            if node.kind in ("command", "if")
            for use in uses(script, node, aim, {})
        ):
            first = earlier[0]
            while (joined := joined_to(script, first)) is not None:
                first = joined
            return first, ""
    return None


def _joined(script: Script, node: Node) -> bool:
    """Whether a command runs only if the one before it says so, and that looks at no file."""
    first = joined_to(script, node)
    return first is not None and not looks(script, first)


def _comes_to_ours(script: Script, node: Node, aim: Aim) -> bool:
    """Whether a piece starts or stops the stack, unless its file is missing."""
    if node.kind == "if" and not (node.children and looks(script, node.children[0])):
        return False
    if node.kind not in ("command", "if") or _joined(script, node):
        return False
    return any(_is_file(use.file, aim) for use in uses(script, node, aim, {}))
