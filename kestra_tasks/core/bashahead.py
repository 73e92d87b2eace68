"""A call ahead of the order, where what stands before the stack in it may end it.

Hosts end at the first stack that fails, and some of theirs always do: their compose file is gone.
A script that reaches the stack's own phase only behind one of those calls ours before its first
stack. Where everything before the stack has its file, nothing is called ahead.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from kestra_tasks.core.bashaim import Aim, acts, before, compose_name
from kestra_tasks.core.bashfiles import ENDING, Use, is_sure, is_there, joined_to, looks, uses
from kestra_tasks.core.bashphases import AHEAD, Unit
from kestra_tasks.core.bashscan import BashRefusedError
from kestra_tasks.core.bashtext import Insertion
from kestra_tasks.core.bashtree import Node, Script, plain

_ERREXIT = re.compile(r"(?:^|[\s;&])set\s+-(?:\w*e\w*\b|\w*o\s+errexit\b)")
_SHEBANG = re.compile(r"#!.*\bbash\s+-\w*e")
_PROJECT = re.compile(r"(?<![\w-])(?:-p|--project-name|--project-directory)\b|COMPOSE_PROJECT_NAME")
_GUARD = re.compile(r"freez|frozen|guard|maintenance|\block", re.I)
_LIST = re.compile(r"(\w+)\+?=[\"'](.+)[\"']\Z", re.S)


def ahead(script: Script, aim: Aim, units: list[Unit], after: str) -> Insertion | None:
    """The call that comes before the order; None where the order is sure to reach the stack.

    Args:
        units: of the loops over phases.
        after: what the script does once Kestra had its turn.
    """
    if _PROJECT.search(script.code):
        return None  # in which project Kestra belongs is only known where the stack is started
    at, words = _loop(script, aim, units) or _line(script, aim) or (None, "")
    if at is None:
        return None
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
        if not loop.name or not loop.words or not acts(script, loop, aim):
            continue
        words = " ".join(loop.words)
        if re.search(r"\$\(|`|[<>]\(|[*?](?!\})", re.sub(r"\[[@*]\]|\$\{?\*", "", words)):
            continue
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
    own = [plain(word) for word in loop.words]
    if all(own):
        yield [word for word in own if word]
        return
    names = set()
    for word in loop.words:
        names |= set(re.findall(r"\$\{?(\w+)", word))
        if given := re.search(r":?-([^${}]+)\}", word):
            yield given[1].split()
    for _ in range(3):
        for array in script.root.walk("array"):
            if array.name in names:
                names |= {n for w in array.words for n in re.findall(r"\$\{?(\w+)", w)}
        for name, text in _texts(script):
            if name in names:
                names |= set(re.findall(r"\$\{?(\w+)", text))
    for array in script.root.walk("array"):
        if array.name in names:
            yield [word for word in map(plain, array.words) if word]
    for name, text in _texts(script):
        if name in names and "$" not in text:
            yield text.split()


def _texts(script: Script) -> Iterator[tuple[str, str]]:
    for node in script.root.walk("command"):
        for word in node.words:
            if found := _LIST.match(word):
                yield found[1], found[2]


def _is_stack(word: str, aim: Aim) -> bool:
    return word == aim.stack or _is_file(word, aim)


def _is_file(path: str, aim: Aim) -> bool:
    """Whether a path's end is the stack's compose file."""
    return f"/{path}".endswith(f"/{compose_name(aim.compose_file)}")


def _ends(script: Script, loop: Node, unit: Unit | None, aim: Aim) -> bool:
    """Whether the first failure ends the loop."""
    calls = [c for c in loop.walk("command") if c.words and acts(script, c, aim)]
    if all(is_sure(script, call) for call in calls):
        return False
    pieces = [loop, *([unit.node] if unit and unit.node is not loop else [])]
    return _errexit(script) or any(
        ENDING.search(script.code[n.start : n.end]) for piece in pieces for n in _behind(piece)
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
    piece = unit.node if unit else loop
    values = {loop.name: phase, "1": phase}
    if unit and unit.case:
        arms = [arm for arm in unit.case.children if arm.kind == "arm"]
        named = [arm for arm in arms if phase in map(plain, arm.words)]
        piece = next(iter(named or [arm for arm in arms if "*" in arm.words]), piece)
    found = list(uses(script, piece, aim, _own(script, unit, values)))
    return not found or any(_fails(use, aim) for use in found)


def _own(script: Script, unit: Unit | None, values: dict[str, str]) -> dict[str, str]:
    """The values, and the unit's own names for them, such as `local phase=$1`."""
    if unit is None or unit.node.kind != "function":
        return values
    names = re.findall(
        r"\b(\w+)=[\"']?\$\{?1(?::?-[^}]*)?\}?", script.code[unit.node.body : unit.node.end]
    )
    return {**values, **dict.fromkeys(names, values["1"])}


def _fails(use: Use, aim: Aim) -> bool:
    folders = ("", posixpath.dirname(aim.compose_file), aim.folder)
    return not use.sure and not is_there(use.file, folders, aim.there)


# --- one stack after the other -------------------------------------------------------------------


def _line(script: Script, aim: Aim) -> tuple[Node, str] | None:
    """The first stack of a list of commands that comes to ours whatever was asked for."""
    if not _errexit(script):
        return None
    around = [script.root, *script.root.walk("function"), *script.root.walk("arm")]
    for piece in [*around, *script.root.walk("group")]:
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
