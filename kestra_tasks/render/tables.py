"""The one small table: columns without boxes, wrapped to the width there is."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterable, Sequence

_NARROWEST, _PLAIN = 40, 80


def table(
    headers: Sequence[str], rows: Iterable[Sequence[object]], *, width: int | None = None
) -> str:
    """Lay out `rows` under `headers`, cells wrapped; no newline at the end.

    Args:
        headers: one a column; none at all gives no header line.
        rows: each with one cell a column.
        width: in characters; None takes the terminal's, or 80 where stdout is no terminal.

    Returns:
        Plain text, or with a bold header where stdout is a terminal and NO_COLOR isn't set.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    cells = [[str(cell) for cell in row] for row in rows]
    colours = coloured()
    grid = Table(
        box=None,
        show_header=bool(headers),
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="bold" if colours else "",
    )
    for index, header in enumerate(headers or ("",) * len(cells[0] if cells else ())):
        numeric = bool(cells) and all(row[index].isdecimal() for row in cells)
        grid.add_column(Text(header), justify="right" if numeric else "left", overflow="fold")
    for row in cells:
        grid.add_row(*(Text(cell) for cell in row))
    console = Console(
        file=io.StringIO(),
        width=width or line_width(),
        force_terminal=colours,
        no_color=not colours,
        highlight=False,
        legacy_windows=False,
    )
    with console.capture() as captured:
        console.print(grid)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def line_width() -> int:
    """Characters a line may have: the terminal's, 80 where stdout is none."""
    if not sys.stdout.isatty():
        return _PLAIN
    return max(_NARROWEST, shutil.get_terminal_size((_PLAIN, 24)).columns)


def coloured() -> bool:
    """Whether stdout takes colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
