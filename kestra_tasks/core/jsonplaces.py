"""Where the members of a JSON list or object stand in its text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any


def members(text: str, start: int) -> Iterator[tuple[str, Any, int]]:
    """Key ("" in a list), value and the value's offset, of valid JSON's container at `start`."""
    decoder = json.JSONDecoder()
    position = skip(text, start + 1)
    while text[position] not in "]}":
        key = ""
        if text[start] == "{":
            key, position = scanstring(text, position + 1)
            position = skip(text, skip(text, position) + 1)
        value, end = decoder.raw_decode(text, position)
        yield key, value, position
        position = skip(text, end)
        if text[position] == ",":
            position = skip(text, position + 1)


def skip(text: str, position: int) -> int:
    while text[position] in " \t\r\n":
        position += 1
    return position
