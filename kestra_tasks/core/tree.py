"""The monorepo as the steps see it: paths and bytes, with planned edits laid over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class File:
    """A file's content and permission bits.

    Attributes:
        data: the whole content, bytes.
        mode: permission bits, such as 0o644; only the run bits matter to a plan.
    """

    data: bytes
    mode: int = 0o644

    @property
    def executable(self) -> bool:
        return bool(self.mode & 0o111)

    @property
    def text(self) -> str:
        """The content as text; bytes that aren't UTF-8 survive a round trip through `of`."""
        return self.data.decode("utf-8", "surrogateescape")

    @classmethod
    def of(cls, text: str, mode: int = 0o644) -> File:
        return cls(text.encode("utf-8", "surrogateescape"), mode)

    def same_as(self, other: File | None) -> bool:
        """Whether content and run bit are equal."""
        return other is not None and self.data == other.data and self.executable == other.executable


@dataclass(frozen=True)
class Tree:
    """A read-only view of the monorepo.

    Attributes:
        files: paths relative to the root, "/" between the parts; may be lazy.
        overlay: paths that planned edits write (File) or delete (None).
    """

    files: Mapping[str, File]
    overlay: Mapping[str, File | None] = field(default_factory=dict)

    def read(self, path: str) -> File | None:
        """Return the file at `path`, or None where there is none."""
        if path in self.overlay:
            return self.overlay[path]
        return self.files.get(path)

    def names(self, folder: str) -> tuple[str, ...] | None:
        """What lies in `folder`, sorted; None where there is no such folder."""
        below = f"{folder}/"
        look = getattr(self.files, "names", None)
        listed: tuple[str, ...] | None
        if look is not None:
            listed = look(folder)
        else:
            listed = tuple(path[len(below) :] for path in self.files if path.startswith(below))
        found = {name.split("/")[0] for name in listed or ()}
        for path, file in self.overlay.items():
            if path.startswith(below):
                name = path[len(below) :].split("/")[0]
                if file is not None:
                    found.add(name)
                elif path == below + name:
                    found.discard(name)
        there = bool(found) or (look is not None and listed is not None)
        return tuple(sorted(found)) if there else None

    def with_file(self, path: str, file: File | None) -> Tree:
        return Tree(self.files, {**self.overlay, path: file})
