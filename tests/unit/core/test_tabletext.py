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
    assert table.format(["1|2", "3"]) == "|1\\|2|3|"


def test_a_row_takes_widths_and_alignments_of_the_table() -> None:
    table = one("| Name  |  Port |  Mid  |\n|:------|------:|:-----:|\n| web   |  3000 |   a   |\n")
    assert table.format(["api", "80", "b"]) == "| api   |    80 |   b   |"


def test_cells_of_one_length_by_chance_are_no_padding() -> None:
    table = one("| Right | Wrong |\n|---|---|\n| `tools-one` | x |\n| `tools-two` | y |\n")
    assert table.format(["a", "b"]) == "| a | b |"


def test_an_indented_table_without_outer_pipes_keeps_its_form() -> None:
    table = one("  Service | Port\n  --- | ---\n  Web | 3000\n")
    assert table.format(["api", "80"]) == "  api | 80"


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
