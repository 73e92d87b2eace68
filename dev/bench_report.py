"""What every benchmark shares: timing side by side, rows, and how they are told."""

from __future__ import annotations

import math
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Series = Mapping[str, Sequence[tuple[float, float]]]
_COLOURS = ("#1f6feb", "#d1590a", "#2da44e", "#8250df")
_WIDTH, _HEIGHT, _LEFT, _BELOW, _TOP, _RIGHT = 640, 300, 64, 44, 36, 150


@dataclass(frozen=True)
class Row:
    """One comparison; `value` is what the goal is about.

    Attributes:
        ours, bare: what was measured of ours and of the bare tool, in `unit`; None where there
            is no such thing.
        goal: the most that `value` may be; None for a figure that is only told.
    """

    name: str
    unit: str
    ours: float | None
    bare: float | None
    value: float
    goal: float | None
    form: str = "{:.2f}"

    @property
    def met(self) -> bool | None:
        return None if self.goal is None else self.value <= self.goal


@dataclass
class Measured:
    """Rows of one benchmark, and its curves (seconds by size) for the plot."""

    rows: list[Row] = field(default_factory=list)
    title: str = ""
    size: str = ""
    curves: dict[str, list[tuple[float, float]]] = field(default_factory=dict)


def ratio(name: str, unit: str, ours: float, bare: float, goal: float | None) -> Row:
    return Row(name, unit, ours, bare, ours / bare, goal, "x {:.2f}")


def over(name: str, unit: str, ours: float, bare: float, goal: float | None) -> Row:
    """A row on the difference, in `unit`."""
    return Row(name, unit, ours, bare, ours - bare, goal, "{:+.0f}" if unit == "ms" else "{:+.2f}")


def interleave(
    bodies: Mapping[str, Callable[[], float]], rounds: int, *, warm: bool = True
) -> dict[str, float]:
    """Run each body once if `warm`, then all in turn `rounds` times; the median of each."""
    for body in bodies.values() if warm else ():
        body()
    names = list(bodies)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        # Back and forth, so that a load which comes or goes doesn't favour one of them.
        for name in names if number % 2 == 0 else reversed(names):
            taken[name].append(bodies[name]())
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def timed(argv: Sequence[str], cwd: Path, env: Mapping[str, str] | None = None) -> float:
    """Seconds that a command takes whose output is thrown away; its exit code is its own."""
    begun = time.perf_counter()
    subprocess.run(
        list(argv),
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return time.perf_counter() - begun


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The rise of y by x of the line that fits the points best.

    Raises:
        statistics.StatisticsError: fewer than two different x.
    """
    return statistics.linear_regression(*zip(*points, strict=True)).slope


def machine() -> dict[str, Any]:
    """What the figures depend on, the load of others included."""
    return {
        "cpus": os.cpu_count(),
        "load": [round(load, 1) for load in os.getloadavg()],
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
    }


def table(rows: Sequence[Row]) -> str:
    """The rows as text, columns aligned."""
    cells = [("", "ours", "bare", "compared", "goal", "")]
    for row in rows:
        verdict = {None: "", True: "met", False: "MISSED"}[row.met]
        goal = "" if row.goal is None else f"<= {row.form.format(row.goal)}"
        both = (_number(row.ours, row.unit), _number(row.bare, row.unit))
        shown = row.form.format(row.value) if row.bare is not None else ""
        cells.append((row.name, *both, shown, goal, verdict))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = (
        "  ".join(
            c.ljust(w) if i == 0 else c.rjust(w)
            for i, (c, w) in enumerate(zip(line, widths, strict=True))
        )
        for line in cells
    )
    return "\n".join(line.rstrip() for line in lines)


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f} {unit}".rstrip()


def document(
    rows: Sequence[Row], curves: Mapping[str, Series], context: dict[str, Any]
) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "schema": "kestra-tasks/bench/1",
        **context,
        "rows": [{**asdict(row), "met": row.met} for row in rows],
        "curves": {
            title: {k: list(v) for k, v in found.items()} for title, found in curves.items()
        },
    }


def plot(panels: Sequence[tuple[str, str, Series]]) -> str:
    """Panels one below the other as SVG: (title, what x counts, curves of seconds by size).

    Both axes are logarithmic: a cost that grows with the size is a line of slope one.
    """
    parts = [_panel(*panel, number * _HEIGHT) for number, panel in enumerate(panels)]
    height = _HEIGHT * len(panels)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'font-family="sans-serif" font-size="12">\n'
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>\n' + "".join(parts) + "</svg>\n"
    )


def _panel(title: str, size: str, curves: Series, offset: int) -> str:
    xs = sorted({x for points in curves.values() for x, _ in points})
    ys = [y for points in curves.values() for _, y in points]
    low, high = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))
    right, bottom = _WIDTH - _RIGHT, offset + _HEIGHT - _BELOW
    across = math.log10(xs[-1] / xs[0]) or 1
    upwards = (high - low) or 1

    def place(x: float, y: float) -> tuple[float, float]:
        part = math.log10(x / xs[0]) / across
        rise = (math.log10(y) - low) / upwards
        return (
            round(_LEFT + part * (right - _LEFT), 1),
            round(bottom - rise * (bottom - offset - _TOP), 1),
        )

    out = [f'<text x="{_LEFT}" y="{offset + 20}" font-weight="bold">{_escape(title)}</text>\n']
    for power in range(low, high + 1):
        y = place(xs[0], 10.0**power)[1]
        out.append(f'<path d="M{_LEFT} {y}H{right}" stroke="#d0d7de"/>')
        out.append(
            f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{10.0**power:g} s</text>\n'
        )
    for x in xs:
        at = place(x, ys[0])[0]
        out.append(f'<text x="{at}" y="{bottom + 18}" text-anchor="middle">{x:g}</text>\n')
    out.append(f'<text x="{right}" y="{bottom + 36}" text-anchor="end">{_escape(size)}</text>\n')
    for number, (name, points) in enumerate(curves.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        dots = [place(x, y) for x, y in points]
        line = " ".join(f"{x},{y}" for x, y in dots)
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in dots]
        label = f'x="{right + 10}" y="{offset + _TOP + 18 * number + 6}" fill="{colour}"'
        out.append(f"<text {label}>{_escape(name)}</text>\n")
    return "".join(out)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
