"""The wheel, installed elsewhere, does the whole job there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
_TASKS = (
    "from invoke import Collection\nfrom kestra_tasks import ns\n\nns = Collection(kestra=ns)\n"
)


def run(argv: list[str], cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package as the wheel brings it; the build is of a copy."""
    place = tmp_path_factory.mktemp("wheel")
    listed = run(["git", "ls-files", "-z", "kestra_tasks", "pyproject.toml"], ROOT).stdout
    for name in [*listed.split("\0"), "README.md", "LICENSE"]:
        if name:
            target = place / "source" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    made = run([*pip, "wheel", "--no-deps", "-w", str(place), str(place / "source")], place)
    assert made.returncode == 0, made.stderr
    (wheel,) = place.glob("kestra_tasks-*.whl")
    target = place / "site"
    put = run([*pip, "install", "--no-deps", "--target", str(target), str(wheel)], place)
    assert put.returncode == 0, put.stderr
    return target


def test_it_has_every_template_and_the_defaults(installed: Path) -> None:
    source = ROOT / "kestra_tasks"
    kept = {".pyc"}
    there = {
        str(p.relative_to(source))
        for p in source.rglob("*")
        if p.is_file() and p.suffix not in kept
    }
    package = installed / "kestra_tasks"
    brought = {
        str(p.relative_to(package))
        for p in package.rglob("*")
        if p.is_file() and p.suffix not in kept
    }

    assert brought == there


def test_a_monorepo_elsewhere_is_integrated_and_taken_back(installed: Path, tmp_path: Path) -> None:
    root = tmp_path / "a shop"
    root.mkdir()
    (root / "tasks.py").write_text(_TASKS)
    env = {"PYTHONPATH": str(installed), "DOCKER_HOST": "unix:///nonexistent.sock"}
    inv = [sys.executable, "-P", "-m", "invoke"]

    where = run(
        [sys.executable, "-P", "-c", "import kestra_tasks; print(kestra_tasks.__file__)"],
        root,
        **env,
    )
    made = run([*inv, "kestra.integrate", "--ports", "18080,18081"], root, **env)
    checked = run([*inv, "kestra.check"], root, **env)
    removed = run([*inv, "kestra.remove"], root, **env)

    assert where.stdout.startswith(str(installed)), where.stdout + where.stderr
    assert made.returncode == 0, made.stderr
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert removed.returncode == 0, removed.stderr
    assert [p.name for p in root.iterdir() if p.name != "__pycache__"] == ["tasks.py"]
