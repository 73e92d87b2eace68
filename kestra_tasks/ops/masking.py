"""Secrets out of text that leaves the process."""

from __future__ import annotations

import json
from collections.abc import Iterable
from urllib.parse import quote

_MASK = "********"


class Mask:
    """Replaces secrets, also where they were quoted for a URL or for JSON.

    Args:
        secrets: values; empty ones are ignored.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = set()
        for secret in secrets:
            if secret:
                forms |= {secret, quote(secret), quote(secret, safe=""), json.dumps(secret)[1:-1]}
        # The longest first: a secret may be the beginning of another.
        self._forms = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, _MASK)
        return text

    def __repr__(self) -> str:
        return f"Mask({len(self._forms)} forms)"
