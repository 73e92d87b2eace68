"""Kestra's rows in people's tables: which table they go into, where, and whose a row is."""

from __future__ import annotations

import pytest

from kestra_tasks.settings import Settings
from kestra_tasks.steps.docs_rows import (
    Result,
    with_name_rows,
    with_port_rows,
    without_name_rows,
    without_port_rows,
)

SETTINGS = Settings()
HEAD = "| Service | Port |\n|---|---|\n"
UI, MANAGEMENT = "| Kestra (UI and API) | 8080 |\n", "| Kestra (management) | 8081 |\n"


def ports(text: str, http: int = 8080, management: int = 8081) -> Result:
    return with_port_rows(text, SETTINGS, http, management)


# --- which table -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    ["Port | Colour", "Service | Colour", "Container | Owner"],
)
def test_a_table_without_ports_and_names_takes_no_row(header: str) -> None:
    assert ports(f"| {header} |\n|---|---|\n| 1000 | a |\n") == Result(None)


@pytest.mark.parametrize("name", ["Service", "Container", "Notes"])
def test_a_name_of_any_kind_is_enough(name: str) -> None:
    text = ports(f"| {name} | Port |\n|---|---|\n| a | 1000 |\n").text
    assert [line.split(" | ")[1] for line in (text or "").splitlines()[3:]] == ["8080 |", "8081 |"]


def test_names_go_into_no_table_but_one_of_names() -> None:
    text = "| Service | Owner |\n|---|---|\n| web | ana |\n"
    assert with_name_rows(text, SETTINGS, 8080) == Result(None)
    assert without_name_rows(text, SETTINGS) == text


@pytest.mark.parametrize(
    ("dates", "taken"),
    [
        (["2025-01", "2025-02", "31/12"], False),
        (["2025-01", "soon"], False),
        (["2025-01", "soon", "always"], True),
        (["always"], True),
    ],
)
def test_a_table_with_a_date_in_half_of_its_rows_tells_what_was(
    dates: list[str], taken: bool
) -> None:
    rows = "".join(f"| a | 1000 | {date} |\n" for date in dates)
    done = ports(f"| Service | Port | Changed |\n|---|---|---|\n{rows}")
    assert (done.text is not None) is taken


LONG = f"{HEAD}| a | 1000 |\n| b | 1001 |\n| c | 1002 |\n"
SHORT = f"{HEAD}| z | 1003 |\n"
OURS = f"{HEAD}| tools-z | 1003 |\n| tools-y | 1004 |\n"
TAGGED = "| Service | Port | Stack |\n|---|---|---|\n| z | 1003 | `tools` |\n"


@pytest.mark.parametrize(
    ("others", "chosen"),
    [
        pytest.param([SHORT], LONG, id="the-longest"),
        pytest.param([LONG, f"## Apps\n\n{LONG}"], f"## Tools\n\n{SHORT}", id="our-stacks-heading"),
        pytest.param([LONG, OURS], f"## Ferramentas\n\n{SHORT}", id="its-portuguese-name"),
        pytest.param([LONG], OURS, id="our-prefix"),
        pytest.param([LONG], TAGGED, id="our-stack-in-a-cell"),
        pytest.param([f"## Databases\n\n{LONG}"], f"## Apps\n\n{SHORT}", id="not-the-databases"),
        pytest.param([LONG], f"## Monitoring\n\n{OURS}", id="our-prefix-wherever"),
    ],
)
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_the_table_that_suits_kestra_is_chosen(others: list[str], chosen: str, first: bool) -> None:
    # A heading of another level in front: no table stands under the one before it.
    parts = [chosen, *others] if first else [*others, chosen]
    text = "\n".join(f"## Part {number}\n\n{part}" for number, part in enumerate(parts))
    new = ports(text).text
    assert new is not None
    after = new.split("## Part ")[1:]
    before = text.split("## Part ")[1:]
    changed = [n for n, (one, two) in enumerate(zip(before, after, strict=True)) if one != two]
    assert changed == [0 if first else len(others)]


# --- where in it -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "rows", "behind"),
    [
        (["| a | 3000 |", "| b | 9000 |"], [UI, MANAGEMENT], ["| c | 9001 |"]),
        (["| a | 3000 |"], [UI, MANAGEMENT], ["| b | 9000 |"]),
        (["| a | 3000 |", "| b | 8080 |"], [UI, MANAGEMENT], ["| c | 9000 |"]),
        (["| a | 9000 |"], [UI, MANAGEMENT], []),
        (["| a | 9000 |", "| b | 3000 |"], [UI, MANAGEMENT], []),
        (["| a | 3000 |", "| b | - |"], [UI, MANAGEMENT], []),
    ],
    ids=["sorted", "two-rows", "same-port", "one-row", "unsorted", "one-without"],
)
def test_rows_go_where_their_port_belongs(
    before: list[str], rows: list[str], behind: list[str]
) -> None:
    if behind and "9001" in behind[0]:
        before, behind = before[:1], [before[1], *behind]
    above, below = ("".join(f"{row}\n" for row in part) for part in (before, behind))
    text = f"\n{HEAD}{above}{below}"
    wanted = f"\n{HEAD}{above}{''.join(rows)}{below}"
    assert ports(text) == Result(wanted)
    assert ports(wanted) == Result(wanted, 4 + len(before))
    assert without_port_rows(wanted, SETTINGS) == text


def test_the_lower_port_comes_first_only_where_others_are_sorted() -> None:
    lower, higher = "| Kestra (management) | 8000 |\n", "| Kestra (UI and API) | 9000 |\n"
    ordered = f"{HEAD}| a | 3000 |\n| b | 4000 |\n"
    assert ports(ordered, 9000, 8000).text == f"{ordered}{lower}{higher}"
    mixed = f"{HEAD}| a | 4000 |\n| b | 3000 |\n"
    assert ports(mixed, 9000, 8000).text == f"{mixed}{higher}{lower}"


def test_a_row_of_both_ports_goes_by_its_first() -> None:
    text = f"{HEAD}| a | 3000, 3001 |\n| b | 9000, 9001 |\n"
    both = "| Kestra | 8080, 8081 |\n"
    assert ports(text).text == text.replace("| b |", f"{both}| b |")


def test_names_go_to_the_end_of_an_inventory_sorted_by_port() -> None:
    head = "| Container | Port |\n|---|---|\n"
    text = f"{head}| a | 8000 |\n| b | 9000 |\n"
    ours = "| tools-kestra | 8080 |\n| tools-kestra-postgres | —    |\n"
    assert with_name_rows(text, SETTINGS, 8080) == Result(text + ours)


# --- whose row -------------------------------------------------------------------------------

EVERY = (
    "| Service | Container | Port | Stack | Start | Stop | Command | Image | Health | Variable "
    "| URL | Owner |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n"
)
NEIGHBOURS = "| a | `a` | `1000`/tcp | s | `s` | `s` | `s` | `i` | `h` | `V` | `u` | - |\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param({}, {"prefix": "infra", "image": "kestra/kestra:v1"}, id="prefix-and-image"),
        pytest.param({"compose_file": "a b/c.yml"}, {"compose_file": "d.yml"}, id="stacks-file"),
    ],
)
@pytest.mark.parametrize("dressed", ["", NEIGHBOURS], ids=["alone", "with-neighbours"])
def test_a_row_is_ours_whatever_the_settings(
    old: dict[str, str], new: dict[str, str], dressed: str
) -> None:
    text = EVERY + dressed
    before, now = SETTINGS.with_(**old), SETTINGS.with_(**new)
    written = with_port_rows(text, before, 8080, 8081).text
    wanted = with_port_rows(text, now, 9080, 9081).text
    assert written != wanted
    line = 3 + bool(dressed)
    assert with_port_rows(written or "", now, 9080, 9081) == Result(wanted, line)
    assert without_port_rows(written or "", now) == text


@pytest.mark.parametrize("notation", ["1000", "`1000`", "**1000**", "1000/tcp", "1000/TCP"])
def test_a_row_is_ours_in_whatever_notation(notation: str) -> None:
    text = f"{HEAD}| a | {notation} |\n| b | {notation} |\n"
    written = ports(text).text or ""
    changed = written.replace(notation, "2000")
    assert ports(changed) == Result(f"{HEAD}| a | 2000 |\n| b | 2000 |\n{UI}{MANAGEMENT}", 5)


def test_ticks_round_ours_are_no_difference() -> None:
    head = "| Container | Right | Wrong | Start | Variable |\n|---|---|---|---|---|\n"
    text = f"{head}| a | `a` | `b` | c | D |\n"
    written = with_name_rows(text, SETTINGS, 8080).text or ""
    bare = written.replace("`", "")
    assert without_name_rows(bare, SETTINGS) == text.replace("`", "")


@pytest.mark.parametrize(
    ("column", "theirs"),
    [
        ("Service", "Kestra of Ana"),
        ("Container", "kestra"),
        ("Stack", "x-kestra"),
        ("Start", "make kestra"),
        ("Stop", "make stop"),
        ("Command", "make"),
        ("Health", "none"),
        ("Variable", "PORT"),
        ("URL", "https://kestra.example.org"),
        ("Owner", "ana"),
    ],
)
def test_one_cell_that_a_person_changed_makes_a_row_theirs(column: str, theirs: str) -> None:
    written = ports(EVERY + NEIGHBOURS).text or ""
    at = [cell.strip() for cell in EVERY.splitlines()[0].split("|")].index(column)
    lines = written.splitlines()
    cells = lines[-1].split("|")
    cells[at] = f" {theirs} "
    edited = "\n".join([*lines[:-1], "|".join(cells)]) + "\n"
    assert ports(edited, 9080, 9081) == Result(edited, 5, by_hand=True)
    assert "|".join(cells) in without_port_rows(edited, SETTINGS)


@pytest.mark.parametrize(
    ("header", "ports_too"),
    [("Service | Port", True), ("Container | Port", True), ("Right | Container", False)],
)
def test_a_row_by_hand_is_found_in_whatever_column_names_it(header: str, ports_too: bool) -> None:
    text = f"\n| {header} |\n|---|---|\n| a | 1 |\n| My KESTRA | 8080 |\n"
    found = ports(text) if ports_too else with_name_rows(text, SETTINGS, 8080)
    assert found == Result(text, 5, by_hand=True)
