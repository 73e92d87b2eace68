"""`inv lint` holds the documents as well."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from invoke import Context, Exit

from dev import linting
from dev.chores import ROOT, run_all


def planned(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands of `inv lint`, none of them run."""
    seen: list[list[str]] = []
    monkeypatch.setattr(linting, "run_all", seen.extend)
    linting.lint(Context())
    return seen


def test_lint_runs_what_npm_run_validate_docs_runs(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    script = json.loads((ROOT / "package.json").read_text())["scripts"]["validate-docs"]
    (command,) = [argv for argv in planned(monkeypatch) if script.endswith(argv[0])]
    run_all([command])
    assert " 0 findings" in capfd.readouterr().err


def test_a_finding_fails_it_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text("[gone](nowhere.md)\n")
    command = next(argv for argv in planned(monkeypatch) if "validate_docs" in argv[0])
    with pytest.raises(Exit, match=r"validate_docs\.py"):
        run_all([[*command, str(page)]])
    assert "nowhere.md" in capfd.readouterr().out
