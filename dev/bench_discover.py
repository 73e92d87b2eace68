"""`kestra.discover` beside the search that it can't do without, on trees that grow."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from dev.bench_report import Measured, Row, interleave, over, ratio, slope, timed

SIZES, SMALL = (1_000, 10_000, 50_000, 100_000), (1_000, 5_000)
OVER_MS, STEEPER, MEMORY_MIB, FLAT = 600, 1.1, 64, 1.1
_LINE = "export const value = compute(input, options); // nothing to see in this line\n"
_TASKS = (
    "from invoke import Collection\nfrom kestra_tasks import ns as kestra\n"
    "ns = Collection()\nns.add_collection(kestra, name='kestra')\n"
)
_COMPOSE = "services:\n  app{0}:\n    image: busybox:1.36\n    ports: ['{1}:80']\n"


def measure(*, small: bool) -> Measured:
    """Both on warm trees of source files of 600 bytes, one in 500 of which names Kestra."""
    from kestra_tasks.probes.search import find_ripgrep

    rg = find_ripgrep()
    if rg is None:
        raise RuntimeError("ripgrep isn't installed")
    rows, memory = [], []
    curves: dict[str, list[tuple[float, float]]] = {"kestra.discover": [], "rg -n kestra": []}
    ours = [str(Path(sys.executable).with_name("inv")), "kestra.discover", "--json"]
    for size in SMALL if small else SIZES:
        with TemporaryDirectory(prefix="kestra-bench-") as made:
            root = Path(made)
            grow(root, size)
            bodies = {
                "ours": lambda root=root: timed(ours, root),
                "bare": lambda root=root: timed([rg, "-n", "kestra", "."], root),
            }
            taken = interleave(bodies, 3 if small else 7)
            memory.append(peak(ours, root))
        curves["kestra.discover"].append((size, taken["ours"]))
        curves["rg -n kestra"].append((size, taken["bare"]))
        ms = {name: seconds * 1000 for name, seconds in taken.items()}
        rows.append(
            over(f"discover, {size:,} files: over rg alone", "ms", ms["ours"], ms["bare"], OVER_MS)
        )
    us = [slope(points) * 1e6 for points in curves.values()]
    # A few thousand files cost 20 ms: too little to judge a slope by.
    steeper = None if small else STEEPER
    rows.append(ratio("discover: cost of a further file / rg's", "us", us[0], us[1], steeper))
    most = max(memory)
    rows.append(Row("discover: peak memory", "MiB", most, None, most, MEMORY_MIB, "{:.0f}"))
    rows.append(
        ratio("discover: peak memory, largest / smallest tree", "MiB", memory[-1], memory[0], FLAT)
    )
    return Measured(rows, "kestra.discover beside rg -n kestra", "files in the tree", curves)


def grow(root: Path, size: int) -> None:
    """Write `size` files below `root`, a hundred a folder, four compose files and tasks.py."""
    (root / "tasks.py").write_text(_TASKS, encoding="utf-8")
    for number in range(4):
        text = _COMPOSE.format(number, 3000 + number)
        (root / f"compose.{number}.yml").write_text(text, encoding="utf-8")
    for number in range(size - 5):
        if number % 100 == 0:
            folder = root / f"apps/part{number // 10_000}/src{number // 100}"
            folder.mkdir(parents=True)
        text = _LINE * 8 + ("# see kestra\n" if number % 500 == 0 else "")
        (folder / f"file{number}.ts").write_text(text, encoding="utf-8")


def peak(argv: list[str], cwd: Path) -> float:
    """The most memory that a command had at once, in MiB.

    Of the process itself, from /proc: what the kernel tells its parent in the end counts the
    parent's own memory as well, from before the exec.
    """
    with subprocess.Popen(
        argv,
        cwd=cwd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    ) as child:
        most = 0
        while child.poll() is None:
            try:
                status = Path(f"/proc/{child.pid}/status").read_text(encoding="ascii")
            except OSError:
                break
            lines = [line for line in status.splitlines() if line.startswith("VmHWM:")]
            most = max(most, *(int(line.split()[1]) for line in lines), 0)
            time.sleep(0.003)
    return most / 1024
