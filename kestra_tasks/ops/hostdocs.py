"""The monorepo's own validation of documents, run on throwaway copies without and with ours.

It may fail already, and it may write reports: neither is ours to judge, nor may it touch the tree.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from kestra_tasks.apply import apply
from kestra_tasks.errors import ChildError
from kestra_tasks.ops import node as nodes
from kestra_tasks.ops.runner import Result, Runner
from kestra_tasks.rim import Rim
from kestra_tasks.settings import Settings

SCRIPT = "validate-docs"
_STEP = ["docs"]
_SECONDS = 300
# What a validator needs and git doesn't keep.
_LINKED = ("node_modules", ".venv", "venv")
_LEFT = {".git", *_LINKED}


@dataclass(frozen=True)
class Verdict:
    """What the validator says of our documents.

    Attributes:
        state: "absent" (there is no such script), "passes", "fails already" (as it did without
            them), or "fails".
        before, after: its exit codes without and with them; None where it didn't run.
        findings: lines that it printed only with them.
    """

    state: str
    before: int | None = None
    after: int | None = None
    findings: tuple[str, ...] = ()


def docs(rim: Rim, *, force: bool, validate: bool) -> None:
    """Write the documents; with `validate`, ask the monorepo's own validator about them.

    Raises:
        ChildError: it fails because of them; they are written all the same.
    """
    from kestra_tasks import integration

    quiet = validate and not rim.dry_run
    integration.carry_out(replace(rim, json=False) if quiet else rim, _STEP, force=force)
    if not quiet:
        return
    verdict = judge(rim.root, rim.settings)
    document = {
        "schema": "kestra-tasks/docs/1",
        "validator": verdict.state,
        "before": verdict.before,
        "after": verdict.after,
        "findings": list(verdict.findings),
    }
    rim.answer(document, lambda: print(_told(verdict)))
    if verdict.state == "fails":
        raise ChildError(
            f"`npm run {SCRIPT}` fails with Kestra's documents and not without them",
            f"mend the documents, then run it by hand: npm run {SCRIPT}",
        )


def judge(root: Path, settings: Settings) -> Verdict:
    """Run the validator on a copy without our documents and on one with them.

    Raises:
        PreconditionError: there is a validator, but no Node.js to run it with.
    """
    if not _has_script(root):
        return Verdict("absent")
    node = nodes.find(Runner(root))
    before, after = _run(root, settings, node, undo=True), _run(root, settings, node, undo=False)
    known = {_plain(line) for line in _lines(before)}
    findings = tuple(line for line in _lines(after) if _plain(line) not in known)
    if after.ok:
        return Verdict("passes", before.code, after.code)
    state = "fails already" if not before.ok and not findings else "fails"
    return Verdict(state, before.code, after.code, findings)


def _has_script(root: Path) -> bool:
    try:
        document = json.loads((root / "package.json").read_text(encoding="utf-8-sig"))
        return SCRIPT in document["scripts"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _run(root: Path, settings: Settings, node: nodes.Node, *, undo: bool) -> Result:
    from kestra_tasks import integration

    with tempfile.TemporaryDirectory(prefix="kestra-docs-") as made:
        copy = Path(made).resolve() / "monorepo"
        _copy(root, copy)
        apply(copy, integration.plan(copy, settings, _STEP, undo=undo))
        argv = [*node.npm, "run", "--silent", SCRIPT]
        env = {"PATH": node.path(), "NO_COLOR": "1"}
        done = Runner(copy).query(argv, timeout=_SECONDS, env=env)
        place = str(copy)
        return replace(done, out=done.out.replace(place, "."), err=done.err.replace(place, "."))


def _copy(root: Path, copy: Path) -> None:
    """Copy what git would: tracked files and new ones that it doesn't ignore; else everything."""
    copy.mkdir()
    for name in _listed(root):
        source, target = root / name, copy / name
        if source.is_symlink() or source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    for name in _LINKED:
        if (root / name).is_dir() and not (copy / name).exists():
            (copy / name).symlink_to(root / name)


def _listed(root: Path) -> Iterator[str]:
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if shutil.which("git"):
        answer = Runner(root).query(argv)
        if answer.ok:
            names = answer.out.split("\0")
            yield from (name for name in names if name and not _LEFT & {name.split("/")[0]})
            return
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in _LEFT]
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), root)  # noqa: PTH118


def _lines(done: Result) -> list[str]:
    return [line.strip() for line in (done.out + done.err).splitlines() if line.strip()]


def _plain(line: str) -> str:
    """A line without its numbers: counts, times and durations differ from run to run."""
    return re.sub(r"\d+", "N", line)


def _told(verdict: Verdict) -> str:
    words = {
        "absent": f"package.json has no script {SCRIPT}: nothing to ask",
        "passes": f"`npm run {SCRIPT}` passes with Kestra's documents",
        "fails already": f"`npm run {SCRIPT}` fails, as it does without Kestra's documents",
        "fails": f"`npm run {SCRIPT}` fails because of Kestra's documents:",
    }
    return "\n".join([words[verdict.state], *(f"  {line}" for line in verdict.findings)])
