"""OpenSpec's own tool, pinned, run on the change that the step wrote."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from kestra_tasks.errors import ChildError, PreconditionError
from kestra_tasks.ops import node as nodes
from kestra_tasks.ops.runner import Result, Runner
from kestra_tasks.rim import Rim
from kestra_tasks.settings import Settings
from kestra_tasks.steps.openspec import CHANGE, folder
from kestra_tasks.templates import load

_PACKAGE = "@fission-ai/openspec"
_PROGRAM = f"node_modules/{_PACKAGE}/bin/openspec.js"
_FILES = ("package.json", "package-lock.json")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_REPORT = "openspec-report.md"
_INSTALL_SECONDS = 600
_RUN_SECONDS = 120


def openspec(rim: Rim, *, force: bool, validate: bool) -> None:
    """Write the change; with `validate`, run the tool on it and keep its report.

    Raises:
        PreconditionError: there is no change to validate, no Node.js, or no room for the tool.
        ChildError: the tool has findings, or can't be installed.
    """
    from kestra_tasks import integration

    # One document on stdout: the validation's, where there is one.
    quiet = validate and not rim.dry_run
    integration.carry_out(replace(rim, json=False) if quiet else rim, ["openspec"], force=force)
    if quiet:
        _validate(rim)


@dataclass(frozen=True)
class Report:
    """What the tool said of the change in `folder`; versions of the tool and of Node.js."""

    valid: bool
    folder: str
    tool: str
    node: str
    output: str


def check(root: Path, settings: Settings, runner: Runner) -> Report | None:
    """Run the tool on the change; None where the monorepo has none.

    Raises:
        PreconditionError: there is no Node.js, or no room for the tool.
        ChildError: the tool can't be installed.
    """
    from kestra_tasks.probes.tree import read_tree

    place = folder(read_tree(root), settings)
    if place is None or not (root / place / "changes" / CHANGE).is_dir():
        return None
    node = nodes.find(runner)
    tool = _installed(runner, node)
    with _working_folder(root, place) as where:
        done = _run(Runner(where), node, tool)
    version = json.loads(load("openspec-tool/package.json"))["dependencies"][_PACKAGE]
    text = _COLOUR.sub("", done.out + done.err).strip()
    return Report(done.ok, place, version, node.version, text)


def _validate(rim: Rim) -> None:
    found = check(rim.root, rim.settings, Runner(rim.root, rim.say))
    if found is None:
        raise PreconditionError(
            f"there is no change {CHANGE} to validate",
            "write one: `create: [openspec]` in invoke.yaml, then inv kestra.openspec",
        )
    # Below a folder that our own .gitignore keeps out of commits.
    report = posixpath.join(rim.settings.kestra_dir, "tmp", _REPORT)
    _save(rim.root / report, _document(found))
    document = {
        "schema": "kestra-tasks/openspec/1",
        "change": CHANGE,
        **asdict(found),
        "report": report,
    }
    rim.answer(document, lambda: print(found.output))
    rim.say(f"report for a pull request: {report}")
    if not found.valid:
        raise ChildError(
            f"OpenSpec {found.tool} has findings on {CHANGE}",
            f"mend {found.folder}/changes/{CHANGE}, then inv kestra.openspec --validate",
        )


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where the tool is kept: one folder for each lock file."""
    digest = hashlib.sha256("".join(map(_shipped, _FILES)).encode()).hexdigest()[:12]
    base = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME") or "~").expanduser() / ".cache"
    return Path(base) / "kestra-tasks" / f"openspec-{digest}"


def _installed(runner: Runner, node: nodes.Node) -> Path:
    """The tool's folder, installed from the shipped lock file where it isn't there yet."""
    place = cache_folder(os.environ)
    if (place / _PROGRAM).is_file():
        return place
    runner.say(f"installing {_PACKAGE} into {place} (once)")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".new-") as made:
            for name in _FILES:
                (Path(made) / name).write_text(_shipped(name), encoding="utf-8")
            argv = [*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            env = {"PATH": node.path()}
            done = Runner(Path(made)).query(argv, timeout=_INSTALL_SECONDS, env=env)
            if not done.ok:
                raise _not_installed(done)
            Path(made).chmod(0o755)
            # Another run may have been faster: then its folder stays.
            if not place.exists():
                Path(made).rename(place)
                Path(made).mkdir()
    except OSError as error:
        raise PreconditionError(
            f"{place} can't be written: {error.strerror}", "set XDG_CACHE_HOME to a folder of yours"
        ) from error
    return place


def _not_installed(done: Result) -> ChildError:
    lines = [line for line in (done.err + done.out).splitlines() if "npm error" in line]
    words = lines[0].removeprefix("npm error").strip() if lines else "it gave no reason"
    return ChildError(
        f"npm couldn't install {_PACKAGE}: {words}", "is the npm registry in reach? npm ping"
    )


def _run(runner: Runner, node: nodes.Node, tool: Path) -> Result:
    argv = [*node.argv, str(tool / _PROGRAM), "validate", CHANGE, "--strict", "--no-interactive"]
    settings = {
        "OPENSPEC_TELEMETRY": "0",
        "NO_COLOR": "1",
        # Its own settings file would land in the user's home.
        "XDG_CONFIG_HOME": str(tool / "config"),
    }
    return runner.query(argv, timeout=_RUN_SECONDS, env={**settings, "PATH": node.path()})


@contextmanager
def _working_folder(root: Path, place: str) -> Iterator[Path]:
    """The folder above openspec/, which is what the tool looks for."""
    if posixpath.basename(place) == "openspec":
        yield (root / place).parent
        return
    with tempfile.TemporaryDirectory(prefix="kestra-openspec-") as made:
        (Path(made) / "openspec").symlink_to(root / place)
        yield Path(made)


def _shipped(name: str) -> str:
    return load(f"openspec-tool/{name}")


def _document(found: Report) -> str:
    verdict = "valid, no findings" if found.valid else "findings"
    return (
        f"## OpenSpec: `{CHANGE}`: {verdict}\n\n"
        f"`openspec validate {CHANGE} --strict` (OpenSpec {found.tool}, Node.js {found.node}, "
        f"`{found.folder}/`)\n\n```text\n{found.output}\n```\n"
    )


def _save(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise PreconditionError(f"{path} can't be written: {error.strerror}") from error
