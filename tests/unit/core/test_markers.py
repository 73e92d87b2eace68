"""Marks: found whatever their language, and never guessed where a hand broke them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kestra_tasks.core.markers import (
    HASH,
    HTML,
    SLASH,
    BrokenMarkError,
    Style,
    block,
    digest,
    find,
    seal,
    seal_of,
)

LINES = st.lists(st.text(st.characters(blacklist_characters="\r\n", codec="utf-8")), max_size=5)


@pytest.mark.parametrize("style", [HASH, SLASH, HTML])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("indent", ["", "  ", "\t"])
def test_a_block_is_found_as_written(style: Style, newline: str, indent: str) -> None:
    body = f"{indent}one\n{indent}two\n"
    made = block("x", body, style, indent=indent, newline=newline, flags=("created", "eol"))
    text = f"before{newline}{made}after{newline}"
    found = find(text, "x", "f")
    assert found is not None
    assert text[found.start : found.end] == made
    assert (found.body, found.flags, found.intact, found.line) == (
        body,
        ("created", "eol"),
        True,
        2,
    )
    assert (made.count("\n"), made.count("\r")) == (4, 4 if newline == "\r\n" else 0)


def test_a_block_reads_as_the_documents_show_it() -> None:
    assert block("compose", "include: x") == (
        f"# >>> kestra-tasks:compose {digest('include: x' + chr(10))}\n"
        "include: x\n"
        "# <<< kestra-tasks:compose\n"
    )


def test_bytes_that_are_no_utf_8_are_digested_as_they_are() -> None:
    body = b"caf\xe9 \xff\n".decode("utf-8", "surrogateescape")
    found = find(block("x", body), "x", "f")
    assert found is not None
    assert (found.body, found.intact) == (body, True)
    other = b"caf\xea \xff\n".decode("utf-8", "surrogateescape")
    assert digest(other) != digest(body)


@given(LINES)
def test_any_body_without_marks_comes_back(lines: list[str]) -> None:
    body = "".join(f"{line}\n" for line in lines)
    found = find(block("x", body), "x", "f")
    assert found is not None
    assert found.body == body
    assert found.intact


@pytest.mark.parametrize("change", ["one!", "", "one\nmore", " one", "One"])
def test_a_changed_body_is_no_longer_intact(change: str) -> None:
    found = find(block("x", "one\n").replace("one", change), "x", "f")
    assert found is not None
    assert not found.intact


def test_line_ends_that_a_tool_changed_leave_it_intact() -> None:
    found = find(block("x", "one\ntwo\n").replace("\n", "\r\n"), "x", "f")
    assert found is not None
    assert found.intact
    assert found.body == "one\ntwo\n"


def test_no_marks_is_none_and_other_names_are_others() -> None:
    text = block("env-example", "a\n") + block("environment", "b\n") + block("env:x", "c\n")
    assert find("", "env", "f") is None
    assert find("# kestra-tasks:env\n", "env", "f") is None
    assert find(text, "env", "f") is None
    found = find(text, "environment", "f")
    assert found is not None
    assert found.body == "b\n"


def test_a_block_at_the_end_without_a_final_newline() -> None:
    text = "a\n" + block("x", "one\n").rstrip("\n")
    found = find(text, "x", "f")
    assert found is not None
    assert found.end == len(text)
    assert found.intact


def test_a_byte_order_mark_before_a_block_is_not_ours() -> None:
    text = "\ufeff" + block("x", "one\n")
    found = find(text, "x", "f")
    assert found is not None
    assert text[: found.start] == "\ufeff"


FIRST, BODY, LAST = block("x", "one\n").splitlines(keepends=True)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (FIRST + BODY, 1),
        ("\n" + FIRST + BODY, 2),
        (BODY + LAST, 2),
        ("a\n" + LAST + FIRST + BODY, 3),
        (FIRST + FIRST + BODY + LAST, 1),
        (FIRST + BODY + LAST + LAST, 1),
        (FIRST + BODY + FIRST + BODY + LAST + LAST, 1),
        (FIRST + BODY + LAST + FIRST + BODY + LAST, 1),
        (FIRST.replace(digest("one\n"), "not-hex!") + BODY + LAST, 3),
        (FIRST.replace(">>>", ">>") + BODY + LAST, 3),
        (FIRST + BODY + LAST.replace("<<<", "<<"), 1),
        (FIRST.rstrip("\n") + BODY.rstrip("\n") + LAST, 1),
    ],
    ids=["no-last", "no-last-below", "no-first", "swapped", "first-twice", "last-twice", "nested",
         "twice", "digest-broken", "first-misspelt", "last-misspelt", "joined"],
)  # fmt: skip
def test_broken_marks_are_named_with_a_line(text: str, line: int) -> None:
    with pytest.raises(BrokenMarkError) as caught:
        find(text, "x", "docs/f.md")
    assert caught.value.message == f"docs/f.md:{line}: the marks of kestra-tasks:x don't pair up"
    assert caught.value.path == "docs/f.md"
    assert "by hand" in caught.value.hint


def test_marks_of_another_name_may_stand_inside() -> None:
    inner = block("inner", "two\n")
    text = block("outer", f"one\n{inner}")
    found = find(text, "outer", "f")
    assert found is not None
    assert found.intact
    assert find(text, "inner", "f") is not None


def test_html_closing_is_no_flag() -> None:
    found = find(block("x", "| a |\n", HTML), "x", "f")
    assert found is not None
    assert found.flags == ()


def test_signed_text_stands_for_a_body_that_a_person_may_change() -> None:
    found = find(block("x", "PORT=8080\n", signed="PORT=\n"), "x", "f")
    assert found is not None
    assert not found.intact
    assert digest("PORT=\n") in block("x", "PORT=8080\n", signed="PORT=\n")


@pytest.mark.parametrize("kind", ["managed", "seeded"])
@pytest.mark.parametrize("style", ["# {}", "<!-- {} -->", "---\na: b\n---\n<!-- {} -->", "// {}"])
def test_a_seal_tells_its_kind_and_whether_a_hand_was_at_it(kind: str, style: str) -> None:
    text = seal(style.format(f"kestra-tasks:{kind} @@digest@@") + "\nbody\n")
    assert "@@" not in text
    assert seal_of(text) == (kind, True)
    assert seal_of(text.replace("\n", "\r\n")) == (kind, True)
    assert seal_of(text.replace("body", "mine")) == (kind, False)
    assert seal_of(text + " ") == (kind, False)


def test_no_seal() -> None:
    assert seal_of("") is None
    assert seal_of("# a file of yours\n") is None
    assert seal_of("# kestra-tasks:managed @@digest@@\n") is None
    assert seal_of("# kestra-tasks:managed 12345678x\n") is None
    assert seal_of("\n" * 40 + seal("# kestra-tasks:managed @@digest@@\n")) is None
