"""`inv mutate`: the modules that a word names, the tests of each, and the table."""

from __future__ import annotations

import pytest
from invoke import Exit

from dev import mutation_tests
from dev.chores import ROOT
from dev.mutation import choose
from dev.mutation_report import Result, is_wording, table, unnoticed

CHANGED = "--- a.py\n+++ a.py\n@@ -1 +1 @@\n-    return 1\n+    return 2\n"
WORDED = '--- a.py\n+++ a.py\n@@ -1 +1 @@\n-    say("why not")\n+    say("XXwhy notXX")\n'


def test_every_module_has_tests_that_exist() -> None:
    for module in mutation_tests.modules():
        chosen = mutation_tests.tests_of(module)
        assert chosen, module
        for name in chosen:
            assert (ROOT / name.partition("::")[0]).exists(), name


@pytest.mark.parametrize(
    "word", ["core/plan.py", "core/plan", "core.plan", "kestra_tasks/core/plan.py"]
)
def test_a_module_is_named_as_one_likes(word: str) -> None:
    assert choose([word]) == ["core/plan.py"]


def test_a_folder_names_all_in_it_and_nothing_names_everything() -> None:
    steps = choose(["steps"])
    assert "steps/env.py" in steps
    assert all(name.startswith("steps/") for name in steps)
    assert choose([]) == mutation_tests.modules()
    assert choose(["steps", "core/plan.py"]) == ["core/plan.py", *steps]


def test_the_tables_tests_exist_and_a_module_that_it_lacks_is_tested_by_all() -> None:
    unit = ROOT / "tests" / "unit"
    for pattern, paths in mutation_tests.TESTS:
        for path in paths:
            assert list(unit.glob(path.partition("::")[0])), (pattern, path)
    assert mutation_tests.tests_of("core/brand_new.py") == ["tests/unit"]


def test_a_name_that_is_none_is_an_error() -> None:
    with pytest.raises(Exit, match="core/plans"):
        choose(["core/plans"])


def test_wording_is_a_text_and_nothing_else() -> None:
    assert is_wording(WORDED)
    assert is_wording(WORDED.replace("XXwhy notXX", "WHY NOT"))
    assert not is_wording(CHANGED)
    assert not is_wording(WORDED.replace('"XXwhy notXX"', "None"))


def test_the_table_counts_what_was_noticed() -> None:
    status = {"a": "killed", "b": "survived", "c": "survived", "d": "timeout", "e": "no tests"}
    one = Result("core/a.py", "", status, {"b": CHANGED, "c": WORDED, "e": CHANGED}, 1.0)
    two = Result("core/b.py", "", {}, {}, 1.0)
    lines = [line.split() for line in table([one, two]).splitlines()]

    assert unnoticed(status) == ["b", "c", "e"]
    assert lines[1] == ["core/a.py", "5", "1", "1", "2", "1", "1", "40.0", "%"]
    assert lines[2] == ["core/b.py", "0", "0", "0", "0", "0", "0", "-"]
    assert lines[3] == ["all", *lines[1][1:]]
