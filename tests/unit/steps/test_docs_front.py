"""Front matter of a new document: the neighbours' keys, order and notation, words of our own."""

from __future__ import annotations

import pytest
import yaml

from kestra_tasks.core.tree import File, Tree
from kestra_tasks.settings import Settings
from kestra_tasks.steps.docs_front import About, head

SETTINGS = Settings(today="2026-01-31")
FOLDER = "docs/context/ops/runbooks"
ABOUT = About(f"{FOLDER}/kestra-restart.md", "Restart", "Up: again", "runbook", ("kestra", "ops"))
SEAL = "kestra-tasks:seeded @@digest@@"


def headed(neighbours: dict[str, str], about: About = ABOUT, settings: Settings = SETTINGS) -> str:
    """The head of a document beside others: names below the folder, or whole paths."""
    files = {(n if "/" in n else f"{FOLDER}/{n}"): File.of(text) for n, text in neighbours.items()}
    return head(Tree(files), settings, about, {about.path, f"{FOLDER}/ours.md"})


def front(model: str, about: About = ABOUT, settings: Settings = SETTINGS) -> str:
    """The lines between the fences, where the one neighbour has `model` there."""
    text = headed({"monitoring.md": f"---\n{model}---\n\n# M\n"}, about, settings)
    _, inside, rest = text.split("---\n")
    yaml.safe_load(inside)
    # The seal stands behind a short head, and inside a long one.
    if rest == "\n":
        first, _, inside = inside.partition("\n")
        assert first == f"# {SEAL}"
    else:
        assert rest == f"\n<!-- {SEAL} -->\n\n"
    return inside


@pytest.mark.parametrize(
    ("model", "ours"),
    [
        pytest.param(
            "title: M\nsidebar_label: M\nname: M\nSidebar-Label: M\n",
            "title: Restart\nsidebar_label: Restart\nname: Restart\nSidebar-Label: Restart\n",
            id="title",
        ),
        pytest.param(
            "summary: M\ndescription: M\npurpose: M\nresumo: M\ndescricao: M\n",
            'summary: "Up: again"\ndescription: "Up: again"\npurpose: "Up: again"\n'
            'resumo: "Up: again"\ndescricao: "Up: again"\n',
            id="summary",
        ),
        pytest.param(
            "type: M\nkind: M\ntipo: M\ndoc_type: M\n",
            "type: runbook\nkind: runbook\ntipo: runbook\ndoc_type: runbook\n",
            id="kind",
        ),
        pytest.param(
            "tags: [\"a\", b]\nkeywords: [ 'a' ]\nlabels: a, b\n"
            'categories:\n  - "a"\ntopics:\n- a\n',
            "tags: [\"kestra\", \"ops\"]\nkeywords: ['kestra', 'ops']\nlabels: kestra, ops\n"
            'categories:\n  - "kestra"\n  - "ops"\ntopics:\n- kestra\n- ops\n',
            id="tags",
        ),
        pytest.param(
            "created: 2025-02-01\nupdated: '2025-02-01'\nlast_review: 01/02/2025\n"
            "at: 2025-02-01T10:00:00Z\n",
            "created: 2026-01-31\nupdated: '2026-01-31'\nlast_review: 31/01/2026\nat: 2026-01-31\n",
            id="dates",
        ),
        pytest.param(
            "slug: /ops/monitoring\nid: monitoring\npermalink: /monitoring/\n",
            "slug: /ops/kestra-restart\nid: kestra-restart\npermalink: /kestra-restart/\n",
            id="addresses-after-the-file",
        ),
        pytest.param(
            "slug: /a\nid: 7\npermalink: /b\naliases: /monitoring\nredirect_from: /monitoring\n"
            "sidebar_position: 3\n",
            "",
            id="addresses-of-its-own",
        ),
        pytest.param(
            "status: draft\nstate: 'Archived'\nestado: obsoleto\nvisibility: draft\n",
            "status: active\nstate: 'active'\nestado: active\nvisibility: draft\n",
            id="states-of-what-is-over",
        ),
        pytest.param(
            "status: stable\nowner: Platform\nreviewers:\nmonitoring: yes\n",
            "status: stable\nowner: Platform\nreviewers:\nmonitoring: yes\n",
            id="all-else",
        ),
        pytest.param(
            "last_update:\n  author: ana\n  # who\n  team: ops\n\n# a comment\nowner: x\n",
            "last_update:\n  author: ana\n  # who\n  team: ops\nowner: x\n",
            id="lines-below-a-key",
        ),
        pytest.param("# a comment\n  odd\nowner: x\n", "owner: x\n", id="lines-below-none"),
    ],
)
def test_keys_are_the_neighbours_and_what_they_say_is_ours(model: str, ours: str) -> None:
    assert (front(model) if ours else headed({"monitoring.md": f"---\n{model}---\n"})) == (
        ours or f"<!-- {SEAL} -->\n\n"
    )


def test_without_a_day_no_date_is_told() -> None:
    model = "created: 2025-02-01\nowner: x\n"
    assert front(model, settings=Settings()) == "owner: x\n"


@pytest.mark.parametrize(
    ("text", "model", "written"),
    [
        ("Ana's way", "'M'", "'Ana''s way'"),
        ("Ana's way", "M", "Ana's way"),
        ('Say "yes" \\ no', '"M"', '"Say \\"yes\\" \\\\ no"'),
        ("Up: again", "M", '"Up: again"'),
        ("Up:", "M", '"Up:"'),
        ("C #1", "M", '"C #1"'),
        ("3 ways", "M", '"3 ways"'),
        ("*all*", "M", '"*all*"'),
        ("C#", "M", "C#"),
    ],
)
def test_a_text_is_quoted_like_the_neighbours_or_where_yaml_needs_it(
    text: str, model: str, written: str
) -> None:
    about = About(ABOUT.path, text, "", "", ())
    assert front(f"title: {model}\n", about) == f"title: {written}\n"
    assert yaml.safe_load(f"title: {written}") == {"title": text}


def marked(owner: str) -> str:
    return f"---\nowner: {owner}\n---\n"


@pytest.mark.parametrize(
    ("neighbours", "owner"),
    [
        ({"b.md": marked("b"), "a.mdx": marked("a"), "a.txt": marked("t")}, "a"),
        ({"README.md": marked("r"), "zeta.md": marked("z")}, "z"),
        ({"index.md": marked("i"), "zeta.mdx": marked("z")}, "z"),
        ({"README.md": marked("r")}, "r"),
        ({"a.md": "# without\n", "b.md": marked("b")}, "b"),
        ({"ours.md": marked("o"), "kestra-restart.md": marked("k"), "z.md": marked("z")}, "z"),
        ({"docs/context/ops/a.md": marked("up"), "z.md": marked("near")}, "near"),
        ({"docs/context/ops/a.md": marked("up"), f"{FOLDER}/deep/a.md": marked("deep")}, "up"),
        ({f"{FOLDER}/odd.md/a.md": marked("odd"), "z.md": marked("z")}, "z"),
        ({Settings().port_map: marked("map")}, "map"),
        ({Settings().naming_document: marked("names")}, "names"),
        ({"a.md": "\ufeff---\r\nowner: crlf\r\n---\r\n"}, "crlf"),
    ],
)
def test_the_nearest_document_with_a_head_is_the_model(
    neighbours: dict[str, str], owner: str
) -> None:
    assert headed(neighbours) == f"---\nowner: {owner}\n---\n\n<!-- {SEAL} -->\n\n"


def test_a_models_own_line_ends_stay_with_it() -> None:
    model = "---\r\nteams:\r\n  - a\r\n  - b\r\nowner: x\r\n---\r\n"
    assert headed({"a.md": model}) == (
        f"---\nteams:\n  - a\n  - b\nowner: x\n---\n\n<!-- {SEAL} -->\n\n"
    )


def test_a_document_of_another_folder_looks_below_ops_as_well() -> None:
    about = About("docs/rules/names.md", "N", "", "policy", ())
    assert "owner: x\n" in headed({"a.md": marked("x")}, about)


def test_where_no_neighbour_has_a_head_there_is_none() -> None:
    assert headed({"a.md": "# A\n"}) == f"<!-- {SEAL} -->\n\n"


@pytest.mark.parametrize(("kind", "domain"), [("runbook", "ops"), ("policy", "governance")])
def test_without_neighbours_the_head_is_the_usual_one(kind: str, domain: str) -> None:
    about = About(ABOUT.path, "Restart", "", kind, ("kestra", "ops"))
    assert headed({}, about) == (
        f"---\ntitle: Restart\ntags: [kestra, ops]\ndomain: {domain}\ntype: {kind}\n"
        f"last_review: 2026-01-31\n---\n\n<!-- {SEAL} -->\n\n"
    )


@pytest.mark.parametrize(
    ("keys", "head_"),
    [(6, "---\n{}---\n\n<!-- {} -->\n\n"), (7, "---\n# {1}\n{0}---\n\n")],
    ids=["short", "long"],
)
def test_the_seal_stands_among_the_first_lines(keys: int, head_: str) -> None:
    lines = "".join(f"k{number}: v\n" for number in range(keys))
    expected = head_.format(lines, SEAL)
    assert headed({"a.md": f"---\n{lines}---\n"}) == expected
    assert SEAL in "".join(expected.splitlines(keepends=True)[:12])
