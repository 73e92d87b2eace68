"""Reading bash: how a script is built, and where each part of it stands."""

from __future__ import annotations

import pytest

from kestra_tasks.core.bashread import read
from kestra_tasks.core.bashscan import BashRefusedError
from kestra_tasks.core.bashtree import Node


def shape(text: str) -> list[str]:
    """Kinds with names and words, indented by depth."""

    def lines(node: Node, depth: int) -> list[str]:
        own = " ".join([node.kind, node.name, *node.words]).replace("  ", " ").strip()
        return [" " * depth + own, *(x for c in node.children for x in lines(c, depth + 1))]

    return [line for child in read(text).root.children for line in lines(child, 0)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a b # c d\n", ["command a b"]),
        ("a#b ${#c} $#\n", ["command a#b ${#c} $#"]),
        ("a; b && ! c | d &\n", ["command a", "command b", "command c", "command d"]),
        ("f() { a; }\n", ["function f", " command a"]),
        ("function f {\n  a\n}\n", ["function f", " command a"]),
        ("f ()\n(\n  a\n)\n", ["function f", " command a"]),
        ("if a; then b; elif c; then d; else e; fi >x\n",
         ["if", *(f" command {c}" for c in "abcde")]),
        ("for x in 1 '2 3' \"$y\"; do a $x; done <f\n",
         ["loop x 1 '2 3' \"$y\"", " command a $x"]),
        ("for ((i = 0; i < 3; i++)); do a; done\n", ["loop", " command a"]),
        ("for x; do a; done\n", ["loop x", " command a"]),
        ("while read -r x; do a; done < <(b | c)\n",
         ["loop", " command read -r x", " command a"]),
        ("case $1 in\n  (a|b) x ;;\n  *) y\nesac\n",
         ["case $1", " arm a b", "  command x", " arm *", "  command y"]),
        ("case \"$1\" in a) x;& b) y;;& esac\n",
         ['case "$1"', " arm a", "  command x", " arm b", "  command y"]),
        ("X=(a # not b\n  'c d'\n)\n", ["command X=", " array X a 'c d'"]),
        ("declare -a X=(a b) Y=1\n", ["command declare -a X= Y=1", " array X a b"]),
        ("X+=(a)\n", ["command X+=", " array X a"]),
        ("cat <<'E' | b\nif case ( \"\nE\nc\n", ["command cat", "command b", "command c"]),
        ("cat <<-E\n\tx\n\tE\nb\n", ["command cat", "command b"]),
        ("cat <<A <<B\n1\nA\n2\nB\nc\n", ["command cat", "command c"]),
        ("a <<<\"$x\"\nb\n", ["command a", "command b"]),
        ("[[ $a == (b|c) && -f \"x)\" ]] || d\n",
         ["command [[ $a == (b|c) && -f \"x)\" ]]", "command d"]),
        ("((a << 2)) || b\n", ["command ((a << 2))", "command b"]),
        ("x=$((1 << 2))\nb\n", ["command x=$((1 << 2))", "command b"]),
        ("a \\\n  b\nc\n", ["command a b", "command c"]),
        ("a \"$(b \"c)\" 'd')\" `e \\` f`\n", ["command a \"$(b \"c)\" 'd')\" `e \\` f`"]),
        ("a $'it\\'s' \"x\\\"y\"\n", ["command a $'it\\'s' \"x\\\"y\""]),
        ("a 2>&1 &>b >&2 done\n", ["command a done"]),
        ("{ a; } 2>b\n(c)\n", ["group", " command a", "subshell", " command c"]),
        ("", []),
        ("X= a b\nIFS= read -r x\nX=\n",
         ["command X= a b", "command IFS= read -r x", "command X="]),
        ("a X= (b)\n", ["command a X=", "subshell", " command b"]),
        (">a b 2>c d\n>e\n", ["command b d", "command"]),
        ("X=(\n  a\n\n  b\n) Y=c d >e\n", ["command X= Y=c d", " array X a b"]),
        ("X=()\n", ["command X=", " array X"]),
        ("select X in a b\ndo\n\n  c\ndone\n", ["loop X a b", " command c"]),
        ("for _ in a\n\ndo b; done\n", ["loop a", " command b"]),
        ("for x\nin a; do b; done\n", ["loop x a", " command b"]),
        ("for x\ndo a; done\n", ["loop x", " command a"]),
        ("until a; do b; done\n", ["loop", " command a", " command b"]),
        ("case a\n\nin\n\n  'b c' | d ) ;;\n\n  (e)\n    f ;;&\n\nesac >g\nh\n",
         ["case a", " arm 'b c' d", " arm e", "  command f", "command h"]),
        ("case a in esac\nb\n", ["case a", "command b"]),
        ("f()\n\n{\n  a; } >b\nfunction g\n{ c; }\nfunction h() ( d )\n",
         ["function f", " command a", "function g", " command c", "function h", " command d"]),
        ("function\nfunction;\n", ["command function", "command function"]),
        ("( (a) >b 2>c )\n{ { a; } >b; } >c\n",
         ["subshell", " subshell", "  command a", "group", " group", "  command a"]),
        ("if ! a; then if b; then c; fi >d; elif e; then f; else ! g; fi\n",
         ["if", " command a", " if", "  command b", "  command c", " command e", " command f",
          " command g"]),
    ],
)  # fmt: skip
def test_structure(text: str, wanted: list[str]) -> None:
    assert shape(text) == wanted


PLACES = """\
f() {
  case $1 in
    a | b) X=(c d) ;; # e
    *) (exit 2) 2>e
  esac >f
} <g
for x in 1 2; do
  if h 2>i; then
    { j 'k'; } | l
  fi
done
"""


def test_each_part_knows_where_it_begins_and_ends() -> None:
    script = read(PLACES)
    found = [(node.kind, PLACES[node.start : node.end].split("\n")) for node in script.root.walk()]
    case = ["case $1 in", "    a | b) X=(c d) ;; # e", "    *) (exit 2) 2>e", "  esac"]
    condition = ["if h 2>i; then", "    { j 'k'; } | l", "  fi"]
    assert found == [
        ("function", ["f() {", "  case $1 in", *case[1:3], "  esac >f", "}"]),
        ("case", case),
        ("arm", ["a | b) X=(c d) ;;"]),
        ("command", ["X=(c d)"]),
        ("array", ["(c d)"]),
        ("arm", ["*) (exit 2) 2>e", ""]),
        ("subshell", ["(exit 2)"]),
        ("command", ["exit 2"]),
        ("loop", ["for x in 1 2; do", f"  {condition[0]}", *condition[1:], "done"]),
        ("if", condition),
        ("command", ["h 2>i"]),
        ("group", ["{ j 'k'; }"]),
        ("command", ["j 'k'"]),
        ("command", ["l"]),
    ]  # fmt: skip


def test_each_part_knows_where_its_inner_code_begins() -> None:
    script = read(PLACES)
    inner = {
        node.kind: PLACES[node.body :].lstrip().split("\n")[0]
        for node in script.root.walk()
        if node.body
    }
    assert inner == {
        "function": "case $1 in",
        "case": "a | b) X=(c d) ;; # e",
        "arm": "(exit 2) 2>e",
        "array": "c d) ;; # e",
        "loop": "if h 2>i; then",
    }
    (array,) = script.root.walk("array")
    assert array.body == PLACES.index("c d")


def test_the_root_is_the_whole_script() -> None:
    root = read("a\nb\n").root
    assert (root.kind, root.start, root.end) == ("script", 0, 4)
    assert [child.parent is root for child in root.children] == [True, True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\nb 'c\n", "line 2: a \"'\" isn't closed"),
        ("\nif a; then\nb\n", "line 2: its if has no end"),
        ("a\nfor x in 1; do b\n", "line 2: its loop has no end"),
        ("\nwhile a\n", "line 2: its loop has no end"),
        ("\n\n{ a\n", "line 3: its group has no end"),
        ("\n(a\n", "line 2: its subshell has no end"),
        ("\nf() {\n  a\n", "line 2: its function has no end"),
        ("case x in\n a) b\n", "line 2: its arm has no end"),
        ("case x in\n a) b ;;\n\n", "line 2: it ends too early"),
        ("a\nfor x in b", "line 2: it ends too early"),
        ("a\nX=(b\nc\n", "line 3: it ends too early"),
        ("f()\n", "line 1: it ends too early"),
        ("case", "line 1: it ends too early"),
        ("a\n\nb )\nc\n", "line 3: ')' isn't understood there"),
        (")", "line 1: ')' isn't understood there"),
        ("fi\ndone )\n", "line 2: ')' isn't understood there"),
        ("a\n;; b\n", "line 2: ';;' isn't understood there"),
        ("a\nf() b\n", "line 2: 'b' isn't understood there"),
        ("f(a) { b; }\n", "line 1: 'a' isn't understood there"),
        ("case x\n a) b;; esac\n", "line 2: 'a' isn't understood there"),
        ("\nX=(a; b)\n", "line 2: ';' isn't understood there"),
    ],
)
def test_what_isnt_understood_is_refused_with_line_and_reason(text: str, message: str) -> None:
    with pytest.raises(BashRefusedError) as refused:
        read(text)
    assert refused.value.message == message
