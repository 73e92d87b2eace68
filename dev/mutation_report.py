"""What `inv mutate` tells: a line a module, and what became of its mutants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_KINDS = {
    "killed": "killed",
    "timeout": "timed out",
    "segfault": "timed out",  # what a CPU limit's SIGKILL is told as
    "survived": "survived",
    "no tests": "no test",
}
_HEAD = ("module", "mutants", "killed", "timed out", "survived", "wording", "no test", "score")


@dataclass(frozen=True)
class Result:
    """What became of one module's mutants.

    Attributes:
        module: such as "core/plan.py".
        source: the module's text that was mutated.
        status: mutmut's word for each mutant, by its name.
        diffs: of each mutant that no test noticed, by its name.
        seconds: that the last run took.
    """

    module: str
    source: str
    status: dict[str, str]
    diffs: dict[str, str]
    seconds: float


def unnoticed(status: dict[str, str]) -> list[str]:
    """The mutants that neither failed a test nor ran for ever."""
    return [n for n, word in status.items() if _kind(word) not in ("killed", "timed out")]


def table(results: Sequence[Result]) -> str:
    """One line a module and one for all.

    The score is the share that a test noticed or that never ended; "wording" is how many of the
    survivors change nothing but the wording of a text.
    """
    rows: list[tuple[str, ...]] = [_HEAD]
    total: Counter[str] = Counter()
    for result in results:
        counted = Counter(_kind(word) for word in result.status.values())
        counted["wording"] = sum(
            is_wording(diff)
            for name, diff in result.diffs.items()
            if result.status[name] == "survived"
        )
        total += counted
        rows.append(_row(result.module, counted))
    if len(results) > 1:
        rows.append(_row("all", total))
    widths = [max(len(row[n]) for row in rows) for n in range(len(_HEAD))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if n else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def is_wording(diff: str) -> bool:
    """Whether a mutant differs only in a text's letters: "XX" around it, or another case."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    before, after = (
        "\n".join(line[1:] for line in lines if line.startswith(sign)).lower() for sign in "-+"
    )
    return bool(before) and before.replace("xx", "") == after.replace("xx", "")


def _kind(word: str) -> str:
    return _KINDS.get(word, "unknown")


def _row(name: str, counted: Counter[str]) -> tuple[str, ...]:
    mutants = counted.total() - counted["wording"]
    noticed = counted["killed"] + counted["timed out"]
    score = f"{100 * noticed / mutants:.1f} %" if mutants else "-"
    return (name, str(mutants), *(str(counted[kind]) for kind in _HEAD[2:-1]), score)
