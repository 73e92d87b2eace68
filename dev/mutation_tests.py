"""Which tests have to notice a change in which module, the most valuable modules first.

A module's own tests, and for the steps the golden folders as well: few enough that a mutant that
lives costs seconds.
"""

from __future__ import annotations

from fnmatch import fnmatch

from dev.chores import ROOT

PACKAGE = "kestra_tasks"
_GOLDEN = "test_cases.py::test_plan_and_files_are_as_in_the_golden_folder"
_LAUNCHER = ("launcher",)
# Those that listen on no port: several runs at once would be in each other's way.
_DISCOVERY = tuple(
    f"test_discovery.py::{name}"
    for name in (
        "test_every_claim_with_its_place",
        "test_verdicts_from_claims",
        "test_what_blocks_and_what_warns",
        "test_references_by_kind",
        "test_an_empty_folder",
        "test_a_decision_beats_the_settings",
        "test_an_exposed_env_and_two_project_names",
        "test_a_second_project_name_in_any_environment_file",
        "test_an_env_that_git_has_needs_another_file",
        "test_an_env_that_compose_cannot_read_blocks",
        "test_services_that_get_all_of_env_are_told_until_kestra_is_integrated",
    )
)
_READING = (
    "core/test_checks.py",
    "core/test_readiness.py",
    "core/test_documents.py",
    *_DISCOVERY,
)

# The first pattern that matches a module counts; tests are below tests/unit/.
TESTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("core/edit.py", ("core/test_plan.py", "steps/test_scaffold.py")),
    ("core/plan.py", ("core/test_plan.py",)),
    ("core/markers.py", ("core/test_markers.py", "core/test_yamltext.py")),
    ("core/owned.py", ("core/test_owned.py", "steps/test_scaffold.py")),
    ("core/tree.py", ("core/test_tree.py", "core/test_plan.py", "probes/test_tree_folders.py")),
    ("core/yaml*.py", ("core/test_yaml*.py", "steps/test_compose.py")),
    ("core/jsontext.py", ("core/test_jsontext.py", "steps/test_manifest.py")),
    ("core/env*.py", ("core/test_env*.py", "core/test_composetext.py", "steps/test_env.py")),
    ("core/table*.py", ("core/test_table*.py", "steps/test_docs.py")),
    ("core/marklines.py", ("core/test_tabletext.py", "steps/test_docs_links.py")),
    ("core/inline.py", ("core/test_inline.py",)),
    ("core/passwords.py", ("core/test_passwords.py", "core/test_envtext.py")),
    ("core/template.py", ("core/test_template.py",)),
    ("steps/__init__.py", ("steps/test_scaffold.py", "steps/test_compose.py")),
    ("steps/scaffold.py", ("steps/test_scaffold.py", _GOLDEN)),
    ("steps/compose*.py", ("steps/test_compose.py", _GOLDEN)),
    ("steps/env*.py", ("steps/test_env.py", _GOLDEN)),
    ("steps/manifest.py", ("steps/test_manifest.py", _GOLDEN)),
    ("steps/docs*.py", ("steps/test_docs*.py", _GOLDEN)),
    ("steps/decisions.py", ("steps/test_decisions.py", "steps/test_docs.py")),
    ("steps/openspec.py", ("steps/test_openspec.py", _GOLDEN)),
    ("core/jstext.py", ("core/test_jstext.py", "steps/test_launcher_step.py")),
    ("steps/launcher*.py", ("steps/test_launcher_step.py",)),
    ("core/bash*.py", ("core/test_bash*.py", "steps/test_stacks.py")),
    ("steps/stacks.py", ("steps/test_stacks.py", _GOLDEN)),
    ("steps/healthcheck*.py", ("steps/test_healthcheck_step.py", _GOLDEN)),
    ("core/adopt.py", ("core/test_adopt.py",)),
    ("core/cause*.py", ("core/test_causes.py",)),
    ("core/composetext.py", ("core/test_composetext.py", "probes/test_composefiles.py")),
    ("core/composeclaims.py", ("core/test_compose*.py", "probes/test_composefiles.py", *_READING)),
    ("core/documents.py", _READING),
    ("core/checks.py", ("probes/test_engine.py", *_READING)),
    ("core/readiness.py", _READING),
    ("core/ports.py", ("core/test_ports.py", *_READING)),
    ("core/references.py", ("core/test_references.py", "probes/test_search.py")),
    ("core/credentials.py", ("core/test_credentials.py", *_DISCOVERY)),
    ("core/facts.py", ("probes/test_listeners.py", "probes/test_engine.py", *_READING)),
    ("core/addresses.py", _LAUNCHER),
    ("core/jsonplaces.py", _LAUNCHER),
    ("core/matching.py", ("core/test_matching.py", *_LAUNCHER)),
    ("core/reasons.py", _LAUNCHER),
    ("core/services.py", _LAUNCHER),
    ("core/verdict.py", _LAUNCHER),
)


def modules() -> list[str]:
    """Every module with functions, as "core/plan.py", the most valuable first."""
    package = ROOT / PACKAGE
    files = [path for layer in ("core", "steps") for path in sorted((package / layer).glob("*.py"))]
    found = [str(p.relative_to(package)) for p in files if "def " in p.read_text(encoding="utf-8")]
    return sorted(found, key=_rank)


def tests_of(module: str) -> list[str]:
    """What pytest selects for `module`, relative to the root.

    A module that the table doesn't have is tested by what is called like it, or by every unit test.
    """
    unit = ROOT / "tests" / "unit"
    layer, _, name = module.removesuffix(".py").rpartition("/")
    rank = _rank(module)
    patterns = TESTS[rank][1] if rank < len(TESTS) else (f"{layer}/test_{name}*.py",)
    chosen: list[str] = []
    for pattern in patterns:
        names = [str(p.relative_to(unit)) for p in sorted(unit.glob(pattern))]
        chosen += names if "*" in pattern else [pattern]
    return [f"tests/unit/{name}" for name in chosen] or ["tests/unit"]


def _rank(module: str) -> int:
    return next((n for n, (pattern, _) in enumerate(TESTS) if fnmatch(module, pattern)), len(TESTS))
