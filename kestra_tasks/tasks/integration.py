"""Tasks that write the monorepo's files: one a step, and all of them together."""

from __future__ import annotations

from kestra_tasks.rim import Rim, kestra_task


@kestra_task(json=True)
def check(rim: Rim) -> None:
    """Say whether the monorepo is integrated as its settings ask; exit 2 if not."""
    rim.answer({"schema": "x", "s": repr(rim.settings)}, lambda: print(rim.settings))
