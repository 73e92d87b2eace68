"""Golden cases: what lies in a case's folder, and how it is laid out, applied and compared."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from kestra_tasks import config, integration
from kestra_tasks.core.plan import Plan
from kestra_tasks.settings import Secrets, Settings, from_mapping, parse_ports

CASES = Path(__file__).resolve().parents[1] / "cases"
TODAY = "2026-01-31"
SECRETS = Secrets("Db-secret-0123456789", "Ui-secret-0123456789A")


@dataclass(frozen=True)
class Case:
    """A folder of tests/cases, read.

    Attributes:
        folder: holds before/, settings.yaml, after/, plan.txt.
        kestra: the settings, as a monorepo's invoke.yaml would give them.
        steps: names of the steps to run; None for all.
        undo: the case whose before/ an undo leads to; None where there is none, and the
            case's own name where nothing of ours is in before/.
    """

    folder: Path
    kestra: Mapping[str, Any]
    steps: tuple[str, ...] | None
    ports: str
    force: bool
    undo: str | None

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def before(self) -> Path:
        return self.folder / "before"

    @property
    def settings(self) -> Settings:
        values = {**config.defaults(), **self.kestra}
        settings = from_mapping(values, f"{self.name}/settings.yaml")
        # As `secrets.draw` does: an external database's password is its owner's to give.
        drawn = (
            SECRETS if settings.database == "internal" else replace(SECRETS, database_password="")
        )
        settings = settings.with_(secrets=drawn, force=self.force, today=TODAY)
        return settings.with_(decided_ports=parse_ports(self.ports)) if self.ports else settings

    def plan(self, root: Path, *, undo: bool = False) -> Plan:
        return integration.plan(root, self.settings, self.steps, undo=undo)


@dataclass(frozen=True)
class Shot:
    """What is below a folder: files with content and mode, folders with their mode."""

    files: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    folders: dict[str, int] = field(default_factory=dict)


def load(folder: Path) -> Case:
    document = yaml.safe_load((folder / "settings.yaml").read_text(encoding="utf-8"))
    case = document["case"]
    unknown = set(case) - {"says", "steps", "ports", "force", "undo"}
    assert not unknown, f"{folder.name}/settings.yaml: case: {unknown}"
    steps = case.get("steps")
    return Case(
        folder,
        document.get("kestra") or {},
        None if steps is None else tuple(steps),
        case.get("ports", ""),
        bool(case.get("force", False)),
        case.get("undo", folder.name),
    )


def all_cases() -> list[Case]:
    return [load(path.parent) for path in sorted(CASES.glob("*/settings.yaml"))]


def lay_out(case: Case, root: Path) -> Path:
    """Copy before/ to `root`, with the modes that git doesn't keep."""
    shutil.copytree(case.before, root, symlinks=True)
    for folder in (root, *(path for path in root.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
    for mode, path in _modes(case):
        (root / path).chmod(mode)
    return root


def _modes(case: Case) -> Iterator[tuple[int, str]]:
    listed = case.folder / "modes.txt"
    if listed.is_file():
        for line in listed.read_text(encoding="utf-8").splitlines():
            mode, path = line.split(" ", 1)
            yield int(mode, 8), path


def shoot(root: Path) -> Shot:
    shot = Shot()
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            shot.files[name] = (str(path.readlink()).encode(), 0)
        elif path.is_dir():
            shot.folders[name] = path.stat().st_mode & 0o7777
        else:
            shot.files[name] = (path.read_bytes(), path.stat().st_mode & 0o7777)
    return shot


def golden(case: Case) -> dict[str, tuple[bytes, bool]]:
    """Path to content and run bit, as after/ and deleted.txt make them of before/."""
    expected: dict[str, tuple[bytes, bool]] = {}
    for folder in (case.before, case.folder / "after"):
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file():
                name = path.relative_to(folder).as_posix()
                expected[name] = (path.read_bytes(), bool(path.stat().st_mode & 0o100))
    for mode, path in _modes(case):
        if path in expected and not (case.folder / "after" / path).exists():
            expected[path] = (expected[path][0], bool(mode & 0o100))
    deleted = case.folder / "deleted.txt"
    for path in deleted.read_text(encoding="utf-8").splitlines() if deleted.is_file() else ():
        del expected[path]
    return expected


def rewrite(case: Case, root: Path, lines: list[str]) -> None:
    """Make after/, deleted.txt and plan.txt what was found below `root`."""
    after = case.folder / "after"
    shutil.rmtree(after, ignore_errors=True)
    (case.folder / "deleted.txt").unlink(missing_ok=True)
    old, new = golden(case), shoot(root).files
    for name, (data, mode) in new.items():
        if old.get(name) != (data, bool(mode & 0o100)):
            target = after / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            target.chmod(0o755 if mode & 0o100 else 0o644)
    gone = sorted(set(old) - set(new))
    if gone:
        (case.folder / "deleted.txt").write_text("\n".join(gone) + "\n", encoding="utf-8")
    (case.folder / "plan.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def describe(plan: Plan) -> list[str]:
    """One line a change: step, verb, path, why; modes of the files that are made."""
    lines = []
    for outcome in plan.outcomes:
        for edit in outcome.edits:
            verb = f"create {edit.after.mode:04o}" if edit.verb == "create" else edit.verb
            lines.append(_line(outcome.step, verb, f"{edit.path}: {edit.why}"))
        for noop in outcome.noops:
            lines.append(_line(outcome.step, "leave", f"{noop.path}: {noop.why}"))
        for conflict in outcome.conflicts:  # its reason names the path, with the line
            lines.append(_line(outcome.step, "conflict", f"{conflict.why} -> {conflict.hint}"))
    return lines or ["nothing"]


def _line(step: str, verb: str, told: str) -> str:
    return f"{step:<9} {verb:<11} {told}".rstrip().replace("\n", " / ")
