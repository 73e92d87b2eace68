"""The lists that give a script's phases their order: arrays, texts and a loop's own words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kestra_tasks.core.bashscan import BashRefusedError
from kestra_tasks.core.bashtree import Node, Script, plain


@dataclass(frozen=True)
class Placed:
    """Lines to stand before a line, with its indent."""

    line: int
    body: str
    indent: str


@dataclass(frozen=True)
class Lists:
    """Where phases are listed.

    Attributes:
        names: the phases.
        arrays: array literals that list phases and nothing else.
        texts: assignments such as PHASES="a b".
        loops: loops over phases as literal words.
    """

    names: frozenset[str]
    arrays: tuple[Node, ...]
    texts: tuple[tuple[str, Node], ...]
    loops: tuple[Node, ...]

    def places(self, script: Script, stack: str, unit: str) -> Iterator[Placed]:
        """How the stack becomes the first of each list.

        Raises:
            BashRefusedError: there is no line of its own for one.
        """
        for array in self.arrays:
            yield _in_array(script, array, stack)
        for name, node in self.texts:
            yield _behind(script, node, f'{name}="{stack} ${name}"')
        for loop in self.loops:
            if not script.starts_line(loop.start):
                raise _no_line(script, loop)
            yield Placed(script.line(loop.start), f"{unit} {stack}", script.indent(loop.start))


def orders(script: Script, loops: Iterable[Node], unit: str, arms: set[str]) -> Lists:
    """The lists that the loops go through, and others of the same phases.

    Args:
        unit: name of the function that starts one phase.
        arms: the phases that its case knows; empty where it has none.

    Raises:
        BashRefusedError: a loop's phases don't come from a list that is written down.
    """
    arrays = [a for a in script.root.walk("array") if a.words and _names(a.words)]
    texts = list(_texts(script))
    names: set[str] = set()
    literal = []
    sources: set[str] = set()
    for loop in loops:
        words = _names(loop.words)
        if words and not any("$" in word for word in loop.words):
            literal.append(loop)
            names |= words
        else:
            sources |= _sources(script, loop)
    for array in arrays:
        if array.name in sources:
            names |= _names(array.words) or set()
    for name, node in texts:
        if name in sources:
            names |= set(_value(node, name).split())
    first = next(iter(loops))
    if not names:
        raise BashRefusedError(
            script.line(first.start) + 1, "its phases don't come from a list in the script"
        )
    if arms and not names & arms:
        raise BashRefusedError(script.line(first.start) + 1, "its phases and its case differ")
    keys = re.compile(rf"\[[\"']?(?:{'|'.join(map(re.escape, sorted(names)))})[\"']?\]=")
    for other in script.root.walk("array"):
        if any(keys.match(word) for word in other.words):
            raise BashRefusedError(script.line(other.start) + 1, "a map by phases is kept there")
    if literal and unit == literal[0].name:
        raise BashRefusedError(script.line(first.start) + 1, "its phases stand in the loop itself")
    same = [a for a in arrays if (_names(a.words) or set()) <= names and _is_list(a, names)]
    return Lists(
        frozenset(names),
        tuple(same),
        tuple((n, c) for n, c in texts if set(_value(c, n).split()) <= names),
        tuple(literal),
    )


def _is_list(array: Node, names: set[str]) -> bool:
    return len(array.words) > 1 or len(names) == 1


def _names(words: Iterable[str]) -> set[str] | None:
    """Literal words as a set; None where the shell would make something of one."""
    read = [plain(word) for word in words]
    if any(word is None or not re.fullmatch(r"[\w.-]+", word) for word in read):
        return None
    return {word for word in read if word is not None}


def _texts(script: Script) -> Iterator[tuple[str, Node]]:
    """Assignments of several plain words to a variable."""
    for node in script.root.walk("command"):
        for word in node.words:
            found = re.fullmatch(r"(\w+)=(\"[\w. -]+\"|'[\w. -]+')", word)
            if found and len(found[2].split()) > 1:
                yield found[1], node


def _value(node: Node, name: str) -> str:
    word = next(word for word in node.words if word.startswith(f"{name}="))
    return word[len(name) + 2 : -1]


def _sources(script: Script, loop: Node) -> set[str]:
    """Variables that the loop's words come from, through assignments."""
    found = {m for word in loop.words for m in re.findall(r"\$\{?([A-Za-z_]\w*)", word)}
    for _ in range(3):
        for array in script.root.walk("array"):
            if array.name in found:
                found |= {m for w in array.words for m in re.findall(r"\$\{([A-Za-z_]\w*)\[", w)}
        for name in list(found):
            for text in re.findall(rf"\b{re.escape(name)}=\"?\$\{{?([A-Za-z_]\w*)", script.code):
                found.add(text)
    return found


def _in_array(script: Script, array: Node, stack: str) -> Placed:
    begin = script.text.rfind("\n", 0, array.body) + 1
    rest = script.bare[array.body : script.text.find("\n", array.body)]
    if "\n" in script.text[array.start : array.end] and not rest.strip():
        line = script.line(array.body) + 1
        following = script.text.split("\n")[line]
        indent = re.match(r"[ \t]*", following)
        return Placed(line, stack, indent[0] if indent else "")
    holder = array.parent
    frozen = script.code[begin : array.start]
    if holder is None or re.search(r"\breadonly\b|-\w*r\w*\s", frozen):
        raise BashRefusedError(script.line(array.start) + 1, f"{array.name} is read-only")
    return _behind(script, holder, f'{array.name}=({stack} "${{{array.name}[@]}}")')


def _behind(script: Script, node: Node, body: str) -> Placed:
    if not script.starts_line(node.start) or not script.ends_line(node.end):
        raise _no_line(script, node)
    return Placed(script.line(node.end) + 1, body, script.indent(node.start))


def _no_line(script: Script, node: Node) -> BashRefusedError:
    return BashRefusedError(script.line(node.start) + 1, "there is no line of its own to add to")
