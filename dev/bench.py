"""`inv bench`: what ours costs beside the bare tools, measured in one run."""

from __future__ import annotations

import json
import time
from pathlib import Path

from invoke import Context, Exit, task

from dev.chores import say

_HELP = {
    "assert": "Fail where a goal is missed.",
    "small": "Smaller trees and fewer rounds: a minute and a half.",
    "only": "Some of them: list, discover, integrate, up, health, launcher.",
    "json": "Write the figures to this file.",
    "svg": "Write the plot of cost against size to this file.",
}


@task(name="bench", auto_shortflags=False, iterable=["only"], help=_HELP)
def bench(
    _context: Context,
    assert_: bool = False,
    small: bool = False,
    json: str = "",
    svg: str = "",
    only: list[str] | None = None,
) -> None:
    """Measure what ours costs beside the bare tools; goals count only with --assert."""
    rows = run(small=small, only=tuple(only or ()), json_file=json, svg_file=svg)
    if assert_ and rows:
        raise Exit(f"{len(rows)} goals are missed: {'; '.join(rows)}", code=1)


def run(*, small: bool, only: tuple[str, ...], json_file: str, svg_file: str) -> list[str]:
    """Run the benchmarks and tell them; the names of the rows that miss their goals.

    Raises:
        Exit: a name of `only` that is none.
    """
    from dev import (
        bench_discover,
        bench_health,
        bench_integrate,
        bench_launcher,
        bench_list,
        bench_report,
        bench_up,
    )

    modules = {
        "list": bench_list,
        "discover": bench_discover,
        "integrate": bench_integrate,
        "up": bench_up,
        "health": bench_health,
        "launcher": bench_launcher,
    }
    if unknown := sorted(set(only) - set(modules)):
        raise Exit(f"no benchmark is called {unknown[0]}: {', '.join(modules)}", code=1)
    before, begun = bench_report.machine(), time.monotonic()
    found = {}
    skipped = {}
    for name, module in modules.items():
        if only and name not in only:
            continue
        say(f"  {name}")
        try:
            found[name] = module.measure(small=small)
        except bench_up.Skipped as reason:
            skipped[name] = str(reason)
    after = bench_report.machine()
    rows = [row for measured in found.values() for row in measured.rows]
    panels = [(m.title, m.size, m.curves) for m in found.values() if m.curves]
    print(bench_report.table(rows))
    for name, why in skipped.items():
        print(f"{name}: skipped: {why}")
    print(
        f"\nmedians; ours and bare taken in turn in this run ({time.monotonic() - begun:.0f} s), "
        f"{before['cpus']} CPUs, load {before['load'][0]} before and {after['load'][0]} after"
    )
    if json_file:
        context = {"small": small, "machine": before, "load_after": after["load"]}
        curves = {title: lines for title, _, lines in panels}
        text = json.dumps(
            bench_report.document(rows, curves, {**context, "skipped": skipped}), indent=2
        )
        Path(json_file).write_text(text + "\n", encoding="utf-8")
    if svg_file and panels:
        Path(svg_file).write_text(bench_report.plot(panels), encoding="utf-8")
    return [row.name for row in rows if row.met is False]
