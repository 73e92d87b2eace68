"""A script that was read: its parts, its plain words, and the room beside a place in a line."""

from __future__ import annotations

import pytest

from kestra_tasks.core.bashread import read
from kestra_tasks.core.bashtree import plain


@pytest.mark.parametrize(
    ("word", "value"),
    [("a-b.c", "a-b.c"), ('"a b"', "a b"), ("'$a'", "$a"), ("$a", None), ('"$a"', None),
     ("a*", None), ('"a"b', None), ("", None)],
)  # fmt: skip
def test_plain_words(word: str, value: str | None) -> None:
    assert plain(word) == value


def test_parts_below_and_above() -> None:
    script = read("f() { for x in 1; do { a b; c; }; done; }\nd\n")
    assert [node.kind for node in script.root.walk()] == [
        *("function", "loop", "group", "command", "command", "command")
    ]
    assert [node.words for node in script.root.walk("command")] == [("a", "b"), ("c",), ("d",)]
    (loop,) = script.root.walk("loop")
    a, _, d = script.root.walk("command")
    assert a.above("loop") is loop
    assert a.above("script") is script.root
    assert a.above("case") is None and d.above("command") is None


@pytest.mark.parametrize(
    ("text", "line", "indent", "starts", "ends"),
    [
        ("|a|\n", 0, "", True, True),
        ("  \t|a| # b\n", 0, "  \t", True, True),
        ("\n b; |a| ; c\n", 1, " ", False, False),
        ("b\n\n\t|a|\t\n", 2, "\t", True, True),
        ("|a|", 0, "", True, False),
        ("  |a|", 0, "  ", True, False),
        ("b 'c\n  '|a|'\n'\n", 1, "  ", False, False),
        ("b \\\n  |a| \\\n  c\n", 1, "  ", False, False),
        ("b \\\n  |a|\n", 1, "  ", False, True),
        ("\\\n|a| \\\n\n", 1, "", False, False),
        ("cat <<E; |a|\nb\nE\n", 0, "", False, False),
        ("if b; then # c\n  |a|; d # e\nfi\n", 1, "  ", True, False),
    ],
)
def test_the_room_in_the_line_of_a_place(
    text: str, line: int, indent: str, starts: bool, ends: bool
) -> None:
    """The place is between the bars: the first is where it begins, the second where it ends."""
    script = read(text.replace("|", ""))
    start, end = text.index("|"), text.rindex("|") - 1
    assert script.line(start) == line
    assert script.indent(start) == indent
    assert script.starts_line(start) is starts
    assert script.ends_line(end) is ends
