"""What Kestra's rows say in a person's table: its own columns, language, notation and fillers."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from kestra_tasks.core.tableroles import plain
from kestra_tasks.core.tabletext import Table
from kestra_tasks.settings import Settings

_SINGLE = re.compile(r"\d{2,5}(?:/(?:tcp|udp))?", re.I)
_MAPPED = re.compile(r"\d{2,5}(\s*(?::|→|->|=>)\s*)\d{2,5}")
_ENDED = re.compile(r"\d{2,5}(/(?:tcp|udp))", re.I)
_SEVERAL = re.compile(r"[`*]*\d{2,5}[`*]*(\s*[,/;]\s*|\s*<br ?/?>\s*|\s+)[`*]*\d.*")
FILLERS = ("—", "–", "-", "", "n/a", "N/A", "?", "...")
_PORTUGUESE = {
    *("servico", "porta", "portas", "nome", "conteiner", "descricao", "certo", "errado", "saude"),
    *("inicio", "parada", "notas", "observacoes", "endereco", "responsavel", "exemplo", "comando"),
}
_ENGLISH = {"service", "right", "wrong", "description", "name", "owner", "notes", "health"}
_WORDS = {
    "en": {
        "ui": "Kestra (UI and API)",
        "management": "Kestra (management)",
        "both": "Kestra",
        "ui_note": "Orchestrator: UI and API",
        "management_note": "Health and metrics: `/health`, `/prometheus`",
        "both_note": "Orchestrator: UI and API, then health and metrics",
        "server_note": "Kestra, the orchestrator",
        "database_note": "Kestra's database",
    },
    "pt-BR": {
        "ui": "Kestra (UI e API)",
        "management": "Kestra (gestão)",
        "both": "Kestra",
        "ui_note": "Orquestrador: UI e API",
        "management_note": "Saúde e métricas: `/health`, `/prometheus`",
        "both_note": "Orquestrador: UI e API, depois saúde e métricas",
        "server_note": "Kestra, o orquestrador",
        "database_note": "Banco de dados do Kestra",
    },
}


@dataclass(frozen=True)
class Row:
    values: Mapping[str, str]
    port: int = 0


def language_of(table: Table, settings: Settings) -> str:
    """The language of a table's header, the settings' where it tells nothing."""
    words = {word for cell in table.header for word in re.split(r"\W+", plain(cell))}
    if words & _PORTUGUESE:
        return "pt-BR"
    return "en" if words & _ENGLISH else settings.language


# Columns whose cells are ours to say; others only get what their neighbours have.
OWN = {
    *("name", "port", "inner", "container", "start", "stop", "startstop", "url", "health"),
    *("variable", "right", "wrong", "notes", "image"),
}
_CODE = {
    *("container", "start", "stop", "startstop", "url", "health", "variable", "right", "wrong"),
    "image",
}


def port_rows(table: Table, settings: Settings, http: int, management: int) -> list[Row]:
    words = _WORDS[language_of(table, settings)]
    compose = f"docker compose -f {shlex.quote(settings.compose_file)}"
    common = {
        "container": settings.container,
        "start": f"{compose} up -d kestra",
        "stop": f"{compose} stop kestra",
        "stack": settings.stack,
        "image": settings.image,
    }
    ui = {"url": f"http://localhost:{http}", "inner": "8080", "variable": "KESTRA_HTTP_PORT"}
    health = f"http://localhost:{management}/health"
    manage = {"url": health, "inner": "8081", "variable": "KESTRA_MANAGEMENT_PORT"}
    style, single = _port_style(table)
    if single:
        common["health"] = health
        first = {"name": words["ui"], "notes": words["ui_note"], **ui}
        second = {"name": words["management"], "notes": words["management_note"], **manage}
        return [
            Row({**common, **first, "port": style(http, 8080)}, http),
            Row({**common, **second, "port": style(management, 8081)}, management),
        ]
    ports = _joint(table).join((style(http, 8080), style(management, 8081)))
    both = {name: f"{ui[name]}, {manage[name]}" for name in ("inner", "variable")}
    told = {"name": words["both"], "notes": words["both_note"], "health": health, "port": ports}
    return [Row({**common, **both, "url": ui["url"], **told}, http)]


def name_rows(table: Table, settings: Settings, http: int) -> list[Row]:
    style, _ = _port_style(table)
    words = _WORDS[language_of(table, settings)]
    stack = {"stack": settings.stack}
    server = {
        "name": "Kestra",
        "right": settings.container,
        "container": settings.container,
        "wrong": "kestra",
        "notes": words["server_note"],
        "image": settings.image,
        "port": style(http, 8080),
    }
    database = {
        "name": "Kestra (Postgres)",
        "container": settings.postgres_container,
        "notes": words["database_note"],
        "image": settings.postgres_image,
    }
    # A table of examples wants one; an inventory wants them all.
    inventory = "right" not in table.roles and settings.database == "internal"
    return [Row({**stack, **server}), *([Row({**stack, **database})] if inventory else [])]


def _port_style(table: Table) -> tuple[_Style, bool]:
    """How ports are written there, and whether one a row."""
    cells = [cell for cell in table.cells("port") if cell not in FILLERS]
    bare = [re.sub(r"[`*_]", "", cell) for cell in cells]
    mapped = [match[1] for cell in bare if (match := _MAPPED.fullmatch(cell))]
    ended = [match[1] for cell in bare if (match := _ENDED.fullmatch(cell))]
    quoted = sum(cell.startswith("`") for cell in cells)
    strong = sum(cell.startswith("**") for cell in cells)
    arrow = _commonest(mapped)[0] if 2 * len(mapped) > len(bare) else ""
    # Kestra's ports are TCP ports, whatever its neighbours'.
    suffix = "/TCP" if _commonest(ended)[0].isupper() else "/tcp"
    suffix = suffix if 2 * len(ended) > len(bare) else ""
    dress = "`" if 2 * quoted > len(cells) else "**" if 2 * strong > len(cells) else ""
    single = all(_SINGLE.fullmatch(cell) for cell in bare)
    return _Style(dress, arrow, suffix), single


def _commonest(cells: list[str]) -> tuple[str, int]:
    """What most of the cells say, and how many of them."""
    return Counter(cells).most_common(1)[0] if cells else ("", 0)


def neighbours(table: Table) -> list[tuple[str, ...]]:
    """The rows that don't speak of Kestra."""
    return [row for row in table.rows if not any("kestra" in cell.lower() for cell in row)]


@dataclass(frozen=True)
class _Style:
    dress: str
    arrow: str
    suffix: str

    def __call__(self, port: int, inner: int) -> str:
        told = f"{port}{self.arrow}{inner}" if self.arrow else f"{port}{self.suffix}"
        return f"{self.dress}{told}{self.dress}"


def _joint(table: Table) -> str:
    """What stands between two ports of one cell."""
    for cell in table.cells("port"):
        if between := _SEVERAL.fullmatch(cell):
            return between[1]
    return ", "


def cells_of(table: Table, row: Row) -> list[str]:
    values = dict(row.values)
    if "start" in values:
        values["startstop"] = f"{values['start']}` / `stop kestra"
    return [_cell(table, column, role, values) for column, role in enumerate(table.roles)]


def _cell(table: Table, column: int, role: str, values: Mapping[str, str]) -> str:
    others = [row[column] for row in neighbours(table)]
    known = values.get(role)
    if known is None or table.roles.index(role) != column:
        common, times = _commonest(others)
        # Who answers for a neighbour doesn't answer for Kestra, unless it is always the same.
        if times > 1 and 2 * times > len(others) and (role != "owner" or times == len(others)):
            return common
        blank = [cell for cell in others if cell in FILLERS]
        return _commonest(blank)[0] if blank else "—"
    if role in _CODE:
        told = [cell for cell in others if cell not in FILLERS]
        ticks = sum("`" in cell for cell in told)
        coded = "`" + known.replace(", ", "`, `") + "`"
        return coded if not told or 2 * ticks >= len(told) else coded.replace("`", "")
    return known
