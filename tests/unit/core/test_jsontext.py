"""JSON text: where things stand, how neighbours are written, and what isn't JSON."""

from __future__ import annotations

import pytest

from kestra_tasks.core.jsontext import (
    BOM,
    Container,
    JsonTextError,
    Style,
    append,
    container,
    parse,
    place,
    remove,
    style_of,
    write,
)

ENTRY = {"id": "é", "on": True}


def array(text: str) -> Container:
    """The array called `services`, or the one that the text is."""
    value, start = parse(text)
    if isinstance(value, list):
        return container(text, start)
    [member] = [item for item in container(text, start).items if item.key == "services"]
    return container(text, member.value_start)


def grown(text: str) -> str:
    inside = array(text)
    style = style_of(text, inside)
    return append(text, inside, write(ENTRY, style), style)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("[]", '[{"id": "é", "on": true}]'),
        ('{"services":[]}', '{"services":[{"id":"é","on":true}]}'),
        ('{"services" : []}', '{"services" : [{"id": "é", "on": true}]}'),
        ("[]\n", '[\n  {\n    "id": "é",\n    "on": true\n  }\n]\n'),
        ("[\n]\n", '[{\n    "id": "é",\n    "on": true\n  }\n]\n'),
        (
            '{\n  "services": []\n}\n',
            '{\n  "services": [\n    {\n      "id": "é",\n      "on": true\n    }\n  ]\n}\n',
        ),
        (
            '{\r\n\t"services": []\r\n}',
            '{\r\n\t"services": [\r\n\t\t{\r\n\t\t\t"id": "é",\r\n'
            '\t\t\t"on": true\r\n\t\t}\r\n\t]\r\n}',
        ),
        ('\n  []\n', '\n  [\n    {\n      "id": "é",\n      "on": true\n    }\n  ]\n'),
        (
            '{\n"services": [],\n   "x": 1}\n',
            '{\n"services": [\n   {\n      "id": "é",\n      "on": true\n   }\n],\n   "x": 1}\n',
        ),
        (
            '\n\n    []\n  \n',
            '\n\n    [\n        {\n            "id": "é",\n'
            '            "on": true\n        }\n    ]\n  \n',
        ),
    ],
    ids=["bare", "minified", "spaced", "line", "open", "two", "tabs", "second", "left", "outer"],
)  # fmt: skip
def test_the_first_entry_is_written_as_its_place_suggests(text: str, after: str) -> None:
    assert grown(text) == after
    inside = array(after)
    assert remove(after, inside, inside.items[0]) == text


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ('[{"a": 1}]', ',{"id": "é", "on": true}'),
        ('[{"a":1}]', ',{"id":"é","on":true}'),
        ('[{"a":1 , "b":2}]', ',{"id":"é" , "on":true}'),
        ('[{"a":1,"b":2}]', ',{"id":"é","on":true}'),
        ('[{"a":1, "b":2}]', ',{"id":"é", "on":true}'),
        ('[{"a":1,\n"b":2}]', ',{"id":"é", "on":true}'),
        ('[{ "a" : 1 }]', ',{ "id" : "é", "on" : true }'),
        ('[{"a": 1}, {}, 3]', ', {"id": "é", "on": true}'),
        ('[{"a":1},  {"b": 2}]', ',  {"id": "é", "on": true}'),
        ('[\n  {\n    "a" : 1}\n]', ',\n  {\n    "id" : "é",\n    "on" : true\n}'),
        ('[{\n\n    "a": 1\n\n  }]', ',{\n    "id": "é",\n    "on": true\n  }'),
        ('[{\r\n\t"a":1\r\n}]', ',{\r\n\t"id":"é",\r\n\t"on":true\r\n}'),
    ],
)
def test_an_entry_is_written_like_the_last_object(text: str, added: str) -> None:
    after = grown(text)
    last = array(text).items[-1]
    assert after == text[: last.end] + added + text[last.end :]
    inside = array(after)
    assert remove(after, inside, inside.items[-1]) == text


@pytest.mark.parametrize(
    ("index", "left"),
    [(0, "[ 2 ,\t3 ]"), (1, "[ 1 ,\t3 ]"), (2, "[ 1, 2 ]")],
)
def test_an_item_goes_with_one_comma(index: int, left: str) -> None:
    text = "[ 1, 2 ,\t3 ]"
    inside = array(text)
    assert remove(text, inside, inside.items[index]) == left


def test_names_and_texts_are_written_as_they_are() -> None:
    assert write({"é": "ü\n", "n": None}, Style("")) == '{"é": "ü\\n", "n": null}'


def test_two_items_leave_one_and_one_leaves_none() -> None:
    text = '[{"a": 1}, {"b": 2}]'
    assert remove(text, array(text), array(text).items[0]) == '[{"b": 2}]'
    assert remove("[ 1 ]", array("[ 1 ]"), array("[ 1 ]").items[0]) == "[]"


@pytest.mark.parametrize("front", ["", BOM])
def test_members_have_their_offsets(front: str) -> None:
    text = front + ' {"a" : [1, 2] , "b":{"c": "]"}} '
    value, start = parse(text)
    assert value == {"a": [1, 2], "b": {"c": "]"}}
    inside = container(text, start)
    assert text[inside.start : inside.end] == '{"a" : [1, 2] , "b":{"c": "]"}}'
    assert [text[item.start : item.end] for item in inside.items] == [
        '"a" : [1, 2]',
        '"b":{"c": "]"}',
    ]
    assert [text[item.value_start : item.end] for item in inside.items] == ["[1, 2]", '{"c": "]"}']
    assert [item.key for item in inside.items] == ["a", "b"]


def test_places_are_counted_from_one_and_a_byte_order_mark_takes_no_column() -> None:
    assert [place("ab\n\ncd", at) for at in (0, 1, 2, 3, 4, 5)] == [
        (1, 1), (1, 2), (1, 3), (2, 1), (3, 1), (3, 2),
    ]  # fmt: skip
    assert place("\nab", 1) == (2, 1)
    assert place(BOM + "ab\ncd", 2) == (1, 2)
    assert place(BOM + "ab\ncd", 5) == (2, 2)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[1,]", "a comma behind the last value"),
        ("[1 ,\n]", "a comma behind the last value"),
        ('{"a": 1,}', "a comma behind the last value"),
        ('{"a": [1, ], "b": 2}', "a comma behind the last value"),
        ("[1, x]", "expecting value"),
        ("[1 2]", "expecting ',' delimiter"),
        ("[1]]", "more text behind the end of the document"),
        ("[1] []", "more text behind the end of the document"),
        ("[1, # one\n2]", "a comment, which JSON doesn't have"),
        ("[1, // one\n2]", "a comment, which JSON doesn't have"),
        ("[1", "the text ends in the middle of a value"),
        ("[" * 200_000, "nested too deeply"),
        ("[" + "1" * 5000 + "]", "a number that is too long"),
    ],
)
def test_what_isnt_json_is_told_in_words(text: str, why: str) -> None:
    with pytest.raises(JsonTextError) as caught:
        parse(text)
    assert caught.value.why == why
    assert str(caught.value) == f"{caught.value.line}:{caught.value.column}: {why}"
