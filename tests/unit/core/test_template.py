"""Templates: names filled in once, conditional lines, and the mistakes that must not pass."""

from __future__ import annotations

import pytest

from kestra_tasks.core.template import render


def test_names_are_filled_in_and_the_digest_is_left() -> None:
    text = "a @@one@@ @@one@@@@two@@ @@digest@@\n"
    assert render(text, {"one": "1", "two": "@@one@@"}) == "a 1 1@@one@@ @@digest@@\n"


def test_conditions_keep_or_drop_whole_lines() -> None:
    text = "a\n#@if x\nb\n  #@end\nc\n  #@if y\nd\n#@end"
    assert render(text, {}, {"x"}) == "a\nb\nc\n"
    assert render(text, {}, {"y"}) == "a\nc\nd\n"
    assert render(text, {}, {"x", "y"}) == "a\nb\nc\nd\n"
    assert render(text, {}) == "a\nc\n"


def test_a_dropped_line_needs_no_value() -> None:
    assert render("#@if x\n@@unknown@@\n#@end\n", {}) == ""


def test_a_name_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="unknown"):
        render("@@unknown@@\n", {"known": "1"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("#@if x\n#@if y\n#@end\n#@end\n", "#@if y inside #@if x"),
        ("#@if x\n", "#@if x without"),
        ("a\n#@end\n", "#@end without"),
    ],
)
def test_conditions_that_dont_pair_up_are_errors(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        render(text, {}, {"x"})


def test_what_only_looks_like_a_name_or_a_condition_stays() -> None:
    text = "a@b.c @@ @@A@@ @@two words@@ ${X} #@if\n# #@if x\n"
    assert render(text, {}) == text
