"""Kestra's rows in a person's tables of ports and of container names.

A table has no room for marks. A row is ours where it says what we would write, whatever the ports,
paths and prefix; a row of Kestra's that says something else was made by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kestra_tasks.core.tableroles import plain
from kestra_tasks.core.tabletext import Table, insert_rows, remove_rows, tables
from kestra_tasks.settings import Settings
from kestra_tasks.steps.docs_cells import (
    FILLERS,
    OWN,
    Row,
    cells_of,
    name_rows,
    neighbours,
    port_rows,
)

_NUMBER = re.compile(r"(?<![\w.])\d{2,5}(?![\w.])")
_PORT = re.compile(r"\d{2,5}(?:\s*/\s*tcp)?", re.I)
_DATE = re.compile(r"\d{4}-\d{2}|\d{1,2}[/.]\d{1,2}|\b20\d{2}\b")
_APART = re.compile(r"\b(data|dados|databases?|bancos?|storage|monitor\w*|observa\w+)\b")
# Tables of what was, of ranges, of what is free.
_NOT_NOW = re.compile(
    r"histor|change|mudanca|alterac|retired|removed|removid|deprecat|desativ|legac|legad|antig"
    r"|reserv|range|faixa|\bfree\b|\blivres?\b|conflict|conflit"
)


@dataclass(frozen=True)
class Result:
    """What became of a document.

    Attributes:
        text: as it should be; None where no table fits.
        line: 1-based, of the row that was found; 0 without one.
        by_hand: that row was made by hand, and the text is left alone.
    """

    text: str | None
    line: int = 0
    by_hand: bool = False


Rows = Callable[[Table], list[Row]]


def with_port_rows(text: str, settings: Settings, http: int, management: int) -> Result:
    """Bring Kestra's rows of the port map up to date."""
    return _bring(text, _port_tables(text), settings, _port_rows(settings, http, management))


def with_name_rows(text: str, settings: Settings, http: int) -> Result:
    """Bring Kestra's rows of the naming document up to date."""
    return _bring(text, _name_tables(text), settings, _name_rows(settings, http))


def without_port_rows(text: str, settings: Settings) -> str:
    """Take out of the port map what we wrote, whatever the ports."""
    return _without(text, _port_tables(text), _port_rows(settings, 1000, 1001))


def without_name_rows(text: str, settings: Settings) -> str:
    """Take out of the naming document what we wrote."""
    return _without(text, _name_tables(text), _name_rows(settings, 1000))


def _port_tables(text: str) -> list[Table]:
    return [table for table in tables(text) if table.tells_ports and _names(table)]


def _name_tables(text: str) -> list[Table]:
    return [table for table in tables(text) if {"right", "container"} & set(table.roles)]


def _port_rows(settings: Settings, http: int, management: int) -> Rows:
    return lambda table: port_rows(table, settings, http, management)


def _name_rows(settings: Settings, http: int) -> Rows:
    return lambda table: name_rows(table, settings, http)


def _without(text: str, found: list[Table], rows: Rows) -> str:
    for table in reversed(found):
        if mine := _ours(table, rows(table)):
            text = remove_rows(text, table, mine)
    return text


def _bring(text: str, found: list[Table], settings: Settings, rows: Rows) -> Result:
    known = {table.line: _ours(table, rows(table)) for table in found}
    for other in found:
        for index, row in enumerate(other.rows):
            if index not in known[other.line] and not _past(other) and _is_kestra(other, row):
                return Result(text, _line(other, index), by_hand=True)
    own = next((table for table in found if known[table.line]), None)
    table = own or _fitting(found, settings)
    if table is None:
        return Result(None)
    mine, wanted = known[table.line], rows(table)
    line = _line(table, mine[0]) if mine else 0
    if _says(table, mine, wanted):
        return Result(text, line)
    if mine:
        text = remove_rows(text, table, mine)
        table = next(t for t in tables(text) if t.line == table.line)
    return Result(_insert(text, table, wanted), line)


def _line(table: Table, index: int) -> int:
    """1-based number of a body row's line, the header and the delimiter above it."""
    return table.line + 2 + index


def _says(table: Table, mine: list[int], wanted: list[Row]) -> bool:
    """Whether our rows say what they should, columns that we only filled aside."""
    own = [column for column, role in enumerate(table.roles) if role in OWN]
    told = sorted([table.rows[index][column] for column in own] for index in mine)
    cells = [cells_of(table, row) for row in wanted]
    return told == sorted([row[column] for column in own] for row in cells)


def _insert(text: str, table: Table, rows: list[Row]) -> str:
    places: dict[int, list[str]] = {}
    for row in sorted(rows, key=lambda row: row.port) if _sorted_ports(table) else rows:
        places.setdefault(_place(table, row.port), []).append(table.format(cells_of(table, row)))
    for index in sorted(places, reverse=True):
        text = insert_rows(text, table, index, places[index])
    return text


def _place(table: Table, port: int) -> int:
    """Where a row goes: by its port in a table that is sorted by port, else at the end."""
    known = _sorted_ports(table) if port else []
    return next((i for i, number in enumerate(known) if number > port), len(table.rows))


def _sorted_ports(table: Table) -> list[int]:
    """The ports of a table that is sorted by them; empty for another one."""
    numbers = [_NUMBER.search(cell) for cell in table.ports]
    known = [int(number[0]) for number in numbers if number]
    return known if len(known) == len(table.rows) > 1 and known == sorted(known) else []


# --- which table -----------------------------------------------------------------------------


def _names(table: Table) -> bool:
    return any(role in table.roles for role in ("name", "container", "notes"))


def _past(table: Table) -> bool:
    if any(_NOT_NOW.search(plain(words)) for words in table.headings):
        return True
    dates = table.cells("date")
    return bool(dates) and 2 * sum(1 for cell in dates if _DATE.search(cell)) >= len(dates)


def _fitting(found: Iterable[Table], settings: Settings) -> Table | None:
    """The table of today's services: the stack's own one, or the longest."""
    usable = [table for table in found if not _past(table)]
    kin = re.compile(rf"\b({re.escape(settings.stack)}|ferramentas)\b")

    def rank(table: Table) -> tuple[bool, bool, bool, int]:
        under = any(kin.search(plain(words)) for words in table.headings)
        prefixed = any(f"{settings.prefix}-" in cell for row in table.rows for cell in row)
        tagged = any(cell.strip("`") == settings.stack for cell in table.cells("stack"))
        apart = any(_APART.search(plain(words)) for words in table.headings)
        return (under, prefixed or tagged, not apart, len(table.rows))

    return max(usable, key=rank, default=None)


# --- whose row -------------------------------------------------------------------------------


def _ours(table: Table, wanted: list[Row]) -> list[int]:
    """Indexes of the rows that we wrote, in the order of the table."""
    shapes = [_shape(table, cells_of(table, row)) for row in wanted]
    return [i for i, row in enumerate(table.rows) if _matches(table, list(row), shapes)]


def _matches(table: Table, row: list[str], shapes: list[list[str]]) -> bool:
    shape = _shape(table, row)
    others = neighbours(table)
    return any(
        all(
            told == expected
            or (
                role not in OWN
                and (told in FILLERS or any(cells[column] == told for cells in others))
            )
            for column, (role, told, expected) in enumerate(
                zip(table.roles, shape, wanted, strict=True)
            )
        )
        for wanted in shapes
    )


def _shape(table: Table, cells: list[str]) -> list[str]:
    """Cells without what settings decide: ports, the stack's file, the containers' prefix."""
    shape = []
    for role, told in zip(table.roles, cells, strict=True):
        if role in ("port", "url", "health"):
            told = _PORT.sub("N", re.sub(r"[`*]", "", told))
        elif role in ("start", "stop", "startstop"):
            told = re.sub(r"-f ('[^']*'|\S+)", "-f F", told.replace("`", ""))
        elif role in ("container", "right"):
            told = re.sub(r"[\w.-]+-kestra\b", "P-kestra", told.replace("`", ""))
        elif role == "image":
            told = "I"
        elif role in ("wrong", "variable"):
            told = told.replace("`", "")
        shape.append(told)
    return shape


def _is_kestra(table: Table, row: tuple[str, ...]) -> bool:
    columns = [table.column(role) for role in ("name", "container", "right")]
    return any("kestra" in row[column].lower() for column in columns if column is not None)
