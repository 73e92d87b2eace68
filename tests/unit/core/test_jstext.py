"""Reading JavaScript: tokens with true places, or a refusal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kestra_tasks.core.jstext import JsTextError, read, tokens


def kinds(text: str) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in read(text).tokens]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = b / c / d", None),
        ("a = /b c/", "/b c/"),
        ("f(x) / 2 / 3", None),
        ("if (x) /re['\"]/.test(y)", "/re['\"]/"),
        ("while (a(b)) /[)/]/.exec(c)", "/[)/]/"),
        ("return /\\//g", "/\\//g"),
        ("o.return / 2 / 3", None),
        ("i++ / 2 / 3", None),
        ("a[0] / 2 / 3", None),
        ("x => /y/u", "/y/u"),
        ("case /a/.source:", "/a/"),
        ("`t` / 2 / 3", None),
        ("1 / 2 / 3", None),
        ("/it's/.test(x)", "/it's/"),
        ("return\n/'/", "/'/"),
        ("o?.return / 2 / 3", None),
        ("i-- / 2 / 3", None),
        ("f()++ / 2 / 3", None),
        ("a[0]++ / 2 / 3", None),
        ("++/'/.lastIndex", "/'/"),
        ("x = ++/'/.lastIndex", "/'/"),
        ("x = {} / 2 / 3", None),
    ],
)
def test_a_slash_divides_or_begins_a_regular_expression(text: str, expected: str | None) -> None:
    found = [word for kind, word in kinds(text) if kind == "regex"]
    assert found == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    "literal",
    [
        "`a`",
        "`${1}`",
        "`${{a: '}'}.a}`",
        "`${{a: {b: 1}}.a + `}`}`",
        "`${`${`}`}`}`",
        "`\\`${'`'}`",
        "`$ {} $$ ${a /* } */}`",
        "`${a // }\n}`",
        "`${a /* ` */}`",
        "`two\nlines ]`",
        "`${}`",
    ],
)
def test_a_template_is_one_token_whatever_is_nested_in_it(literal: str) -> None:
    assert kinds(f"x = [{literal}]") == [
        ("name", "x"),
        ("mark", "="),
        ("mark", "["),
        ("template", literal),
        ("mark", "]"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("a\n'b\n'", 2, "a string isn't closed on its line"),
        ("a\n/* b\n", 2, "a comment isn't closed"),
        ("\n`a ${b\n", 2, "a template literal isn't closed"),
        ("\n`a\n", 2, "a template literal isn't closed"),
        ("\n`a ${{}\n", 2, "a template literal isn't closed"),
        ("`a\\", 1, "a template literal isn't closed"),
        ("x = /a\n/", 1, "a regular expression isn't closed on its line"),
        ("\n[1, 2\n", 2, "'[' has no partner"),
        ("\n)\n", 2, "')' has no partner"),
        ("a\n}\nb", 2, "'}' has no partner"),
        ("({)}", 1, "')' has no partner"),
    ],
)
def test_what_cannot_be_read_exactly_is_refused_with_its_line(
    text: str, line: int, why: str
) -> None:
    with pytest.raises(JsTextError) as caught:
        read(text)
    assert (caught.value.line, caught.value.why) == (line, why)


def test_every_token_has_its_kind() -> None:
    marks = [("mark", mark) for mark in ("...", "=>", "++", "--", "?.", "=", ">", "+", "?", ".")]
    names = [("name", name) for name in ("X", "$a_1", "#own", "página")]
    others = [("number", "1e-5"), ("string", "'a'"), ("string", '"b"')]
    for kind, word in (*marks, *names, *others):
        assert kinds(f"a {word} b") == [("name", "a"), (kind, word), ("name", "b")]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_comments_and_a_first_line_for_the_shell_are_no_tokens(mark: str) -> None:
    script = read(f"{mark}#!/usr/bin/env node\n'use strict' // [\n/* {{ */ a")
    assert [token.text for token in script.tokens] == ["'use strict'", "a"]
    assert [script.text[a:b] for a, b in script.comments] == [
        f"{mark}#!/usr/bin/env node",
        "// [",
        "/* { */",
    ]
    assert read(f"{mark}#!/usr/bin/env node").tokens == ()


def test_lines_count_from_one_and_there_is_no_word_outside() -> None:
    script = read("a\nb\n\nc")
    assert [script.line(token.start) for token in script.tokens] == [1, 2, 4]
    assert [script.word(number) for number in (-1, 0, 2, 3)] == ["", "a", "c", ""]


def test_items_are_split_at_the_commas_of_their_own_bracket() -> None:
    script = read("x = [a, {b: [1, 2]}, f(c, d), `e,${[1, 2]}`, ...g,]")
    items = script.items(2)
    words = [
        script.text[script.tokens[item.first].start : script.tokens[item.last].end]
        for item in items
    ]
    assert words == ["a", "{b: [1, 2]}", "f(c, d)", "`e,${[1, 2]}`", "...g"]


def test_a_hole_in_an_array_is_refused() -> None:
    with pytest.raises(JsTextError) as caught:
        read("\n[a,\n,b]\n").items(0)
    assert str(caught.value) == "line 3: a comma too many"


def test_members_are_named_by_word_or_string_and_methods_are_left_out() -> None:
    script = read("({f() {}, a: 1, [g]: 1, 'b': [2], \"c d\": x, ...h, 'j\\n': 1, get i() {}, e})")
    words = {
        key: [script.word(number) for number in range(span.first, span.last + 1)]
        for key, span in script.members(1).items()
    }
    assert words == {"a": ["1"], "b": ["[", "2", "]"], "c d": ["x"], "e": ["e"]}


def test_depth_counts_the_brackets_around_a_token() -> None:
    script = read("a(b[c])")
    assert script.depth == (0, 0, 1, 1, 2, 1, 0)


def test_a_value_with_an_escape_or_a_placeholder_is_not_read() -> None:
    script = read(r"['a', `b`, 'c\n', `d${1}`, 5]")
    assert [script.value(number) for number in (1, 3, 5, 7, 9)] == ["a", "b", None, None, None]


PIECES = st.sampled_from(
    [
        "a",
        " ",
        "\n",
        "'s'",
        '"]"',
        "`t${'}'}`",
        "// c [\n",
        "/* ] */",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        "/",
        "=>",
        "1.5",
        "...",
        "é",
        "\\",
        "'",
        "`",
        "${",
        "\r\n",
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_whatever_the_text_tokens_lie_in_it_in_order_or_it_is_refused(text: str) -> None:
    try:
        found = tokens(text)
    except JsTextError as error:
        assert 1 <= error.line <= text.count("\n") + 1
        return
    end = 0
    for token in found:
        assert end <= token.start < token.end <= len(text)
        assert text[token.start : token.end] == token.text
        end = token.end
