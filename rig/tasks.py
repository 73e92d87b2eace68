"""`inv rig.*`: the engine, the registry and the images that the tests run on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from invoke import Collection, Context, Exit, task


def _told(body: Callable[[], Any]) -> Any:
    """Run a body, telling its expected failures as a message, a hint and an exit code."""
    from kestra_tasks.errors import KestraTasksError

    try:
        return body()
    except KestraTasksError as error:
        raise Exit(f"{error.message}\n{error.hint}".rstrip(), code=int(error.code)) from None


@task(auto_shortflags=False)
def up(_context: Context) -> None:
    """Have the engine, the registry and the images, making what is missing."""
    import rig

    _told(rig.up)
    _show(as_json=False)


@task(auto_shortflags=False)
def down(_context: Context) -> None:
    """Stop the registry and the engine that the rig started; images stay."""
    import rig

    _told(rig.down)


@task(auto_shortflags=False, name="status", help={"json": "Answer with one JSON document."})
def status_(_context: Context, json: bool = False) -> None:
    """Show what runs and what is built."""
    _show(as_json=json)


@task(auto_shortflags=False, help={"force": "Build anew even what is up to date."})
def build(_context: Context, force: bool = False) -> None:
    """Build and push the rig's images."""
    from . import build as images
    from . import engine, registry
    from .places import locked
    from .shell import say_to_stderr as say

    def body() -> None:
        with locked():
            engine.ensure(say)
            registry.ensure(say)
            images.ensure(say, force=force)

    _told(body)


def _show(*, as_json: bool) -> None:
    from .report import rows

    told = rows()
    if as_json:
        print(json.dumps({"schema": "kestra-rig/status-1", **told}, indent=2))
        return
    width = max(map(len, told))
    for name, value in told.items():
        print(f"{name:<{width}}  {value}")


ns = Collection("rig", up, down, status_, build)
