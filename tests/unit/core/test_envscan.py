"""`.env` read as Compose reads it: values, refusals in words, and where every byte stands."""

from __future__ import annotations

import pytest

from kestra_tasks.core.envscan import Binding, Problem, scan
from tests.helpers import readers

# Text of A's line -> its value; X is "x", E is empty, N isn't set.
VALUES = {
    r'A="\0101\0377\0400\0999\08\01"': r"Aÿ\400\999\8\1",
    r'A="\a\b\f\n\r\t\v\c\\"': "\a\b\f\n\r\t\v\\c\\",
    "A='one\\\ntwo'": "one\\\ntwo",
    "A='it\\'s'": "it's",
    'A="say \\"x\\""': 'say "x"',
    "A=${X:-d}-${E:-d}-${N:-d}": "x-d-d",
    "A=${X-d}-${E-d}-${N-d}": "x--d",
    "A=${X:+d}-${E:+d}-${N:+d}": "d--",
    "A=${X+d}-${E+d}-${N+d}": "d-d-",
    "A=${X:?w}-${X?w}-${E?w}-": "x-x--",
    "A=${N:-${X}}-${X:+${X}}": "x-x",
    "A=${N:-{b}}": "{b}",
    "A=${N:-{b}": "{b",
    "A=1\nB\tC=2": "1",
    "A=$X-$N-$$X": "x--$X",
    "A=1 # c": "1",
    "A=1#c": "1#c",
    "A= # c": "# c",
    "A:  1": "1",
    "export\tA=1": "1",
}
REFUSED = {
    "A B=1": "the name has a space in it",
    "=1": "the name is missing",
    "A$=1": "'$' can't be in a name",
    "A='1": "a quote isn't closed",
    "A": "a name without '=' can't end the file",
    "A=${X": "'${' isn't closed",
    "A=${}": "'${' isn't followed by a name",
    "A=${E:?w}": "it needs a variable that isn't set",
    "A=${N?w}": "it needs a variable that isn't set",
    "A=${X!}": "'${' has an operator that Compose doesn't know",
    "A=a\0b": "the value has the control character 00 in it",
}
FRONT = "X=x\nE=\n"


@pytest.mark.parametrize("line", VALUES)
def test_a_value_is_read(line: str) -> None:
    found, refused = scan(f"{FRONT}{line}\n")
    assert [binding.value for binding in found if binding.key == "A"] == [VALUES[line]]
    assert not refused


@pytest.mark.parametrize("line", REFUSED)
def test_a_refusal_says_what_and_where(line: str) -> None:
    text = FRONT + line
    assert scan(text)[1] == [Problem(3, REFUSED[line], len(FRONT), len(text))]


@pytest.mark.skipif(not readers.has_compose(), reason="docker compose isn't there")
@pytest.mark.parametrize("line", [*VALUES, *REFUSED])
def test_compose_says_the_same(line: str) -> None:
    read = readers.compose(FRONT + line + "\n" * (line in VALUES), ["A"])
    assert isinstance(read, str) if line in REFUSED else read == {"A": VALUES[line]}


def test_the_environment_comes_first_in_references() -> None:
    found, _ = scan("A=1\nB=$A-${A:+$C}\n", {"A": "2", "C": "3"})
    assert [(binding.key, binding.value) for binding in found] == [("A", "1"), ("B", "2-3")]


def test_bindings_tell_where_every_part_stands() -> None:
    assert scan("\ufeff\nexport N\nA= 'x'B=y \r\nC=") == (
        [
            Binding("N", None, 2, 2, 10, 10, 10, "none"),
            Binding("A", "x", 3, 11, 17, 14, 17, "single"),
            Binding("B", "y", 3, 17, 21, 19, 20, "plain"),
            Binding("C", "", 4, 23, 25, 25, 25, "plain"),
        ],
        [],
    )


def test_lines_are_counted_from_the_first() -> None:
    assert [binding.line for binding in scan("\nA=1\n\nB=2")[0]] == [2, 4]


def test_what_stands_behind_a_refused_line_is_read() -> None:
    found, refused = scan("=1\n\nA=2\nB='\nC=${A\n")
    assert [(problem.line, problem.start, problem.end) for problem in refused] == [
        (1, 0, 2),
        (4, 8, 11),
        (5, 12, 17),
    ]
    assert [(binding.key, binding.value) for binding in found] == [("A", "2"), ("C", None)]
