"""Names, folders and command lines of one smoke run: all its own, none of the stack's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kestra_tasks.core import envtext
from kestra_tasks.core.labels import SMOKE
from kestra_tasks.core.markers import digest
from kestra_tasks.probes.endpoint import DEFAULT_SOCKET
from kestra_tasks.probes.tree import read_tree
from kestra_tasks.secrets import password
from kestra_tasks.settings import Settings

_USER = "kestra"
_DATABASE = "smoke"
# In seconds; a small flow has ended long before.
_GRACE = "60"

Argv = list[str]


@dataclass(frozen=True)
class Place:
    """Where one smoke run takes place.

    Attributes:
        root: the monorepo.
        scripts: run.sh's folder, absolute.
        name: of the wrapper's container and of the network; `database` is the other container.
        folder: throwaway folder for storage and work files, absolute.
        username: of the API; the passwords are drawn for this run.
        socket: the host's Docker socket that the container mounts.
    """

    root: Path
    scripts: Path
    name: str
    folder: Path
    http_port: int
    management_port: int
    postgres_image: str
    username: str
    socket: str = DEFAULT_SOCKET
    db_password: str = field(default_factory=password, repr=False)
    api_password: str = field(default_factory=password, repr=False)

    @property
    def database(self) -> str:
        return f"{self.name}-postgres"

    @property
    def containers(self) -> tuple[str, str]:
        return (self.name, self.database)

    @property
    def http_base(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def management_base(self) -> str:
        return f"http://127.0.0.1:{self.management_port}"

    @property
    def secrets(self) -> tuple[str, str]:
        return (self.db_password, self.api_password)

    @property
    def database_env(self) -> dict[str, str]:
        """Environment of `start_database`."""
        return {"POSTGRES_PASSWORD": self.db_password}

    @property
    def wrapper_env(self) -> dict[str, str]:
        """Environment of `start`: what beats `.env`, so that nothing of the stack's is used."""
        return {
            "KESTRA_DB_PASSWORD": self.db_password,
            "KESTRA_BASICAUTH_USERNAME": self.username,
            "KESTRA_BASICAUTH_PASSWORD": self.api_password,
            "KESTRA_STORAGE_DIR": str(self.folder / "storage"),
            "KESTRA_WORKDIR_DIR": str(self.folder / "workdir"),
            "KESTRA_BIND_ADDRESS": "127.0.0.1",
        }

    def create_network(self) -> Argv:
        return ["docker", "network", "create", "--label", f"{SMOKE}={self.root}", self.name]

    def start_database(self) -> Argv:
        """Postgres with its data in memory: it is gone with the container."""
        return [
            *["docker", "run", "--detach", "--name", self.database, "--network", self.name],
            *["--label", f"{SMOKE}={self.root}", "--tmpfs", "/var/lib/postgresql/data"],
            *["--env", f"POSTGRES_USER={_USER}", "--env", f"POSTGRES_DB={_DATABASE}"],
            *["--env", "POSTGRES_PASSWORD", self.postgres_image],
        ]

    def database_ready(self) -> Argv:
        # By TCP: while the data folder is being made, a server answers on the local socket only.
        return [
            *["docker", "exec", self.database, "pg_isready", "--quiet", "--host", "127.0.0.1"],
            *["--username", _USER, "--dbname", _DATABASE],
        ]

    def start(self) -> Argv:
        return [
            *[str(self.scripts / "run.sh"), "--detach", "--name", self.name],
            *["--port", str(self.http_port), "--management-port", str(self.management_port)],
            *["--network", self.name],
            *["--database", f"postgresql://{_USER}@{self.database}:5432/{_DATABASE}"],
        ]

    def status(self) -> Argv:
        return [str(self.scripts / "status.sh")]

    def stop(self) -> Argv:
        return [str(self.scripts / "stop.sh"), "--time", _GRACE, self.name]

    def logs(self, container: str) -> Argv:
        return ["docker", "logs", container]

    def follow(self) -> Argv:
        return ["docker", "logs", "--follow", self.name]

    def remove_container(self, container: str) -> Argv:
        return ["docker", "rm", "--force", "--volumes", container]

    def remove_network(self) -> Argv:
        return ["docker", "network", "rm", self.name]


def choose(
    root: Path,
    settings: Settings,
    ports: tuple[int, int],
    environ: Mapping[str, str] = os.environ,
) -> Place:
    """The place of a smoke run of the monorepo at `root`; the same names every time.

    Args:
        ports: the HTTP and the management port.
        environ: its KESTRA_POSTGRES_IMAGE beats `.env`'s, which beats the setting.
    """
    name = f"{settings.prefix}-kestra-smoke-{digest(str(root))[:6]}"
    file = read_tree(root).read(settings.env_file)
    known = {**envtext.values(file.text if file else ""), **environ}
    return Place(
        root=root,
        scripts=root / settings.scripts_dir,
        name=name,
        folder=root / settings.kestra_dir / "tmp" / "smoke",
        http_port=ports[0],
        management_port=ports[1],
        postgres_image=known.get("KESTRA_POSTGRES_IMAGE") or settings.postgres_image,
        username=settings.username,
        socket=known.get("KESTRA_DOCKER_SOCKET") or DEFAULT_SOCKET,
    )
