"""What a team decided once, as later steps find it in the tree."""

from __future__ import annotations

import re

from kestra_tasks.core import envtext
from kestra_tasks.core.tree import Tree
from kestra_tasks.settings import Settings

_DIGITS = re.compile(r"[0-9]{1,5}")


def ports(tree: Tree, settings: Settings) -> tuple[int, int]:
    """The HTTP and the management port: the team's decision, else the settings'."""
    file = tree.read(settings.env_example)
    decided = envtext.values(file.text) if file else {}
    http, management = settings.decided_ports or (settings.http_port, settings.management_port)
    return (
        _port(decided.get("KESTRA_HTTP_PORT"), http),
        _port(decided.get("KESTRA_MANAGEMENT_PORT"), management),
    )


def _port(text: str | None, usual: int) -> int:
    """The TCP port that `text` is, else the usual one."""
    number = int(text) if text and _DIGITS.fullmatch(text) else 0
    return number if 0 < number < 65_536 else usual
