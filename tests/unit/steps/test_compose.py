"""Row 3.1 on a tree: what is planned, what is refused and how it is taken back."""

from __future__ import annotations

import pytest
import yaml

from kestra_tasks.core.edit import Conflict, Edit, Noop
from kestra_tasks.core.plan import Plan, Step, make_plan
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.settings import Settings
from kestra_tasks.steps import compose

STEP = Step("compose", "3.1", compose.plan, compose.undo)
BASE = Settings()
STACK = BASE.compose_file
OWN = BASE.kestra_compose
PLAIN = "services:\n  web:\n    image: nginx\n"


def tree(stack: str | None, own: str | None = None) -> Tree:
    files = {STACK: stack, OWN: own}
    return Tree({path: File.of(text) for path, text in files.items() if text is not None})


def planned(on: Tree, settings: Settings = BASE, *, undo: bool = False) -> Plan:
    return make_plan(on, settings, [STEP], undo=undo)


def text(plan: Plan, path: str = STACK) -> str | None:
    file = plan.tree.read(path)
    return None if file is None else file.text


def conflict(plan: Plan) -> Conflict:
    assert not plan.edits
    assert len(plan.conflicts) == 1
    return plan.conflicts[0]


def test_absent_stack_file_is_created_and_deleted_again() -> None:
    made = planned(tree(None))
    assert [(e.verb, e.path) for e in made.edits] == [("create", OWN), ("create", STACK)]
    assert yaml.safe_load(text(made) or "") == {
        "name": "tools",
        "include": [
            {
                "path": "../kestra/compose.yml",
                "project_directory": ".",
                "env_file": "../../.env",
            }
        ],
    }
    assert not planned(made.tree).pending
    back = planned(made.tree, undo=True)
    assert text(back) is None
    assert text(back, OWN) is None


def test_a_created_file_that_a_team_added_to_loses_only_our_block() -> None:
    made = planned(tree(None))
    grown = (text(made) or "") + PLAIN
    back = planned(tree(grown, text(made, OWN)), undo=True)
    assert text(back) == "name: tools\n" + PLAIN
    assert text(back, OWN) is None


def test_a_file_of_the_teams_that_says_no_more_than_a_name_stays() -> None:
    made = planned(tree("name: tools\n"))
    back = planned(made.tree, undo=True)
    assert text(back) == "name: tools\n"


@pytest.mark.parametrize(
    ("stack", "name"),
    [("tools", "tools"), ("a.b", "ab"), ("123", "123"), ("null", "null"), ("1.0", "10"),
     ("on", "on"), ("x-1_y", "x-1_y")],
)  # fmt: skip
def test_the_created_project_name_is_a_text_that_compose_takes(stack: str, name: str) -> None:
    made = planned(tree(None), BASE.with_(stack=stack))
    assert yaml.safe_load(text(made) or "")["name"] == name
    assert text(planned(made.tree, BASE.with_(stack=stack), undo=True)) is None


@pytest.mark.parametrize(
    ("compose_file", "kestra_dir", "env_file", "item", "folder"),
    [
        ("compose.yml", "tools/kestra", ".env", ("tools/kestra/compose.yml", ".env"),
         "./tools/kestra"),
        ("compose.yml", "kestra", "config/.env", ("kestra/compose.yml", "config/.env"),
         "./kestra"),
        ("a/b/c/d.yml", "k", ".env", ("../../../k/compose.yml", "../../../.env"), "../../../k"),
        ("a/b/c/d.yml", "a/b/c", ".env", ("compose.yml", "../../../.env"), "."),
        ("a/d.yml", "a/.kestra", ".env", (".kestra/compose.yml", "../.env"), "./.kestra"),
        ("a/d.yml", "a/my k/x", ".env", ("my k/x/compose.yml", "../.env"), "./my k/x"),
        ("a/d.yml", "[k]/&x", ".env", ("../[k]/&x/compose.yml", "../.env"), "../[k]/&x"),
    ],
)  # fmt: skip
def test_paths_for_any_folders(
    compose_file: str, kestra_dir: str, env_file: str, item: tuple[str, str], folder: str
) -> None:
    settings = BASE.with_(compose_file=compose_file, kestra_dir=kestra_dir, env_file=env_file)
    made = planned(Tree({compose_file: File.of(PLAIN)}), settings)
    include = yaml.safe_load(text(made, compose_file) or "")["include"][0]
    assert (include["path"], include["env_file"]) == item
    model = yaml.safe_load(text(made, settings.kestra_compose) or "")
    assert (
        f"${{KESTRA_STORAGE_DIR:-{folder}/storage}}:/app/storage"
        in (model["services"]["kestra"]["volumes"])
    )


def test_external_database_leaves_postgres_out_and_switching_updates_the_managed_file() -> None:
    made = planned(tree(PLAIN))
    external = BASE.with_(database="external")
    changed = planned(made.tree, external)
    assert [(e.verb, e.path) for e in changed.edits] == [("update", OWN)]
    model = yaml.safe_load(text(changed, OWN) or "")
    assert set(model["services"]) == {"kestra"}
    assert "depends_on" not in model["services"]["kestra"]
    assert not planned(changed.tree, external).pending
    assert [e.path for e in planned(changed.tree).edits] == [OWN]


def test_moving_the_env_file_rewrites_our_block_in_its_place() -> None:
    made = planned(tree(PLAIN))
    later = (text(made) or "") + "volumes: {}\n"
    moved = BASE.with_(env_file="config/.env")
    changed = planned(tree(later, text(made, OWN)), moved)
    assert text(changed) == later.replace("../../.env", "../../config/.env").replace(
        later.split("kestra-tasks:compose ")[1][:8],
        (text(changed) or "").split("kestra-tasks:compose ")[1][:8],
    )
    assert text(planned(changed.tree, moved, undo=True)) == PLAIN + "volumes: {}\n"


OTHERWISE = "is declared otherwise than Kestra's own file does"
OWN_NETWORK = (
    "the network tradingsystem_backend is declared as this stack's own; Kestra and the other "
    "stacks need it to be external"
)
SKIP = "or leave this step out: `skip: [compose]` under `kestra:` in invoke.yaml"


@pytest.mark.parametrize(
    ("stack", "line", "why", "what"),
    [
        ("services:\n  # ours\n  kestra:\n    image: x\n", 3,
         "a service called kestra is there already", "service"),
        ("{services: {kestra-postgres: {image: x}}}\n", 1,
         "a service called kestra-postgres is there already", "service"),
        ("services: {a: {image: x}}\n---\nservices:\n  kestra: {image: x}\n", 4,
         "a service called kestra is there already", "service"),
        (f"{PLAIN}    container_name: tools-kestra\n", 4,
         "the container name tools-kestra is taken by service web", "container"),
        (f"{PLAIN}    container_name: ${{C:-tools-kestra-postgres}}\n", 4,
         "the container name tools-kestra-postgres is taken by service web", "container"),
        (f"{PLAIN}volumes:\n  kestra-postgres-data:\n", 5,
         f"volumes: kestra-postgres-data {OTHERWISE}", "volume"),
        (f"{PLAIN}volumes:\n  kestra-postgres-data:\n    name: other\n", 5,
         f"volumes: kestra-postgres-data {OTHERWISE}", "volume"),
        (f"{PLAIN}volumes:\n  d:\n    name: kestra-postgres-data\n", 6,
         "the volume kestra-postgres-data, where Kestra's database lies, is declared here as well",
         "volume"),
        (f"{PLAIN}networks:\n  kestra-network:\n    driver: bridge\n", 5,
         f"networks: kestra-network {OTHERWISE}", "network"),
        (f"{PLAIN}networks:\n  backend:\n    name: tradingsystem_backend\n    driver: bridge\n",
         6, OWN_NETWORK, ""),
        (f"{PLAIN}networks:\n  b:\n    name: ${{NET:-tradingsystem_backend}}\n"
         "    external: false\n", 6, OWN_NETWORK, ""),
    ],
)  # fmt: skip
def test_what_would_collide_is_a_conflict_with_its_line(
    stack: str, line: int, why: str, what: str
) -> None:
    hint = f"rename or remove that {what}, {SKIP}"
    if not what:
        hint = (
            "declare it there as `external: true` in place of its driver and options, "
            f"or set another `network:` under `kestra:` in invoke.yaml, {SKIP}"
        )
    assert conflict(planned(tree(stack))) == Conflict(STACK, f"{STACK}:{line}: {why}", hint)
    assert not planned(tree(stack), BASE.with_(force=True)).edits


def test_a_hand_made_service_with_our_container_name_is_told_once() -> None:
    stack = "services:\n  kestra:\n    image: x\n    container_name: tools-kestra\n"
    assert "a service called kestra" in conflict(planned(tree(stack))).why


@pytest.mark.parametrize(
    "more",
    [
        "networks:\n  backend:\n    name: tradingsystem_backend\n    external: true\n",
        "networks:\n  kestra-network:\n    name: tradingsystem_backend\n    external: true\n",
        "networks:\n  default:\n    external:\n      name: tradingsystem_backend\n",
        "networks:\n  b:\n    name: tradingsystem_backend\n"
        "    external:\n      name: tradingsystem_backend\n",
        "networks:\n  tradingsystem_backend:\n    driver: bridge\n",
        "volumes:\n  saved:\n    name: kestra-postgres-data\n    external: true\n",
        "volumes:\n  kestra-postgres-data:\n    name: kestra-postgres-data\n",
        "x-kestra:\n  kestra: 1\n",
        "networks:\n",
        "volumes: {}\n",
    ],
)
def test_what_only_looks_alike_is_no_conflict(more: str) -> None:
    made = planned(tree(PLAIN + more))
    assert not made.conflicts
    assert [e.verb for e in made.edits] == ["create", "update"]


def test_postgres_may_be_the_teams_where_the_database_is_external() -> None:
    stack = "services:\n  kestra-postgres:\n    image: postgres:15\n"
    assert conflict(planned(tree(stack)))
    assert not planned(tree(stack), BASE.with_(database="external")).conflicts


@pytest.mark.parametrize(
    "include",
    [
        "include:\n  - ../kestra/compose.yml\n",
        "include: [../../tools/kestra/compose.yml]\n",
        "include:\n  - other.yml\n  - path: ./../kestra/compose.yml\n    env_file: x\n",
        "include:\n  - path:\n      - other.yml\n      - ../kestra/compose.yml\n",
        "x-i: &i\n  - path: ../kestra/compose.yml\ninclude: *i\n",
    ],
)
def test_a_persons_own_include_of_the_file_is_enough(include: str) -> None:
    made = planned(tree(PLAIN + include))
    assert not made.conflicts
    assert [e.path for e in made.edits] == [OWN]
    [noop] = made.outcomes[0].noops
    assert noop.path == STACK
    assert "includes tools/kestra/compose.yml already" in noop.why
    assert text(planned(made.tree, undo=True)) == PLAIN + include


def test_an_include_of_another_file_of_that_name_is_another() -> None:
    made = planned(tree(f"{PLAIN}include: [../x/kestra/compose.yml]\n"))
    assert [e.path for e in made.edits] == [OWN, STACK]


def test_a_form_that_isnt_edited_gives_the_line_to_add_by_hand() -> None:
    found = conflict(planned(tree("{services: {}}\n")))
    line = found.hint.removeprefix("add this by hand: ")
    assert yaml.safe_load(line) == yaml.safe_load(found.ours)
    assert yaml.safe_load(line)["include"][0]["path"] == "../kestra/compose.yml"


def test_yaml_that_compose_refuses_as_well_is_to_be_mended() -> None:
    found = conflict(planned(tree("services:\n\tweb: {}\n")))
    assert found.why.startswith(f"{STACK}:2: isn't YAML")
    assert "mend" in found.hint


def test_a_hand_at_our_block_is_kept_until_forced() -> None:
    made = planned(tree(PLAIN))
    edited = (text(made) or "").replace("project_directory: .", "project_directory: ..")
    again = planned(tree(edited, text(made, OWN)))
    assert "edited by hand" in conflict(again).why
    assert text(planned(again.tree, BASE.with_(force=True))) == text(made)
    back = planned(again.tree, undo=True)
    assert "our include was edited by hand" in conflict(back).why
    assert conflict(back).hint.startswith("delete the marked lines")
    assert text(back, OWN) is not None
    forced = planned(again.tree, BASE.with_(force=True), undo=True)
    assert (text(forced), text(forced, OWN)) == (PLAIN, None)


def test_broken_marks_change_nothing() -> None:
    made = planned(tree(PLAIN))
    broken = (text(made) or "").replace("# <<< kestra-tasks:compose\n", "")
    assert "don't pair up" in conflict(planned(tree(broken, text(made, OWN)))).why
    back = planned(tree(broken, text(made, OWN)), undo=True)
    assert "don't pair up" in conflict(back).why


def test_a_second_include_key_written_later_is_named() -> None:
    made = planned(tree(PLAIN))
    twice = (text(made) or "") + "include: [x.yml]\n"
    assert "include: stands twice, first on line 5" in (
        conflict(planned(tree(twice, text(made, OWN)))).why
    )


def test_a_foreign_file_in_the_place_of_ours_is_neither_replaced_nor_included() -> None:
    made = planned(tree(PLAIN, "services: {}\n"))
    assert "is a file of yours" in conflict(made).why
    assert made.outcomes[0].noops == (Noop(STACK, f"doesn't include {OWN}, which isn't ours"),)


def test_our_file_edited_by_hand_is_kept_and_still_included() -> None:
    ours = text(planned(tree(PLAIN)), OWN) or ""
    made = planned(tree(PLAIN, ours.replace("user: root", "user: '1000'")))
    assert [e.path for e in made.edits] == [STACK]
    assert "was edited by hand" in made.conflicts[0].why


def test_the_mode_of_the_stack_file_is_kept() -> None:
    on = Tree({STACK: File.of(PLAIN, 0o664)})
    edit = next(e for e in planned(on).edits if e.path == STACK)
    assert isinstance(edit, Edit)
    assert edit.after is not None
    assert edit.after.mode == 0o664


def test_the_mode_of_the_stack_file_is_kept_by_updates_and_undo() -> None:
    ours = planned(Tree({STACK: File.of(PLAIN, 0o664)})).tree
    moved = planned(ours, BASE.with_(env_file="config/.env"))
    back = planned(ours, undo=True)
    for plan in (moved, back):
        edit = next(e for e in plan.outcomes[0].edits if e.path == STACK)
        assert edit.before == ours.read(STACK)
        assert edit.after is not None
        assert edit.after.mode == 0o664


def test_undo_where_nothing_is_ours_says_so() -> None:
    back = planned(tree(PLAIN), undo=True)
    assert not back.pending
    assert back.outcomes[0].noops == (Noop(STACK, "has nothing of ours"), Noop(OWN, "absent"))
    gone = planned(tree(None), undo=True)
    assert gone.outcomes[0].noops == (Noop(STACK, "absent"), Noop(OWN, "absent"))


def test_undo_says_what_it_drops() -> None:
    plain, created = planned(planned(tree(PLAIN)).tree, undo=True), planned(tree(None)).tree
    assert [(e.path, e.why) for e in plain.edits] == [
        (STACK, f"drop {OWN}"),
        (OWN, "written by us"),
    ]
    back = planned(created, undo=True)
    assert [(e.verb, e.path, e.why) for e in back.edits] == [
        ("delete", STACK, "written by us"),
        ("delete", OWN, "written by us"),
    ]


def test_undo_where_the_stack_file_is_gone_takes_our_file_too() -> None:
    ours = text(planned(tree(PLAIN)), OWN)
    assert [(e.verb, e.path) for e in planned(tree(None, ours), undo=True).edits] == [
        ("delete", OWN)
    ]


def test_undo_keeps_our_file_that_a_hand_changed_unless_forced() -> None:
    made = planned(tree(PLAIN))
    mine = f"{text(made, OWN)}# mine\n"
    back = planned(tree(text(made), mine), undo=True)
    assert [(e.path, text(back)) for e in back.edits] == [(STACK, PLAIN)]
    assert [c.path for c in back.conflicts] == [OWN]
    forced = planned(tree(text(made), mine), BASE.with_(force=True), undo=True)
    assert text(forced, OWN) is None


def test_undo_leaves_the_file_that_is_still_included_and_says_so() -> None:
    made = planned(tree(PLAIN))
    stack = text(made) or ""
    for torn in (
        stack.replace("project_directory: .", "project_directory: .."),
        stack.replace("# <<< kestra-tasks:compose\n", ""),
        stack.replace("services:", "services: ["),
    ):
        back = planned(tree(torn, text(made, OWN)), undo=True)
        found = conflict(back)
        assert found.path == STACK
        assert found.why.startswith(f"{STACK}:")
        assert found.hint
        assert back.outcomes[0].noops == (Noop(OWN, f"is kept: {STACK} still includes it"),)


def test_items_that_others_put_into_our_list_stay_in_it() -> None:
    made = planned(tree(PLAIN))
    grown = f"{text(made)}  - other.yml\n"
    back = planned(tree(grown, text(made, OWN)), undo=True)
    assert text(back) == f"{PLAIN}include:\n  - other.yml\n"


@pytest.mark.parametrize(
    "more",
    [
        "x-note: ../kestra/compose.yml\n",
        "volumes:\n  path: ../kestra/compose.yml\n",
        "include:\n  - path: other.yml\n    env_file: ../kestra/compose.yml\n",
        "x: &x [../kestra/compose.yml]\ninclude:\n  - other.yml\n",
    ],
)
def test_a_file_that_is_named_elsewhere_is_not_included(more: str) -> None:
    made = planned(tree(PLAIN + more))
    assert [e.path for e in made.edits] == [OWN, STACK]


def test_broken_marks_are_named_with_the_file() -> None:
    made = planned(tree(PLAIN))
    broken = (text(made) or "").replace("# <<< kestra-tasks:compose\n", "")
    for undo in (False, True):
        found = conflict(planned(tree(broken, text(made, OWN)), undo=undo))
        assert (found.path, found.why.split(": ")[0]) == (STACK, f"{STACK}:4")
        assert found.hint == "mend or delete the marked lines by hand"


def test_a_hands_edit_is_shown_beside_ours() -> None:
    made = planned(tree(PLAIN))
    edited = (text(made) or "").replace("project_directory: .", "project_directory: ..")
    found = conflict(planned(tree(edited, text(made, OWN))))
    assert found.ours.startswith("include:\n  - path: ../kestra/compose.yml\n")
    assert found.theirs.startswith("include:\n")
    assert f"{STACK}:4: our include was edited by hand" in found.why
