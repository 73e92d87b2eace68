"""What the browser tests need: Debian's Chromium, and axe-core from npm."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from dev.chores import ROOT
from kestra_tasks.errors import PreconditionError
from kestra_tasks.ops import node as nodes
from kestra_tasks.ops.runner import Runner

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_TESTS = ROOT / "tests" / "browser"


def find_chromium() -> str | None:
    """The path of a Chromium, None where there is none."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


def ensure(say: Callable[[str], None]) -> str:
    """The path of a Chromium; installed by apt where there is none, announced first.

    Raises:
        PreconditionError: there is none and it can't be installed; the hint is what to type.
    """
    found = find_chromium()
    if found:
        return found
    hint = "install chromium with your package manager"
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (sudo and not shutil.which("sudo")):
        raise PreconditionError("the browser tests need a Chromium, and there is none", hint)
    say("no Chromium here: installing Debian's chromium (apt-get, about 100 MB)")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for argv in (
        [*sudo, "apt-get", "-qq", "update"],
        [*sudo, "apt-get", "-qq", "-y", "install", "--no-install-recommends", "chromium"],
    ):
        done = subprocess.run(
            argv, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        if done.returncode:
            words = done.stderr.decode("utf-8", "replace").strip().splitlines()
            last = words[-1] if words else "it printed nothing"
            raise PreconditionError(f"apt-get failed: {last}", f"sudo {' '.join(argv[-4:])}")
    found = find_chromium()
    if found is None:
        raise PreconditionError("apt-get installed no Chromium", hint)
    return found


def axe() -> Path:
    """axe-core's script, fetched by npm as tests/browser/package-lock.json pins it.

    Raises:
        PreconditionError: there is no npm, or it failed.
    """
    script = _TESTS / "node_modules" / "axe-core" / "axe.min.js"
    # Test processes may come here side by side.
    with (_TESTS / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not script.is_file():
            runner = Runner(_TESTS)
            node = nodes.find(runner)
            argv = [*node.npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            done = runner.query(argv, timeout=None, env={"PATH": node.path()})
            if not done.ok or not script.is_file():
                words = done.err.strip().splitlines() or ["it printed nothing"]
                raise PreconditionError(f"npm ci in tests/browser failed: {words[-1]}")
    return script
