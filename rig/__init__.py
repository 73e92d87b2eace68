"""A real engine, registry, Kestra and Postgres where nothing can be pulled: see `whole.up`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine import Engine
    from .errors import RigError
    from .official import Reach, Verdict
    from .whole import Rig, down, official_reachable, up, wanted

__all__ = [
    "Engine",
    "Reach",
    "Rig",
    "RigError",
    "Verdict",
    "down",
    "official_reachable",
    "up",
    "wanted",
]


def __getattr__(name: str) -> Any:
    # `inv --list` imports `rig.tasks`, and with it this package: it must cost nothing.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import whole

    return getattr(whole, name)
