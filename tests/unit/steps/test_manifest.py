"""The manifest's entry: written in the file's own style, and taken out without a trace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kestra_tasks.core.edit import Change, Conflict, Edit, Noop
from kestra_tasks.core.plan import Plan, Step, make_plan
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.settings import Settings
from kestra_tasks.steps import manifest

PATH = "config/services-manifest.json"
STEP = Step("manifest", "3.3", manifest.plan, manifest.undo)
CORPUS = sorted((Path(__file__).parents[2] / "corpus" / "json").glob("*.json"))
NINE = {
    "id": "kestra-orchestrator",
    "type": "tools",
    "path": "tools/kestra",
    "start": "docker compose -f tools/compose/docker-compose.tools.yml up -d kestra",
    "stop": "docker compose -f tools/compose/docker-compose.tools.yml stop kestra",
    "status": "tools/kestra/scripts/status.sh",
    "stack": "tools",
    "managed": "docker-compose",
    "workspace": True,
}


def planned(data: bytes | None, settings: Settings | None = None, *, undo: bool = False) -> Plan:
    files = {} if data is None else {PATH: File(data)}
    return make_plan(Tree(files), settings or Settings(), [STEP], undo=undo)


def result(plan: Plan) -> bytes:
    assert not plan.conflicts, plan.conflicts
    file = plan.tree.read(PATH)
    assert file is not None
    return file.data


def decoded(data: bytes) -> Any:
    return json.loads(data.decode("utf-8", "surrogateescape").removeprefix("\ufeff"))


def services(document: Any) -> list[Any]:
    inside = document if isinstance(document, list) else document["services"]
    return list(inside.values()) if isinstance(inside, dict) else inside


def test_corpus_is_large_enough() -> None:
    assert len(CORPUS) >= 15


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_corpus_gains_one_entry_and_loses_it_again(path: Path) -> None:
    before = path.read_bytes()
    after = result(planned(before))

    assert services(decoded(after))[-1].items() >= NINE.items()
    assert len(services(decoded(after))) == len(services(decoded(before))) + 1
    assert not planned(after).pending
    assert result(planned(after, undo=True)) == before
    for line in before.splitlines():
        assert line.rstrip(b"]} \t,") in after


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_corpus_only_has_bytes_inserted(path: Path) -> None:
    before, after = path.read_bytes(), result(planned(path.read_bytes()))
    head = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), None)
    head = len(before) if head is None else head
    tail = len(before) - head
    assert tail == 0 or after.endswith(before[head:])


def test_entry_is_the_task_lists_and_where_to_look() -> None:
    document = decoded(result(planned(b'{"services": []}')))
    assert document["services"] == [
        {
            **NINE,
            "healthUrl": "http://localhost:${KESTRA_MANAGEMENT_PORT:-8081}/health",
            "uiUrl": "http://localhost:${KESTRA_HTTP_PORT:-8080}",
        }
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("two-spaces", ',\n    {\n      "id": "kestra-orchestrator",\n      "type": "tools",\n'),
        ("crlf", ',\r\n    {\r\n      "id": "kestra-orchestrator",\r\n'),
        ("tabs", ',\n\t\t{\n\t\t\t"id": "kestra-orchestrator",\n'),
        ("indent-one", ',\n  {\n   "id": "kestra-orchestrator",\n'),
        ("compact", ',{"id":"kestra-orchestrator","type":"tools",'),
        ("compact-spaced", ', {"id": "kestra-orchestrator", "type": "tools",'),
        ("one-line-objects", ',\n    { "id": "kestra-orchestrator", "type": "tools",'),
        ("hugging", '}, {\n    "id": "kestra-orchestrator",\n'),
        ("trailing-spaces", '  ,  \n    {\n      "id": "kestra-orchestrator",\n'),
        ("keyed", ',\n    "kestra-orchestrator": {\n      "id": "kestra-orchestrator",\n'),
        ("empty-array", '[\n    {\n      "id": "kestra-orchestrator",\n'),
        ("empty-array-lines", '[{\n      "id": "kestra-orchestrator",\n'),
    ],
)
def test_style_is_the_files_own(name: str, shown: str) -> None:
    path = next(path for path in CORPUS if path.stem == name)
    assert shown in result(planned(path.read_bytes())).decode()


@pytest.mark.parametrize("where", [0, 1, 2])
def test_entry_is_taken_out_of_any_position(where: int) -> None:
    text = corpus("two-spaces")
    after = decoded(result(planned(text)))
    ours = after["services"].pop()
    after["services"].insert(where, ours)
    moved = json.dumps(after, indent=2).encode()
    after["services"].remove(ours)
    assert result(planned(moved, undo=True)) == json.dumps(after, indent=2).encode()


def corpus(name: str) -> bytes:
    return next(path for path in CORPUS if path.stem == name).read_bytes()


def test_what_is_added_behind_our_entry_stays() -> None:
    after = result(planned(corpus("two-spaces"))).decode()
    grown = after.replace("\n  ]\n}\n", ',\n    {\n      "id": "later"\n    }\n  ]\n}\n')
    left = decoded(result(planned(grown.encode(), undo=True)))
    assert [service["id"] for service in left["services"]] == ["a", "b", "later"]


def test_our_entry_in_other_white_space_is_up_to_date() -> None:
    document = decoded(result(planned(b'{"services": []}')))
    assert not planned(json.dumps(document, indent=7).encode()).pending


def test_our_entry_for_other_settings_follows_them_and_leaves_the_rest() -> None:
    old = Settings().with_(kestra_dir="infra/kestra", http_port=9000, compose_file="a b/c.yml")
    after = result(planned(corpus("crlf"), old))
    assert b"docker compose -f 'a b/c.yml' up -d kestra" in after
    plan = planned(after)
    assert result(plan) == result(planned(corpus("crlf")))
    assert plan.edits[0].why == "our entry for other settings"


OURS = {
    **NINE,
    "healthUrl": "http://localhost:${KESTRA_MANAGEMENT_PORT:-8081}/health",
    "uiUrl": "http://localhost:${KESTRA_HTTP_PORT:-8080}",
}
REPLACE = "add --force to replace it, or change it there"
TAKE_OUT = "take it out by hand, or add --force to delete it"


def manifest_of(*entries: Any) -> str:
    return json.dumps({"services": entries}, indent=2, ensure_ascii=False)


def answer(text: str | None, settings: Settings | None = None, *, undo: bool = False) -> Change:
    """The step's one answer, to a manifest that only its group may write."""
    files = {} if text is None else {PATH: File.of(text, 0o664)}
    todo = manifest.undo if undo else manifest.plan
    [change] = todo(Tree(files), settings or Settings())
    return change


@pytest.mark.parametrize("undo", [False, True], ids=["plan", "undo"])
def test_entry_made_by_hand_is_a_conflict_field_by_field(undo: bool) -> None:
    hand = {**NINE, "start": "make kestra", "port": 8080, "path": "ações"}
    theirs = "".join(f"{key}: {json.dumps(hand[key], ensure_ascii=False)}\n" for key in hand)
    ours = "".join(f"{key}: {json.dumps(value)}\n" for key, value in OURS.items())
    assert answer(manifest_of(hand), undo=undo) == Conflict(
        PATH,
        f"{PATH}:3: the entry kestra-orchestrator was made by hand and is kept; it differs in "
        "path (line 6), start (line 7), healthUrl (missing), uiUrl (missing), "
        "port (line 13, not ours)",
        TAKE_OUT if undo else REPLACE,
        theirs,
        ours,
    )


@pytest.mark.parametrize("undo", [False, True], ids=["plan", "undo"])
@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        ("start", "make kestra", 7),
        ("uiUrl", "https://kestra.example.org", 14),
        ("healthUrl", "https://kestra.example.org/health", 13),
        ("stack", 7, 10),
        ("workspace", False, 12),
    ],
)
def test_one_field_changed_by_hand_is_enough(
    field: str, value: object, line: int, undo: bool
) -> None:
    # Other ports than the settings': what the team decided is no difference.
    example = "KESTRA_HTTP_PORT=8180\nKESTRA_MANAGEMENT_PORT=8685\n"
    decided = manifest.entry(Settings(http_port=8180, management_port=8685))
    text = manifest_of({**decided, field: value})
    tree = Tree({PATH: File.of(text), ".env.example": File.of(example)})
    [change] = (manifest.undo if undo else manifest.plan)(tree, Settings())
    assert isinstance(change, Conflict)
    assert change.why == (
        f"{PATH}:3: the entry kestra-orchestrator was made by hand and is kept; "
        f"it differs in {field} (line {line})"
    )


@pytest.mark.parametrize("undo", [False, True], ids=["plan", "undo"])
def test_an_entry_that_is_no_object_is_kept(undo: bool) -> None:
    text = '{"services": {\n  "kestra-orchestrator": "by hand"\n}}'
    why = f"{PATH}:2: the entry kestra-orchestrator isn't an object; it is kept"
    assert answer(text, undo=undo) == Conflict(PATH, why, TAKE_OUT if undo else REPLACE)


@pytest.mark.parametrize(
    ("text", "undo", "why"),
    [
        (None, False, "absent; `create: [manifest]` in invoke.yaml would write one"),
        (manifest_of(OURS), False, "up to date"),
        (None, True, "absent"),
        (manifest_of(), True, "has no entry kestra-orchestrator"),
        ("{ not JSON", True, "has no entry kestra-orchestrator"),
    ],
)
def test_nothing_to_do_says_why(text: str | None, undo: bool, why: str) -> None:
    assert answer(text, undo=undo) == Noop(PATH, why)


@pytest.mark.parametrize(
    ("before", "after", "undo", "why"),
    [
        (
            manifest_of({"id": "a"}),
            manifest_of({"id": "a"}, OURS),
            False,
            "lacks the entry kestra-orchestrator",
        ),
        (
            manifest_of(manifest.entry(Settings(stack="data"))),
            manifest_of(OURS),
            False,
            "our entry for other settings",
        ),
        (
            manifest_of({"id": "a"}, OURS),
            manifest_of({"id": "a"}),
            True,
            "the entry was written by us",
        ),
    ],
    ids=["added", "updated", "removed"],
)
def test_an_edit_keeps_the_files_mode_and_says_why(
    before: str, after: str, undo: bool, why: str
) -> None:
    edit = Edit(PATH, File.of(before, 0o664), File.of(after, 0o664), why)
    assert answer(before, undo=undo) == edit


def test_our_entry_for_other_settings_keeps_its_own_form() -> None:
    other = '{\n    "id": "b"\n  }'
    old = json.dumps(manifest.entry(Settings(stack="data")))
    before, after = (
        f'{{"services": [\n  {ours},\n  {other}\n]}}' for ours in (old, json.dumps(OURS))
    )
    edit = Edit(PATH, File.of(before, 0o664), File.of(after, 0o664), "our entry for other settings")
    assert answer(before) == edit


def test_force_writes_the_entry_where_something_else_stood() -> None:
    before = '{\n  "services": {\n    "kestra-orchestrator": null\n  }\n}\n'
    after = json.dumps({"services": {"kestra-orchestrator": OURS}}, indent=2) + "\n"
    edit = Edit(PATH, File.of(before, 0o664), File.of(after, 0o664), "forced")
    assert answer(before, Settings(force=True)) == edit


def test_force_replaces_a_hand_made_entry_where_it_stands() -> None:
    text = '{"services": [\n  {"id": "kestra-orchestrator", "x": 1},\n  {"id": "b"}\n]}'
    after = decoded(result(planned(text.encode(), Settings(force=True))))
    assert [service["id"] for service in after["services"]] == ["kestra-orchestrator", "b"]
    assert after["services"][0].items() >= NINE.items()


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ('{"services": [{"id": "a"},]}', "1:", "a comma behind the last value"),
        ('{\n  "services": [\n    {"id": "a"},\n  ]\n}\n', "", "a comma behind the last value"),
        ('{\n  // ours\n  "services": []\n}', "2:3", "a comment"),
        ('{"services": [] /* x */}', "1:17", "a comment"),
        ('{"services": []', "1:16", "the text ends"),
        ("", "1:1", "the text ends"),
        ('{"services": []}\n{}', "2:1", "more text"),
        ("{'services': []}", "1:2", "expecting property name"),
        ('{"apps": []}', "1:1", 'there is no "services"'),
        ('{"services": 3}', "1:14", '"services" is neither array nor object'),
        ('{"services": [],\n "services": []}', "2:2", '"services" is there twice'),
        ('"services"', "1:1", "neither an object nor an array"),
        (
            '{"services": [{"id": "kestra-orchestrator"},\n{"id": "kestra-orchestrator"}]}',
            "2:1",
            "a second entry",
        ),
        ("[" * 200_000, "1:1", "nested too deeply"),
        ("[" + "1" * 5000 + "]", "1:1", "a number that is too long"),
    ],
)
def test_what_cannot_be_read_is_a_conflict_with_its_place(text: str, where: str, why: str) -> None:
    ours = "kestra-orchestrator" in text
    for undo in (False, True):
        plan = planned(text.encode(), undo=undo)
        assert not plan.pending
        if undo and not ours:  # nothing of ours to take out of it
            assert not plan.conflicts
            continue
        assert len(plan.conflicts) == 1
        assert plan.conflicts[0].why.startswith(f"{PATH}:{where}")
        assert f": {why}" in plan.conflicts[0].why


def test_created_file_is_written_as_people_write_and_goes_again() -> None:
    settings = Settings(create=("manifest",), kestra_dir="orquestração")
    comment = "Services of this monorepo; file created by kestra-tasks."
    document = {"$comment": comment, "services": [manifest.entry(settings)]}
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    assert answer(None, settings) == Edit(PATH, None, File.of(text), "absent")
    assert answer(text, settings) == Noop(PATH, "up to date")
    gone = Edit(PATH, File.of(text, 0o664), None, "written by us")
    assert answer(text, settings, undo=True) == gone


def test_created_file_stays_when_something_was_added() -> None:
    settings = Settings(create=("manifest",))
    document = decoded(result(planned(None, settings)))
    document["services"].insert(0, {"id": "a"})
    left = result(planned(json.dumps(document, indent=2).encode(), settings, undo=True))
    assert decoded(left)["services"] == [{"id": "a"}]


def test_a_persons_empty_manifest_is_not_deleted() -> None:
    before = b'{\n  "services": []\n}\n'
    settings = Settings(create=("manifest",))
    assert result(planned(result(planned(before, settings)), settings, undo=True)) == before


def test_five_megabytes_are_edited_and_undone() -> None:
    many = [{"id": f"s{i}", "env": {"A": "x" * 60, "B": [1, 2]}, "on": True} for i in range(42_000)]
    data = json.dumps({"services": many}, indent=2).encode()
    assert len(data) > 5_000_000
    after = result(planned(data))
    assert result(planned(after, undo=True)) == data


_SPACES = st.text(" \t\n", max_size=4) | st.sampled_from(["\r\n", "\r\n  ", ""])
_SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=6)
_VALUES = st.recursive(
    _SCALARS,
    lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=4), v, max_size=3),
)


@st.composite
def written(draw: st.DrawFn, value: Any) -> str:
    """`value` as JSON with white space of any kind in every place that takes some."""
    if isinstance(value, list | dict):
        keyed = isinstance(value, dict)
        parts = []
        for item in value:
            text = draw(written(value[item] if keyed else item))
            if keyed:
                text = f"{json.dumps(item)}{draw(_SPACES)}:{draw(_SPACES)}{text}"
            parts.append(f"{draw(_SPACES)}{text}{draw(_SPACES)}")
        inside = ",".join(parts) or draw(_SPACES)
        return f"{{{inside}}}" if keyed else f"[{inside}]"
    return json.dumps(value, ensure_ascii=draw(st.booleans()))


@given(st.data())
def test_any_document_comes_back_to_the_byte(data: st.DataObject) -> None:
    entries = st.lists(_VALUES, max_size=4) | st.dictionaries(
        st.text(max_size=4), _VALUES, max_size=3
    )
    inside = data.draw(entries)
    others = data.draw(st.dictionaries(st.text(max_size=4), _VALUES, max_size=2))
    shape = data.draw(st.sampled_from(["named", "bare"]))
    if shape == "bare" and isinstance(inside, list):
        document: Any = inside
    else:
        document = {**others, "services": inside, "last": 1}
    text = data.draw(written(document)) + data.draw(_SPACES)
    before = (data.draw(st.sampled_from(["", "\ufeff"])) + text).encode("utf-8", "surrogatepass")
    after = result(planned(before))
    now = services(json.loads(File(after).text.removeprefix("\ufeff")))
    assert now[-1].items() >= NINE.items()
    assert now[:-1] == services(document)
    assert not planned(after).pending
    assert result(planned(after, undo=True)) == before


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ('{"apps": {"web": {"port": 3000}}}', "name the manifest that has them: `manifest: PATH`"),
        ("{}}", "mend that file by hand"),
    ],
)
def test_what_cannot_be_read_is_told_with_what_to_do(text: str, first: str) -> None:
    [conflict] = planned(text.encode()).conflicts
    assert conflict.path == PATH
    assert conflict.hint == f"{first}, or leave the step out: `skip: [manifest]` in invoke.yaml"


def test_the_entry_falls_back_to_the_ports_that_the_team_decided() -> None:
    example = "KESTRA_HTTP_PORT=8180\nKESTRA_MANAGEMENT_PORT=8685\n"
    files = {PATH: File.of('{"services": []}'), ".env.example": File.of(example)}
    plan = make_plan(Tree(files), Settings(), [STEP])
    [made] = services(decoded(result(plan)))
    assert made["healthUrl"] == "http://localhost:${KESTRA_MANAGEMENT_PORT:-8685}/health"
    assert made["uiUrl"] == "http://localhost:${KESTRA_HTTP_PORT:-8180}"
