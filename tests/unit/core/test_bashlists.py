"""The lists that order a script's phases, and how one more phase becomes the first in each."""

from __future__ import annotations

import pytest

from kestra_tasks.core.bashlists import Lists, orders
from kestra_tasks.core.bashread import read
from kestra_tasks.core.bashscan import BashRefusedError
from kestra_tasks.core.bashtree import Script

EACH = 'for p in "${P[@]}"; do\n  up "$p"\ndone\n'
TEXT = "for p in $P; do up $p; done\n"


def listed(text: str, unit: str = "up", arms: str = "") -> tuple[Script, Lists]:
    script = read(text)
    loops = tuple(script.root.walk("loop"))
    return script, orders(script, loops, unit, set(arms.split()))


def added(text: str) -> list[str]:
    """What makes "tools" the first phase, with the number of the line that each follows."""
    script, lists = listed(text)
    return [f"{p.line}|{p.indent}{p.body}" for p in lists.places(script, "tools", "up")]


@pytest.mark.parametrize(
    ("text", "names", "lines"),
    [
        ("P=(data apps)\n" + EACH, "apps data", ['1|P=(tools "${P[@]}")']),
        ("P=(data)\n" + EACH, "data", ['1|P=(tools "${P[@]}")']),
        ("if a; then\n  P=('data' \"apps\") # all\nfi\n" + EACH, "apps data",
         ['2|  P=(tools "${P[@]}")']),
        ("declare -a P=(data\n  apps)\n" + EACH, "apps data", ['2|P=(tools "${P[@]}")']),
        ("P=(\n  data\n  apps\n)\n" + EACH, "apps data", ["1|  tools"]),
        ("P=(\n\n  data\n)\n" + EACH, "data", ["1|tools"]),
        ("a\nreadonly P=( # in order\n\tdata apps)\n" + EACH, "apps data", ["2|\ttools"]),
        ("P=(a)\nQ=(data apps)\nP=(\"${Q[@]}\")\n" + EACH, "a apps data",
         ['2|Q=(tools "${Q[@]}")']),
        ("all_1=(b a)\nx=(\"${all_1[@]}\")\nP=(\"${x[@]}\")\n" + EACH, "a b",
         ['1|all_1=(tools "${all_1[@]}")']),
        ("A='x y'\nB=$A\nC=\"$B\"\nD=${C}\nE=$D\nfor p in $E; do up $p; done\n", "x y",
         ['1|A="tools $A"']),
        ("if a; then P=(\"${Q[@]}\"); else P=\"$R\"; fi\nQ=(a b)\nR='c d'\n" + EACH, "a b c d",
         ['2|Q=(tools "${Q[@]}")', '3|R="tools $R"']),
        ("P=(data apps)\nQ=(web)\n" + EACH + EACH.replace("P", "Q"), "apps data web",
         ['1|P=(tools "${P[@]}")']),
        ('P="data apps"\n' + TEXT, "apps data", ['1|P="tools $P"']),
        ("f() {\n  local P='data apps-2'\n" + TEXT + "}\n", "apps-2 data",
         ['2|  P="tools $P"']),
        ("for p in data apps; do\n  up $p\ndone\n", "apps data", ["0|up tools"]),
        ("if a; then\n\tfor p in data 'apps'; do up $p; done\nelse\n  for p in apps web; do up $p;"
         " done\nfi\n", "apps data web", ["1|\tup tools", "3|  up tools"]),
        ("P=(data apps)\nfor p in web; do up $p; done\n" + EACH, "apps data web",
         ['1|P=(tools "${P[@]}")', "1|up tools"]),
    ],
    ids=["on-a-line", "lone", "indented", "two-lines", "lines", "blank-line",
         "read-only-lines",
         "through-another", "through-two", "through-texts", "through-both",
         "two-loops", "text", "local-text", "literal",
         "two-literals", "both"],
)  # fmt: skip
def test_the_stack_becomes_the_first_of_the_list(text: str, names: str, lines: list[str]) -> None:
    assert sorted(listed(text)[1].names) == names.split()
    assert added(text) == lines


@pytest.mark.parametrize(
    ("more", "lines"),
    [
        ("Q=(apps data)\n", ['4|Q=(tools "${Q[@]}")']),
        ("Q='web data'\n", ['4|Q="tools $Q"']),
        ("export Q='web data' R=1\n", ['4|Q="tools $Q"']),
        ("R=1 Q='web data'\n", ['4|Q="tools $Q"']),
        ("Q=(data)\n", []),
        ("Q=(data other)\n", []),
        ("Q=(data $x)\n", []),
        ("Q=()\n", []),
        ("Q='data'\n", []),
        ("Q='data other'\n", []),
        ("Q='data web' a\n", []),
        ("echo Q='data web'\n", []),
        ("P+=(web apps)\n", []),
    ],
)
def test_other_lists_of_the_same_phases_get_it_too(more: str, lines: list[str]) -> None:
    own = '2|P=(tools "${P[@]}")'
    arrays = [line for line in lines if "(" in line]
    texts = [line for line in lines if "(" not in line]
    script = f"#\nP=(data apps web)\n\n{more}{EACH}"
    assert added(script) == [own, *arrays, *texts]


NO_LIST = "its phases don't come from a list in the script"
NO_LINE = "there is no line of its own to add to"


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("\n" + EACH, 2, NO_LIST),
        ("P=($(cat phases))\n" + EACH, 2, NO_LIST),
        ("P=(data:a.yml apps:b.yml)\n" + EACH, 2, NO_LIST),
        ("P=(data '')\n" + EACH, 2, NO_LIST),
        ("Q=(data apps)\n" + EACH, 2, NO_LIST),
        ("Q='data apps'\n" + TEXT, 2, NO_LIST),
        ("P='data'\n" + TEXT, 2, NO_LIST),
        ("P=()\nP+=(data apps)\n" + EACH, 3, NO_LIST),
        ("if a; then P=(data); else P=(apps); fi\n" + EACH, 2, NO_LIST),
        ("for p in data $x; do up $p; done\n", 1, NO_LIST),
        ("P=(data apps)\n\ndeclare -A F=([x]=1 [apps]=a.yml)\n" + EACH, 3,
         "a map by phases is kept there"),
        ("P=(data apps)\nF=(['data']=1)\n" + EACH, 2, "a map by phases is kept there"),
        ('P=(data apps)\nF=(["data"]=1)\n' + EACH, 2, "a map by phases is kept there"),
        ("\nfor up in data apps; do\n  a\ndone\n", 2, "its phases stand in the loop itself"),
        ("\nreadonly P=(data apps)\n" + EACH, 2, "P is read-only"),
        ("declare -ar P=(data apps)\n" + EACH, 1, "P is read-only"),
        ("readonly P='data apps'\n" + TEXT, 1, "P is read-only"),
        ("typeset -r P='data apps'\n" + TEXT, 1, "P is read-only"),
        ("\na; P=(data apps)\n" + EACH, 2, NO_LINE),
        ("\nP=(data apps); a\n" + EACH, 2, NO_LINE),
        ("\n[[ $P ]] || P='data apps'\n" + TEXT, 2, NO_LINE),
        ("\na && for p in data apps; do up $p; done\n", 2, NO_LINE),
    ],
)  # fmt: skip
def test_refused_with_line_and_reason(text: str, line: int, why: str) -> None:
    with pytest.raises(BashRefusedError) as refused:
        added(text)
    assert refused.value.message == f"line {line}: {why}"


def test_a_map_of_something_else_is_none_by_phases() -> None:
    assert added("P=(data apps)\nF=([database]=1 [x-data]=2)\n" + EACH) == ['1|P=(tools "${P[@]}")']


def test_phases_that_the_case_doesnt_know_are_no_phases() -> None:
    assert listed("P=(data apps)\n" + EACH, arms="apps web")[1].names == {"data", "apps"}
    with pytest.raises(BashRefusedError) as refused:
        listed("P=(data apps)\n" + EACH, arms="web")
    assert refused.value.message == "line 2: its phases and its case differ"
