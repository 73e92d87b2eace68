"""The YAML splicer on generated texts: whatever the form, only our bytes come and go."""

from __future__ import annotations

import yaml
from hypothesis import example, given, settings

from kestra_tasks.core.markers import find
from kestra_tasks.core.yamltext import add_item, remove_item, replace_item
from tests.helpers.composelike import texts

ITEM = {"path": "../kestra/compose.yml", "project_directory": ".", "env_file": "../../.env"}


def add(text: str) -> str:
    return add_item(text, "include", ITEM, "compose", "f.yml")


def remove(text: str) -> str:
    return remove_item(text, "include", "compose", "f.yml")


def load(text: str) -> dict[str, object]:
    loaded = yaml.load(text.removeprefix("\ufeff").replace("!reset", ""), Loader=yaml.CSafeLoader)
    assert isinstance(loaded, dict)
    return loaded


@settings(max_examples=400, deadline=None)
@given(texts())
@example("a:\n  b: |+\n    x\n\n")
@example("a: |\n  x")
@example("\ufeff  services:\n    a:\n      image: b\n")
def test_undo_gives_the_bytes_back(text: str) -> None:
    assert remove(add(text)) == text


@settings(max_examples=300, deadline=None)
@given(texts())
def test_what_was_said_is_still_said_and_one_include_more(text: str) -> None:
    before, after = load(text), load(add(text))
    assert after.pop("include") == [ITEM, *(before.pop("include", None) or [])]  # type: ignore[misc]
    assert after == before


@settings(max_examples=300, deadline=None)
@given(texts())
def test_the_bytes_before_stand_in_order_around_one_block(text: str) -> None:
    after = add(text)
    block = find(after, "compose", "f.yml")
    assert block is not None
    assert block.intact
    head, tail = after[: block.start], after[block.end :]
    if "split" in block.flags:
        head, tail = head.removesuffix("\n").removesuffix("\r"), tail.lstrip(" ")
        assert text.startswith(head)
        assert text[len(head) :].lstrip(" ") == tail
    elif "eol" in block.flags:
        assert (head.removesuffix("\n").removesuffix("\r"), tail) == (text, "")
    else:
        assert head + tail == text


@settings(max_examples=200, deadline=None)
@given(texts())
def test_replacing_is_a_fixed_point(text: str) -> None:
    after = add(text)
    assert replace_item(after, "include", ITEM, "compose", "f.yml") == after


@settings(max_examples=200, deadline=None)
@given(texts(includes=False))
def test_a_second_hand_at_work_in_the_file_keeps_its_lines(text: str) -> None:
    after = add(text)
    newline = "\r\n" if "\r\n" in after else "\n"
    block = find(after, "compose", "f.yml")
    assert block is not None
    indent = after[block.start :].split("#")[0]
    theirs = f"{indent}  - theirs.yml{newline}"
    changed = after[: block.end] + theirs + after[block.end :]
    rest = remove(changed)
    assert load(rest)["include"] == ["theirs.yml"]
    assert theirs in rest
    assert "kestra" not in rest
