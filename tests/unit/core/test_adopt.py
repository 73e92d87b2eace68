"""`kestra.init` on a tree: what it writes into both files, what it refuses, what it takes back.

That Invoke then offers the tasks is seen in tests/unit/test_adoption.py.
"""

from __future__ import annotations

import re

import pytest

from kestra_tasks.core import adopt
from kestra_tasks.core.edit import Conflict, Edit, Noop
from kestra_tasks.core.plan import Plan, Step, make_plan
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.settings import Settings

YAML, TASKS, PACKAGE = "invoke.yaml", "tasks.py", "tasks/__init__.py"
FOUND = {"network": "shop_net", "stack": "on"}
SECTION = 'kestra:\n  network: shop_net\n  stack: "on"\n'
OFFER = """\
try:
    from kestra_tasks import ns as kestra
except ModuleNotFoundError as error:
    if error.name != "kestra_tasks":
        raise
else:
    {root}.add_collection(kestra, name="kestra")
"""


def planned(
    files: dict[str, str], *, undo: bool = False, found: dict[str, str] | None = None
) -> Plan:
    tree = Tree({path: File.of(text, 0o755) for path, text in files.items()})
    step = Step("init", "", adopt.planner(FOUND if found is None else found), adopt.undo)
    return make_plan(tree, Settings(), [step], undo=undo)


def texts(plan: Plan) -> dict[str, str]:
    return {
        path: re.sub(r" [0-9a-f]{8}\b", " …", file.text)
        for path in (TASKS, PACKAGE, YAML)
        if (file := plan.tree.read(path))
    }


def block(name: str, body: str, flags: str = "") -> str:
    return f"# >>> kestra-tasks:{name} …{flags}\n{body}# <<< kestra-tasks:{name}\n"


def test_a_monorepo_without_any_gets_both_files_and_loses_them_again() -> None:
    made = planned({})
    root = "from invoke import Collection\nfrom kestra_tasks import ns as kestra\n\n"
    root += "ns = Collection(kestra=kestra)\n"
    assert texts(made) == {
        TASKS: block("tasks", root, " created"),
        YAML: block("settings", SECTION, " created"),
    }
    assert [(e.path, e.why) for e in made.edits] == [(YAML, "absent"), (TASKS, "absent")]
    files = {path: file.text for path in (TASKS, YAML) if (file := made.tree.read(path))}
    assert planned(files).outcomes[0].noops == (
        Noop(YAML, "has settings of Kestra; they are the team's now"),
        Noop(TASKS, "offers the tasks already"),
    )
    back = planned(files, undo=True)
    assert texts(back) == {}
    assert {e.why for e in back.edits} == {"written by us"}


def test_nothing_found_is_an_empty_section() -> None:
    assert texts(planned({}, found={}))[YAML] == block("settings", "kestra: {}\n", " created")


IMPLICIT = "import sys  # noqa: E402\n\nfrom invoke import Collection  # noqa: E402\n\nnamespace = "
MADE = "Collection.from_module(sys.modules[__name__])"
EITHER = f'(\n    globals().get("ns") or globals().get("namespace") or {MADE}\n)'


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("ns = 1\n", OFFER.format(root="ns")),
        ("namespace: object = 1\nx = 2\n", OFFER.format(root="namespace")),
        ("namespace = 1\nns = 2\n", OFFER.format(root="ns")),
        ("x = 1\n", f"{IMPLICIT}{MADE}\n{OFFER.format(root='namespace')}"),
        ("ns: int\n", f"{IMPLICIT}{MADE}\n{OFFER.format(root='namespace')}"),
        ("from ops import *\n", f"{IMPLICIT}{EITHER}\n{OFFER.format(root='namespace')}"),
        ("import ops as ns\n", f"{IMPLICIT}{EITHER}\n{OFFER.format(root='namespace')}"),
        *((text, f"{IMPLICIT}{EITHER}\n{OFFER.format(root='namespace')}") for text in (
            "if x:\n    ns = 1\n    y = 2\nelse:\n    z = 3\n",
            "try:\n    x\nexcept E:\n    ns = 1\nexcept F:\n    y = 1\n",
            "match x:\n    case 1:\n        ns = 1\n",
            "ns, x = 1, 2\n",
            "import ops as ns\nimport os\n",
            "x: int\nif y:\n    ns = 1\n",
            "with x as namespace:\n    y\n",
            "if (ns := x):\n    y\n",
        )),
        *((text, f"{IMPLICIT}{MADE}\n{OFFER.format(root='namespace')}") for text in (
            "def f():\n    ns = kestra = 1\n",
            "x = [ns for ns in y]\n",
            "del ns\n",
        )),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", [TASKS, PACKAGE])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_the_hosts_own_root_gets_ours(text: str, body: str, path: str, end: str) -> None:
    text = text.replace("\n", end)
    made = planned({path: text, YAML: f"run: {{}}{end}"})
    assert texts(made) == {
        path: text + block("tasks", body).replace("\n", end),
        YAML: f"run: {{}}{end}" + block("settings", SECTION).replace("\n", end),
    }
    edits = {edit.path: edit for edit in made.edits if isinstance(edit, Edit)}
    assert {p: e.why for p, e in edits.items()} == {
        YAML: "lacks settings of Kestra",
        path: "lacks the tasks",
    }
    assert all(e.before and e.after and e.after.mode == 0o755 for e in edits.values())
    back = planned({p: e.after.text for p, e in edits.items() if e.after}, undo=True)
    assert texts(back) == {path: text, YAML: f"run: {{}}{end}"}


def test_a_last_line_without_its_end_comes_back_so() -> None:
    made = planned({TASKS: "ns = 1", YAML: "run: {}"})
    assert texts(made)[YAML] == "run: {}\n" + block("settings", SECTION, " eol")
    files = {path: file.text for path in (TASKS, YAML) if (file := made.tree.read(path))}
    assert texts(planned(files, undo=True)) == {TASKS: "ns = 1", YAML: "run: {}"}


@pytest.mark.parametrize(
    ("files", "change"),
    [
        ({YAML: "a: 1\nkestra: {}\n"}, Noop(YAML, "has kestra: already, line 2")),
        ({TASKS: "from kestra_tasks import ns\n"}, Noop(TASKS, "imports kestra_tasks already")),
        ({TASKS: "def f():\n    import kestra_tasks\n"},
         Noop(TASKS, "imports kestra_tasks already")),
        *(({YAML: text}, Conflict(YAML, f"{YAML} isn't a plain mapping, so no section fits in",
                                  f"add by hand:\n{SECTION}"))
          for text in ("{run: {}}\n", "- a\n", "  a: 1\n", "a: 1\n---\nb: 2\n")),
        ({TASKS: "x = 1\ndef (:\n"},
         Conflict(TASKS, f"{TASKS}:2: isn't valid Python", "mend it, then run this again")),
        *(({TASKS: f"x = 1\n{line}\n"},
           Conflict(TASKS, f"{TASKS}:2: has a kestra of its own, which ours would hide",
                    "rename it there, or add by hand, under another name:\n"
                    "from kestra_tasks import ns as orchestrator\n"
                    'ns.add_collection(orchestrator, name="orchestrator")'))
          for line in ("import kestra.flows", "kestra = 1", "def kestra(): pass",
                       "class kestra: pass", "from a import b as kestra", "kestra, y = x")),
        ({TASKS: "x = '\0'\n"},
         Conflict(TASKS, f"{TASKS}:1: isn't valid Python", "mend it, then run this again")),
        ({YAML: "a: 1\nb: [\n"},
         Conflict(YAML, f"{YAML}:3: isn't YAML: did not find expected node content",
                  f"add by hand:\n{SECTION}")),
        ({YAML: "a: 1\n...\n"},
         Conflict(YAML, f"{YAML} can't be added to safely", f"add by hand:\n{SECTION}")),
    ],
)  # fmt: skip
def test_what_stays_as_it_is_says_why(files: dict[str, str], change: Noop | Conflict) -> None:
    outcome = planned(files).outcomes[0]
    assert change in (*outcome.noops, *outcome.conflicts)
    assert change.path not in [edit.path for edit in outcome.edits]


BOM = "\ufeff"


@pytest.mark.parametrize("start", ["", BOM, "\n", f"{BOM}# ours\n"])
def test_a_file_that_was_there_stays_on_undo(start: str) -> None:
    made = planned({TASKS: start, YAML: start})
    assert texts(made)[YAML] == start + block("settings", SECTION)
    files = {path: file.text for path in (TASKS, YAML) if (file := made.tree.read(path))}
    back = planned(files, undo=True)
    for path in (TASKS, YAML):
        assert back.tree.read(path) == File.of(start, 0o755)


def test_what_the_team_added_to_our_files_stays_on_undo() -> None:
    made = planned({})
    files = {path: file.text for path in (TASKS, YAML) if (file := made.tree.read(path))}
    back = planned({path: f"{text}# theirs\n" for path, text in files.items()}, undo=True)
    assert texts(back) == {TASKS: "# theirs\n", YAML: "# theirs\n"}


def test_a_root_behind_a_byte_order_mark() -> None:
    made = planned({TASKS: f"{BOM}ns = 1\n"})
    offer = block("tasks", OFFER.format(root="ns"))
    assert texts(made)[TASKS] == f"{BOM}ns = 1\n{offer}"


@pytest.mark.parametrize("path", [TASKS, YAML])
@pytest.mark.parametrize("undo", [False, True], ids=["plan", "undo"])
def test_a_block_without_its_end_is_told_with_its_file(path: str, undo: bool) -> None:
    open_block = block("tasks" if path == TASKS else "settings", "").splitlines()[0]
    damaged = {path: open_block.replace("…", "0" * 8) + "\n"}
    (conflict,) = planned(damaged, undo=undo).outcomes[0].conflicts
    assert path in conflict.why


def test_undo_where_nothing_is_ours() -> None:
    back = planned({PACKAGE: "ns = 1\n"}, undo=True)
    assert back.outcomes[0].noops == tuple(
        Noop(path, "has nothing of ours") for path in (TASKS, PACKAGE, YAML)
    )
