"""Kestra in a foreign Express launcher: every idiom, run for real; refused where not known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kestra_tasks.core.edit import Change, Conflict, Edit, Noop
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.settings import Settings
from kestra_tasks.steps import launcher

CORPUS = Path(__file__).resolve().parents[2] / "corpus" / "js"
MESSY = Path(__file__).resolve().parents[2] / "cases/large-messy/before/apps/status/server.js"
KNOWN = sorted(CORPUS.glob("*.js"))
REFUSED = sorted((CORPUS / "refused").glob("*.js"))
PATH = Settings().launcher


def tree(text: str, mode: int = 0o644) -> Tree:
    return Tree({PATH: File.of(text, mode)})


def text_of(path: Path) -> str:
    return path.read_bytes().decode()


def planned(text: str, **changes: Any) -> Change:
    (change,) = launcher.plan(tree(text), Settings().with_(**changes))
    return change


def applied(text: str, **changes: Any) -> str:
    change = planned(text, **changes)
    assert isinstance(change, Edit), change
    assert change.after is not None
    return change.after.text


def undone(text: str) -> Change:
    (change,) = launcher.undo(tree(text), Settings())
    return change


# --- text ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*KNOWN, MESSY], ids=lambda path: path.stem)
def test_ours_is_put_in_once_and_taken_out_to_the_byte(path: Path) -> None:
    text = text_of(path)
    once = applied(text)
    again = planned(once)
    assert isinstance(again, Noop), again
    assert "kestra-orchestrator, line" in again.why
    back = undone(once)
    assert isinstance(back, Edit)
    assert back.after is not None
    assert back.after.data == text.encode()
    lone = [line for line in once.splitlines(keepends=True) if not line.endswith("\r\n")]
    assert "\r\n" not in text or not lone


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
def test_an_unknown_shape_is_a_conflict_with_the_lines_to_add(path: Path) -> None:
    change = planned(text_of(path))
    assert isinstance(change, Conflict)
    assert change.why.startswith(PATH)
    assert "skip: [launcher]" in change.hint
    assert "id: 'kestra-orchestrator'" in change.ours
    assert isinstance(undone(text_of(path)), Noop)


def test_an_absent_launcher_is_left_alone() -> None:
    (change,) = launcher.plan(Tree({}), Settings())
    assert change == Noop(PATH, "absent; there is no Express launcher to add Kestra to")


def test_the_python_launcher_reads_the_manifest_itself() -> None:
    (change,) = launcher.plan(Tree({"apps/status/launcher/__init__.py": File.of("")}), Settings())
    assert isinstance(change, Noop)
    assert "reads the manifest itself" in change.why


def test_the_factorys_variables_and_category_follow_the_neighbours() -> None:
    text = applied(text_of(CORPUS / "factory.js"), language="pt-BR", management_port=8685)
    entry = text[text.index(">>> kestra-tasks:launcher ") : text.index("<<< kestra-tasks:launcher")]
    assert "urlEnv: 'SERVICE_LAUNCHER_KESTRA_URL'," in entry
    assert "portEnv: 'KESTRA_MANAGEMENT_PORT'," in entry
    assert "defaultPort: 8685," in entry
    assert "category: 'api'," in entry
    assert "description: 'Orquestrador de workflows'," in entry


def test_an_entry_made_by_hand_stays_and_gets_the_route() -> None:
    text = text_of(CORPUS / "factory.js").replace("id: 'orders'", "id: 'kestra-orchestrator'")
    change = planned(text)
    assert isinstance(change, Edit)
    assert change.why == "doesn't answer on /api/services"
    assert change.after is not None
    assert change.after.text.count("kestra-orchestrator") == 1


def test_lines_edited_by_hand_are_kept_unless_forced() -> None:
    text = applied(text_of(CORPUS / "factory.js"))
    edited = text.replace("name: 'Kestra'", "name: 'Flows'")
    change = planned(edited)
    assert isinstance(change, Conflict)
    assert "edited by hand" in change.why
    assert isinstance(undone(edited), Conflict)
    assert applied(edited, force=True) == text


def test_other_settings_are_an_older_version_of_our_lines() -> None:
    change = planned(applied(text_of(CORPUS / "factory.js")), management_port=8685)
    assert isinstance(change, Edit)
    assert change.why == "an older version of our lines"


def test_an_element_added_below_ours_stays_and_keeps_its_comma() -> None:
    text = applied(text_of(MESSY))
    theirs = "  { id: 'new', name: 'New', category: 'api', healthUrl: withPort(1) }\n"
    mark = "// <<< kestra-tasks:launcher\n"
    grown = text.replace(mark, mark + theirs)
    assert isinstance(planned(grown), Noop)
    back = undone(grown)
    assert isinstance(back, Edit)
    assert back.after is not None
    assert "  },\n  { id: 'new'" in back.after.text


HEADS = st.sampled_from(
    ["", "\ufeff", "'use strict';\n", "// SERVICE_TARGETS = [\n", "let a = /]/\n"]
)
ELEMENTS = st.sampled_from(
    [
        "{ id: 'a', healthUrl: `http://x:${p}/` }",
        "make({ id: 'b', path: '/h', portEnv: 'B_PORT', })",
        '{ "id": "c", "healthUrl": "http://y/ ]", links: [] }',
        "{\n    id: 'd', // d }\n    healthUrl: u('d')\n  }",
        "...more",
    ]
)
SEPARATORS = st.sampled_from([", ", ",\n  ", ", // c\n  ", "\n  , ", ", /* , */ "])
ENDS = st.sampled_from(["", ",", ", // last", " // last", ", /* a\n b */", "\n  // none\n"])
CLOSERS = st.sampled_from(["]", "\n]", "\n\n  ]", "\n  // ] \n]"])
ROUTES = st.sampled_from(
    [
        "\napp.get('/api/status', (q, r) => r.json(SERVICE_TARGETS))",
        ";\n\n/* all */\napp.get('/all', function (q, r) { r.send({ l: SERVICE_TARGETS }); });\n",
        "\napp.get('/api/services', (q, r) => r.json(SERVICE_TARGETS))\n",
        ";  app.get('/x', (q, r) => r.json(SERVICE_TARGETS)); // same line",
    ]
)


@given(
    HEADS,
    st.lists(ELEMENTS, min_size=1, max_size=3),
    SEPARATORS,
    ENDS,
    CLOSERS,
    ROUTES,
    st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_undo_of_plan_is_the_same_text_for_any_spelling(
    head: str, elements: list[str], separator: str, end: str, close: str, route: str, crlf: bool
) -> None:
    close = f"\n{close}" if end.endswith("last") else close
    text = f"{head}const SERVICE_TARGETS = [{separator.join(elements)}{end}{close}{route}"
    text = text.replace("\n", "\r\n") if crlf else text
    change = planned(text)
    if isinstance(change, Conflict):
        return
    assert isinstance(change, Edit)
    assert change.after is not None
    once = change.after.text
    assert isinstance(planned(once), Noop)
    back = undone(once)
    assert isinstance(back, Edit)
    assert back.after is not None
    assert back.after.text == text
