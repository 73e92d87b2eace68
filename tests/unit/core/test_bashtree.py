"""Reading bash: what is code, and how it is built."""

from __future__ import annotations

import pytest

from kestra_tasks.core.bashread import read
from kestra_tasks.core.bashscan import BashRefusedError, mask
from kestra_tasks.core.bashtree import Node, plain


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
    ],
)  # fmt: skip
def test_structure(text: str, wanted: list[str]) -> None:
    assert shape(text) == wanted


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\nb 'c\n", 2),
        ('a "b\n', 1),
        ("a $(b\n", 1),
        ("a ${b\n", 1),
        ("a `b\n", 1),
        ("a\ncat <<E\nx\n", 2),
        ("[[ a\n", 1),
        ("if a; then\nb\n", 1),
        ("a\nfor x in 1; do b\n", 2),
        ("case x in\n a) b ;;\n", 3),
        ("a )\n", 1),
        ("fi\ndone )\n", 2),
        ("f() a\n", 1),
        ("case x\n a) b;; esac\n", 2),
    ],
)
def test_what_isnt_closed_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(BashRefusedError) as refused:
        read(text)
    assert abs(refused.value.line - line) <= 1


def test_masks_have_the_texts_length_and_its_own_line_ends() -> None:
    text = "a 'x\ny' # z\ncat <<E\nb\nE\nc\n"
    code, bare = mask(text)
    assert len(code) == len(bare) == len(text)
    assert code == "a 'x\ny'    \ncat <<E\n   \nc\n".replace("   \nc", "   \nc")
    assert bare.count("\n") == 3, "quoted text and here-documents hold none"


@pytest.mark.parametrize(
    ("word", "value"),
    [("a-b.c", "a-b.c"), ('"a b"', "a b"), ("'$a'", "$a"), ("$a", None), ('"$a"', None),
     ("a*", None), ('"a"b', None), ("", None)],
)  # fmt: skip
def test_plain_words(word: str, value: str | None) -> None:
    assert plain(word) == value


def test_places_of_lines() -> None:
    text = "if a; then # c\n  b; d # e\nfi\n"
    script = read(text)
    b, d = text.index("b"), text.index("d #")
    assert script.starts_line(b) and not script.starts_line(d)
    assert script.ends_line(d + 1) and not script.ends_line(b + 1)
    assert script.indent(d) == "  " and script.line(d) == 1
    inside = read("a 'x\n  y' z\n")
    assert not inside.starts_line(inside.text.index("y'"))
