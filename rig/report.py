"""What `inv rig.status` tells."""

from __future__ import annotations

from . import build, engine, registry
from .places import state_dir


def rows() -> dict[str, str]:
    """Name -> state, in the order of a person's questions."""
    there = engine.status()
    told = {
        "engine": _engine(there),
        "compose": there.compose or "none",
        "registry": f"running on {registry.ADDRESS}" if registry.status() else "not running",
    }
    present = build.label_of(image.name for image in build.IMAGES) if there.running else {}
    for image in build.IMAGES:
        identity, inputs = present.get(image.name, ("", ""))
        if not identity:
            state = "not built"
        elif inputs != image.inputs:
            state = "built from other inputs"
        elif identity in registry.image_ids(image.repository, image.tags[0]):
            state = f"built and served ({identity.removeprefix('sha256:')[:12]})"
        else:
            state = "built, not served"
        told[f"{image.repository}:{image.tags[0]}"] = state
    told["folder"] = str(state_dir())
    return told


def _engine(there: engine.Engine) -> str:
    if there.running:
        starter = "started by the rig" if there.ours else "not started by the rig"
        return f"{there.version} running, {starter}"
    return "installed, not running" if there.found else "none"
