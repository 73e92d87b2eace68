"""`inv` called for every task, and what of a canary is seen or written."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from kestra_tasks import ns
from kestra_tasks.core import envtext
from kestra_tasks.core.passwords import is_placeholder
from kestra_tasks.rim import KestraTask
from tests.helpers.canaries import Inv, Job, canaries, files, spilled

# What every task is called with here; a task that isn't in it fails the test.
CALLS: dict[str, list[list[str]]] = {
    "check": [[]],
    "checklist": [["--quick"], ["--quick", "--markdown"]],
    "compose": [[], ["--force"]],
    "discover": [[]],
    "docs": [[], ["--force"]],
    "down": [[], ["--data", "--yes"]],
    "env": [[], ["--ports", "19562,19563"], ["--database-from", "TIMESCALE"]],
    "health": [[], ["--deep"]],
    "healthcheck": [[], ["--force"]],
    "init": [[], ["--remove"]],
    "integrate": [["--ports", "19562,19563"], ["--ports", "auto", "--force"]],
    "launcher": [[], ["--force"]],
    "logs": [[], ["--since", "1m", "--tail", "5"]],
    "manifest": [[], ["--force"]],
    "openspec": [[], ["--force"]],
    "remove": [[], ["--data", "--yes", "--force"]],
    "restart": [["--yes"], ["--database", "--yes"]],
    "scaffold": [[], ["--force"]],
    "smoke": [["--ports", "19564,19565", "--timeout", "1"]],
    "stacks": [[], ["--force"]],
    "status": [[]],
    "stop": [[]],
    "up": [["--yes", "--timeout", "1"], ["--no-wait", "--yes", "--accept-image"]],
}
# No call may reach an engine, or wait for a registry.
NO_ENGINE = {
    "DOCKER_HOST": "unix:///nonexistent.sock",
    "DOCKER_CONFIG": "/nonexistent",
    "npm_config_offline": "true",
    "npm_config_fetch_retries": "0",
}
# Between them every mode, alone or beside another that it doesn't change.
MODES = ((), ("--json",), ("--dry-run", "--debug"))
FAILING_MODES = (("--json",), ("--dry-run", "--debug"))


def tasks() -> dict[str, KestraTask]:
    return {name: ns.tasks[name] for name in ns.task_names}


def calls(modes: Sequence[Sequence[str]], *, first: bool = False) -> Iterator[list[str]]:
    """Every task in each of the modes that it has, with each of its arguments or the `first`."""
    for name, task in tasks().items():
        known = {f"--{word.replace('_', '-')}" for word in task.shared}
        own = {tuple(word for word in mode if word in known) for mode in modes}
        for given in CALLS[name][: 1 if first else None]:
            for mode in sorted(own):
                yield [f"kestra.{name}", *given, *mode]


def watch(inv: Inv, jobs: Iterable[Job], make: Path) -> None:
    """Run each job on a fresh copy of `make`; fail with every leak that was seen."""
    leaks: list[str] = []
    place = make.parent / "copy"
    before = files(make)
    for job in jobs:
        shutil.copytree(make, place, symlinks=True)
        said = inv(Job(job.name, place if job.cwd == make else job.cwd, job.argv, job.env))
        drawn = _drawn(place)
        for stream, text in (("stdout", said.out), ("stderr", said.err)):
            if found := canaries(text, drawn):
                leaks.append(f"{job.name}: {stream} (exit {said.code}): {_lines(text, found)}")
        written = {**spilled(before, files(place), drawn), **spilled({}, files(inv.home), drawn)}
        for path, found in written.items():
            leaks.append(f"{job.name}: wrote {sorted(found)} to {path}")
        shutil.rmtree(place)
    assert not leaks, f"{len(leaks)} leaks:\n" + "\n".join(leaks[:40])


def _drawn(root: Path) -> list[str]:
    """Passwords that `.env` has and that are neither canaries nor placeholders: drawn."""
    text = (root / ".env").read_text(encoding="utf-8", errors="surrogateescape")
    values = [v for k, v in envtext.values(text).items() if k.endswith("PASSWORD")]
    return [v for v in values if not is_placeholder(v) and not canaries(v)]


def _lines(text: str, found: set[str]) -> str:
    hits = [line for line in text.splitlines() if any(one in line for one in found)]
    return f"{sorted(found)} in {[_around(line, found) for line in hits[:3]]}"


def _around(line: str, found: set[str]) -> str:
    place = min(line.find(one) for one in found if one in line)
    return line[max(0, place - 100) : place + 20]
