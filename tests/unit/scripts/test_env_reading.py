"""The scripts read .env as Compose does, and execute nothing in it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kestra_tasks.core import envtext
from tests.helpers.env_lines import READ, REFUSED
from tests.helpers.scripts import Shell, lay_scripts

_PRINT = (
    '. "$here/lib/common.sh"; read_env "$@"; for n in "$@"; do printf "%s\\0" "${!n-unset}"; done'
)


def read(
    scripts: Path, *names: str, **env: str
) -> tuple[list[str], subprocess.CompletedProcess[bytes]]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("KESTRA_")}
    done = subprocess.run(
        ["bash", "-euc", f"here=$0; {_PRINT}", str(scripts), *names],
        env={**clean, **env},
        capture_output=True,
        timeout=60,
        check=False,
    )
    values = done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]
    return values, done


@pytest.mark.parametrize("text", READ, ids=repr)
def test_reads_as_compose(shell: Shell, text: str) -> None:
    shell.env(text)
    values, done = read(shell.scripts, "A")
    assert (values, done.stderr) == ([READ[text]], b"")


@pytest.mark.parametrize("text", REFUSED, ids=repr)
def test_names_file_and_line_of_what_it_cant_read(shell: Shell, text: str) -> None:
    shell.env(text)
    values, done = read(shell.scripts, "A")
    line, why = REFUSED[text]
    assert (values, done.returncode) == ([], 3)
    words = done.stderr.decode()
    assert f"{shell.root}/.env:{line}: A can't be read" in words
    assert why in words
    assert "-> write it in single quotes: A='...'" in words


def test_lines_of_others_may_be_anything(shell: Shell) -> None:
    shell.env("B=${C}\nnonsense here\nC='a'b\nD=$(x)\n=\nA=fine\n")
    assert read(shell.scripts, "A")[0] == ["fine"]


def test_the_environment_beats_the_file_even_where_it_is_empty(shell: Shell) -> None:
    shell.env("A=file\nB=file\nC=file\n")
    assert read(shell.scripts, "A", "B", "C", A="environment", B="")[0] == [
        "environment",
        "",
        "file",
    ]


def test_an_unreadable_line_doesnt_matter_where_the_environment_has_the_value(
    shell: Shell,
) -> None:
    shell.env("A=${B}\n")
    assert read(shell.scripts, "A", A="x")[0] == ["x"]


def test_bytes_that_are_no_utf8_hide_nothing(shell: Shell) -> None:
    shell.env("B=\udce9\nA=caf\udce9\n")
    assert read(shell.scripts, "A", LC_ALL="C.UTF-8")[0] == ["caf\udce9"]


def test_nothing_is_executed(shell: Shell) -> None:
    shell.env('A=$(touch pwned)`touch pwned`;touch pwned\ntouch pwned\nB="$(touch pwned)"\n')
    values, _ = read(shell.scripts, "A", "B")
    assert values[0].startswith("$(touch pwned)")
    assert not list(shell.root.rglob("pwned"))
    assert not Path("pwned").exists()


def test_no_file_and_no_value_leave_the_name_unset(shell: Shell) -> None:
    assert read(shell.scripts, "A")[0] == ["unset"]
    shell.env("A\nB=1\n")
    assert read(shell.scripts, "A")[0] == ["unset"]


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_scripts(tmp_path_factory.mktemp("mono") / "repo")


_VALUES = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("Cs", "Cc")),
    max_size=24,
)


@settings(max_examples=40, deadline=None)
@given(st.lists(_VALUES, min_size=1, max_size=30))
def test_whatever_the_writer_quotes_comes_back(scripts: Path, values: list[str]) -> None:
    lines = []
    for number, value in enumerate(values):
        try:
            lines.append((f"V{number}", value, envtext.quote(value)))
        except envtext.UnquotableError:
            continue
    text = "".join(f"{name}={quoted}\n" for name, _, quoted in lines)
    (scripts.parents[2] / ".env").write_text(text, encoding="utf-8")
    found, done = read(scripts, *(name for name, _, _ in lines))
    assert done.stderr == b""
    assert found == [value for _, value, _ in lines]
