"""All services of a manifest asked once, side by side: for scripts, by the page's own rules."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kestra_tasks.core.facts import Unavailable
from kestra_tasks.core.matching import find_container
from kestra_tasks.core.services import Problem, Service, read_manifest
from kestra_tasks.core.verdict import Answer, Verdict, judge
from kestra_tasks.errors import PreconditionError
from kestra_tasks.probes.health import TIMEOUT, ask
from kestra_tasks.probes.states import States
from kestra_tasks.settings import Settings


@dataclass(frozen=True)
class Survey:
    """Each service with its state in the manifest's order, and what was left out."""

    found: tuple[tuple[Service, Verdict], ...]
    problems: tuple[Problem, ...] = ()


def survey(
    root: Path,
    settings: Settings,
    only: Collection[str] = (),
    *,
    environ: Mapping[str, str] = os.environ,
    timeout: float = TIMEOUT,
) -> Survey:
    """Ask every service once; takes `timeout` seconds at most, and Docker's answer.

    Args:
        root: the monorepo.
        only: ids, or words that an id begins with up to a "-" ("kestra" for
            kestra-orchestrator); empty for all.

    Raises:
        PreconditionError: there is no manifest.
        ManifestError: it can't be read.
    """
    root = root.resolve()
    place = root / settings.manifest
    if not place.is_file():
        raise PreconditionError(f"{settings.manifest} isn't there", "inv kestra.manifest")
    text = place.read_bytes().decode("utf-8", "replace")
    manifest = read_manifest(text, settings.manifest, read_variables(root, settings, environ))
    chosen = [
        service
        for service in manifest.services
        if not only or any(service.ident == o or service.ident.startswith(f"{o}-") for o in only)
    ]
    states = States(environ)
    looked = states.look()
    states.close()
    answers = asyncio.run(_ask_all(chosen, timeout))
    docker = looked.reason if isinstance(looked, Unavailable) else ""
    containers = () if isinstance(looked, Unavailable) else looked
    now = time.time()
    found = [
        (
            service,
            judge(
                service,
                answer,
                find_container(service, containers, str(root)),
                containers,
                docker=docker,
                timeout=timeout,
                now=now,
            ),
        )
        for service, answer in zip(chosen, answers, strict=True)
    ]
    return Survey(tuple(found), manifest.problems)


def read_variables(root: Path, settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """What `${NAME}` stands for in the manifest: `.env`, which the environment beats."""
    from kestra_tasks.core import envtext

    try:
        text = (root / settings.env_file).read_bytes().decode("utf-8", "replace")
    except OSError:
        text = ""
    return {**envtext.values(text, environ), **environ}


async def _ask_all(services: Sequence[Service], timeout: float) -> list[Answer | None]:
    async def one(service: Service) -> Answer | None:
        return None if service.health is None else await ask(service.health, timeout)

    return list(await asyncio.gather(*(one(service) for service in services)))
