"""The whole rig, had or stopped: engine, registry and images, one after the other."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from . import build, engine, official, registry
from .engine import Engine
from .errors import RigError as RigError
from .official import Reach
from .official import Verdict as Verdict
from .places import locked
from .shell import Say, ask, say_to_stderr

STANDIN_LABEL = "dev.kestra-rig.standin"


@dataclass(frozen=True)
class Rig:
    """What is ready to be used.

    Attributes:
        engine: the Docker engine, running.
        env: variables that name the images where it doesn't; empty where official names do.
        standin: what those names bring is the rig's stand-in, not the official image.
    """

    engine: Engine
    env: dict[str, str] = field(default_factory=dict)
    standin: bool = False


def wanted() -> bool:
    """Whether the rig's own images are wanted; KESTRA_RIG=off means the official ones."""
    return os.environ.get("KESTRA_RIG", "").lower() not in {"off", "0", "no", "false"}


def up(say: Say = say_to_stderr, *, images: bool | None = None, install: bool = True) -> Rig:
    """Have an engine and, unless `images` is False (default: `wanted()`), registry and images.

    Idempotent, under a second when all is there. What is installed, started or built is said
    before it is done. One at a time on a machine.

    Raises:
        RigError: with the commands to type; code 3 where something is missing that it can't bring.
    """
    with locked():
        there = engine.ensure(say, install=install)
        if not (wanted() if images is None else images):
            _official_only(there, say)
            return Rig(there)
        registry.ensure(say)
        build.ensure(say)
    env = {} if there.ours else {
        "KESTRA_IMAGE": build.KESTRA.name,
        "KESTRA_POSTGRES_IMAGE": build.POSTGRES.name,
    }  # fmt: skip
    return Rig(there, env=env, standin=True)


def down(say: Say = say_to_stderr) -> None:
    """Stop what the rig started, the registry and maybe the engine; images and data stay."""
    with locked():
        registry.down(say)
        engine.down(say)


def official_reachable(image: str = official.OFFICIAL) -> Reach:
    """Whether the official image can be pulled, and if not, why."""
    return official.reach(image)


def _official_only(there: Engine, say: Say) -> None:
    """Let official names mean official images again: no mirror, no stand-in of that name."""
    if there.ours and registry.status():
        say("Registry: stopping it, so that official names bring the official images")
        registry.down(say)
    for name, (_, standin) in build.label_of(_official_names(), STANDIN_LABEL).items():
        if standin and name in _official_names():
            say(f"Images: untagging the stand-in {name}")
            ask(["docker", "image", "rm", "--no-prune", name])


def _official_names() -> list[str]:
    names = [image.repository.removeprefix("library/") for image in build.IMAGES]
    return [
        f"{name}:{tag}"
        for name, image in zip(names, build.IMAGES, strict=True)
        for tag in image.tags
    ]
