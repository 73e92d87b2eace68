"""The stack in one hand: how it is configured, the engine it runs on, and how to tell of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from kestra_tasks.errors import PreconditionError
from kestra_tasks.ops.api import Api, reachable
from kestra_tasks.ops.containers import Container, Engine, connect
from kestra_tasks.ops.environment import SERVER, Runtime, load
from kestra_tasks.ops.masking import Mask
from kestra_tasks.ops.progress import Progress
from kestra_tasks.ops.runner import Runner
from kestra_tasks.settings import Settings

if TYPE_CHECKING:
    from kestra_tasks.rim import Rim


@dataclass
class Stack:
    """What every operation needs."""

    settings: Settings
    runtime: Runtime
    engine: Engine
    runner: Runner
    say: Callable[[str], None]
    progress: Progress

    @cached_property
    def mask(self) -> Mask:
        return Mask(self.runtime.secrets)

    @property
    def dry_run(self) -> bool:
        return self.runner.dry_run

    def container(self, service: str) -> Container | None:
        """Our container of this service."""
        return self.engine.ours(self.runtime, service)

    def containers(self) -> Mapping[str, Container | None]:
        return {service: self.container(service) for service in self.runtime.services}

    def api(self) -> Api:
        return Api(self.runtime.http_base, self.runtime.username, self.runtime.password)

    def is_ready(self, server: Container | None) -> bool:
        """Whether our server, and no other listener on its port, says that it is ready."""
        if server is None or not server.running:
            return False
        if server.ports.get(8081) != self.runtime.management_port:
            return False
        return reachable(f"{self.runtime.management_base}/health/readiness")[0] == 200


def open_stack(rim: Rim) -> Stack:
    """Read the stack of the rim's monorepo; about 0.3 s, and the engine isn't asked yet.

    Raises:
        PreconditionError: Kestra isn't part of it yet, Compose refuses it, or the engine is
            remote.
    """
    runner = Runner(rim.root, dry_run=rim.dry_run)
    runtime = load(rim.root, rim.settings, runner)
    mask, progress = Mask(runtime.secrets), Progress()

    def say(text: str = "") -> None:
        progress.clear()
        rim.say(mask(text))

    runner.say = say
    return Stack(rim.settings, runtime, connect(), runner, say, progress)


def present(stack: Stack) -> dict[str, Container]:
    """Our containers that exist, by service.

    Raises:
        PreconditionError: there is none.
    """
    found = {service: item for service, item in stack.containers().items() if item}
    if not found:
        raise PreconditionError(
            f"there is no container of Kestra in project {stack.runtime.project}", "inv kestra.up"
        )
    return found


__all__ = ["SERVER", "Stack", "open_stack", "present"]
