"""What a piece of a script does about the stack, and where a block can stand before it."""

from __future__ import annotations

import pytest

from kestra_tasks.core.bashaim import Aim, acts, before, compose_name
from kestra_tasks.core.bashread import read
from kestra_tasks.core.bashscan import BashRefusedError
from kestra_tasks.core.bashtext import Insertion
from kestra_tasks.core.bashtree import Script

UP = Aim(frozenset({"up", "start"}), "start", "tools", "docker-compose.tools.yml", "stack.sh")


def starts(text: str, aim: Aim = UP) -> bool:
    """Whether the last statement of a script acts."""
    script = read(text)
    return acts(script, script.root.children[-1], aim)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("docker compose -f x up -d\n", True),
        ("docker-compose 'up'\n", True),
        ('"$COMPOSE" -f x up\n', True),
        ('$DOCKER "up"\n', True),
        ("docker compose -f x ps\n", False),
        ("docker compose -f x stop\n", False),
        ("systemctl start x\n", False),
        ('echo "docker compose up"\n', False),
        ("# docker compose up\necho\n", False),
        ("if a; then\n  docker compose up\nfi\n", True),
        ("case $1 in\n  up) docker compose ps ;;\nesac\n", False),
        (">log\n", False),
        ("all() {\n  docker compose up\n}\nall\n", True),
        ("all() {\n  docker compose up\n}\n'all'\n", True),
        ("all() {\n  docker compose up\n}\nall() {\n  true\n}\nall\n", False),
        ("all() {\n  docker compose up\n}\necho all\n", False),
        ("all() {\n  one\n}\none() {\n  docker compose up\n}\nall\n", True),
        ("all() {\n  docker compose up\n}\nall=(a b)\nall\n", True),
        ("all() {\n  docker compose up\n}\nfor all in 1 2; do\n  all\ndone\n", True),
        ("a() {\n  a\n}\na\n", False),
        ("a() {\n  b\n}\nb() {\n  a\n  docker compose up\n}\na\n", True),
        ("a() {\n  b\n}\nb() {\n  a\n}\nb\n", False),
        ("a() {\n  >x\n  b\n}\nb() {\n  docker compose up\n}\na\n", True),
    ],
)  # fmt: skip
def test_what_runs_compose_with_a_verb(text: str, wanted: bool) -> None:
    assert starts(text) is wanted


def test_functions_that_call_one_another_often_are_looked_at_once() -> None:
    many = "".join(f"f{n}() {{\n  f{n + 1}\n  f{n + 1}\n}}\n" for n in range(60))
    assert not starts(f"{many}f0\n")
    assert starts(f"{many}f60() {{\n  docker compose up\n}}\nf0\n")


def test_a_block_stands_before_the_line_with_its_indent() -> None:
    text = "a\nif b; then\n\t c; d\nfi\n"
    script = read(text)
    assert before(script, text.index("c"), "name", "body\n") == Insertion(
        2, "name", "body\n", "\t "
    )


@pytest.mark.parametrize(
    ("text", "word", "line"), [("a; b\n", "b", 1), ("a\nif b; then c; fi\n", "c", 2)]
)
def test_behind_something_else_in_its_line_no_block_can_stand(
    text: str, word: str, line: int
) -> None:
    script: Script = read(text)
    with pytest.raises(BashRefusedError) as refused:
        before(script, text.index(word), "name", "body")
    assert refused.value.message == (f"line {line}: there is no line of its own to stand before")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("tools/compose/docker-compose.tools.yml", "docker-compose.tools.yml"),
        ("tools.yml", "tools.yml"),
        ("deploy/tools/compose.yaml", "tools/compose.yaml"),
        ("tools/docker-compose.yml", "tools/docker-compose.yml"),
        ("compose.yml", "compose.yml"),
    ],
)
def test_a_usual_name_is_told_apart_by_its_folder(path: str, name: str) -> None:
    assert compose_name(path) == name
