"""Kestra in a foreign Express launcher: every idiom, run for real; refused where not known."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kestra_tasks.core.edit import Change, Conflict, Edit, Noop
from kestra_tasks.core.markers import BrokenMarkError
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
    forced = planned(edited, force=True)
    assert isinstance(forced, Edit)
    assert (forced.why, forced.after) == ("forced", File.of(text))


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


# --- whole texts -----------------------------------------------------------------------------

ROUTE = """\
// >>> kestra-tasks:launcher-route …
// What /api/status reports, as a bare array: it answers, this takes the array out.
app.get('/api/services', (req, res, next) => {
  const answer = res.json.bind(res)
  res.json = (body) => {
    const parts = [body, body?.services, ...Object.values(body || {})]
    return answer(parts.find(Array.isArray) || body)
  }
  req.url = '/api/status'
  next()
})
// <<< kestra-tasks:launcher-route
"""
STATUS = "app.get('/api/status', (q, r) => r.json(SERVICE_TARGETS))\n"
PAIRS = {
    "on one line, no semicolons": (
        "const SERVICE_TARGETS = [{ id: 'a', label: 'A', type: 't', stack: 's', group: 'g', "
        "url: 'u', method: 'GET', ui: '/', other: 1 }]\n" + STATUS,
        """\
const SERVICE_TARGETS = [{ id: 'a', label: 'A', type: 't', stack: 's', group: 'g', url: 'u', \
method: 'GET', ui: '/', other: 1 },
  // >>> kestra-tasks:launcher … comma eol
  {
    id: 'kestra-orchestrator',
    label: 'Kestra',
    type: 'tools',
    stack: 'tools',
    group: 'tools',
    url: `http://localhost:${process.env.KESTRA_MANAGEMENT_PORT || 8081}/health`,
    method: 'GET',
    ui: `http://localhost:${process.env.KESTRA_HTTP_PORT || 8080}`,
  },
  // <<< kestra-tasks:launcher
]
"""
        + ROUTE
        + STATUS,
    ),
    "on one line with its last comma, a comment above the route": (
        "const app = a()\n\n  const SERVICE_TARGETS = [{ id: 'a', endpoint: 'u' },]\n\n"
        "// not about it\n\n/* one */\n// two\n" + STATUS,
        """\
const app = a()

  const SERVICE_TARGETS = [{ id: 'a', endpoint: 'u' },
  // >>> kestra-tasks:launcher … eol
  {
    id: 'kestra-orchestrator',
    name: 'Kestra',
    endpoint: `http://localhost:${process.env.KESTRA_MANAGEMENT_PORT || 8081}/health`,
  },
  // <<< kestra-tasks:launcher
]

// not about it

"""
        + ROUTE
        + "/* one */\n// two\n"
        + STATUS,
    ),
    "tabs, double quotes, the routes above": (
        """\
let app = e();
app.get("/x", (q, r) => r.json([])); // none
app.get("/all", (q, r) => r.send(SERVICE_TARGETS)); // in one
let SERVICE_TARGETS = [
\t...more,
\t{ "id": "a", "title": "A", "port": 1, "internalPort": 2, "frontendPath": "/", "frontendPort": 3,
\t  "healthPath": "/h", "container": "c", "containerName": "c", "urlEnv": "A_B_URL", ["x"]: 'y' },
\t{ "id": "b", "defaultPort": 1, "urlEnv": "A_B_C", "links": [] }
];
""",
        """\
let app = e();
app.get("/x", (q, r) => r.json([])); // none
// >>> kestra-tasks:launcher-route …
// What /all reports, as a bare array: it answers, this takes the array out.
app.get("/api/services", (req, res, next) => {
\tconst answer = res.json.bind(res);
\tres.json = (body) => {
\t\tconst parts = [body, body?.services, ...Object.values(body || {})];
\t\treturn answer(parts.find(Array.isArray) || body);
\t};
\treq.url = "/all";
\tnext();
});
// <<< kestra-tasks:launcher-route
app.get("/all", (q, r) => r.send(SERVICE_TARGETS)); // in one
let SERVICE_TARGETS = [
\t...more,
\t{ "id": "a", "title": "A", "port": 1, "internalPort": 2, "frontendPath": "/", "frontendPort": 3,
\t  "healthPath": "/h", "container": "c", "containerName": "c", "urlEnv": "A_B_URL", ["x"]: 'y' },
\t{ "id": "b", "defaultPort": 1, "urlEnv": "A_B_C", "links": [] },
\t// >>> kestra-tasks:launcher … comma
\t{
\t\tid: "kestra-orchestrator",
\t\ttitle: "Kestra",
\t\tport: Number(process.env.KESTRA_MANAGEMENT_PORT || 8081),
\t\tinternalPort: 8081,
\t\tfrontendPath: "/",
\t\tfrontendPort: Number(process.env.KESTRA_HTTP_PORT || 8080),
\t\thealthPath: "/health",
\t\tcontainer: "tools-kestra",
\t\tcontainerName: "tools-kestra",
\t\turlEnv: "A_B_KESTRA_URL",
\t\tdefaultPort: 8081,
\t\tlinks: [{ label: "UI", url: `http://localhost:${process.env.KESTRA_HTTP_PORT || 8080}` }],
\t},
\t// <<< kestra-tasks:launcher
];
""",
    ),
    "a factory that reads a path, a comment of two lines behind the last": (
        """\
function createServiceTarget(c) {
    return { ...c, url: c.path }
}
const SERVICE_TARGETS = [
    { id: 'x', url: 'u' },
    anotherServiceTarget({ id: 'z', url: 'u' }),
    createServiceTarget({ id: 'a', category: 'x', portEnv: 'A' }), // one
    createServiceTarget({ id: 'b', category: 'y', urlEnv: 'B_C_URL' }) /* two
 and more */
]
const other = (path) => path
"""
        + STATUS.replace("'/api/status'", "`/api/status`"),
        """\
function createServiceTarget(c) {
    return { ...c, url: c.path }
}
const SERVICE_TARGETS = [
    { id: 'x', url: 'u' },
    anotherServiceTarget({ id: 'z', url: 'u' }),
    createServiceTarget({ id: 'a', category: 'x', portEnv: 'A' }), // one
    createServiceTarget({ id: 'b', category: 'y', urlEnv: 'B_C_URL' }), /* two
 and more */
    // >>> kestra-tasks:launcher … comma
    createServiceTarget({
        id: 'kestra-orchestrator',
        name: 'Kestra',
        category: 'x',
        portEnv: 'KESTRA_MANAGEMENT_PORT',
        urlEnv: 'KESTRA_HEALTH_URL',
        path: '/health',
    }),
    // <<< kestra-tasks:launcher
]
const other = (path) => path
"""
        + re.sub("(?m)^ +", lambda found: found[0] * 2, ROUTE)
        + STATUS.replace("'/api/status'", "`/api/status`"),
    ),
    "a factory that reads no path, the preferred one of two routes": (
        "function target(c) { return c }\nconst path = 1\nconst a = 2\nconst b = 3\n"
        ";[a].map((c) =>\n  b)\nconst SERVICE_TARGETS = [\n"
        "      target({ id: 'a', portEnv: 'A' }), target({ id: 'b', portEnv: 'B' }),\n]\n"
        "router(() => {\n  app.get('/a', (q, r) => r.json(SERVICE_TARGETS))\n})\n"
        "if (a) app.get('/a', (q, r) => r.json(SERVICE_TARGETS))\n"
        "app.get('/a/:id', (q, r) => r.json(SERVICE_TARGETS))\n"
        "app.get('/all', (q, r) => r.json(SERVICE_TARGETS))\n" + STATUS,
        """\
function target(c) { return c }
const path = 1
const a = 2
const b = 3
;[a].map((c) =>
  b)
const SERVICE_TARGETS = [
      target({ id: 'a', portEnv: 'A' }), target({ id: 'b', portEnv: 'B' }),
      // >>> kestra-tasks:launcher …
      target({
        id: 'kestra-orchestrator',
        name: 'Kestra',
        portEnv: 'KESTRA_MANAGEMENT_PORT',
      }),
      // <<< kestra-tasks:launcher
]
router(() => {
  app.get('/a', (q, r) => r.json(SERVICE_TARGETS))
})
if (a) app.get('/a', (q, r) => r.json(SERVICE_TARGETS))
app.get('/a/:id', (q, r) => r.json(SERVICE_TARGETS))
app.get('/all', (q, r) => r.json(SERVICE_TARGETS))
"""
        + ROUTE
        + STATUS,
    ),
}


@pytest.mark.parametrize(("before", "after"), PAIRS.values(), ids=PAIRS)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_what_is_put_in_speaks_the_launchers_own_language(
    before: str, after: str, end: str
) -> None:
    text, expected = (part.replace("\n", end) for part in (before, after))
    (change,) = launcher.plan(tree(text, 0o755), Settings())
    assert isinstance(change, Edit), change
    assert change.after is not None
    shown = re.sub(r"(>>> kestra-tasks:\S+) [0-9a-f]{8}", r"\1 …", change.after.text)
    assert (shown, change.after.mode) == (expected, 0o755)
    assert (change.path, change.why) == (PATH, "lacks kestra-orchestrator")
    assert change.before == File.of(text, 0o755)
    ours = expected[: expected.index("id: 'kes" if "id: 'kes" in expected else 'id: "kes')]
    (again,) = launcher.plan(tree(change.after.text), Settings())
    line = ours.count("\n")
    assert again == Noop(
        PATH, f"has kestra-orchestrator, line {line}, and answers on /api/services"
    )
    back = launcher.undo(tree(change.after.text, 0o755), Settings())
    assert list(back) == [
        Edit(PATH, change.after, File.of(text, 0o755), "the lines were written by us")
    ]


def test_the_factory_that_most_elements_are_made_by_makes_ours() -> None:
    elements = (
        "{ id: 'a', url: 'u' }, one({ id: 'b' }), two({ id: 'c', url: 'u' }), two({ id: 'd' })"
    )
    text = applied(f"log(one(path))\nconst SERVICE_TARGETS = [{elements}, f(1)]\n{STATUS}")
    assert (
        """\
  two({
    id: 'kestra-orchestrator',
    name: 'Kestra',
    url: `http://localhost:${process.env.KESTRA_MANAGEMENT_PORT || 8081}/health`,
  }),
"""
        in text
    )


def test_a_launcher_without_the_environment_falls_back_to_the_decided_ports() -> None:
    files = {
        PATH: File.of(
            "const SERVICE_TARGETS = [{ id: 'a', healthUrl: 'u', uiUrl: 'u' }]\n" + STATUS
        ),
        Settings().env_example: File.of("KESTRA_HTTP_PORT=8180\nKESTRA_MANAGEMENT_PORT=8685\n"),
    }
    (change,) = launcher.plan(Tree(files), Settings())
    assert isinstance(change, Edit)
    assert change.after is not None
    assert "${process.env.KESTRA_HTTP_PORT || 8180}`" in change.after.text
    assert "${process.env.KESTRA_MANAGEMENT_PORT || 8685}/health`" in change.after.text


ONE = "{ id: 'a', healthUrl: 'u' }"


@pytest.mark.parametrize(
    "route",
    [
        "app.get('/api/services', list)",
        "app.all(`/api/services/`, list)",
        "app.use('/api/services', list)",
        "app.route('/api/services').get(list)",
        "api.get('/services', list)\napp.use('/api', api)",
    ],
)
def test_a_launcher_that_answers_there_already_gets_the_entry_alone(route: str) -> None:
    text = applied(f"const SERVICE_TARGETS = [{ONE}]\n{route}\n")
    assert "kestra-tasks:launcher-route" not in text
    assert text.endswith(f"]\n{route}\n")


@pytest.mark.parametrize(
    "routes",
    [
        "api.get('/services', list)",
        "api.get('/services', list)\napp.use('/other', api)",
        "get('/status', list)\nfetch('/api/services')",
        "log('/api/services')\napp.use('/api', api)",
    ],
)
def test_another_route_is_no_answer(routes: str) -> None:
    text = applied(f"const SERVICE_TARGETS = [{ONE}]\n{routes}\n{STATUS}")
    assert f"// <<< kestra-tasks:launcher-route\n{STATUS}" in text


ARRAY = f"const SERVICE_TARGETS = [{ONE}]"
NO_ROUTE = "no line begins with an `app.get(` that answers for SERVICE_TARGETS"


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("const a = 1\n", 0, "no `const SERVICE_TARGETS = [` at its outermost level"),
        ("f(SERVICE_TARGETS)\n", 0, "no `const SERVICE_TARGETS = [` at its outermost level"),
        (f"f(() => {{ {ARRAY} }})\n", 0, "no `const SERVICE_TARGETS = [` at its outermost level"),
        (f"{ARRAY}\n\n{ARRAY}\n\n", 3, "SERVICE_TARGETS is declared a second time"),
        ("\nlet SERVICE_TARGETS = a\n", 2, "SERVICE_TARGETS isn't a plain array of JavaScript"),
        ("\nlet SERVICE_TARGETS = []\n", 2,
         "SERVICE_TARGETS is empty: there is no neighbour to go by"),
        *((f"\n{ARRAY}{more}\n", 2, "SERVICE_TARGETS goes on behind its bracket")
          for more in (" as const", " satisfies T", ".map(f)", "?.map(f)", "[0]")),
        (f"\nvar SERVICE_TARGETS = [\n'a',\nf(1)]\n{STATUS}", 2,
         "no element of SERVICE_TARGETS is an object, or a call with one"),
        (f"\nvar SERVICE_TARGETS = [\n{{ id: 'a' }}]\n{STATUS}", 3,
         "nothing in SERVICE_TARGETS says where health is asked for"),
        ("\n'\n", 2, "a string isn't closed on its line"),
        (f"{ARRAY}\napp.get('/a', (q, r) => r.json(OTHER))\n", 0, NO_ROUTE),
        (f"{ARRAY}\napp.get('/a', (q, r) => r.render(SERVICE_TARGETS))\n", 0, NO_ROUTE),
        (f"{ARRAY}\napp.get(PATH, (q, r) => r.json(SERVICE_TARGETS))\n", 0, NO_ROUTE),
        (f"{ARRAY}\napp.get(`/a\n'`, (q, r) => r.json(SERVICE_TARGETS))\n", 0, NO_ROUTE),
        (f"{ARRAY}\nif (a) app.get('/a', (q, r) => r.json(SERVICE_TARGETS))\n", 0, NO_ROUTE),
        (f"{ARRAY}\nget('/a', (q, r) => r.json(SERVICE_TARGETS))\n", 0, NO_ROUTE),
        (f"{ARRAY}\nf(() => {{\napp.get('/a', (q, r) => r.json(SERVICE_TARGETS))\n}})\n", 0,
         NO_ROUTE),
        (f"{ARRAY}\nmake().get('/a', (q, r) => r.json(SERVICE_TARGETS))\n", 0, NO_ROUTE),
    ],
)  # fmt: skip
def test_a_refusal_says_what_and_where_and_shows_the_entry(text: str, line: int, why: str) -> None:
    place = f"{PATH}:{line}" if line else PATH
    assert planned(text, management_port=8685) == Conflict(
        PATH,
        f"{place}: {why}, so kestra-orchestrator wasn't added",
        "add the shown entry by hand in the file's own shape, "
        "or leave the step out: `skip: [launcher]` in invoke.yaml",
        ours="""\
// an element of SERVICE_TARGETS
{
  id: 'kestra-orchestrator',
  name: 'Kestra',
  healthUrl: `http://localhost:${process.env.KESTRA_MANAGEMENT_PORT || 8685}/health`,
  uiUrl: `http://localhost:${process.env.KESTRA_HTTP_PORT || 8080}`,
},
""",
    )


def test_lines_of_ours_that_were_moved_out_of_the_array_are_put_back() -> None:
    once = applied(f"const SERVICE_TARGETS = [\n  {ONE},\n]\n{STATUS}")
    start, end = once.index("  // >>>"), once.index("]\n// >>>")
    moved = f"{once[:start]}{once[end:]}const old = [\n{once[start:end]}]\n"
    change = planned(moved)
    assert isinstance(change, Edit), change
    assert change.why == "our lines don't stand in SERVICE_TARGETS"
    assert change.after == File.of(f"{once}const old = [\n]\n")


def test_an_undo_says_why_there_is_nothing_to_take_out() -> None:
    assert undone(STATUS) == Noop(PATH, "has nothing of ours")
    assert list(launcher.undo(Tree({}), Settings())) == [Noop(PATH, "absent")]


def test_an_undo_of_a_script_that_cannot_be_read_takes_nothing() -> None:
    once = applied(f"\n{ARRAY}\n{STATUS}")
    assert undone("\n'" + once) == Conflict(
        PATH,
        f"{PATH}:2: a string isn't closed on its line, so our lines weren't taken out",
        "mend it, or delete the marked lines by hand",
    )


def test_marks_and_lines_that_a_hand_changed_are_told_with_their_line() -> None:
    once = applied(f"{ARRAY}\n{STATUS}")
    broken = once.replace("  // <<< kestra-tasks:launcher\n", "")
    for planner in (launcher.plan, launcher.undo):
        with pytest.raises(BrokenMarkError) as caught:
            list(planner(tree(broken), Settings()))
        assert (caught.value.path, caught.value.message.split(":")[1]) == (PATH, "2")
    edited = once.replace("name: 'Kestra'", "name: 'Flows'")
    for change, hint in (
        (planned(edited), "add --force to write them anew"),
        (undone(edited), "delete the marked lines by hand, or add --force to delete them"),
    ):
        assert isinstance(change, Conflict)
        assert change.why == f"{PATH}:2: our lines were edited by hand; they are kept"
        assert (change.path, change.hint, change.ours) == (PATH, hint, "")
        assert "name: 'Flows'" in change.theirs


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
