"""Secrets drawn once, before planning, for placeholders of `.env` that nothing depends on yet."""

from __future__ import annotations

import os
import secrets
import string
from collections.abc import Callable
from pathlib import Path

from kestra_tasks.core import envtext
from kestra_tasks.core.passwords import DB_PASSWORD, PASSWORD, is_placeholder
from kestra_tasks.errors import PreconditionError
from kestra_tasks.probes.tree import read_tree
from kestra_tasks.settings import Secrets, Settings

# What Compose, bash, python-dotenv, YAML and URLs all take as it stands.
_LETTERS = string.ascii_letters + string.digits
_CHARACTERS = _LETTERS + "-_.~"
_LENGTH = 32
_VOLUME = "KESTRA_POSTGRES_VOLUME"


def draw(root: Path, settings: Settings, database_exists: Callable[[str], bool]) -> Settings:
    """Return the settings with the secrets that `.env` still lacks.

    What `.env` has for real is kept, and its field in `Secrets` is then "". Nothing is drawn,
    and the settings come back as they are, where both are there.

    Args:
        database_exists: whether the volume of that name has data already; asked only where
            the database's password is lacking.

    Raises:
        PreconditionError: the database exists and its password isn't in `.env`.
    """
    file = read_tree(root).read(settings.env_file)
    known = envtext.values(file.text if file else "")
    # The password of an external database is its owner's to give.
    lacks_database = is_placeholder(known.get(DB_PASSWORD)) and settings.database == "internal"
    lacks_login = is_placeholder(known.get(PASSWORD))
    volume = os.environ.get(_VOLUME) or known.get(_VOLUME) or settings.volume
    if lacks_database and database_exists(volume):
        raise PreconditionError(
            f"{DB_PASSWORD} isn't in {settings.env_file}, but the volume {volume} holds a "
            "database that opens with the old one; a new one would lock you out of it",
            f"put the old value back into {settings.env_file}; if the data aren't this monorepo's, "
            f"add KESTRA_POSTGRES_VOLUME=another-name there; to give them up: "
            f"docker volume rm {volume}",
        )
    if file is not None and not (lacks_database or lacks_login):
        return settings
    return settings.with_(
        secrets=Secrets(
            database_password=password() if lacks_database else "",
            basic_auth_password=password() if lacks_login else "",
        )
    )


def password() -> str:
    """Draw a password of 32 characters (190 bits) that Kestra's rule accepts."""
    while True:
        # A letter or digit first and last: no reader takes those for syntax.
        inner = "".join(secrets.choice(_CHARACTERS) for _ in range(_LENGTH - 2))
        drawn = secrets.choice(_LETTERS) + inner + secrets.choice(_LETTERS)
        if all(
            any(char in kind for char in drawn)
            for kind in (string.ascii_uppercase, string.ascii_lowercase, string.digits)
        ):
            return drawn
