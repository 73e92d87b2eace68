"""The `docker` command lines of every change, pure: what a person would type.

Only our two services are ever named: other services of the stack, and the project as a whole,
are never stopped or removed.
"""

from __future__ import annotations

from collections.abc import Iterable

from kestra_tasks.core.labels import CREATED
from kestra_tasks.ops.environment import Runtime

Argv = list[str]


def base(runtime: Runtime) -> Argv:
    return ["docker", "compose", "-f", str(runtime.compose_file)]


def up(runtime: Runtime, service: str) -> Argv:
    """Start one service and what it depends on, detached; their images must be there.

    As the task list types it: with --no-deps Compose keeps another hash of the service, and
    would make the container anew when the list's own command is typed later.
    """
    return [*base(runtime), "up", "-d", "--pull", "never", service]


def stop(runtime: Runtime, services: Iterable[str]) -> Argv:
    return [*base(runtime), "stop", *services]


def remove(runtime: Runtime, services: Iterable[str]) -> Argv:
    """Stop and remove containers, with their anonymous volumes."""
    return [*base(runtime), "rm", "-sfv", *services]


def terminate(container: str) -> Argv:
    """Ask a container's first process to end; harmless where Docker has asked already."""
    return ["docker", "kill", "--signal", "TERM", container]


def logs(runtime: Runtime, services: Iterable[str], *, follow: bool, since: str, tail: str) -> Argv:
    argv = [*base(runtime), "logs", "--timestamps"]
    argv += ["--follow"] if follow else []
    argv += ["--since", since] if since else []
    argv += ["--tail", tail] if tail else []
    return [*argv, *services]


def pull(image: str) -> Argv:
    return ["docker", "pull", image]


def create_network(name: str) -> Argv:
    return ["docker", "network", "create", "--label", f"{CREATED}=true", name]


def remove_network(name: str) -> Argv:
    return ["docker", "network", "rm", name]


def remove_volume(name: str) -> Argv:
    return ["docker", "volume", "rm", name]


def execute(container: str, script: str) -> Argv:
    """Run a shell script inside a container; it finds secrets in the container's environment."""
    return ["docker", "exec", container, "sh", "-c", script]


def empty_folder(image: str, folder: str) -> Argv:
    """Delete what is in a host folder from a container, for files that root owns there."""
    return [
        *["docker", "run", "--rm", "--pull", "never", "--network", "none", "--user", "0:0"],
        *["--volume", f"{folder}:/data", "--entrypoint", "find", image],
        *["/data", "-mindepth", "1", "-delete"],
    ]
