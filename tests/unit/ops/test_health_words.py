"""What is told of a command that fails in a container."""

from __future__ import annotations

import pytest

from kestra_tasks.ops.health import _said
from kestra_tasks.ops.runner import Result

PSQL = (
    'psql: error: connection to server at "172.18.0.2", port 5432 failed: Connection refused\n'
    "\tIs the server running on that host and accepting TCP/IP connections?\n"
)


@pytest.mark.parametrize(
    ("out", "err", "told"),
    [
        ("", PSQL, PSQL.splitlines()[0]),
        ("", "WARNING: a notice\nsh: 1: cannot create /x: Read-only file system\n\n", "sh: 1: "),
        ("OCI runtime exec failed: no such folder\r\n", "", "OCI runtime exec failed"),
        ("", "", "no answer"),
        ("", "\tonly indented\n", "no answer"),
    ],
)
def test_the_last_line_that_stands_for_itself_is_told(out: str, err: str, told: str) -> None:
    assert _said(Result(("docker",), 1, out, err)).startswith(told)
