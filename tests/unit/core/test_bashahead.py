"""A call ahead of the order: whether, where, and by which lists it is decided."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kestra_tasks.core.bashahead import ahead
from kestra_tasks.core.bashaim import Aim
from kestra_tasks.core.bashphases import units_of
from kestra_tasks.core.bashread import read
from kestra_tasks.core.bashtext import Insertion

HEAD = "#!/bin/bash\nset -e\n"
C = "docker compose -f"


def aim(there: Callable[[str], bool] = lambda _: False, verb: str = "up") -> Aim:
    return Aim(
        verbs=frozenset({verb}),
        action="start" if verb == "up" else "stop",
        stack="tools",
        compose_file="deploy/compose.tools.yml",
        ours="stack.sh",
        folder="scripts",
        there=there,
    )


def called(script: str, chosen: Aim) -> Insertion | None:
    tree = read(script)
    return ahead(tree, chosen, units_of(tree, chosen), "KESTRA_STACK=(:)")


def place(script: str) -> str | None:
    """The line that the call stands before, where no file is there."""
    made = called(script, aim())
    return script.splitlines()[made.line].strip() if made else None


def looked_for(script: str) -> list[str]:
    """The files that decide, where all are there: then nothing is called ahead."""
    paths: list[str] = []

    def there(path: str) -> bool:
        paths.append(path)
        return True

    assert called(script, aim(there)) is None
    return paths


def test_the_call_before_a_loop_says_its_words_again() -> None:
    script = f'{HEAD}if a; then\n  for p in data "tools"; do\n    {C} $p.yml down\n  done\nfi\n'
    assert called(script, aim(verb="down")) == Insertion(
        3,
        "stacks-ahead",
        "# What stands before tools may fail and end the order.\n"
        'if [[ -x ${KESTRA_STACK[0]} ]] && "${KESTRA_STACK[@]}" ahead stop data "tools"; then\n'
        "  KESTRA_STACK=(:)\n"
        "fi\n",
        "  ",
    )


def test_the_call_before_a_line_has_no_words() -> None:
    script = f"{HEAD}{C} data.yml up\n{C} compose.tools.yml up\n"
    assert called(script, aim()) == Insertion(
        2,
        "stacks-ahead",
        "# What stands before tools may fail and end the order.\n"
        'if [[ -x ${KESTRA_STACK[0]} ]] && "${KESTRA_STACK[@]}" ahead start; then\n'
        "  KESTRA_STACK=(:)\n"
        "fi\n",
    )


@pytest.mark.parametrize(
    ("before", "words", "phases"),
    [
        ("", "data apps tools more", ["data", "apps"]),
        ("", "'data' \"tools\"", ["data"]),
        ("", "tools data", []),
        ("", "data apps", []),
        ("", "data compose.tools.yml", ["data"]),
        ("", "data /srv/deploy/compose.tools.yml", ["data"]),
        ("", "data mycompose.tools.yml", []),
        ("", "data $MORE tools", ["data"]),
        ("P=(data 'tools')\n", '"${P[@]}"', ["data"]),
        ("P=(data tools)\n", "$P", ["data"]),
        ("P=(data)\nP+=(apps tools)\n", '"${P[@]}"', ["data", "apps"]),
        ("P=(data)\nP=(apps tools)\n", '"${P[@]}"', ["apps"]),
        ("P+=(apps tools)\n", '"${P[@]}"', ["apps"]),
        ("P=(data $MORE tools)\n", '"${P[@]}"', ["data"]),
        ("Q=(data tools)\nP=(apps)\n", '"${P[@]}"', []),
        ("Q=(data tools)\nP=(apps tools)\n", '"${P[@]}" "${Q[@]}"', ["apps", "data"]),
        ("Q=(data tools)\nP=(apps tools)\n", '"${P[@]}${Q[@]}"', ["apps", "data"]),
        ('D=(data tools)\nC=("${D[@]}")\nB=("${C[@]}")\nA=("${B[@]}")\n', '"${A[@]}"', ["data"]),
        ('P="data tools"\n', "$P", ["data"]),
        ("P='data tools'\n", "${P}", ["data"]),
        ('P="data"\nP+=" apps tools"\n', "$P", ["data", "apps"]),
        ('P="data $MORE tools"\n', "$P", ["data"]),
        ('Q="data tools"\nP="$Q"\n', "$P", ["data"]),
        ('Q="data tools"\nP="apps"\n', "$P", []),
        ('P="${P:-data tools}"\n', "$P", ["data"]),
        ("", "${*:-data tools}", ["data"]),
        ("", "${1-data tools}", ["data"]),
        ("", '"${@}"', []),
    ],
)
def test_what_comes_before_the_stack_is_said_by_the_lists_of_the_loop(
    before: str, words: str, phases: list[str]
) -> None:
    loop = f"for p in {words}; do\n  {C} $p.yml up\ndone\n"
    assert looked_for(HEAD + before + loop) == [f"{phase}.yml" for phase in phases]
    assert (place(HEAD + before + loop) is not None) is bool(phases)


@pytest.mark.parametrize(
    "words",
    [
        "data $(more) tools",
        "data `more` tools",
        "data <(more) tools",
        "data m* tools",
        "data mor? tools",
    ],
)
def test_words_that_are_made_each_time_are_not_said_again(words: str) -> None:
    assert place(f"{HEAD}for p in {words}; do\n  {C} $p.yml up\ndone\n") is None
    other = f"for p in data tools; do\n  {C} $p.yml up\ndone\n"
    both = f"{HEAD}for p in {words}; do\n  {C} $p.yml up\ndone\n{other}"
    assert place(both) == "for p in data tools; do", "the next loop is judged by itself"


@pytest.mark.parametrize("words", ['"${P[@]}"', '"${P[*]}"', '"$*" data tools', '"${*}" $P'])
def test_marks_that_stand_for_all_are_no_patterns(words: str) -> None:
    script = f"{HEAD}P=(data tools)\nfor p in {words}; do\n  {C} $p.yml up\ndone\n"
    assert place(script) == f"for p in {words}; do"


LOOP = "for p in data tools; do\n  {body}\ndone\n".format
FUNCTION = "up() {{\n  {body}\n}}\nfor p in data tools; do\n  {call}\ndone\n".format
UP = f"{C} $p.yml up"
ONE = f"{C} $1.yml up"
NAMED = "case $1 in\n    data) {data} ;;\n    tools) {C} t.yml up ;;\n    {rest}\n  esac".format
BAD = "*) echo what; exit 2 ;;"


@pytest.mark.parametrize(
    ("script", "ahead"),
    [
        # Whether a failure ends the loop
        ("#!/bin/bash\n" + LOOP(body=UP), False),
        ("#!/bin/bash -e\n" + LOOP(body=UP), True),
        ("#!/usr/bin/env bash -eu\n" + LOOP(body=UP), True),
        ("#!/bin/bash\nset -o errexit\n" + LOOP(body=UP), True),
        ("#!/bin/bash\n# set -e\n" + LOOP(body=UP), False),
        ("#!/bin/bash\n" + LOOP(body=f"{UP} || exit 1"), True),
        ("#!/bin/bash\n" + LOOP(body=f"{UP} || {{ echo bad; exit 1; }}"), True),
        ("#!/bin/bash\n" + LOOP(body=f"{UP} || echo 'no exit'"), False),
        ("#!/bin/bash\n" + LOOP(body=f"{UP}; echo 'no exit'"), False),
        ("#!/bin/bash\n" + FUNCTION(body=f"{ONE} || exit 1", call="up $p"), True),
        ("#!/bin/bash\n" + FUNCTION(body=NAMED(data=UP, C=C, rest=BAD), call="up $p"), False),
        ("#!/bin/bash\n" + FUNCTION(
            body=NAMED(data=f"{UP} || exit 1", C=C, rest=BAD), call="up $p"), True),
        (HEAD + LOOP(body=f"{UP} || true"), False),
        (HEAD + LOOP(body=f"{UP} || true\n  {UP}"), True),
        (HEAD + FUNCTION(body=ONE, call="up $p || true"), False),
        # A guard that the call would miss
        (HEAD + LOOP(body=f"check_freeze\n  {UP}"), False),
        (HEAD + LOOP(body=f"[[ ! -e .frozen ]]\n  {UP}"), False),
        (HEAD + LOOP(body=f"{UP}\n  unlock"), True),
        (HEAD + LOOP(body=f"{UP}\n  check_freeze"), True),
        (HEAD + FUNCTION(body=f"assert_no_lock\n  {ONE}", call="up $p"), True),
        (HEAD + FUNCTION(body=f"maintenance\n  {ONE}", call="up $p"), False),
        (HEAD + FUNCTION(body=f"{ONE}\n  maintenance", call="up $p"), True),
        # Where Kestra belongs is known only at the start of the stack.
        (HEAD + LOOP(body=f"{C} $p.yml -p other up"), False),
        (HEAD + "export COMPOSE_PROJECT_NAME=x\n" + LOOP(body=UP), False),
        # No room
        (HEAD + "true; " + LOOP(body=UP), False),
        # Not a loop over stacks
        (HEAD + "while read -r p; do\n  " + UP + "\ndone\n", False),
        (HEAD + "for ((p = 0; p < 3; p++)); do\n  " + UP + "\ndone\n", False),
        (HEAD + "for p in data tools; do\n  echo $p\ndone\n", False),
        (HEAD + "for p in data tools; do\n  echo $p\ndone\n" + LOOP(body=UP), True),
    ],
)  # fmt: skip
def test_a_loop_has_a_call_ahead_only_where_a_failure_ends_it(script: str, ahead: bool) -> None:
    assert place(script) == ("for p in data tools; do" if ahead else None)


@pytest.mark.parametrize(
    ("script", "files"),
    [
        (LOOP(body=UP), ["data.yml"]),
        (LOOP(body=f"{C} $1/$p.yml up"), ["data.yml"]),
        (LOOP(body=f"[[ -f $p.yml ]] && {UP}"), []),
        (FUNCTION(body=ONE, call="up $p"), ["data.yml"]),
        (FUNCTION(body=f"{C} $p.yml up", call="up $p"), ["data.yml"]),
        (FUNCTION(body=f"local f=${{1:-all}}\n  {C} $f.yml up", call="up $p"), ["data.yml"]),
        (FUNCTION(body=f"{C} $2.yml up", call="up now $p"), ["data.yml"]),
        (FUNCTION(body=NAMED(data=f"{C} d.yml up", C=C, rest=BAD), call="up $p"), ["d.yml"]),
        (FUNCTION(body=NAMED(data=f"{C} d.yml up", C=C, rest="data) x ;;"), call="up $p"),
         ["d.yml"]),
        (FUNCTION(body=f'case $1 in\n    tools) {C} t.yml up ;;\n    *) {ONE} ;;\n  esac',
                  call="up $p"), ["data.yml"]),
        (LOOP(body=f"case $p in\n    data) {C} d.yml up ;;\n    tools) {C} t.yml up ;;\n  esac"),
         ["d.yml"]),
    ],
)  # fmt: skip
def test_the_files_of_what_comes_before_decide(script: str, files: list[str]) -> None:
    assert looked_for(HEAD + script) == files


def test_a_phase_whose_file_is_not_said_may_fail() -> None:
    script = f"case $1 in\n    data) f=d.yml ;;\n    tools) f=t.yml ;;\n  esac\n  {C} $f up"
    everywhere = aim(lambda _: True)
    assert called(HEAD + FUNCTION(body=script, call="up $p"), everywhere) is not None


def test_a_path_may_begin_at_the_root_the_compose_file_or_the_script() -> None:
    script = f"{HEAD}for p in ../data tools; do\n  {UP}\ndone\n"
    for path, wanted in (("data.yml", None), ("scripts/data.yml", 2)):
        made = called(script, aim(path.__eq__))
        assert (made and made.line) == wanted


DATA, OURS = f"{C} data.yml up", f"{C} compose.tools.yml up"


@pytest.mark.parametrize(
    ("script", "before"),
    [
        (f"{DATA}\n{OURS}\n", DATA),
        (f"{OURS}\n{DATA}\n", None),
        (f"{DATA}\n{C} other.yml up\n", None),
        (f"echo\n{DATA}\necho\n{C} more.yml up\n{OURS}\n", DATA),
        (f"{DATA} || true\n{C} more.yml up\n{OURS}\n", f"{DATA} || true"),
        (f"asked && then\necho &&\n  true && {DATA}\n{OURS}\n", "echo &&"),
        (f"up() {{\n  {C} $1 up\n}}\nup data.yml\nup compose.tools.yml\n", "up data.yml"),
        (f"main() {{\n  {DATA}\n  {OURS}\n}}\nmain\n", DATA),
        (f"case $1 in\n  all)\n    {DATA}\n    {OURS}\n    ;;\nesac\n", DATA),
        (f"{{\n  {DATA}\n  {OURS}\n}} >log\n", DATA),
        (f"if a; then\n  {DATA}\n  {OURS}\nfi\n", None),
        (f"if a; then\n  {DATA}\nfi\n{OURS}\n", "if a; then"),
        (f"if [[ -f data.yml ]]; then\n  {DATA}\nfi\n{OURS}\n", None),
        (f"for x in 1 2; do\n  {DATA}\ndone\n{OURS}\n", None),
        # What starts the stack only if it was asked for isn't the end of an order.
        (f"{DATA}\nif a; then\n  {OURS}\nfi\n", None),
        (f"{DATA}\nif [[ -f compose.tools.yml ]]; then\n  {OURS}\nfi\n", DATA),
        (f"{DATA}\nasked && {OURS}\n", None),
        (f"{DATA}\n[[ -f compose.tools.yml ]] && {OURS}\n", DATA),
        (f"{DATA}\nfor x in 1; do\n  {OURS}\ndone\n", None),
        (f"true; {DATA}\n{OURS}\n", None),
    ],
)  # fmt: skip
def test_a_call_ahead_of_one_stack_after_the_other(script: str, before: str | None) -> None:
    assert place(HEAD + script) == before
    assert place("#!/bin/bash\n" + script) is None, "there a failure ends nothing"
    assert called(HEAD + script, aim(lambda _: True)) is None
