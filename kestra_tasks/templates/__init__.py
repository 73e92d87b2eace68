"""Templates of the files that the steps write, shipped as files of their own."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def load(name: str) -> str:
    """The text of the template `name`, such as "managed/compose.yml"."""
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
