"""The `kestra` collection; bodies import what they need, so that listing them stays fast."""

from __future__ import annotations

from importlib import import_module

from invoke import Collection

from kestra_tasks.rim import KestraTask

_GROUPS = ("discovery", "integration", "operation", "smoke")


def collect() -> Collection:
    """Gather the tasks of every group into one flat collection."""
    collection = Collection("kestra")
    for group in _GROUPS:
        module = import_module(f"kestra_tasks.tasks.{group}")
        for item in vars(module).values():
            if isinstance(item, KestraTask):
                collection.add_task(item)
    # No `configure`: Invoke would cast INVOKE_KESTRA_* by those defaults, and a value that it
    # can't cast is a traceback; `config` reads and judges them.
    return collection


ns = collect()
