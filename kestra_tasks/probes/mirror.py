"""The monorepo as a plan leaves it, laid out in a temporary folder: links around planned files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from kestra_tasks.core.tree import File

_Nodes: TypeAlias = "dict[str, _Nodes | File | None]"


@contextmanager
def mirrored(root: Path, files: Mapping[str, File | None]) -> Iterator[Path]:
    """Yield a folder that stands for "/": in it `root` has `files`, all else leads to the real.

    Folders on the way to a planned file are real ones full of links to their neighbours, up
    to the top, so that every relative path means what it will mean, `..` beyond the root too.

    Args:
        root: absolute.
        files: planned content by path relative to the root; None for a file that goes.
    """
    nodes: _Nodes = {}
    for path, file in files.items():
        parts = [*root.parts[1:], *path.split("/")]
        place = nodes
        for part in parts[:-1]:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):  # a planned file where another needs a folder
                break
            place = inner
        else:
            place[parts[-1]] = file
    with tempfile.TemporaryDirectory(prefix="kestra-tasks-") as top:
        _lay(Path(root.anchor), Path(top), nodes)
        yield Path(top)


def _lay(real: Path, here: Path, nodes: _Nodes) -> None:
    for name in _names(real):
        if name not in nodes:
            (here / name).symlink_to(real / name)
    for name, node in nodes.items():
        if isinstance(node, dict):
            (here / name).mkdir(mode=0o700)
            _lay(real / name, here / name, node)
        elif node is not None:
            (here / name).touch(mode=0o600)  # it may hold secrets
            (here / name).write_bytes(node.data)


def _names(folder: Path) -> list[str]:
    """What is in `folder`; nothing where it isn't there or can't be listed."""
    try:
        return [entry.name for entry in folder.iterdir()]
    except OSError:
        return []
