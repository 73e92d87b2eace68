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
    collection.configure({"kestra": _defaults()})
    return collection


def _defaults() -> dict[str, object]:
    from kestra_tasks.settings import NAMES, Settings

    plain = Settings()
    return {
        name: list(value) if isinstance(value := getattr(plain, name), tuple) else value
        for name in NAMES
    }


ns = collect()
