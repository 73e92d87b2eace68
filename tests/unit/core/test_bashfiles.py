"""Which compose files a script uses, and whether it is sure to get past them."""

from __future__ import annotations

import pytest

from kestra_tasks.core.bashaim import Aim
from kestra_tasks.core.bashfiles import Use, is_there, joined_to, uses
from kestra_tasks.core.bashread import read
from kestra_tasks.core.bashtree import Node

UP = Aim(frozenset({"up"}), "start", "tools", "docker-compose.tools.yml", "stack.sh")
C = "docker compose -f"


def used(text: str, **values: str) -> list[Use]:
    """What the last statement of a script that uses something uses."""
    script = read(text)
    pieces = reversed(script.root.children)
    return next(filter(None, (list(uses(script, piece, UP, values)) for piece in pieces)), [])


@pytest.mark.parametrize(
    ("text", "files"),
    [
        (f"{C} a/x.yml up\n", ["a/x.yml"]),
        ("docker compose --file a/x.yml up\n", ["a/x.yml"]),
        ("docker compose --file=a/x.yml up\n", ["a/x.yml"]),
        ("docker compose --env-file .env up\n", [""]),
        ("docker compose up -f\n", [""]),
        (f"{C} /srv/a/x.yml up\n", ["srv/a/x.yml"]),
        (f"{C} a/x.yml ps\n", []),
        (f"if a; then\n  {C} x.yml up\nelse\n  {C} y.yml up\nfi\n", ["x.yml", "y.yml"]),
        (f"case $x in\n  {C}) b up ;;\nesac\n", []),
        # What isn't known is left out, with all before it.
        (f'{C} "$ROOT/a/x.yml" up\n', ["a/x.yml"]),
        (f'{C} "$ROOT/$THERE/x.yml" up\n', ["x.yml"]),
        (f"{C} '$ROOT'/x.yml up\n", ["x.yml"]),
        (f'{C} "$(dirname "$0")/../x.yml" up\n', ["../x.yml"]),
        (f"{C} $(cd $(dirname $0) && pwd)/x.yml up\n", ["x.yml"]),
        (f"{C} `pwd`/x.yml up\n", ["x.yml"]),
        (f"{C} ${{FILE%.*}}/x.yml up\n", ["x.yml"]),
        (f"{C} ${{FILES[0]}} up\n", [""]),
        (f"{C} $FILE up\n", [""]),
        # Variables
        (f"F=a/x.yml\n{C} $F up\n", ["a/x.yml"]),
        (f"F='a b/x.yml'\n{C} \"${{F}}\" up\n", ["a b/x.yml"]),
        (f"readonly F=a/x.yml\n{C} $F up\n", ["a/x.yml"]),
        (f"D=a E=$D/b F=$E/x.yml\n{C} $F up\n", ["a/b/x.yml"]),
        (f"P=$P:x\n{C} $P/x.yml up\n", ["x.yml"]),
        (f"F=\n{C} ${{F:-x.yml}} up\n", ["x.yml"]),
        (f"{C} ${{F-x.yml}} up\n", ["x.yml"]),
        (f"F=a.yml\n{C} ${{F:-x.yml}} up\n", ["a.yml"]),
        (f"F=a.yml\n{C} $F up\nF=b.yml\n{C} $F up\n", ["b.yml"]),
        (f"F=a.yml\nif b; then\n  {C} $F up\n  F=b.yml\n  {C} $F up\nfi\n", ["a.yml", "b.yml"]),
        (f"F=a.yml {C} $F up\n", [""]),
        (f"F=a.yml\nWORDS=(F=b.yml)\n{C} $F up\n", ["a.yml"]),
        ('COMPOSE="docker compose -f a.yml"\n$COMPOSE up\n', ["a.yml"]),
        ('FILE=--file=a.yml\ndocker compose $FILE up\n', ["a.yml"]),
        ('FILE="a b.yml"\ndocker compose -f "$FILE" up\n', ["a b.yml"]),
        # Functions
        (f"up() {{\n  {C} a/$1.yml up\n}}\nup x\n", ["a/x.yml"]),
        (f'up() {{\n  {C} "$2/$1.yml" up\n}}\nup x "$ROOT/b"\n', ["b/x.yml"]),
        (f"up() {{\n  local f=a/$1.yml\n  {C} $f up\n}}\nf=b.yml\nup x\n", ["a/x.yml"]),
        (f"up() {{\n  {C} $f up\n}}\nf=b.yml\nup x\n", ["b.yml"]),
        (f"other() {{\n  f=a.yml\n}}\nf=b.yml\n{C} $f up\n", ["b.yml"]),
        (f"other() {{\n  f=a.yml\n}}\nup() {{\n  f=b.yml\n  {C} $f up\n  f=c.yml\n}}\nup\n",
         ["b.yml"]),
        (f"up() {{\n  {C} $1 up\n  {C} $2 up\n}}\nup a.yml b.yml\n", ["a.yml", "b.yml"]),
        ("up() {\n  docker compose \"$@\" up\n}\nup -f a.yml\n", ["a.yml"]),
        ("up() {\n  docker compose up\n}\nup\n", [""]),
        (f"a() {{\n  b x $1\n}}\nb() {{\n  {C} $2/$1.yml up\n}}\na y\n", ["y/x.yml"]),
        (f"up() {{\n  {C} $1 up\n}}\nfor up in a b; do\n  up a.yml\n  up b.yml\ndone\n",
         ["a.yml", "b.yml"]),
        (f"again() {{\n  {C} a.yml up\n  again\n}}\nagain\n", ["a.yml"] * 4 + [""]),
        # A function counts where it is called, not where it is written.
        (f"if a; then\n  up() {{\n    {C} x.yml up\n  }}\n  {C} y.yml up\nfi\n", ["y.yml"]),
        (f"up() {{\n  {C} x.yml up\n}}\n", ["x.yml"]),
    ],
)  # fmt: skip
def test_files_as_far_as_the_script_says_them(text: str, files: list[str]) -> None:
    assert [use.file for use in used(text)] == files


def test_known_values_go_before_what_the_script_sets() -> None:
    text = f"p=other\nfor p in $PHASES; do\n  {C} x/$p.yml up\ndone\n"
    assert used(text, p="data") == [Use("x/data.yml", False)]
    text = f'up() {{\n  {C} "x/$1.yml" up\n}}\n'
    assert used(text, **{"1": "data"}) == [Use("x/data.yml", False)]


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        (f"{C} x up\n", False),
        (f"{C} x up", False),
        # A failure that ends nothing
        (f"{C} x up || true\n", True),
        (f"{C} x up 2>&1 ||\n  # whatever\n  warn\n", True),
        (f"{C} x up || {{\n  warn 'no exit'\n}}\n", True),
        (f"{C} x up || exit 1\n", False),
        (f"{C} x up || {{ warn; exit 1; }}\n", False),
        (f"{C} x up ||\n  return 1\n", False),
        (f"{C} x up || false\n", False),
        (f"{C} x up || die x\n", False),
        (f"{C} x up; a || true\n", False),
        (f"{C} x up && true\n", False),
        (f"{C} x up | tee log || true\n", False),
        (f"if {C} x up; then\n  a\nfi\n", True),
        (f"if ! {C} x up; then\n  warn 'no exit'\nfi\n", True),
        (f"if ! {C} x up; then\n  exit 1\nfi\n", False),
        (f"if ! {C} x up; then\n  warn\nfi\nexit 0\n", True),
        (f"{{\n  {C} x up\n}}\n", False),
        (f"({C} x up)\n", False),
        # A look at the file
        (f"[[ -f x ]] && {C} x up\n", True),
        (f"[ -e x ] &&\n  {C} x up\n", True),
        (f"test -r x && \\\n  {C} x up\n", True),
        (f"[[ -n $1 && -s x ]] && {C} x up\n", True),
        (f"[[ ! -f x ]] || {C} x up\n", True),
        (f"[[ -n x ]] && {C} x up\n", False),
        (f"[[ -f x ]]; {C} x up\n", False),
        (f"[[ -f x ]] | {C} x up\n", False),
        (f"{C} w up && {C} x up\n", False),
        (f"rm -f w && {C} x up\n", False),
        (f"a && {C} x up\n", False),
        (f"if [[ -f x ]]; then\n  {C} x up\nfi\n", True),
        (f"if [[ -f x ]]; then\n  {{\n    {C} x up\n  }}\nfi\n", True),
        (f"if [[ -f x ]]; then\n  if a; then\n    {C} x up\n  fi\nfi\n", True),
        (f"if a; then\n  {C} x up\nfi\n", False),
        (f"if test -n a; then\n  {C} x up\nfi\n", False),
        (f"there() {{\n  [[ -f $1 ]]\n}}\nthere x && {C} x up\n", True),
        (f"there() {{\n  [[ -f $1 ]]\n}}\nif there x; then\n  {C} x up\nfi\n", True),
        (f"there() {{\n  [[ -f $1 ]]\n}}\nasked x && {C} x up\n", False),
        (f"asked() {{\n  [[ -n $1 ]] && tail -f x\n}}\nasked x && {C} x up\n", False),
        (f"there() {{\n  [[ -f $1 ]]\n}}\nasked there && {C} x up\n", False),
        (f"there() {{\n  [[ -f $1 ]]\n}}\n>there && {C} x up\n", False),
        (f"there=([[ -f x ]])\nthere && {C} x up\n", False),
        # A look from outside is at something else.
        (f"if [[ -f .env ]]; then\n  for p in x; do\n    {C} x up\n  done\nfi\n", False),
        (f"if [[ -f .env ]]; then\n  case a in\n    b) {C} x up ;;\n  esac\nfi\n", False),
        (f"if [[ -f .env ]]; then\n  up() {{\n    {C} x up\n  }}\nfi\nup\n", False),
        (f"up() {{\n  [[ -f $1 ]] && {C} x up\n}}\nup x\n", True),
        (f"up() {{\n  {C} x up\n}}\nup x || true\n", True),
        (f"up() {{\n  {C} x up\n}}\nup x\n", False),
    ],
)  # fmt: skip
def test_what_is_sure_to_get_past_its_file(text: str, sure: bool) -> None:
    assert used(text) == [Use("x", sure)]


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("a && b\n", "a"),
        ("a ||\n  b\n", "a"),
        ("a && # why\n  b\n", "a"),
        ("x; a && \\\n  b\n", "a"),
        ("if x; then y; fi && b\n", "if x; then y; fi"),
        ("a; b\n", None),
        ("a | b\n", None),
        ("echo '&&'\nb\n", None),
        ("b\n", None),
        ("&& b\n", None),
    ],
)
def test_what_a_command_is_joined_to(text: str, before: str | None) -> None:
    script = read(text)
    found = joined_to(script, script.root.children[-1])
    assert (found and text[found.start : found.end]) == before
    assert joined_to(script, script.root) is None


def test_the_condition_of_what_stands_first_is_not_joined() -> None:
    script = read("if a; then\n  b\nfi && c\n")
    b: Node = script.root.children[0].children[1]
    assert joined_to(script, b) is None


def test_a_file_is_looked_for_in_each_folder() -> None:
    asked: list[str] = []

    def there(path: str) -> bool:
        asked.append(path)
        return path == "tools/x.yml"

    assert is_there("../x.yml", ("scripts", "tools/compose", "tools/more"), there)
    assert asked == ["x.yml", "tools/x.yml"]
    assert not is_there("x.yml", ("", "scripts"), there)
    for unsaid in ("", "tools/*.yml", "tools/?.yml", "tools/[x].yml"):
        assert not is_there(unsaid, ("",), lambda _: True)
