"""The steps in their order; each module plans one group of the task list's rows, purely."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from kestra_tasks.core.plan import Step
from kestra_tasks.errors import UsageError

# env comes before compose: an included file with env_file fails without the .env.
_ORDER = (
    ("scaffold", "2.1-2.4, 4.1-4.3"),
    ("env", "3.2"),
    ("compose", "3.1"),
    ("manifest", "3.3"),
    ("stacks", "3.4"),
    ("healthcheck", "3.6"),
    ("launcher", "3.5"),
    ("docs", "5.2"),
    ("openspec", "5.4"),
)
NAMES = tuple(name for name, _ in _ORDER)


def select(only: Iterable[str] | None = None, skip: Iterable[str] = ()) -> list[Step]:
    """The steps to run, in order.

    Raises:
        UsageError: a name that is no step.
    """
    wanted = set(NAMES if only is None else only)
    for name in sorted((wanted | set(skip)) - set(NAMES)):
        raise UsageError(f"no step is called {name!r}", f"steps are: {', '.join(NAMES)}")
    steps = []
    for name, rows in _ORDER:
        if name in wanted and name not in set(skip):
            module = import_module(f"kestra_tasks.steps.{name}")
            steps.append(Step(name, rows, module.plan, module.undo))
    return steps
