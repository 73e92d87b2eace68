"""Commands of ours in messages, as they can be typed where the message is read."""

from __future__ import annotations

import re
import shlex
from typing import Any

_COMMAND = re.compile(r"(?<![\w./-])inv (kestra\.[a-z]+)(?![\w.])")
# Keys of answers under which a program finds the next command.
_KEYS = ("hint", "mend", "next")


def typed(text: str, program: str, root: str | None) -> str:
    """`text` with `inv kestra.up` as this program's own: `./inv kestra.up --root PATH`.

    Args:
        program: what was typed to start it, such as `./inv`, quoted where a shell needs it.
        root: what was given as `--root`; None where the task's own folder is the root.
    """
    chosen = f" --root {shlex.quote(root)}" if root else ""
    return _COMMAND.sub(lambda found: f"{program} {found[1]}{chosen}", text)


def typed_document(document: Any, program: str, root: str | None) -> Any:
    """A JSON-ready document with the commands in its hints as `typed` writes them."""
    if isinstance(document, dict):
        return {
            key: typed(value, program, root)
            if key in _KEYS and isinstance(value, str)
            else typed_document(value, program, root)
            for key, value in document.items()
        }
    if isinstance(document, list | tuple):
        return [typed_document(value, program, root) for value in document]
    return document
