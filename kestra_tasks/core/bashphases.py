"""Scripts with phases: what starts one, which lists order them, and one phase more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kestra_tasks.core.bashaim import Aim, acts, before, commands
from kestra_tasks.core.bashlists import orders
from kestra_tasks.core.bashscan import BashRefusedError
from kestra_tasks.core.bashtext import Insertion
from kestra_tasks.core.bashtree import Node, Script, plain

PHASE = "stacks-phase"
ORDER = "stacks-order"
KNOWN = "stacks-known"
AHEAD = "stacks-ahead"
_ORDERS, _KNOWNS = ((name, *(f"{name}-{n}" for n in (2, 3, 4))) for name in (ORDER, KNOWN))
NAMES = (PHASE, AHEAD, *_ORDERS, *_KNOWNS)

_DECLARES = re.compile(r"(?:local|declare)\Z|\w+\+?=")
_GUARDS = re.compile(r"ensure|check|require|assert|guard|freeze|frozen", re.I)
_TELLING = (("echo",), ("printf",))
_ENDING = re.compile(r"\b(?:exit|return)\s+[1-9$]|\bdie\b|\busage\b|\bfail\b|\babort\b")


@dataclass(frozen=True)
class Unit:
    """What starts one phase: a function called with its name, or a loop with a case in it."""

    node: Node
    case: Node | None
    loops: tuple[Node, ...]


def units_of(script: Script, aim: Aim) -> list[Unit]:
    """Units of the loops over phases; none where the script has no such loop."""
    functions = {f.name: f for f in script.root.walk("function")}
    found: dict[int, Unit] = {}
    for loop in script.root.walk("loop"):
        if not loop.words or not acts(script, loop, aim):
            continue
        variable = re.compile(rf'"?\$\{{?{re.escape(loop.name)}\}}?"?')
        node = _unit_of(script, loop, variable, functions, aim)
        if node is None:
            continue
        old = found.get(node.start)
        loops = (*old.loops, loop) if old else (loop,)
        found[node.start] = Unit(node, _case_of(script, node), loops)
    return list(found.values())


def _unit_of(
    script: Script, loop: Node, variable: re.Pattern[str], functions: dict[str, Node], aim: Aim
) -> Node | None:
    for command in commands(loop):
        if len(command.words) > 1 and variable.fullmatch(command.words[1]):
            called = functions.get(command.words[0])
            if called is not None and acts(script, called, aim):
                return called
    for case in loop.walk("case"):
        if variable.fullmatch(case.words[0]) and case.above("loop") is loop:
            return loop
    return None


def _case_of(script: Script, unit: Node) -> Node | None:
    """The case that a unit decides by, on the phase's name."""
    names = {unit.name}
    if unit.kind == "function":
        body = script.code[unit.body : unit.end]
        names = {"1", *re.findall(r"\b(\w+)=[\"']?\$\{?1(?::?-[^}]*)?\}?", body)}
    for case in unit.walk("case"):
        subject = re.fullmatch(r'"?\$\{?(\w+)(?::?-[^}]*)?\}?"?', case.words[0])
        if subject and subject[1] in names and case.children:
            return case
    return None


def one_more(script: Script, aim: Aim, units: list[Unit]) -> Iterator[Insertion]:
    """The blocks that make the stack a phase, the first in order.

    Raises:
        BashRefusedError: phases are handled in a way that isn't known.
    """
    if len(units) > 1:
        raise BashRefusedError(
            script.line(units[1].node.start) + 1, "a second function or loop handles phases"
        )
    unit = units[0]
    arms = {p for arm in _arms(unit.case) for p in _patterns(arm)}
    if aim.stack in arms:
        yield _arm(script, aim, unit, own=False)
        return
    lists = orders(script, unit.loops, unit.node.name, arms)
    yield _arm(script, aim, unit, own=True) if unit.case else _early(script, aim, unit)
    ordered = list(lists.places(script, aim.stack, unit.node.name))
    if len(ordered) > len(_ORDERS):
        line = ordered[len(_ORDERS)].line + 1
        raise BashRefusedError(line, "it lists its phases in too many places")
    for name, change in zip(_ORDERS, ordered, strict=False):
        yield Insertion(change.line, name, change.body, change.indent)
    known = list(_known(script, aim, unit, lists.names))
    if len(known) > len(_KNOWNS):
        line = script.line(known[len(_KNOWNS)][0].start) + 1
        raise BashRefusedError(line, "too many places know its phases")
    for name, (arm, body) in zip(_KNOWNS, known, strict=False):
        yield before(script, arm.start, name, body)


def _arms(case: Node | None) -> list[Node]:
    return [arm for arm in case.children if arm.kind == "arm"] if case else []


def _patterns(arm: Node) -> list[str]:
    return [word for word in map(plain, arm.words) if word is not None]


def _arm(script: Script, aim: Aim, unit: Unit, *, own: bool) -> Insertion:
    """One arm more: the stack's whole, or what comes before the host's own arm of that name."""
    arms = _arms(unit.case)
    at = next((arm for arm in arms if aim.stack in _patterns(arm)), arms[0])
    leave = "; return" if unit.node.kind == "function" else " || exit; continue"
    call = f'"${{KESTRA_STACK[@]}}" {aim.action}'
    beside = f'"${{KESTRA_STACK[0]}}" {aim.action} || :'
    body = f"{aim.stack}) {call}{leave} ;;" if own else f"{aim.stack}) {beside} ;;&"
    return before(script, at.start, PHASE, body)


def _early(script: Script, aim: Aim, unit: Unit) -> Insertion:
    """Before the function's first command that is neither a declaration nor a guard."""
    if unit.node.kind != "function":
        raise BashRefusedError(script.line(unit.node.start) + 1, "the loop has no case to add to")
    body = f'if [[ ${{1-}} == {aim.stack} ]]; then "${{KESTRA_STACK[@]}}" {aim.action}; return; fi'
    first = next(
        node
        for node in unit.node.children
        # What stands behind a guard in its line is what it leads to.
        if acts(script, node, aim) or (script.starts_line(node.start) and not _passed(script, node))
    )
    return before(script, first.start, PHASE, body)


def _passed(script: Script, node: Node) -> bool:
    """Whether a piece only declares something, or is a guard that holds for the stack too."""
    asked = node.children[0] if node.kind == "if" and node.children else node
    word = next(iter(asked.words), "") if asked.kind == "command" else ""
    known = _GUARDS.search(word) or (_DECLARES.match(word) and asked is node)
    return bool(known) and "$(" not in script.code[asked.start : asked.end]


def _known(
    script: Script, aim: Aim, unit: Unit, phases: frozenset[str]
) -> Iterator[tuple[Node, str]]:
    """Arms to stand before in other cases that refuse a name they don't know, and the arm more."""
    for case in script.root.walk("case"):
        arms = _arms(case)
        named = [arm for arm in arms if phases & set(_patterns(arm))]
        refuses = any(
            "*" in arm.words and _ENDING.search(script.code[arm.body : arm.end]) for arm in arms
        )
        if not named or not refuses or unit.node.start <= case.start < unit.node.end:
            continue
        holder = case.above("function")
        if holder is not None and _only_in(script, holder, unit.node):
            continue
        for arm in named:
            if len(phases & set(_patterns(arm))) > 1 or not arm.children:
                yield arm, f"{aim.stack}) ;&"
                break
        else:
            if not all(_tells(arm) for arm in named):
                line = script.line(case.start) + 1
                raise BashRefusedError(line, "a case there refuses a phase that it doesn't know")
            yield named[0], f"{aim.stack}) echo Kestra ;;"


def _tells(arm: Node) -> bool:
    return all(n.kind == "command" and n.words[:1] in _TELLING for n in arm.children)


def _only_in(script: Script, called: Node, caller: Node) -> bool:
    """Whether a function is used only in another one, behind our call there."""
    word = re.compile(rf"(?<![\w-]){re.escape(called.name)}(?![\w-])")
    return all(
        any(piece.start <= found.start() < piece.end for piece in (called, caller))
        for found in word.finditer(script.code)
    )
