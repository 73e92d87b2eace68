"""Row 3.4 on a tree: what is planned, what is left, and how it is taken back."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kestra_tasks.core.bashplaces import NAMES
from kestra_tasks.core.bashtext import blocks, strip
from kestra_tasks.core.edit import Conflict, Edit, Noop
from kestra_tasks.core.plan import Plan, Step, make_plan
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.settings import Settings
from kestra_tasks.steps import stacks
from tests.helpers.stackscripts import CORPUS

STEP = Step("stacks", "3.4", stacks.plan, stacks.undo)
BASE = Settings()
START, STOP = BASE.start_stacks, BASE.stop_stacks
OURS = "tools/kestra/scripts/stack.sh"
BESIDE = ("lib/common.sh", "lib/env.sh", "lib/checks.sh", "stop.sh")
FIXTURES = {
    (folder.name, path.name): path.read_text()
    for folder in sorted(CORPUS.iterdir())
    for path in sorted(folder.iterdir())
}


def planned(files: dict[str, str], base: Settings = BASE, *, undo: bool = False) -> Plan:
    beside = {f"{base.scripts_dir}/{name}": "" for name in BESIDE}
    tree = Tree({path: File.of(text, 0o755) for path, text in {**beside, **files}.items()})
    return make_plan(tree, base, [STEP], undo=undo)


def text(plan: Plan, path: str = START) -> str:
    file = plan.tree.read(path)
    assert file is not None
    return file.text


def conflict(plan: Plan, path: str = START) -> Conflict:
    (one,) = [c for c in plan.conflicts if c.path == path]
    return one


def host(name: str = "array-case") -> str:
    return FIXTURES[name, "start-stacks.sh"]


def test_absent_scripts_are_left_with_a_reason() -> None:
    plan = planned({})
    why = "absent, and the settings don't ask for it (create: [stacks])"
    assert not plan.edits
    assert plan.outcomes[0].noops == (Noop(START, why), Noop(STOP, why))
    assert planned({START: host()}).outcomes[0].noops == (Noop(STOP, why),)
    none = tuple(Noop(path, "absent") for path in (START, STOP, OURS))
    assert planned({}, undo=True).outcomes[0].noops == none
    back = planned({START: host(), OURS: "x\n"}, undo=True)
    assert back.outcomes[0].noops[0] == Noop(START, "has nothing of ours")


@pytest.mark.parametrize("name", BESIDE)
def test_without_the_scaffold_nothing_is_written(name: str) -> None:
    files = {START: File.of(host())}
    files |= {f"{BASE.scripts_dir}/{n}": File.of("") for n in BESIDE if n != name}
    plan = make_plan(Tree(files), BASE, [STEP])
    assert not plan.edits
    assert plan.conflicts[0] == Conflict(
        OURS,
        f"{OURS} needs {name} beside it, which isn't there; it isn't written",
        "inv kestra.scaffold   # or all together: inv kestra.integrate",
    )


def test_asked_for_they_are_written_and_deleted_again() -> None:
    base = BASE.with_(create=("stacks",))
    made = planned({}, base)
    assert [(e.verb, e.path) for e in made.edits] == [
        ("create", OURS), ("create", START), ("create", STOP),
    ]  # fmt: skip
    assert all(e.after is not None and e.after.executable for e in made.edits)
    assert not make_plan(made.tree, base, [STEP]).pending
    back = make_plan(made.tree, BASE, [STEP], undo=True)
    assert {e.path for e in back.edits if e.after is None} == {OURS, START, STOP}


def test_written_scripts_stay_current_when_the_settings_no_longer_ask() -> None:
    made = planned({}, BASE.with_(create=("stacks",)))
    assert not make_plan(made.tree, BASE, [STEP]).pending
    moved = make_plan(made.tree, BASE.with_(network="another"), [STEP])
    assert [e.path for e in moved.edits] == [OURS]


def test_a_script_of_ours_that_a_hand_edited_is_kept() -> None:
    made = planned({}, BASE.with_(create=("stacks",)))
    edited = text(made).replace("exit 3", "exit 33")
    plan = planned({OURS: text(made, OURS), START: edited, STOP: text(made, STOP)})
    assert "edited by hand" in conflict(plan).why
    back = planned({OURS: text(made, OURS), START: edited, STOP: text(made, STOP)}, undo=True)
    assert conflict(back)
    assert OURS not in {e.path for e in back.edits}, "the kept script calls it"
    assert Noop(OURS, "is kept: a script may still call it") in back.outcomes[0].noops


def test_forced_what_a_hand_edited_is_ours_again() -> None:
    made = planned({}, BASE.with_(create=("stacks",)))
    ours = {path: text(made, path) for path in (OURS, START, STOP)}
    edited = {path: f"{content}true\n" for path, content in ours.items()}
    assert {c.path for c in planned(edited).conflicts} == set(ours)
    forced = BASE.with_(force=True)
    renewed = planned(edited, forced)
    assert {path: text(renewed, path) for path in ours} == ours
    gone = planned(edited, forced, undo=True)
    assert all(gone.tree.read(path) is None for path in ours)


def test_one_script_alone_is_extended_and_the_other_left() -> None:
    plan = planned({START: host()})
    assert {e.path for e in plan.edits} == {OURS, START}
    assert [n.path for n in plan.outcomes[0].noops] == [STOP]


def test_an_older_version_of_our_lines_is_renewed() -> None:
    made = text(planned({START: host()}))
    moved = BASE.with_(kestra_dir="ops/kestra")
    plan = planned({START: made}, moved)
    assert "ops/kestra/scripts/stack.sh" in text(plan)
    assert [e.why for e in plan.edits if e.path == START] == ["an older version of our calls"]
    assert text(planned({START: text(plan)}, moved, undo=True)) == host()


def test_our_lines_edited_by_hand_are_kept_unless_forced() -> None:
    made = text(planned({START: host()}))
    edited = made.replace('"${KESTRA_STACK[@]}" start; return', "true; return")
    assert edited != made
    told = conflict(planned({START: edited}))
    assert "edited by hand" in told.why and "lines" in told.why and "stacks-phase" in told.why
    assert told.ours and "start; return" in told.ours and "PHASES=" in told.ours
    assert text(planned({START: edited}, BASE.with_(force=True))) == made
    assert conflict(planned({START: edited}, undo=True))
    assert text(planned({START: edited}, BASE.with_(force=True), undo=True)) == host()


def test_a_mark_without_its_partner_is_a_conflict() -> None:
    made = text(planned({START: host()}))
    broken = made.replace("# <<< kestra-tasks:stacks-order\n", "")
    for undo in (False, True):
        plan = planned({START: broken}, undo=undo)
        assert "don't pair up" in conflict(plan).why and START in conflict(plan).why
        assert conflict(plan).hint
        assert text(plan) == broken


def test_a_call_by_hand_is_enough() -> None:
    by_hand = host().replace(
        "ensure_network\nfor", f'ensure_network\n"$PROJECT_ROOT/{OURS}" start\nfor'
    )
    plan = planned({START: by_hand})
    assert {e.path for e in plan.edits} == {OURS}
    assert [n.why for n in plan.outcomes[0].noops if n.path == START] == [
        "line 85 calls stack.sh already"
    ]
    assert planned({START: f"{host()}# see {OURS}\n"}).edits[-1].path == START


def test_another_name_of_the_stack_is_the_phases_name() -> None:
    made = text(planned({START: host()}, BASE.with_(stack="ops", compose_file="ops.yml")))
    assert "AVAILABLE_PHASES=(ops " in made and "    ops) " in made


def test_what_is_there_already_and_what_is_taken_out_is_told() -> None:
    made = planned({START: host()})
    again = make_plan(made.tree, BASE, [STEP])
    line = text(made).splitlines().index(next(x for x in text(made).splitlines() if ">>>" in x)) + 1
    assert Noop(START, f"calls stack.sh already, line {line}") in again.outcomes[0].noops
    tree = Tree({START: File.of(text(made), 0o640)})
    (change,) = [c for c in stacks.undo(tree, BASE) if c.path == START]
    assert change == Edit(
        START, tree.read(START), File.of(host(), 0o640), "drop the calls of stack.sh"
    )


def test_a_refusal_gives_the_call_to_add_by_hand() -> None:
    call = (
        '"$(dirname -- "$(readlink -f -- "$0")")/'
        f'{BASE.relative(OURS, START.rpartition("/")[0])}" --for "$*" start'
    )
    assert conflict(planned({START: "#!/bin/bash\n"})) == Conflict(
        START,
        f"{START}:1: no sure place for the call of stack.sh: it holds no command",
        "add this by hand before the first stack that it starts, behind its own guards: "
        f"{call}   # or leave the step out: skip: [stacks]",
        ours=f"{call}\n",
    )


def refusal(script: str) -> str:
    plan = planned({START: script})
    assert text(plan) == script
    return conflict(plan).why


HEAD = "#!/bin/bash\n"
LOOP = (
    'PHASES=(data apps)\nstart() {\n  docker compose -f "$1.yml" up -d\n}\n'
    '[[ -z $1 ]] || PHASES=("$1")\nfor p in "${PHASES[@]}"; do\n  start "$p"\ndone\n'
)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("", "isn't a bash script"),
        ("#!/usr/bin/env python3\nprint()\n", "isn't a bash script"),
        ("#!/bin/bash\n", "holds no command"),
        ("#!/bin/bash\necho 'open\n", "isn't closed"),
        ("#!/bin/bash\nif a; then\n", "has no end"),
        ("#!/bin/bash\necho nothing\n", "no place was found"),
        (HEAD + LOOP.replace("docker compose", "eval docker compose"), "makes up"),
        (HEAD + "docker() { podman \"$@\"; }\n" + LOOP, "has a function docker"),
        (HEAD + "sudo docker compose -f docker-compose.tools.yml up -d\n", "can't be watched"),
        (HEAD + "docker-compose -f docker-compose.tools.yml up -d\n", "can't be watched"),
        (HEAD + "command docker compose -f docker-compose.tools.yml up\n", "can't be watched"),
        (HEAD + LOOP.replace("PHASES=(data apps)", "readonly PHASES=(data apps)"), "read-only"),
        (HEAD + LOOP.replace("PHASES=(data apps)", "PHASES=($(cat phases))"), "don't come from"),
        (HEAD + LOOP.replace("PHASES=(data apps)", "PHASES=(data:a.yml apps:b.yml)"),
         "don't come from"),
        (HEAD + "declare -A L=([data]=x [apps]=y)\n" + LOOP, "map by phases"),
        (HEAD + LOOP.replace("{\n  docker", "{ docker"), "no line of its own"),
        (HEAD + LOOP.replace("PHASES=(data apps)\n", "PHASES=(data apps); "), "no line of its own"),
        (HEAD + LOOP + 'up() {\n  docker compose -f x up -d\n}\nfor q in a b; do up "$q"; done\n',
         "a second function"),
        (HEAD + 'x=$1\nif [[ $x ]]; then docker compose -f a.yml up -d; fi\n', "takes arguments"),
        (HEAD + "if true; then\n  docker compose -f a.yml up -d\nfi\n", "no place was found"),
        (HEAD + LOOP + 'case $1 in\n  data) y=1 ;;\n  *) exit 2 ;;\nesac\n', "refuses a phase"),
    ],
)  # fmt: skip
def test_what_has_no_sure_place_is_refused(script: str, why: str) -> None:
    assert why in refusal(script)


def test_the_refusals_are_of_what_they_name_only() -> None:
    assert "start; return" in text(planned({START: HEAD + LOOP}))


def test_a_pattern_with_the_stacks_name_is_watched() -> None:
    for script in (
        'for f in x/docker-compose.*.yml; do docker compose -f "$f" up -d; done\n',
        'P=(data tools)\nfor p in "${P[@]}"; do\n  docker compose -f "docker-compose.$p.yml" up\n'
        "done\n",
    ):
        assert "docker() {" in text(planned({START: HEAD + script}))
    usual = BASE.with_(compose_file="deploy/compose.yml")
    for script, watched in (
        ("docker compose up -d\n", True),
        ("docker compose -f ../deploy/compose.yml up -d\n", True),
        ("docker compose -f other/compose.yml up -d\n", False),
    ):
        assert ("docker() {" in text(planned({START: HEAD + script}, usual))) is watched


C = "docker compose -f"
F = "docker-compose"
ORDERED = (
    'set -e\nP=(data tools)\nup() {{\n  {body}\n}}\nfor p in "${{P[@]}}"; do\n  {call}\ndone\n'
).format
PLAIN = ORDERED(body=f'{C} "x/{F}.$1.yml" up -d', call='up "$p"')


@pytest.mark.parametrize(
    ("script", "where"),
    [
        (PLAIN, 'for p in "${P[@]}"'),
        (PLAIN.replace("data tools", "tools data"), ""),
        (PLAIN.replace("set -e\n", ""), ""),
        (PLAIN.replace('up "$p"', 'up "$p" || bad=1'), ""),
        (PLAIN.replace('up "$p"', 'up "$p" || exit 1').replace("set -e\n", ""), "for p in"),
        (PLAIN.replace('up "$p"', 'if ! up "$p"; then\n    exit 1\n  fi'), "for p in"),
        (PLAIN.replace('up "$p"', 'if ! up "$p"; then\n    bad=1\n  fi'), ""),
        (PLAIN.replace('up "$p"', 'check_freeze\n  up "$p"'), ""),
        (PLAIN.replace("up -d", "-p other up -d"), ""),
        (PLAIN.replace('"${P[@]}"', "$(echo data tools)"), ""),
        (PLAIN.replace('"${P[@]}"', "data tools"), "for p in"),
        (PLAIN.replace('"${P[@]}"', "${*:-data tools}"), "for p in"),
        (PLAIN.replace("(data tools)", '"data tools"').replace('"${P[@]}"', "$P"), "for p in"),
        (PLAIN.replace("data tools", "there tools"), ""),
        (ORDERED(body=f'[[ -f "x/{F}.$1.yml" ]] && {C} "x/{F}.$1.yml" up -d', call='up "$p"'), ""),
        (ORDERED(body=f'if [[ -f $1 ]]; then {C} "x/{F}.$1.yml" up -d; fi', call='up "$p"'), ""),
        (f"set -e\n{C} {F}.data.yml up -d\n{C} {F}.tools.yml up -d\n", f"{C} {F}.data.yml"),
        (f"set -e\n{C} x/{F}.there.yml up -d\n{C} {F}.tools.yml up -d\n", ""),
        (f"{C} {F}.data.yml up -d\n{C} {F}.tools.yml up -d\n", ""),
        (f"set -e\n{C} {F}.data.yml up -d || :\n{C} {F}.tools.yml up -d\n", ""),
        (f"set -e\n{C} {F}.data.yml up -d\nasked tools && {C} {F}.tools.yml up -d\n", ""),
        (f"set -e\n{C} {F}.data.yml up -d\nif asked; then\n  {C} {F}.tools.yml up -d\nfi\n", ""),
        (f"set -e\nall() {{\n  {C} {F}.data.yml up -d\n  {C} {F}.tools.yml up -d\n}}\nall\n",
         f"  {C} {F}.data.yml"),
        (f"set -e\nasked data && {C} {F}.data.yml up -d\n{C} {F}.tools.yml up -d\n", "asked data"),
    ],
)  # fmt: skip
def test_a_call_ahead_only_of_an_order_that_may_end(script: str, where: str) -> None:
    made = text(planned({START: HEAD + script, f"x/{F}.there.yml": ""}))
    lines = made.splitlines()
    assert any("docker() {" in line for line in lines)
    ends = [n for n, line in enumerate(lines) if "<<< kestra-tasks:stacks-ahead" in line]
    assert [lines[n + 1][: len(where)] for n in ends] == ([where] if where else [])
    assert not make_plan(
        planned({START: HEAD + script, f"x/{F}.there.yml": ""}).tree, BASE, [STEP]
    ).pending


def test_a_file_that_goes_missing_later_brings_the_call() -> None:
    there = f"x/{F}.data.yml"
    made = text(planned({START: HEAD + PLAIN, there: ""}))
    assert "stacks-ahead" not in made
    plan = planned({START: made})
    assert "stacks-ahead" in text(plan)
    assert text(planned({START: text(plan), there: ""})) == made


# --- properties ----------------------------------------------------------------------------------

_EDITS = (
    ("set -euo pipefail\n", "set -eu; set -o pipefail   # strict\n"),
    ("set -euo pipefail\n", "\n"),
    ("PHASES=(", "PHASES=( "),
    ("done\n", "done # all\n"),
    ("  ", "\t"),
    ("\n\n", "\n# a comment: case x in (\n\n"),
    ("docker compose", "docker  compose"),
    ("for ", "for  "),
    ('"$1"', '"${1}"'),
    ("esac\n", "esac\n\n\n"),
    ("echo ", "printf '%s\\n' "),
    ("#!/usr/bin/env bash\n", "#!/bin/bash -e\n\n"),
    ("data", "dados-é"),
)


@st.composite
def scripts(draw: st.DrawFn) -> tuple[str, str]:
    """A fixture as another hand would have written it, and the path where it lies."""
    name, content = draw(st.sampled_from(sorted(FIXTURES.items())))
    for old, new in draw(st.lists(st.sampled_from(_EDITS), max_size=4)):
        content = content.replace(old, new)
    if draw(st.integers(0, 3)) == 0:
        lines = content.splitlines(keepends=True)
        del lines[draw(st.integers(0, len(lines) - 1))]
        content = "".join(lines)
    if draw(st.booleans()):
        content = content.rstrip("\n")
    if draw(st.integers(0, 2)) == 0:
        content = content.replace("\n", "\r\n")
    if draw(st.integers(0, 9)) == 0:
        content = "\ufeff" + content
    return content, START if name[1].startswith("start") else STOP


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scripts())
def test_undo_of_apply_is_the_script_and_a_second_plan_is_empty(case: tuple[str, str]) -> None:
    content, path = case
    made = planned({path: content})
    after = text(made, path)
    assert strip(after, blocks(after, NAMES, path).values()) == content
    assert not make_plan(made.tree, BASE, [STEP]).pending
    back = make_plan(made.tree, BASE, [STEP], undo=True)
    assert text(back, path) == content
    assert back.tree.read(OURS) is None


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scripts())
def test_bash_takes_what_it_took_before(case: tuple[str, str]) -> None:
    content, path = case
    after = text(planned({path: content}), path)

    def accepted(script: str) -> bool:
        plain = script.replace("\r\n", "\n").encode()
        return subprocess.run(["bash", "-n"], input=plain, capture_output=True).returncode == 0

    if accepted(content):
        assert accepted(after), after
