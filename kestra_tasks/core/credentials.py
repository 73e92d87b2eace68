"""Which credentials `.env` has, by name and state; a value never leaves this module."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kestra_tasks.core.facts import Credential
from kestra_tasks.core.passwords import is_placeholder

PRESENT, PLACEHOLDER, EMPTY, MISSING = "present", "placeholder", "empty", "missing"

_LOOKED_AT = re.compile(r"(?:POSTGRES_|TIMESCALE|KESTRA_)\w*")
_NEEDED = (
    "KESTRA_HTTP_PORT",
    "KESTRA_MANAGEMENT_PORT",
    "KESTRA_DB_HOST",
    "KESTRA_DB_PORT",
    "KESTRA_DB_NAME",
    "KESTRA_DB_USER",
    "KESTRA_DB_PASSWORD",
    "KESTRA_BASICAUTH_USERNAME",
    "KESTRA_BASICAUTH_PASSWORD",
)
# As `kestra.env --database-from PREFIX` looks for them.
_ENDINGS = {
    "HOST": ("HOST", "DB_HOST", "HOSTNAME", "POSTGRES_HOST"),
    "USER": ("USER", "USERNAME", "DB_USER", "POSTGRES_USER"),
    "PASSWORD": ("PASSWORD", "PASS", "DB_PASSWORD", "POSTGRES_PASSWORD"),
}


@dataclass(frozen=True)
class Database:
    """Variables of one prefix that could open an external database.

    Attributes:
        prefix: as `--database-from` takes it.
        missing: which of HOST, USER, PASSWORD have no value; none where it could serve.
    """

    prefix: str
    missing: tuple[str, ...]


def credentials(env: Mapping[str, str], example: Mapping[str, str], file: str) -> list[Credential]:
    """The state in `.env` of every POSTGRES_*, TIMESCALE* and KESTRA_* that it or the example has.

    Args:
        env: names and values of `.env`; example: of `.env.example`.
        file: `.env`'s path, relative to the root.
    """
    names = {name for name in [*env, *example] if _LOOKED_AT.fullmatch(name)} | set(_NEEDED)
    return [Credential(name, file, _state(env.get(name))) for name in sorted(names)]


def databases(env: Mapping[str, str]) -> list[Database]:
    """The prefixes in `.env` under which a database's host, user or password stands."""
    prefixes: dict[str, None] = {}
    for name in env:
        if _LOOKED_AT.fullmatch(name) and not name.startswith("KESTRA_"):
            ending = next(
                (e for ends in _ENDINGS.values() for e in ends if name.endswith(f"_{e}")), None
            )
            if ending:
                prefixes.setdefault(name.removesuffix(f"_{ending}"))
    return [
        Database(
            prefix,
            tuple(
                field
                for field, ends in _ENDINGS.items()
                if all(is_placeholder(env.get(f"{prefix}_{ending}")) for ending in ends)
            ),
        )
        for prefix in prefixes
    ]


def _state(value: str | None) -> str:
    if value is None:
        return MISSING
    if not value.strip():
        return EMPTY
    return PLACEHOLDER if is_placeholder(value) else PRESENT
