"""What Kestra takes as credentials, judged before anything starts."""

from __future__ import annotations

import re
from collections.abc import Mapping

DB_PASSWORD = "KESTRA_DB_PASSWORD"  # noqa: S105 - a name, not a password
USERNAME = "KESTRA_BASICAUTH_USERNAME"
PASSWORD = "KESTRA_BASICAUTH_PASSWORD"  # noqa: S105 - a name, not a password
SECRET_NAMES = (DB_PASSWORD, PASSWORD)

_PLACEHOLDER = re.compile(
    r"change[_-]?(me|it|this)\b.*|change[_-]?me[_-].*|changeme123!?|changeme|<[^>]*>|x{4,}"
    r"|(your|sua|seu)[_-].*(password|secret|senha).*|replace[_-]?me.*|todo|\*{3,}",
    re.I | re.S,
)
# As in Kestra's own check of the address.
_EMAIL = re.compile(r"[a-zA-Z0-9_!#$%&'*+/=?`{|}~^.-]+@[a-zA-Z0-9.-]+")
_LONGEST = 256


def is_placeholder(value: str | None) -> bool:
    """Whether a value stands for one that is still to be given: absent, empty, CHANGE_ME..."""
    return not (value and value.strip()) or bool(_PLACEHOLDER.fullmatch(value.strip()))


def problems(env: Mapping[str, str]) -> list[tuple[str, str]]:
    """What in `env` (name to value) would keep Kestra from starting safely.

    Returns:
        (name, why) in a fixed order; a reason never has a value in it.
    """
    found: list[tuple[str, str]] = []
    if "KESTRA_DB_HOST" in env and is_placeholder(env["KESTRA_DB_HOST"]):
        found.append(("KESTRA_DB_HOST", _absent(env["KESTRA_DB_HOST"])))
    for name, check in ((DB_PASSWORD, _any), (USERNAME, _username), (PASSWORD, _password)):
        value = env.get(name)
        if value is None or is_placeholder(value):
            found.append((name, _absent(value)))
        else:
            found += [(name, why) for why in (*_any(value), *(check(value)))]
    return list(dict.fromkeys(found))


def _absent(value: str | None) -> str:
    if value is None:
        return "is missing"
    return "is still a placeholder" if value.strip() else "is empty"


def _any(value: str) -> list[str]:
    """What no credential may have, whoever reads it."""
    reasons = []
    if "${" in value:
        reasons.append('has "${" in it, which the server would resolve once more')
    if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", value):
        reasons.append("has a line end or another control character in it")
    if any(0xD800 <= ord(char) <= 0xDFFF for char in value):
        reasons.append("isn't UTF-8")
    if len(value) > _LONGEST:
        reasons.append(f"has more than {_LONGEST} characters")
    return reasons


def _username(value: str) -> list[str]:
    return [] if _EMAIL.fullmatch(value) else ["isn't an e-mail address, as Kestra requires"]


def _password(value: str) -> list[str]:
    """Kestra's rule; newer servers also want a lower-case letter, and leave an instance open
    to its first visitor where they refuse the password, so the stricter rule counts."""
    missing = [
        words
        for words, form in (
            ("8 characters", r".{8}"),
            ("an upper-case letter", r"[A-Z]"),
            ("a lower-case letter", r"[a-z]"),
            ("a digit", r"[0-9]"),
        )
        if not re.search(form, value, re.S)
    ]
    return [f"needs at least {', '.join(missing)}, as Kestra requires"] if missing else []
