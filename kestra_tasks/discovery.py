"""What is here before Kestra is: facts gathered side by side, then judged."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from kestra_tasks.core import checks, documents, readiness
from kestra_tasks.core.checks import Problem
from kestra_tasks.core.credentials import Database, credentials, databases
from kestra_tasks.core.documents import Naming
from kestra_tasks.core.facts import (
    Claim,
    Credential,
    Disk,
    EngineFacts,
    Listener,
    Memory,
    Note,
    Reference,
    Unavailable,
    Wanted,
)
from kestra_tasks.core.ports import judge
from kestra_tasks.errors import PreconditionError
from kestra_tasks.probes.git import keep_out, would_take
from kestra_tasks.probes.monorepo import read_monorepo
from kestra_tasks.settings import Settings


@dataclass(frozen=True)
class Discovery:
    """Everything that `kestra.discover` tells.

    Attributes:
        port_map: its path, and how many ports it lists; None where there is no such file.
    """

    root: Path
    wanted: list[Wanted]
    claims: list[Claim]
    listeners: list[Listener]
    references: list[Reference]
    disks: list[Disk]
    memory: Memory
    credentials: list[Credential]
    databases: list[Database]
    naming: Naming
    port_map: tuple[str, int | None]
    engine: EngineFacts | Unavailable
    problems: list[Problem]
    integrated: bool

    @property
    def next(self) -> str:
        """The task that comes next where nothing blocks."""
        return "up" if self.integrated else "integrate"

    @property
    def blocking(self) -> list[Problem]:
        return [p for p in self.problems if p.level == "block"]

    @property
    def warnings(self) -> list[Problem]:
        return [p for p in self.problems if p.level == "warn"]


def discover(root: Path, settings: Settings, environ: Mapping[str, str] = os.environ) -> Discovery:
    """Look at everything; changes nothing."""
    with ThreadPoolExecutor(4) as pool:
        reading = pool.submit(read_monorepo, root, settings, environ)
        asking = pool.submit(_engine, root, settings, environ)
        listening = pool.submit(_listeners, root, environ)
        exposed = pool.submit(would_take, root, settings.env_file)
        repo = reading.result()
        engine, disks, memory = asking.result()
        live = listening.result()
    claims, unread = repo.claims()
    wanted = judge(repo.needs(), claims, live, repo.bind)
    references = repo.references()
    integrated = (root / settings.kestra_compose).is_file()
    more = 0 if isinstance(repo.found, Unavailable) else repo.found.more
    naming = documents.read_naming(
        repo.texts.get("naming_document"), settings.naming_document, settings.prefix, repo.stack()
    )
    notes = [*unread, *repo.notes()]
    if exposed.result():
        hint = keep_out(root, settings.env_file)
        notes.append(Note("credentials", f"git would take {settings.env_file}", hint))
    problems = [
        *checks.check_engine(engine),
        *readiness.check_ports(wanted, "env" if integrated else "integrate"),
        *readiness.check_room(disks, memory, getattr(engine, "memory", None)),
        *readiness.check_env(repo.texts.get("env_file", ""), settings.env_file),
        *readiness.check_sharers(() if integrated else repo.composed.sharers, settings.env_file),
        *readiness.check_references(references, more),
        *readiness.check_naming(naming),
        *readiness.check_refused(repo.composed.refused),
        *readiness.from_notes(notes),
    ]
    rows = sum(claim.kind == "port-map" for claim in claims)
    return Discovery(
        root=root,
        wanted=wanted,
        claims=claims,
        listeners=live,
        references=references,
        disks=disks,
        memory=memory,
        credentials=credentials(repo.env, repo.example, settings.env_file),
        databases=databases(repo.env),
        naming=naming,
        port_map=(settings.port_map, rows if "port_map" in repo.texts else None),
        engine=engine,
        problems=problems,
        integrated=integrated,
    )


def port_verdicts(
    root: Path, settings: Settings, environ: Mapping[str, str] = os.environ
) -> list[Wanted]:
    """A verdict on each of the four wanted ports, from claims and live listeners."""
    with ThreadPoolExecutor(1) as pool:
        listening = pool.submit(_listeners, root, environ)
        repo = read_monorepo(root, settings, environ)
        return judge(repo.needs(), repo.claims()[0], listening.result(), repo.bind)


def propose(
    root: Path, settings: Settings, environ: Mapping[str, str] = os.environ
) -> tuple[int, int]:
    """An HTTP and a management port that nobody claims or holds; the wanted ones if they are free.

    Raises:
        PreconditionError: there is none.
    """
    return proposal_of(port_verdicts(root, settings, environ))


def proposal_of(wanted: list[Wanted]) -> tuple[int, int]:
    """The HTTP and the management port that these verdicts propose.

    Raises:
        PreconditionError: there is none.
    """
    http, management = wanted[0].proposal, wanted[1].proposal
    if http is None or management is None:
        raise PreconditionError("no free port was found", "choose two: --ports HTTP,MANAGEMENT")
    return http, management


def _engine(
    root: Path, settings: Settings, environ: Mapping[str, str]
) -> tuple[EngineFacts | Unavailable, list[Disk], Memory]:
    from kestra_tasks.core import envtext
    from kestra_tasks.probes.endpoint import DEFAULT_SOCKET
    from kestra_tasks.probes.engine import probe
    from kestra_tasks.probes.room import read_disks, read_memory, storage_folder

    try:
        text = (root / settings.env_file).read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        text = ""
    values = {**envtext.values(text, environ), **environ}
    source = values.get("KESTRA_DOCKER_SOCKET") or DEFAULT_SOCKET
    facts = probe(root, environ=environ, mount_source=source)
    # Docker Desktop's folders are in a machine of its own, which can't be looked into.
    here = isinstance(facts, EngineFacts) and facts.system != "Docker Desktop"
    data_root = facts.data_root if here and isinstance(facts, EngineFacts) else None
    return facts, read_disks(storage_folder(root, settings, values), data_root), read_memory()


def _listeners(root: Path, environ: Mapping[str, str]) -> list[Listener]:
    from kestra_tasks.probes.containers import list_containers
    from kestra_tasks.probes.listeners import listeners

    return listeners(root, list_containers(environ))
