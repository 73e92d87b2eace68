"""What the engine knows, read through the Docker SDK; nothing here changes anything."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from kestra_tasks.core.checks import Problem, check_server
from kestra_tasks.core.labels import CONFIG_HASH, FOLDER, PROJECT, SERVICE
from kestra_tasks.errors import PreconditionError
from kestra_tasks.ops.environment import Runtime
from kestra_tasks.probes.containers import is_of

_TOO_FINE = re.compile(r"(\.\d{6})\d+")


@dataclass(frozen=True)
class Container:
    """A container as the engine tells of it, asked for this one.

    Attributes:
        status: created, running, restarting, exited, paused, removing or dead.
        health: starting, healthy, unhealthy, or "" without a health check.
        image: as it was named when the container was made; image_id is its content's.
        ports: host port by the container's TCP port.
        started: RFC 3339 time of the last start; "" if it never ran.
        config_hash: Compose's hash of the service it was made from.
    """

    name: str
    id: str
    project: str
    service: str
    status: str
    health: str
    image: str
    image_id: str
    exit_code: int
    oom: bool
    restarts: int
    started: str
    error: str
    ports: dict[int, int] = field(default_factory=dict)
    config_hash: str = ""
    labels: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def folder(self) -> str:
        """The folder that Compose started it from; "" if Compose didn't."""
        return self.labels.get(FOLDER, "")

    @property
    def running(self) -> bool:
        return self.status == "running"

    @property
    def healthy(self) -> bool:
        return self.running and self.health == "healthy"


class EngineGoneError(PreconditionError):
    """The engine doesn't answer, or not any more."""


@dataclass(frozen=True)
class Image:
    """A local image: its content's id, the registry's digest, the version it says it is."""

    id: str
    digest: str
    version: str


@dataclass(frozen=True)
class Deaths:
    """How a container ended since some time: exit codes in order, and whether memory ran out."""

    codes: tuple[int, ...] = ()
    oom: bool = False


class Engine:
    """The local Docker engine.

    Raises:
        EngineGoneError: from any method, where it doesn't answer.
    """

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    @cached_property
    def _api(self) -> Any:
        import docker

        with self._told():
            return docker.APIClient(base_url=self._endpoint, version="auto", timeout=20)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn the SDK's errors of reaching the engine into ours; NotFound passes."""
        import docker.errors
        import requests

        try:
            yield
        except docker.errors.NotFound:
            raise
        except (docker.errors.DockerException, requests.RequestException) as error:
            problem = _problem(self._endpoint, error)
            raise EngineGoneError(problem.message, problem.hint) from error

    def container(self, name: str) -> Container | None:
        """The container called `name`, whoever made it."""
        from docker.errors import NotFound

        with self._told():
            try:
                return _container(self._api.inspect_container(name))
            except NotFound:
                return None

    def ours(self, runtime: Runtime, service: str) -> Container | None:
        """The container of our service: by Compose's labels, and started from our monorepo."""
        labels = [f"{PROJECT}={runtime.project}", f"{SERVICE}={service}"]
        with self._told():
            found = self._api.containers(all=True, filters={"label": labels})
        names = [
            item["Names"][0].lstrip("/")
            for item in found
            if item.get("Names") and is_of(runtime.root, item.get("Labels") or {})
        ]
        wanted = runtime.containers.get(service, "")
        chosen = wanted if wanted in names else next(iter(names), None)
        return self.container(chosen) if chosen else None

    def image(self, name: str) -> Image | None:
        """The local image that `name` stands for now."""
        from docker.errors import ImageNotFound

        with self._told():
            try:
                found = self._api.inspect_image(name)
            except ImageNotFound:
                return None
        labels = (found.get("Config") or {}).get("Labels") or {}
        digests = found.get("RepoDigests") or []
        return Image(
            id=found["Id"],
            digest=digests[0].split("@")[-1] if digests else "",
            version=labels.get("org.opencontainers.image.version", ""),
        )

    def has_network(self, name: str) -> bool:
        return self.network(name) is not None

    def network(self, name: str) -> dict[str, Any] | None:
        """The network called `name`, with its labels and containers."""
        from docker.errors import NotFound

        with self._told():
            try:
                found: dict[str, Any] = self._api.inspect_network(name)
            except NotFound:
                return None
        return found

    def volume_project(self, name: str) -> str | None:
        """The Compose project that made the volume, "" if none did, None without a volume."""
        from docker.errors import NotFound

        with self._told():
            try:
                found = self._api.inspect_volume(name)
            except NotFound:
                return None
        return str((found.get("Labels") or {}).get(PROJECT, ""))

    def users(self, volume: str) -> list[Container]:
        """The containers, running or not, that have the volume."""
        with self._told():
            found = self._api.containers(all=True, filters={"volume": volume})
        names = [item["Names"][0].lstrip("/") for item in found if item.get("Names")]
        return [item for name in names if (item := self.container(name))]

    def running(self, *, label: str = "", image: str = "") -> list[dict[str, Any]]:
        """What the engine knows of the running containers with a label, or made from an image.

        Their environment is in it, secrets included: nothing of it may be printed as it stands.
        """
        from docker.errors import NotFound

        wanted = {"label": label} if label else {"ancestor": image}
        found = []
        with self._told():
            for item in self._api.containers(filters=wanted):
                try:
                    found.append(self._api.inspect_container(item["Id"]))
                except NotFound:  # it ended meanwhile
                    continue
        return found

    def logs(self, container: str, since: float = 0, tail: int | str = "all") -> list[str]:
        """A container's lines, both streams, with the time in front; [] if there is none."""
        from docker.errors import NotFound

        with self._told():
            try:
                raw: bytes = self._api.logs(
                    container, since=float(since) or None, tail=tail, timestamps=True
                )
            except NotFound:
                return []
        return raw.decode("utf-8", "replace").splitlines()

    def deaths(self, container: str, since: float) -> Deaths:
        """How the container ended since `since` (the engine's Unix time), as its events tell."""
        filters = {"container": container, "type": "container", "event": ["die", "oom"]}
        # An end in the future would keep the connection open.
        until = self.now()
        with self._told():
            events = list(
                self._api.events(
                    since=f"{since:.9f}", until=f"{until:.9f}", filters=filters, decode=True
                )
            )
        codes = [
            int(event["Actor"]["Attributes"].get("exitCode", 0))
            for event in events
            if event["Action"] == "die"
        ]
        return Deaths(tuple(codes), any(event["Action"] == "oom" for event in events))

    def now(self) -> float:
        """Unix time by the engine's own clock, which stamps its events and logs."""
        with self._told():
            said = str(self._api.info()["SystemTime"])
        # RFC 3339 with nanoseconds; datetime takes microseconds.
        return datetime.fromisoformat(_TOO_FINE.sub(r"\1", said)).timestamp()

    def ping(self) -> str:
        """The engine's version."""
        with self._told():
            return str(self._api.version()["Version"])


def connect() -> Engine:
    """The engine that the `docker` command talks to.

    Raises:
        PreconditionError: it is a remote one, whose containers can't mount these folders.
    """
    from kestra_tasks.probes.endpoint import find_endpoint

    endpoint, said_by = find_endpoint()
    if not endpoint.startswith(("unix://", "npipe://")):
        raise PreconditionError(
            f"{said_by} leads to a remote Docker engine, which can't mount this machine's folders",
            "unset DOCKER_HOST, or `docker context use default`; or work on that machine",
        )
    return Engine(endpoint)


def database_exists(volume: str) -> bool:
    """Whether this engine has that volume; no engine counts as no."""
    try:
        return connect().volume_project(volume) is not None
    except PreconditionError:
        return False


def _container(found: dict[str, Any]) -> Container:
    state = found["State"]
    labels = found["Config"].get("Labels") or {}
    published = (found.get("NetworkSettings") or {}).get("Ports") or {}
    started = state.get("StartedAt", "")
    return Container(
        name=found["Name"].lstrip("/"),
        id=found["Id"],
        project=labels.get(PROJECT, ""),
        service=labels.get(SERVICE, ""),
        status=state["Status"],
        health=(state.get("Health") or {}).get("Status", ""),
        image=found["Config"]["Image"],
        image_id=found["Image"],
        exit_code=state.get("ExitCode", 0),
        oom=bool(state.get("OOMKilled")),
        restarts=found.get("RestartCount", 0),
        started="" if started.startswith("0001") else started,
        error=state.get("Error", ""),
        ports={
            int(key.split("/")[0]): int(bound[0]["HostPort"])
            for key, bound in published.items()
            if bound and key.endswith("/tcp")
        },
        config_hash=labels.get(CONFIG_HASH, ""),
        labels=labels,
    )


def _problem(endpoint: str, error: Exception) -> Problem:
    """Why the engine didn't answer, as its socket shows it now."""
    from kestra_tasks.core.facts import EngineFacts
    from kestra_tasks.probes.endpoint import inspect_socket
    from kestra_tasks.probes.engine import why

    facts = EngineFacts(client=None, compose=None, endpoint=endpoint, trouble=why(error))
    if endpoint.startswith("unix://"):
        socket, trouble = inspect_socket(endpoint.removeprefix("unix://"))
        facts = replace(facts, socket=socket, trouble=trouble or facts.trouble)
    return check_server(facts)[0]
