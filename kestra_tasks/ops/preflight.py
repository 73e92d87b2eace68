"""What must be so before anything is started: all of it looked at, all of it told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kestra_tasks.core import passwords
from kestra_tasks.core.checks import Problem, check_engine
from kestra_tasks.errors import PreconditionError
from kestra_tasks.ops import servers
from kestra_tasks.ops.containers import Container, Engine
from kestra_tasks.ops.environment import DATABASE, SERVER, Runtime
from kestra_tasks.probes.containers import is_of
from kestra_tasks.settings import Settings


@dataclass(frozen=True)
class Found:
    """What stands in the way, and what a person should know of."""

    blocking: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    def refuse(self) -> None:
        """Stop where anything blocks.

        Raises:
            PreconditionError: names everything that does; the hint is the first one's.
        """
        if self.blocking:
            lines = [f"{p.message}" + _more(p, self.blocking) for p in self.blocking]
            raise PreconditionError("\n       ".join(lines), self.blocking[0].hint)


def engine_ready(root: Path, say: Callable[[str], None], socket: str) -> None:
    """Check client, Compose and engine.

    Args:
        socket: the host's socket that Kestra's container mounts.

    Raises:
        PreconditionError: one of them is missing, too old, remote or doesn't answer.
    """
    from kestra_tasks.probes.engine import probe

    problems = check_engine(probe(root, mount_source=socket))
    for problem in problems:
        if problem.level == "warn":
            say(f"warning: {problem.message}")
    Found(tuple(p for p in problems if p.level == "block"), ()).refuse()


def look(runtime: Runtime, engine: Engine) -> Found:
    """Everything about this start but the engine itself."""
    problems = [
        *credentials(runtime),
        *names(runtime, engine),
        *servers.others(runtime, engine),
        *ports(runtime, engine),
    ]
    return Found(
        tuple(p for p in problems if p.level == "block"),
        tuple(p for p in problems if p.level != "block"),
    )


def credentials(runtime: Runtime) -> Iterator[Problem]:
    """What Kestra or its database would refuse, or must not be started with."""
    file = runtime.env_file.name
    values = {
        passwords.DB_PASSWORD: runtime.db_password,
        passwords.USERNAME: runtime.username,
        passwords.PASSWORD: runtime.password,
    }
    if not runtime.internal:
        values["KESTRA_DB_HOST"] = runtime.db_host
    for name, why in passwords.problems(values):
        drawn = name in passwords.SECRET_NAMES and passwords.is_placeholder(values[name])
        hint = "inv kestra.env" if drawn else f"give another one in {file}"
        yield _block(f"{name} in {file} {why}", hint)


def names(runtime: Runtime, engine: Engine) -> Iterator[Problem]:
    """Containers of our names that aren't ours; they are neither adopted nor removed."""
    for service, name in runtime.containers.items():
        found = engine.container(name)
        if found is None or _is_ours(found, runtime, service):
            continue
        variable = "CONTAINER_NAME" if service == SERVER else "POSTGRES_CONTAINER_NAME"
        yield _block(
            f"container {name} exists and isn't ours: it is of {_owner(found)} ({found.status})",
            f"look at it (docker inspect {name}) and remove it there, "
            f"or set another KESTRA_{variable} in {runtime.env_file.name}",
        )
    if runtime.internal:
        yield from _volume(runtime, engine)


def _volume(runtime: Runtime, engine: Engine) -> Iterator[Problem]:
    """Two servers on one data folder would destroy it."""
    volume = runtime.volume
    project = engine.volume_project(volume)
    if project is None:
        return
    others = [c for c in engine.users(volume) if not _is_ours(c, runtime, DATABASE)]
    if others:
        yield _block(
            f"volume {volume} is used by container {others[0].name} of {_owner(others[0])}",
            f"set another KESTRA_POSTGRES_VOLUME in {runtime.env_file.name}",
        )
    elif project != runtime.project:
        by = f"Compose project {project}" if project else "hand"
        yield Problem("warn", "data", f"volume {volume} was made by {by}; its data are used")


def _is_ours(container: Container, runtime: Runtime, service: str) -> bool:
    return (container.project, container.service) == (runtime.project, service) and is_of(
        runtime.root, container.labels
    )


def _owner(container: Container) -> str:
    if not container.project:
        return "no Compose project"
    return f"Compose project {container.project} in {container.folder or 'an unknown folder'}"


def ports(runtime: Runtime, engine: Engine) -> Iterator[Problem]:
    """Wanted ports that somebody else holds, with their owner."""
    from kestra_tasks.core.ports import overlap
    from kestra_tasks.probes.listeners import listeners

    server = engine.ours(runtime, SERVER)
    mine = set(server.ports.values()) if server and server.running else set()
    wanted = {name: port for name, port in runtime.ports.items() if port not in mine}
    if not wanted:
        return
    found = listeners(runtime.root)
    for name, port in wanted.items():
        holder = next(
            (
                item
                for item in found
                if item.port == port
                and item.protocol == "tcp"
                and overlap(item.address, runtime.bind)
            ),
            None,
        )
        # The engine may be bringing our own server back while this looks.
        if holder and not (server and holder.container == server.name):
            yield _block(
                f"port {port} ({name}) is held by {holder.owner}",
                "stop that, or take others on this machine: inv kestra.env --ports auto --here",
            )


def pending(root: Path, settings: Settings) -> list[str]:
    """Files that aren't as the settings ask; up writes none of them."""
    from kestra_tasks import integration

    return [f"{edit.verb} {edit.path}" for edit in integration.pending(root, settings).edits]


def _more(problem: Problem, all_of_them: tuple[Problem, ...]) -> str:
    return f" -> {problem.hint}" if problem.hint and problem.hint != all_of_them[0].hint else ""


def _block(message: str, hint: str) -> Problem:
    return Problem("block", "up", message, hint)
