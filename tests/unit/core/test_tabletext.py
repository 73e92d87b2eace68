"""Markdown tables: which there are, what their columns hold, and rows put in and taken out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kestra_tasks.core.tabletext import Table, insert_rows, remove_rows, tables

CORPUS = (Path(__file__).parents[2] / "corpus/markdown/tables.md").read_text(encoding="utf-8")


def one(text: str) -> Table:
    [table] = tables(text)
    return table


def test_the_corpus_has_these_tables_and_no_others() -> None:
    assert [(table.line, len(table.rows), table.headings) for table in tables(CORPUS)] == [
        (7, 2, ()),
        (15, 1, ()),
        (20, 2, ("Heading | with a pipe",)),
        (33, 1, ("Heading | with a pipe",)),
        (49, 0, ("Heading | with a pipe",)),
        (54, 1, ("Heading | with a pipe", "Under | a heading")),
    ]


@pytest.mark.parametrize(
    ("header", "role"),
    [
        ("Porta", "port"),
        ("**Port(s)**", "port"),
        ("Porta (host)", "port"),
        ("Container Port", "inner"),
        ("Contêiner", "container"),
        ("Serviço", "name"),
        ("Start / Stop", "startstop"),
        ("Certo", "right"),
        ("Data", "date"),
        ("Favourite colour", ""),
    ],
)
def test_a_header_says_what_its_column_holds(header: str, role: str) -> None:
    assert one(f"| {header} | x |\n|---|---|\n").roles[0] == role


def test_code_spans_and_escapes_keep_their_pipes() -> None:
    table = one("|a|b|\n|-|-|\n|`x|y`|z\\|w|\n")
    assert table.rows == (("`x|y`", "z\\|w"),)
    assert table.gap == ""
    assert table.format(table.rows[0]) == "|`x|y`|z\\|w|"


def test_a_delimiter_of_one_column_needs_no_pipe() -> None:
    assert one("| a |\n---\n| 1 |\n").rows == (("1",),)


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="argument 2"):
        one("| a | b |\n|---|---|\n").format(["1"])


def test_a_table_is_read_whole() -> None:
    front = "\ufeff# Title\n\n## Ports\n\n### Old\n\n## Web\n\n### Local\n\n"
    rows = ["  Service  | Port |  | Mid\r\n", "|---:|:-----|--|:---:|\r\n"]
    rows += ["  *web*    | 3000 |  | x\r\n", "  api|80\r\n"]
    starts = [len(front + "".join(rows[:number])) for number in (2, 3, 4)]
    assert one(front + "".join(rows) + "\r\n") == Table(
        roles=("name", "port", "", ""),
        aligns=("right", "left", "left", "center"),
        widths=(0, 4, 0, 0),
        rows=(("*web*", "3000", "", "x"), ("api", "80", "", "")),
        starts=tuple(starts),
        line=11,
        outer=False,
        gap=" ",
        indent="  ",
        header=("Service", "Port", "", "Mid"),
        headings=("Web", "Local"),
    )


@pytest.mark.parametrize(
    ("text", "cells", "row"),
    [
        pytest.param(
            "| Name  |  Port |  Mid  |\n|:------|------:|:-----:|\n| web   |  3000 |   a   |\n",
            ["api", "80", "b"],
            "| api   |    80 |   b   |",
            id="padded",
        ),
        pytest.param(
            "| Name  | Port |\n|-------|-----:|\n",
            ["api", "80"],
            "| api   |   80 |",
            id="padded-without-rows",
        ),
        pytest.param(
            "| Right | Wrong |\n|---|---|\n| `tools-one` | x |\n| `tools-two` | y |\n",
            ["a", "b"],
            "| a | b |",
            id="of-one-length-by-chance",
        ),
        pytest.param(
            "| Name |\n|---|\n| web  |\n| api  |\n", ["x"], "| x    |", id="all-of-one-length"
        ),
        pytest.param(
            "| Name |\n|------|\n| web  |\n| service |\n| x |\n",
            ["y"],
            "| y |",
            id="half-of-one-length",
        ),
        pytest.param(
            "| Name |\n|------|\n| web  |\n| service |\n",
            ["y"],
            "| y    |",
            id="most-of-one-length",
        ),
        pytest.param(
            "| Name |\n|------|\n| web  |\n| service |\n| application |\n| x |\n",
            ["y"],
            "| y |",
            id="some-of-one-length",
        ),
        pytest.param(
            "| Port |\n|-----:|\n| 3000 |\n| 4000 |\n", ["80"], "|   80 |", id="ruled-right"
        ),
        pytest.param(
            "| Port |\n|------|\n|   80 |\n|      |\n| 3000 |\n",
            ["443"],
            "|  443 |",
            id="right-by-hand",
        ),
        pytest.param(
            "| Middle |\n|:------:|\n|  abcd  |\n|  efgh  |\n",
            ["ij"],
            "|   ij   |",
            id="centred-by-hand",
        ),
        pytest.param("|Port|x|\n|----|-|\n|  80|y|\n", ["1", "z"], "|   1|z|", id="without-blanks"),
        pytest.param(
            "  Service | Port\n  --- | ---\n  Web | 3000\n",
            ["api", "80"],
            "  api | 80",
            id="indented-without-pipes-outside",
        ),
        pytest.param(
            "Port | To   | Name\n---- | ---- | ----\n3000 | 8080 | web1\n80   | 9090 | web2\n",
            ["443", "80", "x"],
            "443  | 80   | x",
            id="padded-without-pipes-outside",
        ),
        pytest.param(
            "Name | Port\n---- | ----\nweb  | 3000\napi  |   80\n",
            ["x", "443"],
            "x    |  443",
            id="right-without-pipes-outside",
        ),
    ],
)
def test_a_row_takes_the_tables_own_form(text: str, cells: list[str], row: str) -> None:
    assert one(text).format(cells) == row


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ("| 1 | 2 |", ("1", "2")),
        ("|1|", ("1", "")),
        ("||", ("", "")),
        ("| 1 | 2 | 3 |", ("1", "2")),
        ("1 | `a|b`", ("1", "`a|b`")),
        ("1 | b\\|", ("1", "b\\|")),
        ("1 | `b|", ("1", "`b")),
        ("1 | C:\\", ("1", "C:\\")),
        ("| 1 | 2\u2028| 3 |", ("1", "2")),
    ],
)
def test_a_row_is_cut_into_cells(row: str, cells: tuple[str, ...]) -> None:
    for end in ("", "\n", "\r\n"):
        assert one(f"a | b\n--|--\n{row}{end}").rows == (cells,)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param("```\n~~~\n```\n", id="another-fence-in-a-fence"),
        pytest.param("```\n```sh\n```\n", id="no-end-with-words-behind-it"),
        pytest.param("````\n```\n````\n", id="a-shorter-fence-in-a-fence"),
        pytest.param("```docker ps```\n", id="a-code-span-of-three-ticks"),
        pytest.param("<!-- x -->\n", id="comment-on-one-line"),
        pytest.param("  <!--\n\nx\n-->\n", id="comment-on-several-lines"),
        pytest.param("\ufeff", id="byte-order-mark"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_table_is_found_behind(before: str) -> None:
    assert [table.starts for table in tables(f"{before}| a | b |\n|---|---|\n")] == [
        (len(before) + 20,)
    ]


@pytest.mark.parametrize(
    "before",
    [
        pytest.param("```\n~~~\n", id="another-fence"),
        pytest.param("~~~ `x` ~~~\n```\n", id="words-behind-the-first"),
        pytest.param("```\n```sh\n", id="no-end-with-words-behind-it"),
        pytest.param("<!--\n", id="comment"),
        pytest.param(" <!-- x\n\n", id="longer-comment"),
    ],
)
def test_no_table_is_found_inside(before: str) -> None:
    assert not tables(f"{before}| a | b |\n|---|---|\n")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("end", ["", "\n", "\n\ntext\n"])
def test_rows_go_in_with_the_texts_own_line_ends(newline: str, end: str) -> None:
    text = f"| a | b |\n|---|---|\n| 1 | 2 |{end}".replace("\n", newline)
    new = insert_rows(text, one(text), 1, ["| 3 | 4 |"])
    wanted = f"| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |{end}".replace("\n", newline)
    assert new == wanted
    assert remove_rows(new, one(new), [1]) == text


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_goes_in_comes_out_and_nothing_else_changes(data: st.DataObject) -> None:
    lines = CORPUS.split("\n")
    start = data.draw(st.integers(0, len(lines) - 1))
    text = "\n".join(lines[start : data.draw(st.integers(start + 1, len(lines)))])
    if data.draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    if data.draw(st.booleans()):
        text = "\ufeff" + text
    for number, table in enumerate(tables(text)):
        index = data.draw(st.integers(0, len(table.rows)))
        row = table.format(["kestra"] * len(table.roles))
        new = insert_rows(text, table, index, [row, row])
        again = tables(new)[number]
        assert len(again.rows) == len(table.rows) + 2
        assert remove_rows(new, again, [index, index + 1]) == text
        assert [line for line in new.splitlines() if line != row] == text.splitlines()
