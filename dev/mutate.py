"""`inv mutate`."""

from __future__ import annotations

from invoke import Context, task

_HELP = {
    "only": "Some modules: core/plan.py, core.plan or core; once for each.",
    "show": "Show the diffs of the last run's survivors; run nothing.",
    "again": "Run only what survived the last time, where the module is as it was then.",
    "jobs": "Processes side by side.",
}


@task(name="mutate", auto_shortflags=False, iterable=["only"], help=_HELP)
def mutate(
    _context: Context,
    only: list[str] | None = None,
    show: bool = False,
    again: bool = False,
    jobs: int = 1,
) -> None:
    """Change core/ and steps/ in one place at a time, and tell which changes no test notices."""
    from dev import mutation

    mutation.run(only or (), jobs, show=show, again=again)
