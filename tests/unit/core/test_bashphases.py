"""Scripts with phases: what starts one is found, and the stack becomes one more."""

from __future__ import annotations

from dataclasses import astuple

import pytest

from kestra_tasks.core.bashaim import Aim
from kestra_tasks.core.bashphases import NAMES, one_more, units_of
from kestra_tasks.core.bashread import read
from kestra_tasks.core.bashscan import BashRefusedError

START = Aim(frozenset({"up"}), "start", "tools", "docker-compose.tools.yml", "stack.sh")
STOP = Aim(frozenset({"down"}), "stop", "tools", "docker-compose.tools.yml", "stack.sh")
C = "docker compose -f"

Block = tuple[int, str, str, str]


def more(script: str, aim: Aim = START) -> list[Block]:
    """Line before which it stands, name, body and indent of each block."""
    tree = read(script)
    return [astuple(block) for block in one_more(tree, aim, units_of(tree, aim))]


def units(script: str) -> list[tuple[str, str, list[str]]]:
    """First lines of each unit, of its case and of its loops."""
    tree = read(script)
    lines = script.splitlines()
    return [
        (
            lines[tree.line(unit.node.start)].strip(),
            lines[tree.line(unit.case.start)].strip() if unit.case else "",
            [lines[tree.line(loop.start)].strip() for loop in unit.loops],
        )
        for unit in units_of(tree, START)
    ]


LOOP = 'for p in data apps; do\n  up "$p"\ndone\n'
WHOLE = "for p in data apps; do\n  case $p in\n    data) {C} d up ;;\n    apps) {C} a up ;;\n"
WHOLE = WHOLE.replace("{C}", C) + "  esac\ndone\n"
CASE = f"  case $1 in\n    data) {C} d up ;;\n    apps) {C} a up ;;\n  esac\n"


@pytest.mark.parametrize(
    ("script", "found"),
    [
        (f"up() {{\n  {C} $1 up\n}}\n{LOOP}", [("up() {", "", ["for p in data apps; do"])]),
        (f"up() {{\n{CASE}}}\n{LOOP}", [("up() {", "case $1 in", ["for p in data apps; do"])]),
        (WHOLE, [("for p in data apps; do", "case $p in", ["for p in data apps; do"])]),
        # What is called with the phase's name
        (f"up() {{\n  {C} $1 up\n}}\nfor p in a b; do\n  echo \"$p\"\n  up ${{p}} now\ndone\n",
         [("up() {", "", ["for p in a b; do"])]),
        (f"say() {{\n  echo $1\n}}\nup() {{\n  {C} $1 up\n}}\nfor p in a b; do\n  say $p\n  up $p\n"
         "done\n", [("up() {", "", ["for p in a b; do"])]),
        (f"up() {{\n  {C} $1 up\n}}\nfor p in a b; do\n  up now $p\n  up\n  up $pp\ndone\n", []),
        (f"up() {{\n  {C} $1 up\n}}\nfor p in a b; do\n  all=(up $p)\n  {C} x up\ndone\n", []),
        (f"up() {{\n  {C} $1 up\n}}\nfor up in a b; do\n  up $up\ndone\n",
         [("up() {", "", ["for up in a b; do"])]),
        (f"up() {{\n  {C} $1 up\n}}\nfor p in a; do\n  up $p\ndone\n"
         "for q in b; do\n  up $q\ndone\n",
         [("up() {", "", ["for p in a; do", "for q in b; do"])]),
        (f"up() {{\n  {C} $1 up\n}}\non() {{\n  {C} $1 up\n}}\nfor p in a; do\n  up $p\ndone\n"
         "for q in b; do\n  on $q\ndone\n",
         [("up() {", "", ["for p in a; do"]), ("on() {", "", ["for q in b; do"])]),
        # No loop over phases
        (f"up() {{\n  {C} $1 up\n}}\nwhile read -r p; do\n  up $p\ndone\n", []),
        (f"up() {{\n  {C} $1 up\n}}\nfor ((p = 0; p < 3; p++)); do\n  up $p\ndone\n", []),
        (f"up() {{\n  {C} $1 up\n}}\nfor p; do\n  up $p\ndone\n", []),
        ("up() {\n  echo $1\n}\nfor p in a b; do\n  up $p\ndone\n", []),
        (f"case $p in a) up $p ;; esac\nfor p in a b; do\n  {C} $p up\ndone\n" + WHOLE,
         [("for p in data apps; do", "case $p in", ["for p in data apps; do"])]),
        (f"for p in a b; do\n  case $x in y) z ;; esac\n  {C} $p up\ndone\n", []),
        # The case is the one on the phase's name.
        (f"up() {{\n  local phase=\"${{1:-all}}\"\n{CASE.replace('$1', '$phase')}}}\n{LOOP}",
         [("up() {", "case $phase in", ["for p in data apps; do"])]),
        (f"up() {{\n{CASE.replace('$1', '${1:-all}')}}}\n{LOOP}",
         [("up() {", "case ${1:-all} in", ["for p in data apps; do"])]),
        (f"up() {{\n  case $(uname) in x) y ;; esac\n  case $2 in x) y ;; esac\n{CASE}}}\n{LOOP}",
         [("up() {", "case $1 in", ["for p in data apps; do"])]),
        (f"up() {{\n  case $1 in\n  esac\n  {C} $1 up\n}}\n{LOOP}",
         [("up() {", "", ["for p in data apps; do"])]),
        (f"up() {{\n  case $up in x) y ;; esac\n  {C} $1 up\n}}\n{LOOP}",
         [("up() {", "", ["for p in data apps; do"])]),
        (f"for p in a b; do\n  for q in 1 2; do\n    case $p in a) {C} x up ;; esac\n  done\n"
         "done\n",
         []),
        (f"for p in a b; do\n  case $1 in x) y ;; esac\n  case \"$p\" in a) {C} x up ;; esac\n"
         "done\n",
         [("for p in a b; do", 'case "$p" in a) docker compose -f x up ;; esac',
           ["for p in a b; do"])]),
    ],
)  # fmt: skip
def test_what_starts_a_phase(script: str, found: list[tuple[str, str, list[str]]]) -> None:
    assert units(script) == found


LISTED = 'P=(data apps)\nfor p in "${P[@]}"; do\n  up "$p"\ndone\n'
ORDERED = (0, "stacks-order", "", "")


def early(body: str) -> str:
    return f"up() {{\n{body}}}\n{LISTED}"


def test_a_function_with_a_case_gets_an_arm_more() -> None:
    script = f"up() {{\n{CASE}}}\n{LISTED}"
    assert more(script) == [
        (2, "stacks-phase", 'tools) "${KESTRA_STACK[@]}" start; return ;;', "    "),
        (7, "stacks-order", 'P=(tools "${P[@]}")', ""),
    ]
    stop = script.replace(" up", " down").replace("down() {", "up() {")
    stop = stop.replace('  down "$p"', '  up "$p"')
    assert more(stop, STOP)[0][2] == 'tools) "${KESTRA_STACK[@]}" stop; return ;;'


def test_a_loop_with_a_case_gets_an_arm_that_goes_on_to_the_next() -> None:
    script = WHOLE.replace("in data apps", '"${P[@]}"').replace("for p ", "for p in ")
    assert more(f"P=(\n  data\n  apps\n)\n{script}") == [
        (6, "stacks-phase", 'tools) "${KESTRA_STACK[@]}" start || exit; continue ;;', "    "),
        (1, "stacks-order", "tools", "  "),
    ]


def test_a_phase_of_that_name_gets_kestra_beside_it_and_keeps_its_place() -> None:
    arms = f"  case $1 in\n    data) {C} d up ;;\n    'tools') {C} t up ;;\n  esac\n"
    assert more(f"up() {{\n{arms}}}\n{LISTED}") == [
        (3, "stacks-phase", 'tools) "${KESTRA_STACK[0]}" start || : ;;&', "    "),
    ]


def test_a_function_without_a_case_is_left_early() -> None:
    assert more(early(f"  {C} $1 up\n")) == [
        (1, "stacks-phase",
         'if [[ ${1-} == tools ]]; then "${KESTRA_STACK[@]}" start; return; fi', "  "),
        (4, "stacks-order", 'P=(tools "${P[@]}")', ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (f"  {C} $1 up\n", 1),
        (f"  echo\n  {C} $1 up\n", 1),
        # Behind what it declares
        (f"  local f=$1.yml g\n  declare -r h=1\n  i=2\n  {C} $f up\n", 4),
        (f"  j+=(a)\n  local k\n  {C} $1 up\n", 3),
        (f"  export f=1\n  {C} $1 up\n", 1),
        (f"  local f=$(date)\n  {C} $f up\n", 1),
        (f"  locals\n  {C} $1 up\n", 1),
        (f"  [[ $1 == tools ]] && return\n  {C} $1 up\n", 1),
        # Behind its guards
        (f"  check_freeze\n  Ensure_network\n  {C} $1 up\n", 3),
        (f"  [[ -e .FROZEN ]] && exit 3\n  {C} $1 up\n", 2),
        (f"  require_env || die\n  {C} $1 up\n", 2),
        (f"  assert \"$(date)\"\n  {C} $1 up\n", 1),
        (f"  if [[ -e .freeze ]]; then\n    exit 3\n  fi\n  {C} $1 up\n", 4),
        (f"  if guarded; then\n    {C} $1 up\n  fi\n", 1),
        (f"  if [[ $1 == tools ]]; then\n    return\n  fi\n  {C} $1 up\n", 1),
        (f"  if x=1; then\n    return\n  fi\n  {C} $1 up\n", 1),
        (f"  if then\n  fi\n  {C} $1 up\n", 1),
        (f"  for f in check; do\n    echo\n  done\n  {C} $1 up\n", 1),
        (f"  {{ check_freeze; }}\n  {C} $1 up\n", 1),
        (f"  >check\n  {C} $1 up\n", 1),
    ],
)  # fmt: skip
def test_the_early_leave_stands_behind_declarations_and_guards(body: str, line: int) -> None:
    where, name, _, indent = more(early(body))[0]
    assert (where, name, indent) == (line, "stacks-phase", "  ")


def test_a_function_that_starts_stacks_is_no_guard_whatever_its_name() -> None:
    script = early("  local f\n  check_and_start $1\n") + f"check_and_start() {{\n  {C} $1 up\n}}\n"
    assert more(script)[0][0] == 2


def test_a_text_and_a_loops_own_words_are_ordered_too() -> None:
    script = f'P="data apps"\nup() {{\n  {C} $1 up\n}}\nif a; then\n  {LOOP}fi\n'
    script += 'for p in $P; do\n  up "$p"\ndone\n'
    assert more(script)[1:] == [
        (1, "stacks-order", 'P="tools $P"', ""),
        (5, "stacks-order-2", "up tools", "  "),
    ]


def test_four_lists_are_numbered_and_five_are_too_many() -> None:
    lists = "".join(f"P{n}=(data apps)\n" for n in range(4))
    script = f'{lists}up() {{\n  {C} $1 up\n}}\nfor p in "${{P0[@]}}"; do\n  up "$p"\ndone\n'
    assert [(line, name) for line, name, _, _ in more(script)[1:]] == [
        (1, "stacks-order"),
        (2, "stacks-order-2"),
        (3, "stacks-order-3"),
        (4, "stacks-order-4"),
    ]
    assert refusal(f"{script}P4=(data apps)\nP5=(data apps)\n") == (
        "line 12: it lists its phases in too many places"
    )


OTHER = "case $1 in\n  {first}\n  {second}\n  *) {rest} ;;\nesac\n".format
BOTH = {"first": "data) echo a ;;", "second": "apps) printf b ;;"}
UP = f"up() {{\n  {C} $1 up\n}}\n{LISTED}"


@pytest.mark.parametrize(
    ("script", "body"),
    [
        (OTHER(first="data | apps) x=1 ;;", second="all) x=2 ;;", rest="exit 2"), "tools) ;&"),
        (OTHER(first="data) ;;", second="apps) ;;", rest="exit 2"), "tools) ;&"),
        (OTHER(first="'data' | \"apps\") x=1 ;;", second="x) y ;;", rest="die no"), "tools) ;&"),
        (OTHER(**BOTH, rest="exit 2"), "tools) echo Kestra ;;"),
        (OTHER(**BOTH, rest="return $bad"), "tools) echo Kestra ;;"),
        (OTHER(**BOTH, rest="usage"), "tools) echo Kestra ;;"),
        (OTHER(**BOTH, rest="echo unknown"), None),
        (OTHER(**BOTH, rest="exit 0"), None),
        (OTHER(first="a) x ;;", second="b) y ;;", rest="exit 2"), None),
        (OTHER(**BOTH, rest="exit 2").replace("  *)", "  all)"), None),
    ],
)
def test_a_case_that_refuses_unknown_names_lets_the_phase_through(
    script: str, body: str | None
) -> None:
    line = UP.count("\n") + 1
    assert more(UP + script)[2:] == ([(line, "stacks-known", body, "  ")] if body else [])


def test_each_such_case_gets_its_own_and_the_fifth_is_too_many() -> None:
    known = OTHER(first="all) x ;;", second="data | apps) y ;;", rest="exit 2")
    fine = OTHER(first="data) x ;;", second="apps) y ;;", rest="echo") + OTHER(
        first="data) x ;;", second="b) y ;;", rest="exit 2"
    ).replace("data", "other")
    first = UP.count("\n") + fine.count("\n") + 2
    assert more(UP + fine + known * 4)[2:] == [
        (first, "stacks-known", "tools) ;&", "  "),
        (first + 5, "stacks-known-2", "tools) ;&", "  "),
        (first + 10, "stacks-known-3", "tools) ;&", "  "),
        (first + 15, "stacks-known-4", "tools) ;&", "  "),
    ]
    assert refusal(UP + known * 6) == (
        f"line {UP.count(chr(10)) + 23}: too many places know its phases"
    )


INSIDE = OTHER(first="data) f=d.yml ;;", second="apps) f=a.yml ;;", rest="exit 2")


@pytest.mark.parametrize(
    "script",
    [
        f"up() {{\n{CASE}{INSIDE}}}\n{LISTED}",
        f"up() {{\n{CASE}  case $p in data) x ;; *) exit 2 ;; esac\n}}\n{LISTED}",
        f"file() {{\n{INSIDE}}}\nup() {{\n  file $1\n  {C} $f up\n}}\n{LISTED}",
        f"function file {{\n{INSIDE}  [[ $f ]] || file x\n}}\nup() {{\n  file $1\n  {C} $f up\n}}\n"
        f"{LISTED}my-file x\nfile-s x\n",
    ],
)
def test_a_case_behind_our_call_needs_no_arm(script: str) -> None:
    assert [name for _, name, _, _ in more(script)] == ["stacks-phase", "stacks-order"]


def test_a_case_in_a_loop_behind_ours_needs_no_arm() -> None:
    behind = INSIDE.replace("$1", "$p")
    script = f"P=(data apps)\n{WHOLE.replace('data apps', chr(34) + '${P[@]}' + chr(34))}"
    script = script.replace("  esac\n", f"  esac\n{behind}")
    assert [name for _, name, _, _ in more(script)] == ["stacks-phase", "stacks-order"]


def refusal(script: str) -> str:
    with pytest.raises(BashRefusedError) as refused:
        more(script)
    return refused.value.message


REFUSES = "a case there refuses a phase that it doesn't know"


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (f"{UP}on() {{\n  {C} $1 up\n}}\nfor q in data apps; do\n  on $q\ndone\n",
         "line 8: a second function or loop handles phases"),
        (f'P=(data apps)\nfor p in "${{P[@]}}"; do\n  case $p in\n  esac\n  {C} $p up\ndone\n',
         "line 2: the loop has no case to add to"),
        (WHOLE, "line 1: its phases stand in the loop itself"),
        (f"up() {{\n{CASE}}}\n{LOOP.replace('data apps', 'other more')}",
         "line 7: its phases and its case differ"),
        (early(f"  local f; {C} $1 up\n"), "line 2: there is no line of its own to stand before"),
        (early(f"  [[ $1 ]] && {C} $1 up\n").replace("  [[ $1 ]] &&", "  check &&"),
         "line 2: there is no line of its own to stand before"),
        (f"up() {{ case $1 in data) {C} d up ;; esac; }}\n{LISTED}",
         "line 1: there is no line of its own to stand before"),
        (f"{UP}{INSIDE}", f"line 8: {REFUSES}"),
        (f"{UP}{OTHER(first='data) >x ;;', second='apps) echo ;;', rest='exit 2')}",
         f"line 8: {REFUSES}"),
        (f"{UP}{OTHER(first='data) if a; then b; fi ;;', second='x) echo ;;', rest='exit 2')}",
         f"line 8: {REFUSES}"),
        (f"file() {{\n{INSIDE}}}\nfile all\nup() {{\n  file $1\n  {C} $f up\n}}\n{LISTED}",
         f"line 2: {REFUSES}"),
        (f"{UP}file() {{\n{INSIDE}}}\nfile\n", f"line 9: {REFUSES}"),
    ],
)  # fmt: skip
def test_phases_that_are_handled_in_another_way_are_refused(script: str, why: str) -> None:
    assert refusal(script) == why


def test_the_names_of_the_blocks_are_all_known() -> None:
    assert NAMES == (
        "stacks-phase", "stacks-ahead",
        "stacks-order", "stacks-order-2", "stacks-order-3", "stacks-order-4",
        "stacks-known", "stacks-known-2", "stacks-known-3", "stacks-known-4",
    )  # fmt: skip
