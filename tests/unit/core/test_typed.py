"""Commands in messages, as they can be typed where the message is read."""

from __future__ import annotations

import pytest

from kestra_tasks.core.typed import typed, typed_document


@pytest.mark.parametrize(
    ("text", "program", "root", "told"),
    [
        ("inv kestra.up", "inv", None, "inv kestra.up"),
        ("inv kestra.up", "./inv", "", "./inv kestra.up"),
        ("then: inv kestra.logs -f", "inv", "../a b", "then: inv kestra.logs --root '../a b' -f"),
        (
            "inv kestra.a; inv kestra.b",
            "./inv",
            "x",
            "./inv kestra.a --root x; ./inv kestra.b --root x",
        ),
        ("(`inv kestra.up`)", "'/a b/inv'", None, "(`'/a b/inv' kestra.up`)"),
        ("./inv kestra.up", "./inv", "x", "./inv kestra.up"),
        ("inv rig.up; inv kestra.md", "./inv", "x", "inv rig.up; ./inv kestra.md --root x"),
        ("docs/inv kestra.up.md", "./inv", "x", "docs/inv kestra.up.md"),
    ],
)
def test_commands_name_the_program_and_the_root(
    text: str, program: str, root: str | None, told: str
) -> None:
    assert typed(text, program, root) == told


def test_only_the_hints_of_a_document_change() -> None:
    document = {
        "schema": "a/1",
        "diff": "inv kestra.up",
        "checks": [{"hint": "inv kestra.up", "why": "inv kestra.up"}],
        "error": {"hint": None, "mend": "inv kestra.env"},
    }
    assert typed_document(document, "./inv", "x") == {
        "schema": "a/1",
        "diff": "inv kestra.up",
        "checks": [{"hint": "./inv kestra.up --root x", "why": "inv kestra.up"}],
        "error": {"hint": None, "mend": "./inv kestra.env --root x"},
    }
