"""What the team decided in `.env.example`, as later steps find it."""

from __future__ import annotations

import pytest

from kestra_tasks.core.tree import File, Tree
from kestra_tasks.settings import Settings
from kestra_tasks.steps.decisions import ports

USUAL = Settings(http_port=9080, management_port=9081)


@pytest.mark.parametrize(
    ("example", "settings", "found"),
    [
        (None, USUAL, (9080, 9081)),
        ("A=1\n", USUAL, (9080, 9081)),
        ("KESTRA_HTTP_PORT=8180\nKESTRA_MANAGEMENT_PORT=8685\n", USUAL, (8180, 8685)),
        ("KESTRA_MANAGEMENT_PORT='8685'\n", USUAL, (9080, 8685)),
        ("KESTRA_HTTP_PORT=1\nKESTRA_MANAGEMENT_PORT=65535\n", USUAL, (1, 65535)),
        ("KESTRA_HTTP_PORT=0\nKESTRA_MANAGEMENT_PORT=65536\n", USUAL, (9080, 9081)),
        ("KESTRA_HTTP_PORT=\nKESTRA_MANAGEMENT_PORT=CHANGE_ME\n", USUAL, (9080, 9081)),
        (f"KESTRA_HTTP_PORT={'9' * 5000}\nKESTRA_MANAGEMENT_PORT=²\n", USUAL, (9080, 9081)),
        ("KESTRA_HTTP_PORT=8180\n", USUAL.with_(decided_ports=(7000, 7001)), (8180, 7001)),
    ],
    ids=["no-file", "none", "both", "one", "limits", "beyond", "no-numbers", "odd", "flag"],
)
def test_ports(example: str | None, settings: Settings, found: tuple[int, int]) -> None:
    files = {} if example is None else {".env.example": File.of(example)}
    assert ports(Tree(files), settings) == found
