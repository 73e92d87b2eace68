"""The monorepo's files, read when a step first asks for them and never again."""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from kestra_tasks.core.tree import File, Tree
from kestra_tasks.errors import PreconditionError


class DiskFiles(Mapping[str, File]):
    """Files below a root by relative path; each is read once, so a plan sees one state.

    Raises:
        PreconditionError: from a look-up, where a path can't be read, is a folder, or
            leaves the root through a symbolic link.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._seen: dict[str, File | None] = {}
        self._listed: dict[str, tuple[str, ...] | None] = {}

    def __getitem__(self, path: str) -> File:
        if path not in self._seen:
            self._seen[path] = self._load(path)
        found = self._seen[path]
        if found is None:
            raise KeyError(path)
        return found

    def names(self, folder: str) -> tuple[str, ...] | None:
        """What lies in a folder, sorted; None where there is no such folder inside the root."""
        if folder not in self._listed:
            self._listed[folder] = self._list(folder)
        return self._listed[folder]

    def _list(self, folder: str) -> tuple[str, ...] | None:
        try:
            place = (self.root / folder).resolve()
            if not place.is_relative_to(self.root) or not place.is_dir():
                return None
            return tuple(sorted(item.name for item in place.iterdir()))
        except (OSError, RuntimeError) as error:
            raise PreconditionError(f"{folder} can't be listed: {error}") from error

    def _load(self, path: str) -> File | None:
        place = self.root / path
        try:
            real = place.resolve()
            if not real.is_relative_to(self.root):
                raise PreconditionError(
                    f"{path} leaves the monorepo: it leads to {real}",
                    "replace the symbolic link, or set another path in invoke.yaml",
                )
            mode = place.stat().st_mode
            if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                raise PreconditionError(
                    f"{path} isn't a regular file", "move it away, or set another path"
                )
            return File(place.read_bytes(), stat.S_IMODE(mode))
        except RuntimeError as error:  # how Path.resolve tells of links in a circle
            raise PreconditionError(f"{path} is a symbolic link in a circle") from error
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                return None
            raise PreconditionError(f"{path} can't be read: {error.strerror}") from error

    def __iter__(self) -> Iterator[str]:
        return iter(self._seen)

    def __len__(self) -> int:
        return len(self._seen)


def read_tree(root: Path) -> Tree:
    """The tree at `root` as the steps take it."""
    return Tree(DiskFiles(root))
