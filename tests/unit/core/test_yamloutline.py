"""The outline of a YAML text: what stands where, and what is refused with which line and hint."""

from __future__ import annotations

import pytest

from kestra_tasks.core.yamloutline import BOM, YamlRefusedError, outline

TEXT = """\
# a comment
x-log: &log
  driver: none
services:
  web:
    image: nginx
    logging: *log
    ports: ["80:80", 81]
  api: !custom
    deploy: {replicas: 2}
include:
  - one.yml
  - path: two.yml
  - &three three.yml
"""


def test_every_entry_has_its_path_kind_value_and_line() -> None:
    seen = outline(TEXT, "f")
    told = {
        "/".join(map(str, path)): (entry.kind, entry.value, entry.line)
        for (_, path), entry in seen.entries.items()
    }
    assert told == {
        "x-log": ("mapping", None, 2),
        "x-log/driver": ("scalar", "none", 3),
        "services": ("mapping", None, 4),
        "services/web": ("mapping", None, 5),
        "services/web/image": ("scalar", "nginx", 6),
        "services/web/logging": ("alias", "log", 7),
        "services/web/ports": ("sequence", None, 8),
        "services/web/ports/0": ("scalar", "80:80", 8),
        "services/web/ports/1": ("scalar", "81", 8),
        "services/api": ("mapping", None, 9),
        "services/api/deploy": ("mapping", None, 10),
        "services/api/deploy/replicas": ("scalar", "2", 10),
        "include": ("sequence", None, 11),
        "include/0": ("scalar", "one.yml", 12),
        "include/1": ("mapping", None, 13),
        "include/1/path": ("scalar", "two.yml", 13),
        "include/2": ("scalar", "three.yml", 14),
    }
    assert seen.anchors == {"log": ("x-log",), "three": ("include", 2)}


def test_brackets_anchors_and_tags_are_told() -> None:
    entries = outline(TEXT, "f").entries
    flow = {path for (_, path), entry in entries.items() if entry.flow}
    marked = {path for (_, path), entry in entries.items() if not entry.plain}
    assert flow == {("services", "web", "ports"), ("services", "api", "deploy")}
    assert marked == {("x-log",), ("services", "api"), ("include", 2)}


@pytest.mark.parametrize("front", ["", BOM])
def test_offsets_are_the_texts_own(front: str) -> None:
    text = front + TEXT
    for (_, path), entry in outline(text, "f").entries.items():
        if isinstance(path[-1], str):
            assert text[entry.key :].startswith(f"{path[-1]}:")
        if entry.kind == "scalar":
            assert (entry.value or "") in text[entry.start : entry.end]


def test_nothing_is_read_below_the_depth_that_is_asked_for() -> None:
    text = "a:\n  b:\n    c:\n      d:\n        e: 1\n"
    assert max(len(path) for _, path in outline(text, "f").entries) == 4
    for depth in (0, 1, 2):
        lengths = {len(path) for _, path in outline(text, "f", depth=depth).entries}
        assert lengths == set(range(1, depth + 1))


def test_documents_tell_their_tops() -> None:
    text = "  a: 1\n  b: |\n    x\n---\n[1]\n---\n# nothing\n---\nword\n---\n*gone\n"
    seen = outline(text.replace("*gone", '""'), "f").documents
    told = [(d.kind, d.line, d.flow, d.empty, d.indent, d.block_scalar) for d in seen]
    assert told == [
        ("mapping", 1, False, False, 2, True),
        ("sequence", 5, True, False, 0, False),
        ("scalar", 8, False, True, 0, False),
        ("scalar", 9, False, False, 0, False),
        ("scalar", 11, False, False, 0, False),
    ]


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "a: stands twice, first on line 1"),
        ("services:\n  web: {}\n  web: {}\n", 3, "web: stands twice, first on line 2"),
    ],
)
def test_a_key_twice_on_one_of_the_first_levels_is_refused(text: str, line: int, key: str) -> None:
    with pytest.raises(YamlRefusedError) as caught:
        outline(text, "docs/f.yml")
    error = caught.value
    assert (error.path, error.line, error.why) == ("docs/f.yml", line, key)
    assert error.hint == "delete or rename one of the two"
    assert not error.by_hand


@pytest.mark.parametrize(
    "text",
    [
        "a:\n  b:\n    c: 1\n    c: 2\n",  # Compose's own matter, and no place for an edit
        "x: &x {a: 1}\ny:\n  <<: *x\n  <<: *x\n",
        "a: 1\n---\na: 1\n",
        "? [a]\n: 1\n? [a]\n: 2\n",
        "- a: 1\n- a: 2\n",
    ],
    ids=["third-level", "merge-keys", "two-documents", "keys-that-are-lists", "two-items"],
)
def test_what_only_looks_like_a_key_twice_is_read(text: str) -> None:
    assert outline(text, "f").documents


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("a: [1\n", 2, "isn't YAML: did not find expected ',' or ']'"),
        ("a: 1\n b: 2\n", 2, "isn't YAML: mapping values are not allowed in this context"),
        ("\x01", 1, "isn't YAML: "),
        ("\n\nb: \x01\n", 3, "isn't YAML: "),
        ("\n\udce9\n", 2, "has bytes that aren't UTF-8"),
        ("\udce9", 1, "has bytes that aren't UTF-8"),
    ],
)
def test_what_isnt_yaml_is_named_with_its_line(text: str, line: int, why: str) -> None:
    with pytest.raises(YamlRefusedError) as caught:
        outline(text, "f.yml")
    error = caught.value
    assert (error.line, error.why[: len(why)]) == (line, why)
    assert error.message == f"f.yml:{line}: {error.why}"
    assert error.hint == "mend that line; Compose can't read it either"


def test_a_refusal_without_a_hint_leaves_the_edit_to_a_person() -> None:
    error = YamlRefusedError("f.yml", 3, "no room")
    assert error.by_hand
    assert error.hint == "write that edit by hand"
