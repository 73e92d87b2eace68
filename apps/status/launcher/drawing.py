"""Small pictures as numbers for inline SVG: a line of latencies, a strip of states."""

from __future__ import annotations

from collections.abc import Sequence

from launcher.history import SLOTS, Slot

WIDTH = SLOTS
HEIGHT = 24
# Below this the line would magnify noise into mountains.
_LEAST_MS = 20.0


def sparkline(slots: Sequence[Slot | None]) -> tuple[str, str]:
    """SVG path data of the latencies' line and of the area below it; "" without any.

    One unit a half minute across, 0 to HEIGHT down; the highest mean reaches the top.
    """
    points = [slot.mean_ms if slot else None for slot in slots]
    known = [point for point in points if point is not None]
    if not known:
        return "", ""
    most = max(*known, _LEAST_MS)
    line, area = [], []
    for first, heights in _stretches(points):
        marks = [
            f"{first + i + 0.5:g} {HEIGHT - 1 - (HEIGHT - 3) * ms / most:.1f}"
            for i, ms in enumerate(heights)
        ]
        if len(marks) == 1:  # a lone point has no length; give it one
            marks.append(f"{first + 1:g} {marks[0].split()[1]}")
        line.append("M" + "L".join(marks))
        left, right = marks[0].split()[0], marks[-1].split()[0]
        area.append(f"M{left} {HEIGHT}L{'L'.join(marks)}L{right} {HEIGHT}Z")
    return "".join(line), "".join(area)


def strip(slots: Sequence[Slot | None]) -> list[tuple[int, int, str]]:
    """Stretches of equal state: first half minute, how many, the state's word."""
    runs: list[tuple[int, int, str]] = []
    for number, slot in enumerate(slots):
        if slot is None:
            continue
        word = str(slot.status)
        if runs and runs[-1][2] == word and sum(runs[-1][:2]) == number:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1, word)
        else:
            runs.append((number, 1, word))
    return runs


def _stretches(points: Sequence[float | None]) -> list[tuple[int, list[float]]]:
    """Runs of known points; a gap of one half minute doesn't break the line."""
    runs: list[tuple[int, list[float]]] = []
    for number, point in enumerate(points):
        if point is None:
            continue
        end = runs[-1][0] + len(runs[-1][1]) if runs else -9
        if end == number:
            runs[-1][1].append(point)
        elif end == number - 1:
            runs[-1][1].extend((point, point))
        else:
            runs.append((number, [point]))
    return runs
