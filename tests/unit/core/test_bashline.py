"""Where one call goes in a script that takes no arguments: before the first stack, if it's sure."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from kestra_tasks.core.bashaim import Aim
from kestra_tasks.core.bashline import one_call
from kestra_tasks.core.bashread import read
from kestra_tasks.core.bashscan import BashRefusedError
from kestra_tasks.core.bashtext import insert

AIM = Aim(frozenset({"up"}), "start", "tools", "tools/compose/tools.yml", "../stack.sh")
CALL = '"${KESTRA_STACK[@]}" start\n'
UP = "docker compose -f a.yml up -d\n"
LOOP = """\
for s in "${{{}[@]}}"; do
  if [ -f "$s.yml" ]; then
    docker compose -f "$s.yml" up -d
  fi
done
"""


def called(script: str) -> str:
    """The script with the call in it, its marks left out."""
    text = f"#!/bin/bash\n{script}"
    lines = insert(text, [one_call(read(text), AIM)]).splitlines(keepends=True)[1:]
    return "".join(line for line in lines if "kestra-tasks" not in line)


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        pytest.param("echo a\n", UP, id="a command"),
        pytest.param("docker compose -f a.yml build\n", UP, id="build starts nothing"),
        pytest.param("docker compose down\n", UP, id="down starts nothing"),
        pytest.param("", "docker compose -f a.yml up -d || exit 1\n", id="its failure handled"),
        pytest.param("", "docker compose -f a.yml up -d &\nwait\n", id="in the background"),
        pytest.param('up() { docker compose -f "$1" up -d; }\n', "up a.yml\n", id="a function"),
        pytest.param(f"main() {{\n  {UP}}}\n", 'main "$@"\n', id="main ignores its arguments"),
        pytest.param('say() { echo "$1"; }\nsay() { cat; }\n', UP, id="defined twice"),
        pytest.param("", "cd infra &&\n  docker compose up -d\n", id="&& behind cd"),
        pytest.param("", "pushd a && cd b && docker compose up -d\n", id="&& behind two steps"),
        pytest.param("", "(cd infra && docker compose up -d)\n", id="a subshell"),
        pytest.param("", f"{{\n  {UP}}} >log\n", id="a group"),
        pytest.param("", f"if ! {UP.strip()}; then\n  exit 1\nfi\n", id="a condition"),
        pytest.param("", 'for s in a b; do\n  docker compose -f "$s" up -d\ndone\n', id="a loop"),
        pytest.param("S=(a b)\n", LOOP.format("S"), id="an array"),
        pytest.param(
            "declare -a S=(\n  a\n  b\n)\nS+=(c)\n", LOOP.format("S"), id="a longer array"
        ),
        pytest.param("SS=(x)\nS=(a)\necho $S\n", LOOP.format("S"), id="arrays of like names"),
        pytest.param("ps | awk '{print $4}'\n", UP, id="awk's own $4"),
        pytest.param("n=$(ps | awk '{print $1}')\n", UP, id="awk's own in a substitution"),
    ],
)
def test_the_call_comes_before_the_first_stack(before: str, behind: str) -> None:
    assert called(before + behind) == before + CALL + behind


@pytest.mark.parametrize(
    ("script", "line", "why"),
    [
        ("echo a\n", 1, "no place was found where it must start a stack"),
        (f"if ask; then\n  {UP}fi\n", 1, "no place"),
        (f"if ask && {UP.strip()}; then :; fi\n", 1, "no place"),
        (f"if ask; then :; elif {UP.strip()}; then :; fi\n", 1, "no place"),
        (f"(ask && {UP.strip()})\n", 1, "no place"),
        (f"ask && \\\n  {UP}", 1, "no place"),
        (f"cd infra ||\n  {UP}", 1, "no place"),
        (f"cd infra && ask &&\n  {UP}", 1, "no place"),
        (f"ask && {{\n  {UP}}}\n", 1, "no place"),
        (f"case $x in a) {UP.strip()} ;; esac\n", 1, "no place"),
        ("for s in $wanted; do\n  docker compose -f \"$s\" up\ndone\n", 1, "no place"),
        (LOOP.format("S"), 1, "no place"),
        ("S=()\n" + LOOP.format("S"), 1, "no place"),
        ("S=(a)\nS=(${S[@]/b})\n" + LOOP.format("S"), 1, "no place"),
        ("S=(a)\nS[0]=b\n" + LOOP.format("S"), 1, "no place"),
        ("S=(a)\nunset 'S[0]' S\n" + LOOP.format("S"), 1, "no place"),
        ("S=(a)\nmapfile -t S <list\n" + LOOP.format("S"), 1, "no place"),
        ("if ask; then\n  S=(a)\nfi\n" + LOOP.format("S"), 1, "no place"),
        (LOOP.format("S") + "S=(a)\n", 1, "no place"),
        (f"echo $1\n{UP}", 2, "it takes arguments"),
        (f'echo "it\'s $1"\n{UP}', 2, "it takes arguments"),
        (f"{UP.strip()} \"$@\"\n", 2, "it takes arguments"),
        (f"echo a\nfor s; do\n  {UP}done\n", 3, "it takes arguments"),
        (f"while getopts a x; do :; done\n{UP}", 2, "it takes arguments"),
        (f'main() {{\n  [[ $1 ]] || {UP}}}\nmain "$@"\n', 5, "it takes arguments"),
        (f'main() {{\n  echo $1\n}}\nmain() {{\n  {UP}}}\nmain "$@"\n', 8, "it takes arguments"),
        (f'main() {{ :; }}\nfor x in main "$@"; do :; done\n{UP}', 3, "it takes arguments"),
        (f'main() {{\n  {UP}}}\nmain "$@" b\n', 5, "it takes arguments"),
    ],
)  # fmt: skip
def test_where_it_may_be_passed_by_it_is_refused(script: str, line: int, why: str) -> None:
    with pytest.raises(BashRefusedError) as refused:
        called(script)
    assert refused.value.line == line
    assert why in refused.value.why


@pytest.mark.parametrize("folder", [True, False])
def test_a_chain_means_what_it_meant(tmp_path: Path, folder: bool) -> None:
    if folder:
        (tmp_path / "infra").mkdir()
    (tmp_path / "docker").write_text('#!/bin/sh\necho "docker $*"\n')
    (tmp_path / "docker").chmod(0o755)
    script = "KESTRA_STACK=(echo ours)\n" + called("cd infra 2>&- &&\n  docker compose up -d\n")
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = ["ours start", "docker compose up -d"] if folder else ["ours start"]
    assert (done.returncode, done.stdout.splitlines()) == (0 if folder else 1, said)
