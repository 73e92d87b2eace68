"""The lists that give a script's phases their order: arrays, texts and a loop's own words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kestra_tasks.core.bashscan import BashRefusedError
from kestra_tasks.core.bashtree import Node, Script, plain

_DECLARES = ("declare", "export", "local", "readonly", "typeset")


@dataclass(frozen=True)
class Placed:
    """Lines to stand before a line, with its indent."""

    line: int
    body: str
    indent: str


@dataclass(frozen=True)
class Written:
    """An assignment of plain words to a variable.

    Attributes:
        name: of the variable.
        words: without their quotes.
        command: that assigns them.
        array: the literal; None for a text such as PHASES="a b".
    """

    name: str
    words: frozenset[str]
    command: Node
    array: Node | None = None


@dataclass(frozen=True)
class Lists:
    """Where phases are listed.

    Attributes:
        names: the phases.
        written: arrays and texts that list phases and nothing else.
        loops: loops over phases as literal words.
    """

    names: frozenset[str]
    written: tuple[Written, ...]
    loops: tuple[Node, ...]

    def places(self, script: Script, stack: str, unit: str) -> Iterator[Placed]:
        """How the stack becomes the first of each list.

        Raises:
            BashRefusedError: there is no line of its own for one.
        """
        for written in self.written:
            yield _first_in(script, written, stack)
        for loop in self.loops:
            if not script.starts_line(loop.start):
                raise _no_line(script, loop)
            yield Placed(script.line(loop.start), f"{unit} {stack}", script.indent(loop.start))


def orders(script: Script, loops: Sequence[Node], unit: str, arms: set[str]) -> Lists:
    """The lists that the loops go through, and others of the same phases.

    Args:
        unit: name of the function that starts one phase.
        arms: the phases that its case knows; empty where it has none.

    Raises:
        BashRefusedError: a loop's phases don't come from a list that is written down.
    """
    written = [*_arrays(script), *_texts(script)]
    names: set[str] = set()
    sources: set[str] = set()
    literal = []
    for loop in loops:
        if words := _names(loop.words):
            literal.append(loop)
            names |= words
        else:
            sources |= _sources(script, loop)
    names = names.union(*(one.words for one in written if one.name in sources))
    lists = tuple(one for one in written if one.words <= names and _is_list(script, one, names))
    if not lists and not literal:
        raise _refused(script, loops[0], "its phases don't come from a list in the script")
    if arms and not names & arms:
        raise _refused(script, loops[0], "its phases and its case differ")
    keys = re.compile(rf"\[[\"']?(?:{'|'.join(map(re.escape, sorted(names)))})[\"']?\]=")
    for array in script.root.walk("array"):
        if any(keys.match(word) for word in array.words):
            raise _refused(script, array, "a map by phases is kept there")
    if literal and unit == literal[0].name:
        raise _refused(script, literal[0], "its phases stand in the loop itself")
    return Lists(frozenset(names), lists, tuple(literal))


def _is_list(script: Script, written: Written, names: set[str]) -> bool:
    """Whether the phases stand there as a list, not as one of them or as more of them."""
    if written.array and script.code[: written.array.start].endswith("+="):
        return False
    return len(written.words) > 1 or len(names) == 1


def _names(words: Iterable[str]) -> frozenset[str] | None:
    """Literal words as a set; None where the shell would make something of one."""
    read = [plain(word) for word in words]
    names = frozenset(word for word in read if word and re.fullmatch(r"[\w.-]+", word))
    return names if names.issuperset(read) else None


def _arrays(script: Script) -> Iterator[Written]:
    for command in script.root.walk("command"):
        for array in command.walk("array"):
            if words := _names(array.words):
                yield Written(array.name, words, command, array)


def _texts(script: Script) -> Iterator[Written]:
    """Assignments of several plain words to a variable."""
    for command in script.root.walk("command"):
        lasting = all(re.match(r"\w+\+?=", word) for word in command.words)
        if not lasting and command.words[0] not in _DECLARES:
            continue  # an argument, or for one command only
        for word in command.words:
            found = re.fullmatch(r"(\w+)=([\"'])([\w. -]+)\2", word)
            if found and len(words := frozenset(found[3].split())) > 1:
                yield Written(found[1], words, command)


def _sources(script: Script, loop: Node) -> set[str]:
    """Variables that the loop's words come from, through assignments."""
    found = [name for word in loop.words for name in re.findall(r"\$\{?([A-Za-z_]\w*)", word)]
    for name in found:  # grows
        fed = re.findall(rf"\b{name}=\"?\$\{{?([A-Za-z_]\w*)", script.code)
        for array in script.root.walk("array"):
            if array.name == name:
                fed += [n for w in array.words for n in re.findall(r"\$\{([A-Za-z_]\w*)\[", w)]
        found += [other for other in dict.fromkeys(fed) if other not in found]
    return set(found)


def _first_in(script: Script, written: Written, stack: str) -> Placed:
    name, command, array = written.name, written.command, written.array
    if array:
        end = script.text.find("\n", array.body)
        if end < array.end and not script.bare[array.body : end].strip():
            return Placed(script.line(end) + 1, stack, script.indent(end + 1))
    if any(re.fullmatch(r"readonly|-\w*r\w*", word) for word in command.words):
        raise _refused(script, command, f"{name} is read-only")
    if not script.starts_line(command.start) or not script.ends_line(command.end):
        raise _no_line(script, command)
    body = f'{name}=({stack} "${{{name}[@]}}")' if array else f'{name}="{stack} ${name}"'
    return Placed(script.line(command.end) + 1, body, script.indent(command.start))


def _no_line(script: Script, node: Node) -> BashRefusedError:
    return _refused(script, node, "there is no line of its own to add to")


def _refused(script: Script, node: Node, why: str) -> BashRefusedError:
    return BashRefusedError(script.line(node.start) + 1, why)
