"""The decision on ports: taken once by a person, then kept in `.env.example` and `.env`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kestra_tasks.errors import PreconditionError, UsageError
from kestra_tasks.rim import Rim
from kestra_tasks.settings import Settings, parse_ports

if TYPE_CHECKING:
    from kestra_tasks.core.facts import Wanted

_KEY = "KESTRA_HTTP_PORT"


def decide(rim: Rim, settings: Settings, given: str) -> tuple[Settings, PreconditionError | None]:
    """Settle the ports that the plan writes.

    Args:
        given: "", "auto" or "8180,8685".

    Returns:
        The settings with the decision in them, and, in a dry run where one is needed, the
        error to end with once the plan has been shown.

    Raises:
        PreconditionError: a wanted port is claimed or taken and nobody can be asked.
        UsageError: `given` isn't two ports, or --here has nothing that it could differ from.
    """
    from kestra_tasks import discovery

    if settings.ports_here:
        _refuse_without_team(rim, settings, given)
    if given == "auto":
        return settings.with_(decided_ports=discovery.propose(rim.root, settings)), None
    if given:
        return settings.with_(decided_ports=parse_ports(given)), None
    if _decided(rim, settings):
        return settings, None
    verdicts = discovery.port_verdicts(rim.root, settings)
    blocked = [w for w in verdicts if w.name in _OURS and w.verdict in ("claimed", "taken")]
    if not blocked:
        return settings, None
    proposal = discovery.proposal_of(verdicts)
    if rim.interactive and not rim.dry_run:
        return settings.with_(decided_ports=_ask(rim, blocked, proposal)), None
    error = PreconditionError(
        "; ".join(f"port {w.port} ({w.name}): {w.why}" for w in blocked),
        f"--ports auto (takes {proposal[0]},{proposal[1]}), or choose: --ports HTTP,MANAGEMENT",
    )
    if rim.dry_run:
        return settings, error
    raise error


_OURS = ("http", "management")


def _decided(rim: Rim, settings: Settings) -> bool:
    from kestra_tasks.core import envtext
    from kestra_tasks.probes.tree import read_tree

    tree = read_tree(rim.root)
    files = (tree.read(settings.env_example), tree.read(settings.env_file))
    return any(file is not None and envtext.get(file.text, _KEY) for file in files)


def _refuse_without_team(rim: Rim, settings: Settings, given: str) -> None:
    from kestra_tasks.core import envtext
    from kestra_tasks.probes.tree import read_tree

    if not given:
        raise UsageError("--here goes with --ports", "inv kestra.env --ports auto --here")
    example = read_tree(rim.root).read(settings.env_example)
    if example is None or not envtext.get(example.text, _KEY):
        raise UsageError(
            f"{settings.env_example} has no ports of Kestra that this machine could differ from",
            "inv kestra.integrate, with --ports and without --here",
        )


def _ask(rim: Rim, blocked: list[Wanted], proposal: tuple[int, int]) -> tuple[int, int]:
    for wanted in blocked:
        rim.say(f"port {wanted.port} ({wanted.name}): {wanted.why}")
    sys.stderr.write(f"Ports for Kestra, HTTP and management [{proposal[0]},{proposal[1]}]: ")
    sys.stderr.flush()
    answer = sys.stdin.readline().strip()
    return parse_ports(answer) if answer else proposal
