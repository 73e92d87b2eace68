"""What the stack's compose file means for Kestra here and now, as Compose itself reads it.

One reading of `.env`, and it is Compose's: ports, names, folders and secrets are taken from
`docker compose config`, which needs no daemon, never from a parser of our own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kestra_tasks.core import envtext
from kestra_tasks.core.inline import hide_quoted
from kestra_tasks.core.labels import ROLE
from kestra_tasks.errors import PreconditionError
from kestra_tasks.ops.masking import Mask
from kestra_tasks.ops.runner import Result, Runner
from kestra_tasks.probes.endpoint import DEFAULT_SOCKET
from kestra_tasks.settings import Settings

SERVER = "kestra"
DATABASE = "kestra-postgres"
# Compose escapes "$" in what it prints; this text of the template tells whether it did.
_ESCAPED = "$${ORCHESTRATOR_DB_USER}"
_ANY = ("0.0.0.0", "::", "")  # noqa: S104 - published on all addresses, probed on loopback


@dataclass(frozen=True)
class Runtime:
    """The stack as it is configured.

    Attributes:
        project: Compose project of the stack's compose file.
        compose_file: the stack's compose file, absolute.
        env_file: the root's .env, absolute.
        kestra_dir: our folder in the monorepo, absolute.
        http_port, management_port: on the host.
        bind: host address that both are published on.
        storage, workdir: host folders, absolute.
        volume: Docker volume of the database; "" where the database is external.
        socket: the host's Docker socket that the server mounts.
        db_password, password: of the database and of the API's user; their repr says nothing.
    """

    root: Path
    project: str
    compose_file: Path
    env_file: Path
    kestra_dir: Path
    image: str
    container: str
    http_port: int
    management_port: int
    bind: str
    network: str
    storage: Path
    workdir: Path
    url: str
    db_host: str
    db_port: str
    db_name: str
    db_user: str
    username: str
    postgres_image: str = ""
    postgres_container: str = ""
    volume: str = ""
    socket: str = DEFAULT_SOCKET
    db_password: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def internal(self) -> bool:
        """Whether the stack holds the database itself."""
        return bool(self.postgres_container)

    @property
    def services(self) -> tuple[str, ...]:
        return (SERVER, DATABASE) if self.internal else (SERVER,)

    @property
    def images(self) -> dict[str, str]:
        """Image by service."""
        if not self.internal:
            return {SERVER: self.image}
        return {SERVER: self.image, DATABASE: self.postgres_image}

    @property
    def containers(self) -> dict[str, str]:
        """Container name by service."""
        if not self.internal:
            return {SERVER: self.container}
        return {SERVER: self.container, DATABASE: self.postgres_container}

    @property
    def ports(self) -> dict[str, int]:
        """Host port by the name of its variable."""
        return {"KESTRA_HTTP_PORT": self.http_port, "KESTRA_MANAGEMENT_PORT": self.management_port}

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be seen in any output."""
        return tuple(secret for secret in (self.db_password, self.password) if secret)

    @property
    def http_base(self) -> str:
        """Where this machine reaches the UI and the API."""
        return f"http://{_reachable(self.bind)}:{self.http_port}"

    @property
    def management_base(self) -> str:
        return f"http://{_reachable(self.bind)}:{self.management_port}"


def load(root: Path, settings: Settings, runner: Runner) -> Runtime:
    """Ask Compose what the stack's compose file says of Kestra; about 0.2 s.

    Raises:
        PreconditionError: there is no such file, no `.env`, no Kestra in it, or Compose
            refuses it; the hint is the task that mends it.
    """
    compose_file = root / settings.compose_file
    env_file = root / settings.env_file
    if not compose_file.is_file() or not (root / settings.kestra_compose).is_file():
        missing = compose_file if not compose_file.is_file() else root / settings.kestra_compose
        raise PreconditionError(
            f"{missing.relative_to(root)} isn't there: Kestra isn't part of this monorepo yet",
            "inv kestra.integrate",
        )
    if not env_file.is_file():
        raise PreconditionError(
            f"{settings.env_file} isn't there; the ports and passwords are in it",
            f"inv kestra.env; to take down what still runs: cp {settings.env_example} "
            f"{settings.env_file}",
        )
    argv = ["docker", "compose", "-f", str(compose_file), "config", "--format", "json"]
    result = runner.query(argv)
    if not result.ok:
        _compose_there(runner)
        raise _refused(settings, env_file, result)
    text = result.out.replace("$$", "$") if _ESCAPED in result.out else result.out
    return from_config(root, settings, json.loads(text))


def from_config(root: Path, settings: Settings, config: Mapping[str, Any]) -> Runtime:
    """Read a Runtime out of what `docker compose config --format json` answers, unescaped.

    Raises:
        PreconditionError: the file has no service `kestra`, or one that isn't ours.
    """
    services = config.get("services", {})
    server = services.get(SERVER)
    if server is None:
        raise PreconditionError(
            f"{settings.compose_file} has no service {SERVER}", "inv kestra.compose"
        )
    environment = server.get("environment") or {}
    if ROLE not in (server.get("labels") or {}) or "ORCHESTRATOR_DB_HOST" not in environment:
        raise PreconditionError(
            f"the service {SERVER} in {settings.compose_file} isn't one that kestra_tasks wrote",
            "operate it by hand, or remove it and run: inv kestra.integrate",
        )
    database = services.get(DATABASE)
    if ROLE not in ((database or {}).get("labels") or {}):
        database = None
    published = {int(port["target"]): port for port in server.get("ports", [])}
    mounts = {mount["target"]: mount["source"] for mount in server.get("volumes", [])}
    volume = ""
    if database:
        name = next(m["source"] for m in database["volumes"] if m["type"] == "volume")
        volume = config["volumes"][name]["name"]
    return Runtime(
        root=root,
        project=config["name"],
        compose_file=root / settings.compose_file,
        env_file=root / settings.env_file,
        kestra_dir=root / settings.kestra_dir,
        image=server["image"],
        container=server["container_name"],
        http_port=_published(published, 8080, "KESTRA_HTTP_PORT", settings),
        management_port=_published(published, 8081, "KESTRA_MANAGEMENT_PORT", settings),
        bind=published[8080].get("host_ip", ""),
        network=config["networks"]["kestra-network"]["name"],
        storage=Path(mounts["/app/storage"]),
        workdir=Path(mounts["/tmp/kestra-wd"]),  # noqa: S108 - a path in the container
        url=environment["ORCHESTRATOR_URL"],
        db_host=environment["ORCHESTRATOR_DB_HOST"],
        db_port=environment["ORCHESTRATOR_DB_PORT"],
        db_name=environment["ORCHESTRATOR_DB_NAME"],
        db_user=environment["ORCHESTRATOR_DB_USER"],
        username=environment["ORCHESTRATOR_BASICAUTH_USERNAME"],
        postgres_image=database["image"] if database else "",
        postgres_container=database["container_name"] if database else "",
        volume=volume,
        socket=mounts.get(DEFAULT_SOCKET, DEFAULT_SOCKET),
        db_password=environment.get("ORCHESTRATOR_DB_PASSWORD_GIVEN", ""),
        password=environment.get("ORCHESTRATOR_BASICAUTH_PASSWORD_GIVEN", ""),
    )


def _compose_there(runner: Runner) -> None:
    """Stop where Compose is missing or too old: its own words about that lead astray."""
    from kestra_tasks.core.checks import check_compose
    from kestra_tasks.probes.engine import parse_version

    said = runner.query(["docker", "compose", "version", "--short"])
    text = said.out.strip() if said.ok else ""
    for problem in check_compose(parse_version(text), text):
        raise PreconditionError(problem.message, problem.hint)


def _refused(settings: Settings, env_file: Path, result: Result) -> PreconditionError:
    """Why Compose refuses; its words about a bad line of .env quote what follows in there."""
    text = env_file.read_text(encoding="utf-8", errors="surrogateescape")
    for problem in envtext.problems(text):
        return PreconditionError(
            f"{settings.env_file}:{problem.line}: {problem.why}",
            "mend that line, then run this again",
        )
    values = envtext.values(text).items()
    mask = Mask(value for key, value in values if envtext.looks_secret(key))
    words = hide_quoted(mask(result.err)).strip().splitlines() or ["it printed nothing"]
    return PreconditionError(
        f"Compose refuses {settings.compose_file}: {words[-1]}",
        f"docker compose -f {settings.compose_file} config",
    )


def _published(ports: Mapping[int, Any], target: int, name: str, settings: Settings) -> int:
    value = str(ports.get(target, {}).get("published", ""))
    if value.isdecimal() and 1 <= int(value) <= 65_535:
        return int(value)
    raise PreconditionError(
        f"{name} is {value!r} where Compose reads it, which is no port",
        f"set it in {settings.env_file}; then: docker compose -f {settings.compose_file} config",
    )


def _reachable(bind: str) -> str:
    if bind in _ANY:
        return "127.0.0.1"
    return f"[{bind}]" if ":" in bind else bind
