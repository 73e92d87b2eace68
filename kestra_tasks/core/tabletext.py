"""Markdown tables, read where they stand and extended by whole rows in their own form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from kestra_tasks.core.marklines import lines_of
from kestra_tasks.core.tableroles import role_of

_DELIMITER = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*")
_HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)\s*#*\s*")
# The port of an address: `http://localhost:3000/x`, `localhost:5432`.
_ADDRESS = re.compile(r"(?:^|[\s`/(<\[])[\w.-]+:(\d{2,5})(?![\w.])")
# What ends a table although a pipe may stand in it.
_BLOCK = re.compile(r"\s{0,3}(?:#{1,6}\s|>|<!--|```|~~~)")
_CELL = re.compile(r"(?:\A|\|)((?:\\(?:.|\Z)|`[^`]*`|[^|\\])*)")


@dataclass(frozen=True)
class Table:
    """A pipe table.

    Attributes:
        roles: for each column what it holds ("" where the header says nothing known).
        aligns: for each column "left", "right" or "center", as its cells are padded.
        widths: for each column the width that most cells have, in characters, 0 where few do.
        rows: the body's cells, stripped.
        starts: offset of each body row's line, and of the line behind the last one.
        line: 1-based number of the header's line.
        outer: whether rows begin and end with a pipe.
        gap: what stands between a pipe and a cell: a blank, or nothing.
        indent: what stands before its lines.
        header: the header's cells, stripped.
        headings: the headings below the title that it stands under, outermost first.
    """

    roles: tuple[str, ...]
    aligns: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]
    starts: tuple[int, ...]
    line: int
    outer: bool
    gap: str = " "
    indent: str = ""
    header: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()

    def column(self, role: str) -> int | None:
        """The first column of that role."""
        return self.roles.index(role) if role in self.roles else None

    def cells(self, role: str) -> tuple[str, ...]:
        """That column's cells, row by row; empty without such a column."""
        index = self.column(role)
        return () if index is None else tuple(row[index] for row in self.rows)

    @property
    def tells_ports(self) -> bool:
        """Whether it has a column for ports, or one of addresses that mostly have one."""
        return "port" in self.roles or bool(self.ports)

    @property
    def ports(self) -> tuple[str, ...]:
        """What each row says of ports: its port column, or the ports of its addresses.

        Empty where there is no port column, and most addresses have no port.
        """
        if "port" in self.roles:
            return self.cells("port")
        found = [" ".join(_ADDRESS.findall(cell)) for cell in self.cells("url")]
        return tuple(found) if 2 * sum(map(bool, found)) > len(found) else ()

    def format(self, cells: Sequence[str]) -> str:
        """One row in the table's own widths and alignments, without a line end.

        Args:
            cells: one for each column, as Markdown has them: a pipe in them is escaped already.
        """
        padded = []
        for cell, align, width in zip(cells, self.aligns, self.widths, strict=True):
            pad = {"right": cell.rjust, "center": cell.center}.get(align, cell.ljust)
            padded.append(pad(width))
        joined = f"{self.gap}|{self.gap}".join(padded)
        if self.outer:
            return f"{self.indent}|{self.gap}{joined}{self.gap}|"
        return self.indent + joined.rstrip()


def tables(text: str) -> list[Table]:
    """Find the pipe tables of a Markdown text; code fences and HTML comments hold none."""
    every = lines_of(text)
    lines = [line.text for line in every]
    offsets = [*(line.start for line in every), len(text)]
    found: list[Table] = []
    headings: list[tuple[int, str]] = []
    index = 0
    while index < len(lines):
        end = index + 1
        if not every[index].plain:
            pass
        elif heading := _HEADING.fullmatch(lines[index]):
            level = len(heading[1])
            headings = [*((n, words) for n, words in headings if n < level), (level, heading[2])]
        elif _starts_table(lines, index):
            end += 1
            while end < len(lines) and "|" in lines[end] and not _BLOCK.match(lines[end]):
                end += 1
            under = tuple(words for level, words in headings if level > 1)
            found.append(_table(lines[index:end], offsets[index : end + 1], index + 1, under))
        index = end
    return found


def insert_rows(text: str, table: Table, index: int, rows: Sequence[str]) -> str:
    """Put `rows` before body row `index`, with the text's own line ends."""
    newline = "\r\n" if "\r\n" in text else "\n"
    place = table.starts[index]
    block = newline.join(rows)
    if place == len(text) and not text.endswith("\n"):
        return f"{text}{newline}{block}"
    return f"{text[:place]}{block}{newline}{text[place:]}"


def remove_rows(text: str, table: Table, indexes: Sequence[int]) -> str:
    """Take body rows out again, the inverse of `insert_rows`."""
    last = not text.endswith("\n") and any(table.starts[i + 1] == len(text) for i in indexes)
    for index in sorted(indexes, reverse=True):
        text = text[: table.starts[index]] + text[table.starts[index + 1] :]
    if last:
        text = text[: -2 if text.endswith("\r\n") else -1]
    return text


def _starts_table(lines: list[str], index: int) -> bool:
    if index + 1 >= len(lines) or "|" not in lines[index]:
        return False
    delimiter = lines[index + 1]
    if not _DELIMITER.fullmatch(delimiter):
        return False
    return len(_split(lines[index])) == len(_split(delimiter))


def _table(lines: list[str], offsets: list[int], line: int, headings: tuple[str, ...]) -> Table:
    header, delimiter = _split(lines[0]), _split(lines[1])
    count = len(header)
    raw = [(_split(row) + [""] * count)[:count] for row in lines[2:]]
    begin = lines[0].lstrip()
    outer = begin.startswith("|")
    gap = " " if any(cell.startswith(" ") for cell in header) else ""
    # Without pipes outside, the first and the last cell have a blank on one side alone.
    edges = () if outer else (0, count - 1)
    widths = [
        _width(
            [len(cells[column]) for cells in [header, *raw]],
            len(delimiter[column]),
            len(gap) * (1 if column in edges else 2),
        )
        for column in range(count)
    ]
    return Table(
        roles=tuple(role_of(cell) for cell in header),
        aligns=tuple(
            _flush([cells[column] for cells in raw], width, gap)
            or _align(delimiter[column].strip())
            for column, width in enumerate(widths)
        ),
        widths=tuple(widths),
        rows=tuple(tuple(cell.strip() for cell in cells) for cells in raw),
        starts=tuple(offsets[2:]),
        line=line,
        outer=outer,
        gap=gap,
        indent=lines[0].removesuffix(begin),
        header=tuple(cell.strip() for cell in header),
        headings=headings,
    )


def _width(lengths: list[int], ruled: int, blanks: int) -> int:
    """The padded width that most cells share, without the blanks round it; 0 if few do.

    Args:
        ruled: the length of the delimiter's cell, which padding has as well.
    """
    counted = Counter(lengths)
    width = max(counted, key=counted.__getitem__)
    times = counted[width]
    padded = 2 * times > len(lengths) and (ruled == width or times == len(lengths) > 2)
    return width - blanks if padded else 0


def _flush(cells: list[str], width: int, gap: str) -> str:
    """The side on which cells stand that are narrower than their column; "" where none tells."""
    narrow = [cell for cell in cells if cell.strip() and len(cell.strip()) < width]
    if not narrow:
        return ""
    if all(cell.removeprefix(gap)[:1].strip() for cell in narrow):
        return "left"
    return "right" if all(cell.removesuffix(gap)[-1:].strip() for cell in narrow) else ""


def _split(line: str) -> list[str]:
    """The cells between the pipes, padding included; code spans and escapes keep theirs."""
    text = line.strip().removeprefix("|")
    cells: list[str] = _CELL.findall(text)
    if text.endswith("|") and not cells[-1].strip():
        cells.pop()
    return cells


def _align(cell: str) -> str:
    if cell.endswith(":"):
        return "center" if cell.startswith(":") else "right"
    return "left"
