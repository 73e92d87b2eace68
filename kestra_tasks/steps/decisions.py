"""What a team decided once, as later steps find it in the tree."""

from __future__ import annotations

from kestra_tasks.core import envtext
from kestra_tasks.core.tree import Tree
from kestra_tasks.settings import Settings


def ports(tree: Tree, settings: Settings) -> tuple[int, int]:
    """The HTTP and the management port: the team's decision, else the settings'."""
    file = tree.read(settings.env_example)
    decided = envtext.values(file.text) if file else {}
    usual = settings.decided_ports or (settings.http_port, settings.management_port)
    names = ("KESTRA_HTTP_PORT", "KESTRA_MANAGEMENT_PORT")
    found = [decided.get(name) or "" for name in names]
    http, management = (
        int(text) if text.isascii() and text.isdecimal() and 0 < int(text) < 65_536 else port
        for text, port in zip(found, usual, strict=True)
    )
    return http, management
