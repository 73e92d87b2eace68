"""The block in a `.env` for itself: where it goes, what it keeps, how it goes again."""

from __future__ import annotations

import pytest

from kestra_tasks.core.envblock import (
    JOINED,
    KEPT,
    NAME,
    REDUCED,
    TIGHT,
    Layout,
    Line,
    insert,
    read,
    reduce,
    refresh,
    remove,
    render,
    replace,
    signature,
    signed_with,
)
from kestra_tasks.core.markers import Block, digest, find

LAYOUT = Layout(
    ("Kestra",), {"HTTP_PORT": "8080", "NAME": "kestra"}, ("May be set:",), {"IMAGE": "a:1"}
)
KNOWN = ("HTTP_PORT", "NAME", "IMAGE")
BODY = "# Kestra\nHTTP_PORT=8080\nNAME=kestra\n# May be set:\n# IMAGE=a:1\n"
ENDS = pytest.mark.parametrize("newline", ["\n", "\r\n"])


def put(text: str | None) -> str:
    return insert(text, render(LAYOUT), KNOWN)


def block_of(text: str) -> Block:
    found = find(text, NAME, ".env")
    assert found is not None
    return found


def taken_out(text: str) -> str | None:
    return remove(text, block_of(text), ())


def test_a_block_is_its_layout() -> None:
    assert block_of(put(None)).body == BODY
    assert read(BODY, ["IMAGE"]) == [
        Line("# Kestra"),
        Line("HTTP_PORT=8080", "HTTP_PORT", active=True),
        Line("NAME=kestra", "NAME", active=True),
        Line("# May be set:"),
        Line("# IMAGE=a:1", "IMAGE"),
    ]
    assert render(LAYOUT) == read(BODY, ["IMAGE"])


@ENDS
@pytest.mark.parametrize(
    ("text", "between", "flags"),
    [
        ("A=1\n", "\n", ()),
        ("A=1", "\n\n", (JOINED,)),
        ("A=1\n\n", "", (TIGHT,)),
        ("A=1\n\n\n", "", (TIGHT,)),
        ("\n", "\n", ()),
        ("", "", (KEPT,)),
    ],
)
def test_one_empty_line_stands_before_it(
    text: str, between: str, flags: tuple[str, ...], newline: str
) -> None:
    text, between = text.replace("\n", newline), between.replace("\n", newline)
    after = put(text)
    marks = block_of(after)
    if "\n" in text or newline == "\n":
        assert after[: marks.start] == text + between
        assert after.count("\r\n") == (after.count("\n") if newline == "\r\n" else 0)
    assert marks.flags == flags
    assert taken_out(after) == text


def test_a_file_of_ours_goes_and_an_empty_one_of_theirs_stays() -> None:
    assert taken_out(put(None)) is None
    assert taken_out(put("")) == ""


@ENDS
def test_a_file_whose_other_lines_were_deleted_is_left_empty(newline: str) -> None:
    after = put(f"A=1{newline}")
    assert taken_out(after.removeprefix(f"A=1{newline}")) == ""


@ENDS
def test_what_stands_behind_keeps_its_line(newline: str) -> None:
    after = put(f"B=2{newline}A=1")
    assert taken_out(f"{after}C=3{newline}".replace("\r\n", "\n")) == "B=2\nA=1\nC=3\n"


@ENDS
def test_a_persons_own_lines_stay_with_the_files_line_ends(newline: str) -> None:
    after = put(f"A=1{newline}")
    own = [Line("MINE='a\nb'", "MINE", active=True), Line("# mine")]
    left = f"A=1{newline}MINE='a{newline}b'{newline}# mine{newline}"
    assert remove(after, block_of(after), own) == left


@ENDS
def test_new_lines_take_the_blocks_line_ends_and_keep_its_flags(newline: str) -> None:
    before = f"B=2{newline}A=1"
    after = put(before)
    lines = [Line("HTTP_PORT=1", "HTTP_PORT", active=True)]
    replaced = replace(after, block_of(after), lines, KNOWN)
    reduced = reduce(after, block_of(after), lines, KNOWN)
    assert block_of(replaced).flags == (JOINED,)
    assert block_of(reduced).flags == (JOINED, REDUCED)
    assert block_of(reduce(reduced, block_of(reduced), lines, KNOWN)).flags == (JOINED, REDUCED)
    assert block_of(replace(reduced, block_of(reduced), lines, KNOWN)).flags == (JOINED,)
    for new in (replaced, reduced):
        assert block_of(new).body == "HTTP_PORT=1\n"
        assert new.count("\r\n") == (new.count("\n") if newline == "\r\n" else 0)
        assert taken_out(new) == before


def test_values_that_a_person_gave_are_carried_over_in_their_places() -> None:
    given = read("HTTP_PORT='9\n9'\nIMAGE=b:2\nMINE=x\n", ["IMAGE"])
    assert [line.text for line in render(LAYOUT, given)] == [
        "# Kestra",
        "HTTP_PORT='9\n9'",
        "NAME=kestra",
        "# May be set:",
        "IMAGE=b:2",
        "MINE=x",
    ]


def test_defaults_in_comments_follow_and_nothing_else_does() -> None:
    old = read("# words\nHTTP_PORT=9\n#IMAGE=old:0\n# OTHER=1\n", ["IMAGE"])
    assert [line.text for line in refresh(LAYOUT, old)] == [
        "# words",
        "HTTP_PORT=9",
        "# IMAGE=a:1",
        "# OTHER=1",
    ]
    used = read("IMAGE=old:0\n", ["IMAGE"])
    assert refresh(LAYOUT, used) == used


@pytest.mark.parametrize("body", ["A=1", "A=1\n", "\nA=1\n", "\n\nA='x\ny' # c\n\n# c"])
def test_a_body_is_cut_into_lines_that_make_it_up(body: str) -> None:
    lines = read(body, ())
    assert "\n".join(line.text for line in lines) == body.removesuffix("\n")
    assert [line.key for line in lines if line.active] == ["A"]


def test_the_signature_is_over_names_and_comments_never_values() -> None:
    lines = read(BODY, ["IMAGE"])
    assert signature(lines, KNOWN) == "# Kestra\n# May be set:\nHTTP_PORT\nIMAGE\nNAME"
    other = read(BODY.replace("8080", "1").replace("# IMAGE=a:1", "IMAGE=b"), ["IMAGE"])
    assert signature(other, KNOWN) == signature(lines, KNOWN)
    after = put("A=1\n")
    assert signed_with(after, block_of(after)) == digest(signature(lines, KNOWN))
