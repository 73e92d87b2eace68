"""Blocks in a script's text: put in and taken out, the rest to the byte."""

from __future__ import annotations

import re

import pytest

from kestra_tasks.core.bashtext import Insertion, blocks, called_by_hand, insert, line_feeds, strip

TEXT = "#!/bin/bash\na\n  b\nc"


def unmarked(text: str) -> str:
    """The marks as `>` and `<`, without what they say."""
    return re.sub(r"# (>>>|<<<) kestra-tasks:[^\r\n]*", lambda found: found[1][0], text)


def test_each_stands_before_its_line_in_the_order_given() -> None:
    given = [
        Insertion(3, "last", "z\n"),
        Insertion(1, "first", "x\n\ny\n"),
        Insertion(2, "one", "o\n", "  "),
        Insertion(2, "after-one", "p\n", "\t"),
    ]
    made = insert(TEXT, given)
    assert unmarked(made) == (
        "#!/bin/bash\n>\nx\n\ny\n<\na\n  >\n  o\n  <\n\t>\n\tp\n\t<\n  b\n>\nz\n<\nc"
    )
    found = blocks(made, ["first", "one", "after-one", "last", "absent"], "a.sh")
    assert set(found) == {"first", "one", "after-one", "last"}
    assert strip(made, found.values()) == TEXT


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("a\r\nb\n", "a\r\n>\r\nx\r\n<\r\nb\n"),
        ("a\nb\r\n", "a\n>\nx\n<\nb\r\n"),
    ],
)
def test_line_ends_are_those_of_the_line_above(text: str, made: str) -> None:
    assert unmarked(insert(text, [Insertion(1, "n", "x\n")])) == made


def test_a_script_is_counted_without_its_carriage_returns_and_byte_order_mark() -> None:
    assert line_feeds("\ufeffa\r\nb\n\ufeff") == "a\nb\n\ufeff"


def test_a_comment_calls_nothing() -> None:
    assert called_by_hand("a\n  # see x/stack.sh\n", "x/stack.sh") is None
    assert called_by_hand("a\n  # see\n  b/x/stack.sh\n", "x/stack.sh") == 3
