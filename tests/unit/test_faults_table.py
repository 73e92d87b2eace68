"""The table of faults names tests that exist, and every test that breaks an engine is in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
TEXT = (ROOT / "docs" / "development" / "testing.md").read_text(encoding="utf-8")
TABLE = TEXT.partition("## Faults\n")[2].partition("\n## ")[0]
ROWS = [line for line in TABLE.splitlines() if line.startswith("| ")][1:]
NAMED = re.findall(r"`([\w/]+\.py)::(\w+)`", TABLE)


def defined(file: Path) -> set[str]:
    return set(re.findall(r"^def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize(("file", "name"), sorted(set(NAMED)))
def test_a_named_test_exists(file: str, name: str) -> None:
    assert name in defined(TESTS / file)


@pytest.mark.parametrize("row", ROWS, ids=[row.split("|")[1].strip() for row in ROWS])
def test_every_fault_has_a_test(row: str) -> None:
    assert re.search(r"\.py::test_", row)


@pytest.mark.parametrize("name", ["test_no_engine", "test_engine_lost", "test_disturbed"])
def test_no_fault_of_an_engine_is_left_out(name: str) -> None:
    file = TESTS / "faults" / f"{name}.py"
    listed = {test for path, test in NAMED if path == f"faults/{name}.py"}
    assert defined(file) - listed <= {"test_what_needs_no_engine_works_without_one"}
