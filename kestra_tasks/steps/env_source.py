"""`--database-from PREFIX`: an external database's address and user, from variables of `.env`.

By value, not by reference: run.sh resolves no variable inside `.env`, and a "$" in the source
would be read twice. The price, a second place to change at the next rotation, is told.
"""

from __future__ import annotations

from kestra_tasks.core import envtext
from kestra_tasks.core.edit import Conflict
from kestra_tasks.core.passwords import DB_PASSWORD, is_placeholder
from kestra_tasks.settings import Settings

_PORT = "KESTRA_DB_PORT"
# The database's name isn't among them: in a schema with other tables Kestra doesn't start.
_SOURCES = {
    "KESTRA_DB_HOST": ("HOST", "DB_HOST", "HOSTNAME", "POSTGRES_HOST"),
    _PORT: ("PORT", "DB_PORT", "POSTGRES_PORT"),
    "KESTRA_DB_USER": ("USER", "USERNAME", "DB_USER", "POSTGRES_USER"),
    DB_PASSWORD: ("PASSWORD", "PASS", "DB_PASSWORD", "POSTGRES_PASSWORD"),
}
_UNSET = {"KESTRA_DB_HOST": "kestra-postgres", _PORT: "5432", "KESTRA_DB_USER": "kestra"}


def adopt(path: str, text: str, settings: Settings) -> tuple[str, str] | Conflict:
    """Copy the values into Kestra's variables of `text`.

    Returns:
        The new text and what was done, in words without values; or why it can't be.
    """
    prefix = settings.database_from.rstrip("_")
    if settings.database != "external":
        return Conflict(
            path,
            f"--database-from {prefix} is for a database of yours, and Kestra has its own here",
            "set `database: external` under kestra: in invoke.yaml, then run this again",
        )
    known = envtext.values(text)
    taken: dict[str, str] = {}
    for key, endings in _SOURCES.items():
        names = [f"{prefix}_{ending}" for ending in endings]
        source = next((name for name in names if not is_placeholder(known.get(name))), None)
        if source is None and key == _PORT:
            continue  # few name it: 5432, or what Kestra's own variable says
        if source is None:
            return Conflict(
                path,
                f"{path}: none of {', '.join(names)} has a value for {key}",
                "add it, or give Kestra's variables by hand",
            )
        now, value = known.get(key), known[source]
        if not (is_placeholder(now) or now in (value, _UNSET.get(key)) or settings.force):
            return Conflict(
                path,
                f"{path}: {key} has another value than {source}; it is kept",
                "add --force to replace it",
            )
        try:
            text = envtext.set_value(text, key, value)
        except envtext.UnquotableError as error:
            return Conflict(path, f"{path}: {source}: {error.message}", "change it there first")
        taken[key] = source
    pairs = ", ".join(f"{key} from {source}" for key, source in taken.items())
    return text, f"{pairs} (copied: change both at a rotation); the database must exist"
