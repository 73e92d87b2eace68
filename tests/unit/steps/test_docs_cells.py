"""What Kestra's rows say in a person's table: its columns, language, notation and fillers."""

from __future__ import annotations

import pytest

from kestra_tasks.settings import Settings
from kestra_tasks.steps.docs_rows import with_name_rows, with_port_rows

SETTINGS = Settings()
COMPOSE = "docker compose -f tools/compose/docker-compose.tools.yml"


def rows(text: str, settings: Settings = SETTINGS) -> list[str]:
    """Kestra's lines of the port map, as they are written and as they are found again."""
    new = with_port_rows(text, settings, 8180, 8685).text
    assert new is not None
    assert with_port_rows(new, settings, 8180, 8685).text == new
    return [line for line in new.splitlines() if line not in text.splitlines()]


def table(header: str, *body: str) -> str:
    """A table of the header's cells and the rows' cells, `|` between them."""
    count = header.count("|") + 1
    lines = [header, "|".join(["---"] * count), *body]
    return "".join(f"|{line}|\n" for line in lines)


EVERY = (
    "Service|Container|Port|Container port|Stack|Start|Stop|Commands|Image|Health|Variable|URL"
    "|Notes"
)


def test_every_column_is_filled() -> None:
    start, stop = f"`{COMPOSE} up -d kestra`", f"`{COMPOSE} stop kestra`"
    common = f"tools|{start}|{stop}|{start} / `stop kestra`|`kestra/kestra:latest`|`http://localhost:8685/health`"
    assert rows(table(EVERY)) == [
        f"|Kestra (UI and API)|`tools-kestra`|8180|8080|{common}|`KESTRA_HTTP_PORT`"
        "|`http://localhost:8180`|Orchestrator: UI and API|",
        f"|Kestra (management)|`tools-kestra`|8685|8081|{common}|`KESTRA_MANAGEMENT_PORT`"
        "|`http://localhost:8685/health`|Health and metrics: `/health`, `/prometheus`|",
    ]


def test_every_column_is_filled_where_ports_share_a_cell() -> None:
    start, stop = f"{COMPOSE} up -d kestra", f"{COMPOSE} stop kestra"
    others = ["a|x|1000, 1001|1|x|x|x|x|x|x|x|x|x", "b|y|9000, 9001|2|y|y|y|y|y|y|y|y|y"]
    assert rows(table(EVERY, *others)) == [
        f"|Kestra|tools-kestra|8180, 8685|8080, 8081|tools|{start}|{stop}|{start} / stop kestra"
        "|kestra/kestra:latest|http://localhost:8685/health"
        "|KESTRA_HTTP_PORT, KESTRA_MANAGEMENT_PORT|http://localhost:8180"
        "|Orchestrator: UI and API, then health and metrics|"
    ]


def test_variables_that_share_a_cell_are_quoted_each() -> None:
    written = rows(table("Name|Port|Variable", "a|1000, 1001|`A_PORT`"))
    assert written == ["|Kestra|8180, 8685|`KESTRA_HTTP_PORT`, `KESTRA_MANAGEMENT_PORT`|"]


def test_names_get_every_column_they_have() -> None:
    header = "Service|Container|Port|Image|Commands|Notes|Right|Wrong|Stack"
    made = with_name_rows(table(header), SETTINGS, 8180).text
    assert made == table(
        header,
        "Kestra|`tools-kestra`|8180|`kestra/kestra:latest`|—|Kestra, the orchestrator"
        "|`tools-kestra`|`kestra`|tools",
    )


def test_a_name_gets_its_port_as_the_neighbours_map_theirs() -> None:
    text = table("Container|Right|Ports", "a|b|1000->80")
    made = with_name_rows(text, SETTINGS, 8180).text
    assert made == f"{text}|tools-kestra|tools-kestra|8180->8080|\n"


@pytest.mark.parametrize(
    ("header", "row", "language", "name"),
    [
        ("Service|Port", "x|1000", "pt-BR", "Kestra (UI and API)"),
        ("App|Port", "x|1000", "en", "Kestra (UI and API)"),
        ("App|Port", "x|1000", "pt-BR", "Kestra (UI e API)"),
        ("Nome|Port", "x|1000", "en", "Kestra (UI e API)"),
        ("App|Endereço/Porta", "x|localhost:1000", "en", "Kestra (UI e API)"),
        ("App|Port|Saúde", "x|1000|x", "en", "Kestra (UI e API)"),
        ("App|Port|Owner", "x|1000|x", "pt-BR", "Kestra (UI and API)"),
    ],
)
def test_a_header_tells_its_tables_language(
    header: str, row: str, language: str, name: str
) -> None:
    written = rows(table(header, row), SETTINGS.with_(language=language))
    assert written[0].split("|")[1] == name


def test_names_are_told_in_the_settings_language_where_the_header_tells_none() -> None:
    text = table("Container|Purpose", "a|x")
    made = with_name_rows(text, SETTINGS.with_(language="pt-BR"), 8180).text
    assert made is not None
    assert "|tools-kestra|Kestra, o orquestrador|" in made


@pytest.mark.parametrize(
    ("cells", "ours"),
    [
        (["1000", "2000"], ["8180", "8685"]),
        (["`1000`", "`2000`", "3000"], ["`8180`", "`8685`"]),
        (["`1000`", "`2000`", "3000", "4000", "5000"], ["8180", "8685"]),
        (["**1000**", "**2000**", "3000"], ["**8180**", "**8685**"]),
        (["**1000**", "**2000**", "3000", "4000", "5000"], ["8180", "8685"]),
        (["1000/tcp", "2000/udp", "3000"], ["8180/tcp", "8685/tcp"]),
        (["1000/UDP", "2000/UDP"], ["8180/TCP", "8685/TCP"]),
        (["1000/tcp", "2000"], ["8180", "8685"]),
        (["1000/tcp", "2000/tcp", "3000", "4000", "5000"], ["8180", "8685"]),
        (["1000", "n/a", "—"], ["8180", "8685"]),
        (["1000:80", "2000:80"], ["8180:8080, 8685:8081"]),
        (["`1000 → 80`", "`2000 → 80`", "`3000:80`"], ["`8180 → 8080`, `8685 → 8081`"]),
        (["1000:80", "2000:80", "3000", "4000", "5000"], ["8180, 8685"]),
        (["1000", "2000 / 2001"], ["8180 / 8685"]),
        (["1000<br>1001", "2000"], ["8180<br>8685"]),
        (["VPN only"], ["8180, 8685"]),
    ],
    ids=" ".join,
)
def test_ports_are_written_as_the_neighbours_are(cells: list[str], ours: list[str]) -> None:
    text = table("Ports|Service", *(f"{cell}|x" for cell in cells))
    assert [line.split("|")[1] for line in rows(text)] == ours


@pytest.mark.parametrize(
    ("role", "cells", "ours"),
    [
        ("Host", ["a", "a", "b"], "a"),
        ("Host", ["a", "b"], "—"),
        ("Host", ["a", "a", "b", "c"], "—"),
        ("Host", ["a", "a", "b", "c", "d"], "—"),
        ("Host", ["a"], "—"),
        ("Host", ["-", "n/a", "n/a", "a", "b", "c"], "n/a"),
        ("Host", ["", "a", "b"], ""),
        ("Host", ["`a|b`", "`a|b`"], "`a|b`"),
        ("Owner", ["anna", "anna", "rui"], "—"),
        ("Owner", ["ana", "ana"], "ana"),
        ("Container", ["`a`", "b"], "`tools-kestra`"),
        ("Container", ["`a`", "b", "c"], "tools-kestra"),
        ("Container", ["a", "—", "n/a"], "tools-kestra"),
        ("Container", ["—", "—"], "`tools-kestra`"),
    ],
)
def test_other_columns_follow_their_neighbours(role: str, cells: list[str], ours: str) -> None:
    text = table(f"Service|Port|{role}", *(f"x|{1000 + n}|{cell}" for n, cell in enumerate(cells)))
    assert rows(text) == [
        f"|Kestra (UI and API)|8180|{ours}|",
        f"|Kestra (management)|8685|{ours}|",
    ]


def test_a_second_column_of_one_kind_is_filled_like_an_unknown_one() -> None:
    text = table("Service|Port|Application", "web|1000|shop", "api|1001|shop")
    assert rows(text)[0] == "|Kestra (UI and API)|8180|shop|"


def test_rows_of_ours_follow_when_their_neighbours_change_their_notation() -> None:
    quoted = table("Service|Port|Container", "web|1000|`a`", "api|1001|`b`")
    old = with_port_rows(quoted, SETTINGS, 8180, 8685).text
    assert old is not None
    changed = old.replace("`a`", "a").replace("`b`", "b")
    done = with_port_rows(changed, SETTINGS, 8180, 8685)
    assert done.text == old.replace("`", "")
    assert not done.by_hand
