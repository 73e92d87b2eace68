"""What the probes found, frozen: facts only, no judgement (that is `checks`)."""

from __future__ import annotations

from dataclasses import dataclass, field

from kestra_tasks.core.labels import PROJECT


@dataclass(frozen=True)
class Unavailable:
    """A probe that couldn't run, and why, in words for a person."""

    reason: str


@dataclass(frozen=True)
class Socket:
    """The engine's Unix socket.

    Attributes:
        path: absolute, on this machine.
        exists: something is at `path` (a folder, where Docker once mounted what wasn't there).
        is_socket: it is a socket.
        owner: "user:group", empty where there is none.
        mode: octal permission bits such as "660", empty where there is none.
        permitted: this process may connect to it.
        mountable: containers that bind-mount /var/run/docker.sock get this engine's socket.
    """

    path: str
    exists: bool = False
    is_socket: bool = False
    owner: str = ""
    mode: str = ""
    permitted: bool = False
    mountable: bool = False


@dataclass(frozen=True)
class EngineFacts:
    """The Docker client, Compose and the engine behind them.

    Attributes:
        client: version of the `docker` command, None where there is none.
        compose: version of `docker compose` as numbers, None where it is missing.
        compose_text: the same as it prints itself.
        endpoint: where the client would go, such as unix:///var/run/docker.sock.
        context: the client's context that says so, or "DOCKER_HOST".
        remote: the endpoint is no socket of this machine, so it can't serve bind mounts.
        server: the engine's version, None where it didn't answer.
        api_version: newest API version that the engine speaks.
        min_api_version: oldest API version that the engine still accepts.
        trouble: why the engine didn't answer, empty where it did.
        data_root: the engine's own folder for images and volumes.
        memory: bytes the engine can give to containers, None where unknown.
        system: the engine's operating system, such as "Docker Desktop".
    """

    client: str | None
    compose: tuple[int, ...] | None
    endpoint: str
    compose_text: str = ""
    context: str = "default"
    remote: bool = False
    socket: Socket | None = None
    server: str | None = None
    api_version: str | None = None
    min_api_version: str | None = None
    trouble: str = ""
    rootless: bool = False
    podman: bool = False
    data_root: str | None = None
    memory: int | None = None
    system: str = ""


@dataclass(frozen=True)
class PublishedPort:
    """A container's port on the host; `address` is empty where the engine gives none."""

    port: int
    protocol: str
    address: str


@dataclass(frozen=True)
class ListedContainer:
    """A container as the engine lists it; `ops.containers` has what it tells of a single one.

    Attributes:
        ident: full id.
        name: without the leading slash.
        state: created, running, exited, ...
        sources: host folders of its bind mounts.
    """

    ident: str
    name: str
    image: str
    state: str
    labels: dict[str, str] = field(default_factory=dict)
    ports: tuple[PublishedPort, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def project(self) -> str:
        """Its Compose project, empty where it has none."""
        return self.labels.get(PROJECT, "")


@dataclass(frozen=True)
class Listener:
    """A live listening socket.

    Attributes:
        protocol: "tcp" or "udp".
        address: as bound: "0.0.0.0", "::", "127.0.0.1", ...
        pid: None where this user may not know it, or the port is the engine's own.
        process: the command's name and, of an interpreter, its script or module; never
            other arguments, which may be secrets.
        container: name of the container that holds the port.
        ours: that container is this monorepo's Kestra.
    """

    port: int
    protocol: str
    address: str
    pid: int | None = None
    process: str | None = None
    container: str | None = None
    ours: bool = False

    @property
    def owner(self) -> str:
        """Who holds the port, in words."""
        if self.container:
            return f"container {self.container}"
        if self.pid is None:
            return "a process that this user may not see (sudo ss -tlnp does)"
        return f"{self.process or 'a process'} (pid {self.pid})"


@dataclass(frozen=True)
class Claim:
    """A port that a file of the monorepo says is somebody's.

    Attributes:
        host_ip: address it is bound to, None where the file names none.
        file: relative to the root.
        line: 1-based, None where it can't be told.
        owner: service, manifest id, variable or table row.
        kind: compose, compose-host (network_mode: host), env, env-example, manifest or
            port-map; "-approximate" at the end where Compose couldn't be asked.
        ours: it is Kestra's own, as kestra_tasks wrote it.
    """

    port: int
    protocol: str
    host_ip: str | None
    file: str
    line: int | None
    owner: str
    kind: str
    ours: bool = False

    @property
    def place(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Wanted:
    """A port that Kestra wants, and whether it can have it.

    Attributes:
        name: http, management, smoke-http or smoke-management.
        verdict: free, ours, claimed or taken.
        proposal: a port that nobody claims or holds; `port` itself where it is free or ours.
        why: in words.
        source: where the number comes from, such as ".env.example".
    """

    name: str
    port: int
    verdict: str
    proposal: int | None
    why: str
    source: str = ""

    @property
    def clear(self) -> bool:
        return self.verdict in ("free", "ours")


@dataclass(frozen=True)
class Reference:
    """A line that names Kestra; its text isn't kept, since it may hold a secret.

    Attributes:
        kind: ours, foreign or mention.
    """

    file: str
    line: int
    kind: str


@dataclass(frozen=True)
class Credential:
    """A variable that may hold a credential; never its value.

    Attributes:
        state: present, placeholder, empty or missing.
    """

    name: str
    file: str
    state: str


@dataclass(frozen=True)
class Disk:
    """Free room of a file system, in bytes; `purpose` says what will lie there."""

    path: str
    purpose: str
    free: int
    total: int


@dataclass(frozen=True)
class Memory:
    """Bytes of this machine: all, and what can be had without swapping."""

    total: int
    available: int


@dataclass(frozen=True)
class Note:
    """Something seen in a file that a person should know of."""

    topic: str
    message: str
    hint: str = ""
