"""Whether the official image can be had: reachable, not reachable, or no such image."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .shell import ask

OFFICIAL = "kestra/kestra:latest"
SECONDS = 20.0


class Verdict(StrEnum):
    """What asking the official image's registry came to."""

    REACHABLE = "reachable"
    UNREACHABLE = "unreachable"  # the network: no route, no name, no answer
    NO_SUCH_IMAGE = "no such image"  # the registry answered: it has none of that name
    REFUSED = "refused"  # the registry answered something else, as a rate limit


@dataclass(frozen=True)
class Reach:
    """The verdict, and what was said, in a line."""

    verdict: Verdict
    reason: str = ""

    @property
    def ok(self) -> bool:
        return self.verdict is Verdict.REACHABLE


def reach(image: str = OFFICIAL) -> Reach:
    """Ask the registry of `image` for its manifest; nothing is pulled.

    The client asks, not the engine, so that a mirror of the engine's doesn't answer.
    """
    answer = ask(["docker", "manifest", "inspect", image], timeout=SECONDS, merge=True)
    return judge(answer.code, answer.out)


def judge(code: int, text: str) -> Reach:
    """What the client's exit code and words mean."""
    reason = (text.strip().splitlines() or [""])[-1]
    low = text.lower()
    if code == 0:
        return Reach(Verdict.REACHABLE)
    if code == 124:
        return Reach(Verdict.UNREACHABLE, f"no answer within {SECONDS:.0f} s")
    if any(
        word in low
        for word in ("no such manifest", "manifest unknown", "name unknown", "not found: manifest")
    ):
        return Reach(Verdict.NO_SUCH_IMAGE, reason)
    if any(word in low for word in ("toomanyrequests", "unauthorized", "denied")):
        return Reach(Verdict.REFUSED, reason)
    return Reach(Verdict.UNREACHABLE, reason)
