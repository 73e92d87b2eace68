"""A scratch monorepo on a path with spaces, and a `docker` that records."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.scripts import Shell, lay_scripts


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    root = tmp_path / "a mono repo, with 'quotes'"
    return Shell(root, lay_scripts(root), tmp_path / "bin")
