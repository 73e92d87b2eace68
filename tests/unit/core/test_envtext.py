"""`.env` text: read as Compose reads it, spliced, quoted, masked."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from kestra_tasks.core import envtext
from kestra_tasks.core.tree import File
from tests.helpers import readers

CORPUS = sorted((Path(__file__).parents[2] / "corpus" / "env").glob("*.env"))
needs_compose = pytest.mark.skipif(not readers.has_compose(), reason="docker compose isn't there")


def told(text: str, environ: dict[str, str] | None = None) -> dict[str, str]:
    """What we read, in the form that Compose's answer has."""
    read = envtext.values(text, environ)
    return {
        key: value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        for key, value in {**read, **(environ or {})}.items()
    }


def agree(text: str, environ: dict[str, str] | None = None) -> None:
    keys = sorted({b.key for b in envtext.bindings(text) if b.key.isidentifier()} | {"A", "B"})
    keys = [key for key in keys if key.isascii()]
    theirs = readers.compose(text, keys, environ)
    if isinstance(theirs, str):
        assert envtext.problems(text), theirs
    else:
        assert not envtext.problems(text)
        assert theirs == {k: v for k, v in told(text, environ).items() if k in keys}


def test_corpus_is_large_enough() -> None:
    assert len(CORPUS) >= 20


@needs_compose
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_corpus_is_read_as_compose_reads_it(path: Path) -> None:
    agree(File(path.read_bytes()).text)


@needs_compose
@pytest.mark.parametrize(
    "text",
    [
        "A='x\nB=2\n",
        'A="x\n',
        "A-B=1\nA$=1\n",
        "A B=1\n",
        "A=${}\n",
        "A=${a b}\n",
        "A=${X:?must}\n",
        "A=${X\n",
        "=1\n",
        "B=1\nA",
        "A=a\0b\n",
        "A='a\\'\nB=1\n",
        'A="\\0101\\0999\\08"\n',
        "A=x\rB=2\n",
        "A=${X:-${Y:-z}}\nB=${X:+p}\n",
        "exportA=1\nexport  B=2\n",
        "A=$1x$-$\nB=${A:-}\n",
        "B=${A}\nA=1\n",
        "A=$B\nB=2\n",
    ],
)
def test_odd_texts_are_read_or_refused_as_compose_does(text: str) -> None:
    agree(text)


@needs_compose
def test_environment_beats_the_file_in_references() -> None:
    agree("A=1\nB=${A}-$C\n", {"A": "env", "C": "c"})


_PIECES = ["A", "B", "=", "=", " ", "\n", "\n", "'", '"', "\\", "$", "${A}", "${B:-x}", "#", " #"]
_PIECES += ["export ", "1", "x y", "\t", "\r\n", ":", "é", "$$", "\\n", "\\\\", "C=", "\nA="]


@needs_compose
@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=14).map("".join))
@example("A='a' B=\"b\"C\n")
def test_any_text_is_read_or_refused_as_compose_does(text: str) -> None:
    agree(text)


def test_bindings_tell_where_they_stand() -> None:
    text = "\ufeff# c\nexport  A = 'x y' # z\nB=2 \r\nC\n"
    a, b, c = envtext.bindings(text)
    assert (a.key, a.line, a.quoting, text[a.value_start : a.value_end]) == (
        "A",
        2,
        "single",
        "'x y'",
    )
    assert text[a.start : a.end] == "export  A = 'x y'"
    assert (b.key, b.line, b.value, text[b.start : b.end]) == ("B", 3, "2", "B=2 ")
    assert (c.key, c.value, c.quoting) == ("C", None, "none")


def test_a_message_never_has_a_value_in_it() -> None:
    for text in ("A='hunter2\n", "P=${X:?hunter2}\n", "hunter2 x=1\n", "P=${hunter2 x}\n"):
        for problem in envtext.problems(text):
            assert "hunter2" not in problem.why


@pytest.mark.parametrize(
    ("text", "value", "after"),
    [
        ("A=1\n", "2", "A=2\n"),
        ("x=0\r\nexport A = 1 # c\r\n", "2", "x=0\r\nexport A = 2 # c\r\n"),
        ('A="1" # c', "2", 'A="2" # c'),
        ("A='1'\n", "2", "A='2'\n"),
        ("A=\n", "a b", "A='a b'\n"),
        ("A=1\n", "", "A=''\n"),
        ("A\nB=1", "2", "A=2\nB=1"),
        ("A=1\nA=2\n", "2", "A=2\nA=2\n"),
        ("A: 1\n", "2", "A: 2\n"),
        ("A='x\ny'\nB=1\n", "2", "A='2'\nB=1\n"),
        ("A='2'\n", "2", "A='2'\n"),
    ],
)
def test_set_value_changes_the_value_only(text: str, value: str, after: str) -> None:
    assert envtext.set_value(text, "A", value) == after
    assert envtext.get(after, "A") == value


def test_a_reference_takes_the_environments_value_first() -> None:
    assert envtext.get("A=1\nB=${A}-$C\n", "B") == "1-"
    assert envtext.get("A=1\nB=${A}-$C\n", "B", {"A": "2", "C": "3"}) == "2-3"


def test_most_lines_decide_which_line_end_a_text_has() -> None:
    for text in ("", "A", "A\n", "A\r\nB\n", "A\r\nB\nC\n", "\n\n\r\n"):
        assert envtext.newline_of(text) == "\n"
    for text in ("A\r\n", "A\r\nB\r\nC\n"):
        assert envtext.newline_of(text) == "\r\n"


def test_set_value_wants_a_binding() -> None:
    with pytest.raises(KeyError, match="A"):
        envtext.set_value("B=1\n", "A", "2")


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_corpus_loses_no_byte_when_each_value_is_set(path: Path) -> None:
    text = File(path.read_bytes()).text
    for key in {b.key for b in envtext.bindings(text)}:
        new = envtext.set_value(text, key, "new")
        assert envtext.get(new, key) == "new"
        rest = [(b.key, b.value) for b in envtext.bindings(text) if b.key != key]
        kept = [(b.key, b.value) for b in envtext.bindings(new) if b.key != key]
        refers = "${" in text or "$X" in text
        assert refers or kept == rest


AWKWARD = [
    "",
    " ",
    "a b",
    "'",
    '"',
    "\\",
    "$",
    "a$b",
    "$$",
    "#",
    "a #b",
    "a\\",
    "it's",
    "\\'",
    "{}",
]
AWKWARD += [
    "it's $5",
    "'\"",
    "\\\\",
    "$\\",
    "$'\\",
    "{{ x }}",
    ":",
    "a: b",
    "`id`",
    "$(id)",
    "~",
    "ção",
]
AWKWARD += [
    "\ud7ff\ue000",
    "\u00a0x",
    "=",
    "a=b",
    "\\n",
    "\\$",
    "!x",
    "*",
    "%41",
    "&;|<>",
    "🚀",
    "x" * 200,
    "${X}",
]
PASSWORDS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=12)
TROUBLE = st.text("'\"\\$#{}: `aA1=\u00a0~", max_size=10)


def all_read(values: list[str]) -> None:
    text = "".join(f"V{i}={envtext.quote(value)}\n" for i, value in enumerate(values))
    wanted = {f"V{i}": value for i, value in enumerate(values)}
    assert envtext.values(text) == wanted
    assert readers.run_sh(text, wanted) == wanted
    if readers.has_compose():
        assert readers.compose(text, wanted) == wanted
    lone = {k: v for k, v in wanted.items() if not ("$" in v and hard(v))}
    read = readers.python_dotenv(text)
    assert {key: read[key] for key in lone} == lone


def hard(value: str) -> bool:
    """The values that python-dotenv has no notation for, once a "$" is among them."""
    return "\\\\" in value or "\\'" in value or value.endswith("\\")


def test_awkward_values_are_read_alike_by_all() -> None:
    all_read(AWKWARD)


@settings(max_examples=12, deadline=None)
@given(st.lists(PASSWORDS | TROUBLE, min_size=1, max_size=60))
def test_quoted_values_are_read_alike_by_all(values: list[str]) -> None:
    all_read(values)


def test_plain_values_stay_plain() -> None:
    for value in ("8080", "kestra", "admin@x.local", "tools/kestra", "a-b_c.d~e"):
        assert envtext.quote(value) == value


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("s3cret\nx", "^it has a line end, which not every reader of .env takes$"),
        ("s3cret\rx", "^it has a line end, "),
        ("s3cret\0", r"^it has the control character '\\x00', "),
        ("s3cret\udcff", "^it isn't UTF-8$"),
        ("s3cret\ud800", "^it isn't UTF-8$"),
        ("s3cret\udfff", "^it isn't UTF-8$"),
        ("\x1b", "control"),
    ],
)
def test_what_cannot_be_written_is_refused_without_being_shown(value: str, why: str) -> None:
    with pytest.raises(envtext.UnquotableError, match=why) as caught:
        envtext.quote(value)
    assert "s3cret" not in str(caught.value)


def test_mask_shows_names_placeholders_and_what_is_kestras() -> None:
    text = (
        'KESTRA_HTTP_PORT=8080 # here\nKESTRA_DB_PASSWORD="CHANGE_ME_SECURE_PASSWORD"\n'
        "KESTRA_BASICAUTH_PASSWORD='s3cret' # s3cret0\nAPP_NAME=s3cret\n"
        "PORT=3000\r\nDEBUG=true\n"
        "EMPTY=\nAPI_PIN=12345\n# OLD_TOKEN=s3cret\n# note: all is well\n"
        "KESTRA_URL=http://u:s3cret@h/\n"
        '# see postgres://u:s3cret@h/db\nPEM="-----\ns3cret\n-----"\nX'
    )
    shown = envtext.mask(text)
    assert "s3cret" not in shown
    for kept in (
        "KESTRA_HTTP_PORT=8080 # here\n",
        'KESTRA_DB_PASSWORD="CHANGE_ME_SECURE_PASSWORD"\n',
        "KESTRA_BASICAUTH_PASSWORD=********\n",
        "PORT=3000\r\nDEBUG=true\nEMPTY=\nAPI_PIN=********\n",
        "# OLD_TOKEN=********\n# note: all is well\n",
        "KESTRA_URL=http://u:********@h/\n",
        "PEM=********\n",
    ):
        assert kept in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("MY_TOKEN=s3cret", "MY_TOKEN=********"),
        ("MY_TOKEN='s3cret'\r\nB=1\r\n", "MY_TOKEN=********\r\nB=1\r\n"),
        ("PORT='3000'MY_TOKEN=s3cret\n", "PORT='3000'MY_TOKEN=********\n"),
        ("PORT=\"1\"X='s3cret\ns3cret'Y=s3cret\nB=1\n", 'PORT="1"X=********Y=********\nB=1\n'),
        ("KESTRA_DB_NAME='k'X='s3cret'", "KESTRA_DB_NAME='k'X=********"),
        ("KESTRA_DB_NAME='k'=s3cret\nX=s3cret", "KESTRA_DB_NAME='k'********\nX=********"),
        ("PORT=3000 # OLD_TOKEN=s3cret\n", "PORT=3000 # OLD_TOKEN=********\n"),
        ("PORT=3000 # http://u:s3cret@h/ is old\n", "PORT=3000 # http://u:********@h/ is old\n"),
        ("PORT=3000 # the page's\n", "PORT=3000 # the page's\n"),
        ("X # OLD_TOKEN: s3cret\nB=1\n", "********\nB=1\n"),
        ('# A_TOKEN="CHANGE_ME_PASSWORD"\n', '# A_TOKEN="CHANGE_ME_PASSWORD"\n'),
        ("MY_TOKEN\nEMPTY=\nA_TOKEN=\n", "MY_TOKEN\nEMPTY=\nA_TOKEN=\n"),
    ],
)  # fmt: skip
def test_mask_hides_values_and_keeps_what_stands_around_them(text: str, shown: str) -> None:
    assert envtext.mask(text) == shown


def test_mask_hides_what_compose_cannot_read() -> None:
    assert envtext.mask("A='s3cret\ns3cret+/=\nsk live s3cret\n").count("s3cret") == 0


@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join), st.integers())
def test_mask_never_fails_and_hides_a_planted_secret(text: str, seed: int) -> None:
    planted = "pl4nt3d-secret-value"
    lines = text.split("\n")
    lines.insert(random.Random(seed).randrange(len(lines) + 1), f"MY_PASSWORD={planted}")
    whole = "\n".join(lines)
    assume(any(b.key == "MY_PASSWORD" for b in envtext.bindings(whole)))
    assert planted not in envtext.mask(whole)


def test_a_large_file_is_read_quickly() -> None:
    text = "".join(f"NAME_{i}=value {i} # c\n" for i in range(20_000))
    assert len(envtext.bindings(text)) == 20_000
