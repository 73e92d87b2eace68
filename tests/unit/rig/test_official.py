"""What the client's words mean about the official image."""

from __future__ import annotations

import pytest

from rig.official import Verdict, judge

NO_NAME = "failed to configure transport: Get ...: dial tcp: lookup host.test: no such host"


@pytest.mark.parametrize(
    ("code", "text", "verdict"),
    [
        (0, "{}", Verdict.REACHABLE),
        (124, "", Verdict.UNREACHABLE),
        (1, NO_NAME, Verdict.UNREACHABLE),
        (1, "dial tcp 192.0.2.1:443: connect: connection refused", Verdict.UNREACHABLE),
        (1, "no such manifest: a/b:c", Verdict.NO_SUCH_IMAGE),
        (1, "manifest unknown: manifest unknown", Verdict.NO_SUCH_IMAGE),
        (1, "toomanyrequests: You have reached your limit", Verdict.REFUSED),
        (1, "unauthorized: authentication required", Verdict.REFUSED),
    ],
)
def test_the_verdict_tells_the_network_from_a_missing_image(
    code: int, text: str, verdict: Verdict
) -> None:
    assert judge(code, text).verdict is verdict


def test_only_an_answer_of_yes_is_ok() -> None:
    assert judge(0, "{}").ok
    assert not judge(1, NO_NAME).ok
    assert judge(1, NO_NAME).reason == NO_NAME
