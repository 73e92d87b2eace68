"""What of a bash script is code, and what is comment, quoted, expanded or a here-document."""

from __future__ import annotations

import re

import pytest

from kestra_tasks.core.bashscan import BashRefusedError, mask


def hidden(text: str) -> list[str]:
    """The pieces that are no code; all else has to stand in both masks as in the text."""
    code, bare, _ = mask(text)
    assert code == text
    assert len(bare) == len(text) and all(b in (t, "_") for b, t in zip(bare, text, strict=True))
    return [text[piece.start() : piece.end()] for piece in re.finditer("_+", bare)]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a b", []),
        ("a 'b c' d\n", ["'b c'"]),
        ("a '' b'c'\n", ["''", "'c'"]),
        ("a 'b\\' c\n", ["'b\\'"]),
        ("a $'b\\'c' $'' d\n", ["$'b\\'c'", "$''"]),
        ('a "b c" "" d\n', ['"b c"', '""']),
        ('a $"b" "\\"" "\\\\" c\n', ['$"b"', '"\\""', '"\\\\"']),
        ('a "it\'s" b\n', ['"it\'s"']),
        ('a "$(b ")" \'"\')" c\n', ['"$(b ")" \'"\')"']),
        ('a "${b:-"c d"}" e\n', ['"${b:-"c d"}"']),
        ('a "`b "c" d`" e\n', ['"`b "c" d`"']),
        ('a "$b c" "$" d\n', ['"$b c"', '"$"']),
        ("a `b \\` c` `` d\n", ["`b \\` c`", "``"]),
        ("a ${b} ${#c} ${d:-'}'} e\n", ["${b}", "${#c}", "${d:-'}'}"]),
        ('a ${b//\\}/"}"} c\n', ['${b//\\}/"}"}']),
        ("a $() $(b (c; (d) e) f) g\n", ["$()", "$(b (c; (d) e) f)"]),
        ("a $( (b) ) c)\n", ["$( (b) )"]),
        ("$(a)", ["$(a)"]),
        ("a $( ((b)) && [[ ')' ]] ) c\n", ["$( ((b)) && [[ ')' ]] )"]),
        ("a <(b) >(c) d\n", ["<(b)", ">(c)"]),
        ("a $((b + (c) * 2)) $(()) d\n", ["$((b + (c) * 2))", "$(())"]),
        ("a $(((b + c) * (d))) e\n", ["$(((b + c) * (d)))"]),
        ('a $((b $(c ")") `d`)) e\n', ['$((b $(c ")") `d`))']),
        ("a=$((b) | c); d=$((e))\n", ["$((b) | c)", "$((e))"]),
        ("((a << 2)) && b\n", ["((a << 2))"]),
        ("for ((a = 0; a < 3; a++)); do\n", ["((a = 0; a < 3; a++))"]),
        ("(( ((a + (b)) * c) > 2 )) && d\n", ["(( ((a + (b)) * c) > 2 ))"]),
        ("((a); (b)) && c\n", []),
        ('[[ a && ( b ]\n || "]]" == c]] ]] && d\n', ['[[ a && ( b ]\n || "]]" == c]] ]]']),
        ("[[\ta ]] && [[ b\n]]\n", ["[[\ta ]]", "[[ b\n]]"]),
        ("[[a b ]]\n", []),
        ("a \\; b c\\", ["\\;", "\\"]),
        ("a#b $# {#c }#d\n", []),
        ("a <<<b <<<'c' <<< d\n", ["'c'"]),
    ],
)
def test_what_is_quoted_expanded_or_tested_is_no_code(text: str, pieces: list[str]) -> None:
    assert hidden(text) == pieces


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a # b 'c\nd\n", "a       \nd\n"),
        ("# a\n#\n# b", "   \n \n   "),
        ("a;#b\n(#c\n)#d\n", "a;  \n(  \n)  \n"),
    ],
)
def test_comments_are_blank(text: str, code: str) -> None:
    assert mask(text)[:2] == (code, code)


def test_a_parenthesis_in_a_comment_closes_nothing() -> None:
    assert mask("a $(b # )\n) c\n")[:2] == ("a $(b    \n) c\n", "a _________ c\n")


@pytest.mark.parametrize(
    "before",
    ["", "a; ", "a && ", "a | ", "! ", "(", "{ ", "a\n", "a\n\t", "case a in b) ", "if ", "elif ",
     "while ", "until ", "then ", "do ", "else ", "time ", "a;then ", "a\n  do\t", "if ! "],
)  # fmt: skip
def test_a_test_stands_where_a_command_may_begin(before: str) -> None:
    assert hidden(f"{before}[[ (a ]] b") == ["[[ (a ]]"]
    assert hidden(f"{before}((a < b)) c") == ["((a < b))"]


@pytest.mark.parametrize("before", ["a ", "ls @", "-if ", "$do ", "a=", "done ", "x.time ", "IF "])
def test_elsewhere_the_same_is_a_word(before: str) -> None:
    assert hidden(f"{before}[[ a") == []
    assert hidden(f"{before}((a|b) c)") == []


@pytest.mark.parametrize(
    "text",
    [
        "cat <<E; b\n|if ' $(\nE|\nc\n",
        "cat <<E\n|x\nE|",
        "cat <<E\n| E\n\tE\nE2\nE|\nc\n",
        "cat <<-E\n| \tE\n\tx\n\t\tE|\nc\n",
        "cat << 'E F' <<\"G\" <<\\H\n|x\nE F\nG\ny\nH|\nc\n",
        'cat <<"G"\n|x\nG|\nc\n',
        "cat <<A-1.x+\n|A-1.x+|\nc\n",
        "cat <<A\n|A|\ncat <<B\n|#\nB|\nc\n",
        "a $(cat <<E\n|)\nE|\n) b\n",
    ],
)
def test_here_documents_are_blank(text: str) -> None:
    """What stands between the bars is the body and its end."""
    blank = [" " * len(p) if n % 2 else p for n, p in enumerate(text.split("|"))]
    assert mask(text.replace("|", ""))[0] == "".join(blank)


def test_a_line_end_is_one_where_the_shell_sees_one() -> None:
    code, bare, _ = mask("a 'x\ny' # z\ncat <<E\nb\nE\nc \\\n d\n")
    assert code == "a 'x\ny'    \ncat <<E\n   \nc \\\n d\n"
    assert bare == "a _____    \ncat <<E    \nc    d\n"


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("\na 'b\nc", 2, "a \"'\" isn't closed"),
        ("\na $'b\\'\nc", 2, "a \"'\" isn't closed"),
        ("\na `b\\`\nc", 2, "a '`' isn't closed"),
        ('\na "b\\"\nc', 2, "a double quote isn't closed"),
        ('\na $"b\nc', 2, "a double quote isn't closed"),
        ('\na "b\n$(c', 3, "a parenthesis isn't closed"),
        ("\na <(b\nc", 2, "a parenthesis isn't closed"),
        ("\na ${b\nc", 2, "a '${' isn't closed"),
        ("\n[[ a]]\nc", 2, "a '[[' isn't closed"),
        ("\na $((b\nc)", 2, "a parenthesis isn't closed"),
        ("\na $((b\nc", 2, "a '((' isn't closed"),
        ("((b\nc", 1, "a '((' isn't closed"),
        ("\na <<E\nb\n E\n", 2, "the here-document E has no end"),
        ("\na <<E", 2, "the here-document E has no end"),
        ("a <<E <<'F G'\nE\nE", 1, "the here-document F G has no end"),
        ("'", 1, "a \"'\" isn't closed"),
    ],
)
def test_what_has_no_end_is_told_with_the_line_where_it_begins(
    text: str, line: int, why: str
) -> None:
    with pytest.raises(BashRefusedError) as refused:
        mask(text)
    assert refused.value.message == f"line {line}: {why}"
    assert (refused.value.line, refused.value.why) == (line, why)


@pytest.mark.parametrize(
    ("text", "live"),
    [
        ("a '$1' $1\n", "a      $1\n"),
        ("n=$(awk '{print $1}' \"$2\")", 'n=$(awk              "$2")'),
        ('a "it\'s $1" "\'$2\'"', 'a "it\'s $1" "\'$2\'"'),
        ("a $'$1' \\'$2 # $3", "a $'$1' \\'$2     "),
    ],
)
def test_what_the_shell_expands_is_live(text: str, live: str) -> None:
    assert mask(text)[2] == live
