"""Settings: typed and validated once, before anything else is done with them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from kestra_tasks.errors import UsageError

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
_IMAGE = re.compile(r"(?!.*//)[a-z0-9][A-Za-z0-9._:/-]{0,254}(?:@sha256:[0-9a-f]+)?")
_USERINFO = re.compile(r"//[^/\s]*@")
_MEMORY = re.compile(r"[1-9][0-9]*[bkmgBKMG]?")
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,200}[A-Za-z0-9])?")
# Paths reach YAML, shell scripts and Markdown: what all three take as it stands.
_PATH = re.compile(r"[^\"'`$\\{}\[\]()<>|*?:;&!#%@,]+")

_LANGUAGES = ("en", "pt-BR")
_DATABASES = ("internal", "external")


@dataclass(frozen=True)
class Secrets:
    """Secrets drawn before planning; their repr says nothing."""

    database_password: str = field(repr=False)
    basic_auth_password: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """What a monorepo decides; `defaults.yaml` documents each field.

    Ports are TCP port numbers, `timeout` is in seconds, paths are relative to the
    monorepo's root with "/" between the parts.
    """

    language: str = "en"
    prefix: str = "tools"
    stack: str = "tools"
    network: str = "tradingsystem_backend"
    email_domain: str = "tradingsystem.local"
    image: str = "kestra/kestra:latest"
    postgres_image: str = "postgres:15-alpine"
    database: str = "internal"
    http_port: int = 8080
    management_port: int = 8081
    smoke_http_port: int = 8090
    smoke_management_port: int = 8650
    memory: str = "4g"
    postgres_memory: str = "1g"
    timeout: int = 300
    kestra_dir: str = "tools/kestra"
    compose_file: str = "tools/compose/docker-compose.tools.yml"
    env_file: str = ".env"
    env_example: str = ".env.example"
    manifest: str = "config/services-manifest.json"
    port_map: str = "docs/context/ops/service-port-map.md"
    naming_document: str = "docs/governance/CONTAINER-NAMING-CONVENTION.md"
    start_stacks: str = "scripts/docker/start-stacks.sh"
    stop_stacks: str = "scripts/docker/stop-stacks.sh"
    health_check: str = "scripts/maintenance/health-check-all.sh"
    launcher: str = "apps/status/server.js"
    ops_docs: str = "docs/context/ops"
    openspec: str = "openspec"
    skip: tuple[str, ...] = ()
    create: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    # Not in any file: decided by a flag, or drawn, for this one run.
    decided_ports: tuple[int, int] | None = None
    ports_here: bool = False
    secrets: Secrets | None = None
    force: bool = False
    keep_credentials: bool = False
    database_from: str = ""
    today: str = ""

    @property
    def container(self) -> str:
        return f"{self.prefix}-kestra"

    @property
    def postgres_container(self) -> str:
        return f"{self.prefix}-kestra-postgres"

    @property
    def wrapper_container(self) -> str:
        """Default name of a container that run.sh starts."""
        return f"{self.prefix}-kestra-wrapper"

    @property
    def volume(self) -> str:
        return "kestra-postgres-data"

    @property
    def username(self) -> str:
        return f"admin@{self.email_domain}"

    @property
    def scripts_dir(self) -> str:
        return f"{self.kestra_dir}/scripts"

    @property
    def kestra_compose(self) -> str:
        return f"{self.kestra_dir}/compose.yml"

    @property
    def kestra_dir_from_stack(self) -> str:
        """`kestra_dir` as a bind mount in the stack's compose file names it."""
        path = self.relative(self.kestra_dir, posixpath.dirname(self.compose_file))
        # Without a dot in front Compose takes a path for a volume's name.
        return path if path == "." or path.startswith("..") else f"./{path}"

    def relative(self, path: str, start: str) -> str:
        """`path` as seen from the folder `start`, both relative to the root."""
        return posixpath.relpath(path, start or ".")

    def with_(self, **changes: Any) -> Settings:
        return replace(self, **changes)


_RUN_ONLY = {
    *("decided_ports", "ports_here", "secrets", "force", "keep_credentials", "database_from"),
    "today",
}
NAMES = tuple(f.name for f in fields(Settings) if f.name not in _RUN_ONLY)


def from_mapping(values: Mapping[str, Any], source: str) -> Settings:
    """Validate `values` (the `kestra:` section) into Settings.

    Args:
        values: setting name to value, as YAML or the environment gives it.
        source: where they come from, for the error message.

    Raises:
        UsageError: an unknown name, or a value that the setting can't take.
    """
    unknown = sorted(set(values) - set(NAMES))
    if unknown:
        raise UsageError(
            f"{source}: unknown setting kestra.{unknown[0]}",
            f"settings are: {', '.join(NAMES)}",
        )
    checked = {name: _value(name, value, source) for name, value in values.items()}
    settings = Settings(**checked)
    _distinct_ports(settings, source)
    _distinct_paths(settings, source)
    return settings


def parse_ports(text: str) -> tuple[int, int]:
    """Read `8180,8685` as the HTTP and the management port.

    Raises:
        UsageError: not two distinct TCP ports.
    """
    parts = [part.strip() for part in text.split(",")]
    numbers = [_port(part) for part in parts]
    if len(numbers) != 2 or None in numbers or numbers[0] == numbers[1]:
        raise UsageError(
            f"--ports {text!r} isn't two different ports",
            "for example: --ports 8180,8685, or --ports auto",
        )
    return (numbers[0] or 0, numbers[1] or 0)


def _value(name: str, value: Any, source: str) -> Any:
    default = getattr(Settings, name)
    if isinstance(default, tuple):
        return _names(name, value, source)
    if isinstance(default, int):
        return _number(name, value, source)
    return _text(name, value, source)


def _names(name: str, value: Any, source: str) -> tuple[str, ...]:
    items = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(i, str) for i in items):
        raise _refused(name, value, source, "a list of names")
    return tuple(items)


def _number(name: str, value: Any, source: str) -> int:
    if name == "timeout":
        text = "" if isinstance(value, bool) else str(value)
        if text.isascii() and text.isdecimal() and 1 <= int(text) <= 86_400:
            return int(text)
        raise _refused(name, value, source, "seconds, 1 to 86400")
    port = _port(value)
    if port is None:
        raise _refused(name, value, source, "a TCP port, 1 to 65535")
    return port


def _port(value: Any) -> int | None:
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdecimal()):
        return None
    return int(text) if 1 <= int(text) <= 65_535 else None


def _text(name: str, value: Any, source: str) -> str:
    if not isinstance(value, str) or not value:
        raise _refused(name, value, source, "a text")
    if name == "language" and value not in _LANGUAGES:
        raise _refused(name, value, source, " or ".join(_LANGUAGES))
    if name == "database" and value not in _DATABASES:
        raise _refused(name, value, source, " or ".join(_DATABASES))
    if name in ("prefix", "stack", "network") and not _NAME.fullmatch(value):
        raise _refused(name, value, source, "lower-case letters, digits, '_', '.', '-'")
    if name in ("image", "postgres_image") and not _IMAGE.fullmatch(value):
        raise _refused(name, value, source, "an image name such as kestra/kestra:latest")
    if name in ("memory", "postgres_memory") and not _MEMORY.fullmatch(value):
        raise _refused(name, value, source, "a size such as 4g or 512m")
    if name == "email_domain" and not _DOMAIN.fullmatch(value):
        raise _refused(name, value, source, "a domain such as example.org")
    return _path(name, value, source) if name in _PATHS else value


_PATHS = (
    "kestra_dir",
    "compose_file",
    "env_file",
    "env_example",
    "manifest",
    "port_map",
    "naming_document",
    "start_stacks",
    "stop_stacks",
    "health_check",
    "launcher",
    "ops_docs",
    "openspec",
)


def _path(name: str, value: str, source: str) -> str:
    clean = posixpath.normpath(value)
    parts = clean.split("/")
    if (
        not _PATH.fullmatch(value)
        or not value.isprintable()
        or clean.startswith(("/", "..", "-", "~"))
        or any(part != part.strip() for part in parts)
        or clean == "."
    ):
        raise _refused(
            name, value, source, "a path inside the monorepo, without quotes or shell characters"
        )
    return clean


def _distinct_ports(settings: Settings, source: str) -> None:
    seen: dict[int, str] = {}
    for name in ("http_port", "management_port", "smoke_http_port", "smoke_management_port"):
        port = getattr(settings, name)
        if port in seen:
            raise UsageError(
                f"{source}: kestra.{name} and kestra.{seen[port]} are both {port}",
                "give each its own port",
            )
        seen[port] = name


def _distinct_paths(settings: Settings, source: str) -> None:
    seen = {settings.kestra_compose: "kestra_dir (its compose.yml)"}
    for name in _PATHS:
        path = getattr(settings, name)
        if path in seen:
            raise UsageError(
                f"{source}: kestra.{name} and kestra.{seen[path]} are both {path}",
                "give each its own path",
            )
        seen[path] = name


def _refused(name: str, value: Any, source: str, wanted: str) -> UsageError:
    shown = _USERINFO.sub("//********@", repr(value))
    return UsageError(f"{source}: kestra.{name} is {shown}", f"it takes {wanted}")
