"""What the collection costs to load: `inv --list` beside the same with one empty task."""

from __future__ import annotations

import compileall
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from dev.bench_report import Measured, interleave, ratio, timed
from dev.chores import ROOT

GOAL = 1.15
_EMPTY = """\
from invoke import Collection, task
@task
def one(c):
    '''One.'''
ns = Collection(one)
"""
_OURS = (
    "from invoke import Collection\nfrom kestra_tasks import ns as kestra\n"
    "ns = Collection()\nns.add_collection(kestra, name='kestra')\n"
)


def measure(*, small: bool) -> Measured:
    """The collection where there is nothing else, and this repository with its chores."""
    # Invoke writes no .pyc; `./inv` and pip do.
    for name in ("kestra_tasks", "dev", "rig"):
        compileall.compile_dir(ROOT / name, quiet=1)
    argv = [str(Path(sys.executable).with_name("inv")), "--list"]
    with TemporaryDirectory(prefix="kestra-bench-") as made:
        top = Path(made)
        for name, text in (("bare", _EMPTY), ("ours", _OURS), ("bare here", _EMPTY)):
            (top / name).mkdir()
            (top / name / "tasks.py").write_text(text, encoding="utf-8")
        # The same settings: Invoke reads them with a parser in pure Python.
        shutil.copy(ROOT / "invoke.yaml", top / "bare here")
        places = {**{p.name: p for p in top.iterdir()}, "here": ROOT}
        bodies = {name: lambda p=place: timed(argv, p) for name, place in places.items()}
        taken = interleave(bodies, 11 if small else 31)
    ms = {name: seconds * 1000 for name, seconds in taken.items()}
    return Measured(
        [
            ratio(
                "inv --list: kestra_tasks / an empty collection", "ms", ms["ours"], ms["bare"], GOAL
            ),
            ratio(
                "inv --list: this repository / an empty collection",
                "ms",
                ms["here"],
                ms["bare here"],
                GOAL,
            ),
        ]
    )
