"""What row 5.1 says of a smoke test that failed: its own answer, else its last words."""

from __future__ import annotations

import json

import pytest

from kestra_tasks.checklist.live import _smoke_failure
from kestra_tasks.ops.runner import Result

_STAGES = [{"name": "database", "ok": True}, {"name": "health", "ok": False, "detail": "no answer"}]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (json.dumps({"error": {"message": "port 8090 is taken"}}), "port 8090 is taken"),
        (json.dumps({"stages": _STAGES}), "health: no answer"),
        ("", "code 5: boom"),
        ("[]", "code 5: boom"),
    ],
)
def test_why_it_failed(answer: str, told: str) -> None:
    assert _smoke_failure(Result(("inv",), 5, answer, "x\nboom\n")) == told
