"""OpenSpec's own tool on the changes that the step writes; needs the npm registry once."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.helpers.cases import CASES
from tests.integration.monorepo import TASKS, Answer, answer

pytestmark = pytest.mark.integration
REPORT = "tools/kestra/tmp/openspec-report.md"


@pytest.fixture
def driver(tmp_path: Path) -> Path:
    folder = tmp_path / "driver"
    folder.mkdir()
    (folder / "tasks.py").write_text(TASKS)
    return folder


def inv(driver: Path, root: Path, *arguments: str, **env: str) -> Answer:
    argv = [sys.executable, "-m", "invoke", *arguments, "--root", str(root)]
    return answer(argv, driver, {**os.environ, **env}, timeout=400)


def monorepo(tmp_path: Path, case: str) -> Path:
    root = tmp_path / "mono repo"
    shutil.copytree(CASES / case / "before", root)
    after = CASES / case / "after"
    shutil.copytree(after, root, dirs_exist_ok=True)
    return root


@pytest.mark.parametrize(
    ("case", "folder"),
    [
        ("openspec-created", "openspec"),
        ("openspec-tools", "tools/openspec"),
        ("large-messy", "openspec"),
    ],
)
def test_the_change_is_valid_and_the_report_is_kept(
    driver: Path, tmp_path: Path, case: str, folder: str
) -> None:
    root = monorepo(tmp_path, case)
    answer = inv(driver, root, "kestra.openspec", "--validate", "--json")
    assert answer.code == 0, answer.err
    document = answer.json
    assert document["schema"] == "kestra-tasks/openspec/1"
    assert document["valid"] is True
    assert document["folder"] == folder
    assert document["report"] == REPORT
    report = (root / REPORT).read_text()
    assert "valid, no findings" in report
    assert "Change 'add-kestra-orchestrator' is valid" in report
    assert str(root) not in report


def test_findings_end_with_5_and_are_in_the_report(driver: Path, tmp_path: Path) -> None:
    root = monorepo(tmp_path, "openspec-created")
    change = root / "openspec/changes/add-kestra-orchestrator"
    spec = change / "specs/kestra-orchestrator/spec.md"
    spec.write_text(spec.read_text().replace("SHALL", "may").replace("MUST", "may"))
    answer = inv(driver, root, "kestra.openspec", "--validate")
    assert answer.code == 5, answer.err
    assert "SHALL" in answer.out
    assert answer.err.rstrip().endswith("--validate")
    assert "inv kestra.openspec --root " in answer.err
    assert "SHALL" in (root / REPORT).read_text()


def test_the_packaged_node_serves_where_the_system_has_none(driver: Path, tmp_path: Path) -> None:
    root = monorepo(tmp_path, "openspec-created")
    path = tmp_path / "bin"
    path.mkdir()
    for name in ("git", "sh", "bash"):
        (path / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    cache = tmp_path / "cache"
    answer = inv(
        driver, root, "kestra.openspec", "--validate", PATH=str(path), XDG_CACHE_HOME=str(cache)
    )
    assert answer.code == 0, answer.err
    assert "installing @fission-ai/openspec" in answer.err
    [kept] = list((cache / "kestra-tasks").iterdir())
    assert kept.name.startswith("openspec-")


def test_without_a_change_it_says_how_to_get_one(driver: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    answer = inv(driver, tmp_path / "empty", "kestra.openspec", "--validate")
    assert answer.code == 3
    assert "create: [openspec]" in answer.err
