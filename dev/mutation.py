"""Does a test notice, where one thing in `core/` or `steps/` is changed?

mutmut runs on a copy of the sources, so that a long run doesn't mind what is edited meanwhile.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from invoke import Exit

from dev.chores import ROOT, say, tracked
from dev.mutation_report import Result, table, unnoticed
from dev.mutation_tests import PACKAGE, modules, tests_of

FOLDER = ROOT / "build" / "mutation"
_COPIED = (PACKAGE, "tests", "apps", "dev")
# Neither tests of an engine nor of big files.
_SELECTED = ("-m", "not integration", "-k", "not megabyte")
_SPINNER = re.compile("[\u2800-\u28ff] ")


def run(only: Iterable[str], jobs: int, *, show: bool, again: bool) -> None:
    """Run the modules that the words name, or show what the last run's survivors change.

    Raises:
        Exit: a word that names no module, or mutmut failed.
    """
    chosen = choose(only)
    if not show:
        _announce(chosen, jobs, again=again)
        failed = [module for module in chosen if not _run(module, jobs, again=again)]
    results = [result for module in chosen if (result := _load(module)) is not None]
    if show:
        for result in results:
            for name, diff in result.diffs.items():
                print(f"# {name}: {result.status[name]}\n{diff}")
    print(table(results))
    if not show and failed:
        raise Exit(f"mutmut failed on {', '.join(failed)}", code=1)


def choose(only: Iterable[str]) -> list[str]:
    """The modules that the words name, in the table's order; all of them for no word.

    Raises:
        Exit: a word that names none.
    """
    every = modules()
    chosen: set[str] = set()
    for word in only:
        plain = word.removesuffix(".py").replace(".", "/").removeprefix(f"{PACKAGE}/").strip("/")
        found = {m for m in every if m == f"{plain}.py" or m.startswith(f"{plain}/")}
        if not found:
            raise Exit(f"no module to mutate is called {word}: {', '.join(every)}", code=1)
        chosen |= found
    return [module for module in every if not chosen or module in chosen]


def _announce(chosen: Sequence[str], jobs: int, *, again: bool) -> None:
    what = "the survivors of " if again else ""
    names = chosen[0] if len(chosen) == 1 else f"{len(chosen)} modules"
    where = FOLDER.relative_to(ROOT)
    say(f"mutating {what}{names} in a copy below {where}/, {jobs} at a time, lowest priority")


def _lay_out(work: Path, module: str) -> None:
    """Copy the sources as they are now, with mutmut's settings for one module."""
    shutil.rmtree(work, ignore_errors=True)
    for name in tracked(*_COPIED):
        target = work / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target, follow_symlinks=False)
    config = (ROOT / "pyproject.toml").read_text(encoding="utf-8") + _config(module)
    (work / "pyproject.toml").write_text(config, encoding="utf-8")


def _run(module: str, jobs: int, *, again: bool) -> bool:
    """Mutate one module and keep what came of it.

    Returns:
        False where mutmut failed, as it does where a test fails on the sources as they are.
    """
    source = (ROOT / PACKAGE / module).read_text(encoding="utf-8")
    earlier = _load(module) if again else None
    names: list[str] = []
    if earlier is not None and earlier.source == source:
        names = sorted(earlier.diffs)
        if not names:
            return True
    work = FOLDER / "work" / _name(module)
    _lay_out(work, module)
    begun = time.monotonic()
    say(f"  {module}: {', '.join(tests_of(module))}")
    done = _mutmut(work, "run", "--max-children", str(jobs), *names)
    listed = _mutmut(work, "results", "--all", "true").stdout.splitlines()
    if done.returncode and (listed or "could not find any test case" not in done.stdout):
        lines = done.stdout.replace("\r", "\n").splitlines()
        plain = [line for line in lines if not _SPINNER.match(line)]
        say("\n".join([*plain[-40:], done.stderr]))
        return False
    status = dict(line.strip().rsplit(": ", 1) for line in listed if ": " in line)
    if names and earlier is not None:
        status = {**earlier.status, **{name: status[name] for name in names}}
    alive = unnoticed(status)
    diffs = _diffs(work, alive)
    result = Result(module, source, status, diffs, round(time.monotonic() - begun, 1))
    _file(module).parent.mkdir(parents=True, exist_ok=True)
    _file(module).write_text(json.dumps(asdict(result), indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(work)
    say(f"  {module}: {len(alive)} of {len(status)} unnoticed, {result.seconds:.0f} s")
    return True


def _config(module: str) -> str:
    values = {
        "source_paths": [PACKAGE],
        "only_mutate": [f"{PACKAGE}/{module}"],
        "also_copy": ["apps", "dev"],
        "pytest_add_cli_args_test_selection": [*tests_of(module), *_SELECTED],
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "-p", "dev.mutation_pytest"],
        "timeout_multiplier": 5.0,
        "timeout_constant": 2.0,
        "use_git_change_detection": False,
        "on_dependency_change": "ignore",
    }
    return "\n[tool.mutmut]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in values.items())


def _mutmut(work: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return _python(work, "-m", "mutmut", *arguments)


def _diffs(work: Path, names: Sequence[str]) -> dict[str, str]:
    """What `mutmut show` says of each name, all of them by one process."""
    code = "import sys; from mutmut.__main__ import show; [show.callback(n) for n in sys.argv[1:]]"
    shown = _python(work, "-c", code, *names).stdout
    parts = [part.partition("\n") for part in f"\n{shown}".split(f"\n# {PACKAGE}.")[1:]]
    return {f"{PACKAGE}.{head.rsplit(': ', 1)[0]}": diff for head, _, diff in parts}


def _python(work: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["nice", "-n", "19", sys.executable, *arguments],
        cwd=work,
        env={**os.environ, "CI": "true"},
        capture_output=True,
        text=True,
        check=False,
    )


def _name(module: str) -> str:
    return module.removesuffix(".py").replace("/", ".")


def _file(module: str) -> Path:
    return FOLDER / "results" / f"{_name(module)}.json"


def _load(module: str) -> Result | None:
    if not _file(module).is_file():
        return None
    return Result(**json.loads(_file(module).read_text(encoding="utf-8")))
