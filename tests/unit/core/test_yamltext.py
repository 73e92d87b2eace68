"""The YAML splicer on awkward files written by hand: what it adds, what it takes back."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from kestra_tasks.core import yamltext
from kestra_tasks.core.markers import BrokenMarkError, digest, find
from kestra_tasks.core.yamloutline import YamlRefusedError, outline
from kestra_tasks.core.yamlplace import Place
from kestra_tasks.core.yamltext import (
    add_item,
    remove_item,
    render_item,
    render_line,
    replace_item,
    scalar,
)

CORPUS = Path(__file__).resolve().parents[2] / "corpus" / "yaml"
ITEM = {"path": "../kestra/compose.yml", "project_directory": ".", "env_file": "../../.env"}
FINE = sorted((CORPUS / "ok").glob("*.yml"))
REFUSED = sorted((CORPUS / "refused").glob("*.yml"))
# File of the corpus -> line and words of the refusal.
REASONS = {
    "alias-include": (6, "include: is the alias *all, to which nothing can be added"),
    "complex-include": (1, "is written as a `?` key"),
    "complex-include-null": (1, "is written as a `?` key"),
    "complex-key": (1, "is written as a `?` key"),
    "conflict-marks": (5, "isn't YAML"),
    "control-character": (3, "control characters"),
    "duplicate-include": (5, "first on line 1"),
    "duplicate-service": (4, "web: stands twice, first on line 2"),
    "duplicate-services": (4, "first on line 1"),
    "flow-root": (1, "the top level is written as {...}, which has no lines"),
    "flow-root-include": (1, "written as {...}"),
    "json": (1, "written as {...}"),
    "mapping-include": (4, "is a mapping"),
    "not-utf8": (3, "aren't UTF-8"),
    "null-tagged": (4, "is no list of lines"),
    "null-tilde": (4, "is no list of lines"),
    "null-written-out": (4, "is no list of lines"),
    "root-merge": (4, "<<: at the top level"),
    "scalar-include": (4, "is no list of lines"),
    "scalar-root": (1, "the top level isn't a mapping"),
    "sequence-root": (1, "isn't a mapping"),
    "stray-colon": (2, "mapping values are not allowed"),
    "tab-indent": (2, "cannot start any token"),
    "tab-only-line": (4, "found a tab character"),
    "text-after-end": (5, "document start"),
    "unclosed-flow": (5, "did not find expected"),
    "unclosed-quote": (5, "end of stream"),
}


class _AnyTag(yaml.CSafeLoader):
    """Takes Compose's own tags as what they stand on."""


def _any_tag(loader: yaml.CSafeLoader, _suffix: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


_AnyTag.add_multi_constructor("!", _any_tag)


def text_of(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "surrogateescape")


def documents(text: str) -> list[dict[str, object]]:
    loaded = yaml.load_all(text.removeprefix("\ufeff"), Loader=_AnyTag)
    return [document for document in loaded if document]


def includes(text: str) -> list[object]:
    return [item for document in documents(text) for item in document.get("include") or ()]


def without_marked_lines(text: str) -> str:
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    kept, inside = [mark], False
    for line in text.removeprefix(mark).splitlines(keepends=True):
        inside = inside or ">>> kestra-tasks:" in line
        if not inside:
            kept.append(line)
        inside = inside and "<<< kestra-tasks:" not in line
    return "".join(kept)


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_corpus_is_there() -> None:
    assert len(FINE) > 50
    assert {file.stem for file in REFUSED} == set(REASONS)


@pytest.mark.parametrize("file", FINE, ids=lambda file: file.stem)
def test_item_is_added_and_taken_back(file: Path) -> None:
    before = text_of(file)
    after = add_item(before, "include", ITEM, "compose", file.name)
    assert includes(after).count(ITEM) == 1
    assert [item for item in includes(after) if item != ITEM] == includes(before)
    rest = [{k: v for k, v in d.items() if k != "include"} for d in documents(after)]
    bare = [{k: v for k, v in d.items() if k != "include"} for d in documents(before)]
    assert [d for d in rest if d] == [d for d in bare if d]
    block = find(after, "compose", file.name)
    assert block is not None
    assert block.intact
    if "split" in block.flags:
        assert squeezed(without_marked_lines(after)) == squeezed(before)
    elif "eol" in block.flags:
        assert without_marked_lines(after).rstrip("\r\n") == before
    else:
        assert without_marked_lines(after) == before
    assert remove_item(after, "include", "compose", file.name) == before


@pytest.mark.parametrize("file", FINE, ids=lambda file: file.stem)
def test_line_ends_of_the_file_are_used(file: Path) -> None:
    before = text_of(file)
    after = add_item(before, "include", ITEM, "compose", file.name)
    if "mixed" in file.stem or not before.count("\n"):
        return
    lone = after.count("\n") - after.count("\r\n")
    assert lone == (0 if "\r\n" in before else after.count("\n"))


@pytest.mark.parametrize("file", FINE, ids=lambda file: file.stem)
def test_replacing_by_the_same_changes_nothing_and_another_item_can_be_undone(file: Path) -> None:
    before = text_of(file)
    after = add_item(before, "include", ITEM, "compose", file.name)
    assert replace_item(after, "include", ITEM, "compose", file.name) == after
    other = {**ITEM, "path": "../else where/compose.yml"}
    changed = replace_item(after, "include", other, "compose", file.name)
    assert other in includes(changed)
    assert ITEM not in includes(changed)
    assert remove_item(changed, "include", "compose", file.name) == before


@pytest.mark.parametrize("file", REFUSED, ids=lambda file: file.stem)
def test_refused_with_line_and_reason(file: Path) -> None:
    line, words = REASONS[file.stem]
    with pytest.raises(YamlRefusedError) as caught:
        add_item(text_of(file), "include", ITEM, "compose", "stack.yml")
    assert caught.value.message.startswith(f"stack.yml:{line}: ")
    assert words in caught.value.message
    assert caught.value.hint


def test_items_that_others_added_to_our_list_stay() -> None:
    ours = add_item("services: {}\n", "include", ITEM, "compose", "f.yml")
    theirs = f"{ours}  - other.yml\nvolumes: {{}}\n"
    rest = remove_item(theirs, "include", "compose", "f.yml")
    assert rest == "services: {}\ninclude:\n  - other.yml\nvolumes: {}\n"


def test_text_behind_our_block_stays_whole() -> None:
    ours = add_item("services: {}", "include", ITEM, "compose", "f.yml")
    assert "eol" in ours
    rest = remove_item(ours + "volumes: {}\n", "include", "compose", "f.yml")
    assert rest == "services: {}\nvolumes: {}\n"


def test_nothing_of_ours_changes_nothing() -> None:
    assert remove_item("a: b", "include", "compose", "f.yml") == "a: b"
    assert replace_item("a: b", "include", ITEM, "compose", "f.yml") == "a: b"


def test_removal_from_a_file_broken_since_is_refused_with_its_line() -> None:
    ours = add_item("services: {}\n", "include", ITEM, "compose", "f.yml")
    with pytest.raises(YamlRefusedError, match=r"^f.yml:8: isn't YAML"):
        remove_item(ours + "a: b: c\n", "include", "compose", "f.yml")


def test_removal_that_would_break_the_rest_is_refused() -> None:
    ours = add_item("services: {}\n", "include", ITEM, "compose", "f.yml")
    hung_on = ours.replace("services: {}\n", "") + "  # ours\n  - *x\n"
    with pytest.raises(YamlRefusedError):
        remove_item(f"a: {{b: c\n{hung_on}", "include", "compose", "f.yml")


def test_a_hand_written_block_between_flow_items() -> None:
    text = "include: [\n  a.yml,\n  b.yml]\n"
    after = add_item(text, "include", {"path": "k.yml"}, "compose", "f.yml")
    assert after.splitlines()[2] == "  {path: k.yml},"


def marked(*lines: str, flags: str, indent: str = "  ") -> str:
    """What stands in a file for lines of ours."""
    body = "".join(f"{line}\n" for line in lines)
    first = f"{indent}# >>> kestra-tasks:compose {digest(body)} {flags}\n"
    return f"{first}{body}{indent}# <<< kestra-tasks:compose\n"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (
            "include: [\n  a.yml]\n",
            f"include: [\n{marked('  {path: k.yml},', flags='flow')}  a.yml]\n",
        ),
        (
            "include: [  # all of them\n  a.yml]\n",
            f"include: [  # all of them\n{marked('  {path: k.yml},', flags='flow')}  a.yml]\n",
        ),
        (
            "include: [a.yml]\nx: [\n]\n",
            f"include: [\n{marked('  {path: k.yml},', flags='flow split')}  a.yml]\nx: [\n]\n",
        ),
        (
            "include:\n- {path: a.yml}\n",
            f"include:\n{marked('- path: k.yml', flags='item', indent='')}- {{path: a.yml}}\n",
        ),
        (
            "include:  # none yet\nx: 1\n",
            f"include:  # none yet\n{marked('  - path: k.yml', flags='item')}x: 1\n",
        ),
        (
            "x: |\n  one\n",
            "x: |\n  one\n" + marked("include:", "  - path: k.yml", flags="list", indent=""),
        ),
        (
            "\nx: |\n  one",
            "\n" + marked("include:", "  - path: k.yml", flags="list", indent="") + "x: |\n  one",
        ),
        (
            "# nothing\n",
            "# nothing\n" + marked("include:", "  - path: k.yml", flags="list", indent=""),
        ),
    ],
    ids=["flow-lines", "flow-comment", "flow", "left", "null", "text", "text-open", "comments"],
)
def test_an_item_goes_where_a_person_would_write_it(text: str, after: str) -> None:
    assert add_item(text, "include", {"path": "k.yml"}, "compose", "f.yml") == after
    assert remove_item(after, "include", "compose", "f.yml") == text


def test_comments_stay_with_the_item_that_they_are_about() -> None:
    text = "include:  # all of them\n\n  # the first\n  - a.yml\n"
    after = add_item(text, "include", {"path": "k.yml"}, "compose", "f.yml")
    assert after.splitlines()[4:] == ["", "  # the first", "  - a.yml"]


@pytest.mark.parametrize(("at", "line"), [(5, 2), (9, 3), (11, 3)])
def test_a_place_that_changes_what_was_said_is_refused(
    monkeypatch: pytest.MonkeyPatch, at: int, line: int
) -> None:
    monkeypatch.setattr(yamltext, "place_for", lambda *_: Place(at, "list", "", adds=3))
    words = f"^f.yml:{line}: include: can't be added here without changing what stands around it"
    with pytest.raises(YamlRefusedError, match=words):
        add_item("x: |\n  a\n  b\n", "include", ITEM, "compose", "f.yml")


@pytest.mark.parametrize(
    "text", ["a:\n- 1\nc: 2\n", "a:\n  b: 1\nc: 2\n", "a:\nb: &x 1\n", "a:\nc: 2\n---\nb: 1\n"]
)
def test_an_item_that_parts_a_key_from_its_value_is_refused(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(yamltext, "place_for", lambda *_: Place(3, "item", "", adds=2))
    with pytest.raises(YamlRefusedError):
        add_item(text, "include", ITEM, "compose", "f.yml")


def test_mixed_line_ends_get_those_of_most_lines() -> None:
    for text, newline in (("a: 1\r\nb: 2\r\nc: 3\n", "\r\n"), ("a: 1\r\nb: 2\nc: 3\n", "\n")):
        after = add_item(text, "include", ITEM, "compose", "f.yml")
        assert after.startswith(text)
        assert after.endswith(f"# <<< kestra-tasks:compose{newline}")
        assert after.count("\r\n") == text.count("\r\n") + 6 * (newline == "\r\n")
    tied = "a: 1\r\nb: 2\n"
    assert add_item(tied, "include", ITEM, "compose", "f.yml").count("\r\n") == 1


def test_a_list_left_to_others_keeps_the_line_end_that_our_lines_had() -> None:
    ours = add_item("a: 1\nb: 2\r\nc: 3\r\n", "include", ITEM, "compose", "f.yml")
    rest = remove_item(f"{ours}  - other.yml\r\n", "include", "compose", "f.yml")
    assert rest == "a: 1\nb: 2\r\nc: 3\r\ninclude:\r\n  - other.yml\r\n"


def test_a_block_whose_mark_lost_its_words_is_a_list() -> None:
    ours = add_item("a: 1\n", "include", ITEM, "compose", "f.yml").replace(" list\n", "\n")
    changed = replace_item(ours, "include", {"path": "k.yml"}, "compose", "f.yml")
    assert yaml.safe_load(changed) == {"a": 1, "include": [{"path": "k.yml"}]}
    assert remove_item(changed, "include", "compose", "f.yml") == "a: 1\n"


def test_messages_name_the_file() -> None:
    ours = add_item("a: 1\n", "include", ITEM, "compose", "f.yml")
    torn = ours.replace("# <<<", "# <<")
    with pytest.raises(BrokenMarkError, match=r"^docs/f.yml:2: "):
        replace_item(torn, "include", ITEM, "compose", "docs/f.yml")
    with pytest.raises(BrokenMarkError, match=r"^docs/f.yml:2: "):
        remove_item(torn, "include", "compose", "docs/f.yml")
    with pytest.raises(YamlRefusedError, match=r"^docs/f.yml:9: "):
        replace_item(f"{ours}b: [\n", "include", ITEM, "compose", "docs/f.yml")


def test_where_the_block_goes() -> None:
    text = "a: 1\n...\n# end\n"
    after = add_item(text, "include", {"path": "k.yml"}, "compose", "f.yml")
    assert after.splitlines()[-2:] == ["...", "# end"]
    keep = "# head\nx: |+\n  one"
    after = add_item(keep, "include", {"path": "k.yml"}, "compose", "f.yml")
    assert after.splitlines()[0] == "# head"
    assert after.endswith("# <<< kestra-tasks:compose\nx: |+\n  one")


@pytest.mark.parametrize(
    "value",
    ["../a b/compose.yml", ".", "1", "1.5", "yes", "null", "~", "a, b", "[x]", "-x", "é", "a'b",
     'a"b\\c', " a", "a ", "", "0x1f", "1e3", "1_000", "!x", "&x", "*x", "a: b", "a #b",
     "..", "NO"],
)  # fmt: skip
def test_scalars_come_back_as_texts(value: str) -> None:
    assert yaml.safe_load(f"- {scalar(value)}") == [value]
    assert yaml.safe_load(f"{{k: {scalar(value)}, l: m}}") == {"k": value, "l": "m"}


def test_an_item_on_one_line_is_a_list_that_can_be_pasted() -> None:
    line = render_line("include", ITEM)
    assert line.startswith("include: [{path: ")
    assert line.endswith("}]")
    assert yaml.safe_load(line) == {"include": [ITEM]}


def test_plain_paths_need_no_quotes() -> None:
    assert render_item("include", ITEM) == (
        "include:\n"
        "  - path: ../kestra/compose.yml\n"
        "    project_directory: .\n"
        "    env_file: ../../.env\n"
    )


def test_outline_gives_lines_kinds_and_anchors() -> None:
    text = "# top\nx: &a [1]\nservices:\n  web: {image: nginx}\n---\nnetworks:\n  n: *a\n"
    seen = outline(text, "f.yml")
    assert [(e.path, e.line) for e in seen.below(("services",))] == [(("services", "web"), 4)]
    assert seen.entries[0, ("services", "web", "image")].value == "nginx"
    assert seen.anchors == {"a": ("x",)}
    assert seen.entries[1, ("networks", "n")].kind == "alias"
    assert [d.line for d in seen.documents] == [2, 6]


def test_outline_stops_at_its_depth_and_skips_keys_that_are_no_scalars() -> None:
    seen = outline("a: {b: {c: d}}\n[x, y]: {z: 1}\ne: f\n", "f.yml", depth=2)
    assert [e.path for e in seen.entries.values()] == [("a",), ("a", "b"), ("e",)]


def test_five_megabytes_are_edited_and_undone() -> None:
    service = "  s{}:\n    image: a/b:1  # c\n    environment:\n      A: b\n    ports: ['80:80']\n"
    text = "services:\n" + "".join(service.format(number) for number in range(66_000))
    assert len(text) > 5_000_000
    after = add_item(text, "include", ITEM, "compose", "f.yml")
    assert after.startswith(text)
    assert remove_item(after, "include", "compose", "f.yml") == text
