"""The small table: widths, wrapping, plain text."""

from __future__ import annotations

import sys

import pytest

from kestra_tasks.render.tables import coloured, line_width, table


def test_columns_and_numbers() -> None:
    assert table(("port", "who"), [(8080, "a"), (80, "bc")]) == "port  who\n8080  a\n  80  bc"


def test_without_headers() -> None:
    assert table((), [("a", "b"), ("ccc", "d")]) == "a    b\nccc  d"
    assert table((), []) == ""


def test_cells_wrap_to_the_width() -> None:
    long = "claimed by apps/a-very-long-folder-name/docker-compose.infrastructure.yml:12 (web)"
    lines = table(("port", "why"), [(8080, long)], width=50).splitlines()
    assert max(map(len, lines)) <= 50
    assert "".join("".join(line[4:].split()) for line in lines[1:]) == "".join(long.split())


def test_text_is_taken_as_it_stands() -> None:
    assert table(("a",), [("[bold]x[/bold] :smile: [1]",)]) == "a\n[bold]x[/bold] :smile: [1]"


def test_wide_characters_line_up() -> None:
    assert table((), [("日本", "x"), ("ab", "y")]) == "日本  x\nab    y"


def test_no_colours_but_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False, raising=False)
    assert "\x1b" not in table(("a",), [("b",)])
    assert line_width() == 80
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert table(("a",), [("b",)]).startswith("\x1b[1m")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured()
    assert "\x1b" not in table(("a",), [("b",)])
