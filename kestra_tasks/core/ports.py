"""Ports: what a text publishes, what Kestra wants, who is in the way, what is free."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from itertools import chain

from kestra_tasks.core.facts import Claim, Listener, Wanted
from kestra_tasks.settings import Settings

HTTP = "http"
MANAGEMENT = "management"
VARIABLES = {HTTP: "KESTRA_HTTP_PORT", MANAGEMENT: "KESTRA_MANAGEMENT_PORT"}
BIND_VARIABLE = "KESTRA_BIND_ADDRESS"
BIND_DEFAULT = "127.0.0.1"
# Above them the kernel hands ports out by itself, so a free one doesn't stay free.
_EPHEMERAL = 32_768
_UNPRIVILEGED = 1024
_MAX = 65_535
_ANY = {"", "*", "0.0.0.0", "::"}  # noqa: S104 - compared, not bound
# No more digits than a port has: int() refuses some thousands of them.
_NUMBER = re.compile(r"0*([1-9][0-9]{0,4})")
_SHORT = re.compile(
    r"""(?:(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<four>\d+(?:\.\d+){3})):)?
        (?:(?P<host>\d+(?:-\d+)?)?:)?
        (?P<target>\d+(?:-\d+)?)
        (?:/(?P<protocol>[A-Za-z]+))?""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Published:
    """One port of a container on the host; `address` is None where the text names none."""

    port: int
    target: int | None
    protocol: str = "tcp"
    address: str | None = None


def parse_short(text: str) -> list[Published] | None:
    """Read Compose's short syntax, `[[ip:][host[-host]]:]container[-container][/protocol]`.

    Returns:
        One entry a host port; [] where only the container's port is named (the engine
        then picks one); None where the text is something else.
    """
    found = _SHORT.fullmatch(text.strip())
    if found is None:
        return None
    address = found["six"] or found["four"]
    if found["host"] is None:
        return []
    return expand(found["host"], found["target"], found["protocol"] or "tcp", address)


def expand(
    host: str, target: str | None, protocol: str = "tcp", address: str | None = None
) -> list[Published] | None:
    """One entry a port of the range `host`; None where it isn't ports."""
    hosts, targets = _range(host), _range(target) if target else None
    if hosts is None:
        return None
    aligned = targets if targets and len(targets) == len(hosts) else None
    return [
        Published(port, aligned[i] if aligned else None, protocol.lower(), address or None)
        for i, port in enumerate(hosts)
    ]


def _range(text: str) -> range | None:
    first, dash, last = text.partition("-")
    low, high = port_number(first), port_number(last if dash else first)
    return range(low, high + 1) if low and high and low <= high else None


def port_number(text: str | None) -> int | None:
    """A TCP port written in decimal, or None."""
    found = _NUMBER.fullmatch((text or "").strip())
    return int(found[1]) if found and int(found[1]) <= _MAX else None


def overlap(one: str | None, other: str | None) -> bool:
    """Whether sockets on both addresses would collide; None or "" stands for all addresses."""
    first, second = _plain(one or ""), _plain(other or "")
    return first == second or not _ANY.isdisjoint((first, second))


def _plain(address: str) -> str:
    if address == "localhost":
        return "127.0.0.1"
    try:
        parsed = ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return address
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)


@dataclass(frozen=True)
class Need:
    """A port that Kestra wants, and where that number was decided."""

    name: str
    port: int
    source: str


def needs(
    settings: Settings,
    env: Mapping[str, str],
    example: Mapping[str, str],
    environ: Mapping[str, str] | None = None,
) -> list[Need]:
    """The four wanted ports: flag, environment, .env, .env.example, settings; first wins."""
    decided = dict(zip(VARIABLES, settings.decided_ports or (), strict=False))
    places = (
        (environ or {}, "the environment"),
        (env, settings.env_file),
        (example, settings.env_example),
    )
    result = []
    for name, default in ((HTTP, settings.http_port), (MANAGEMENT, settings.management_port)):
        if name in decided:
            result.append(Need(name, decided[name], "--ports"))
            continue
        for values, source in places:
            if port := port_number(values.get(VARIABLES[name])):
                result.append(Need(name, port, source))
                break
        else:
            result.append(Need(name, default, "settings"))
    return [
        *result,
        Need("smoke-http", settings.smoke_http_port, "settings"),
        Need("smoke-management", settings.smoke_management_port, "settings"),
    ]


def judge(
    wanted: Sequence[Need],
    claims: Iterable[Claim],
    listeners: Iterable[Listener],
    bind: str = BIND_DEFAULT,
) -> list[Wanted]:
    """A verdict and a free proposal for each wanted port.

    Args:
        bind: host address that Kestra publishes on; claims and listeners that are bound
            elsewhere don't stand in the way, but no proposal goes to their port either.
    """
    claimed = [c for c in claims if c.protocol == "tcp"]
    live = [item for item in listeners if item.protocol == "tcp"]
    used = {c.port for c in claimed if not c.ours} | {item.port for item in live}
    used |= {need.port for need in wanted}
    result: list[Wanted] = []
    seen: dict[int, str] = {}
    for need in wanted:
        verdict, why = _verdict(need, claimed, live, bind, seen)
        proposal: int | None = need.port
        if verdict not in ("free", "ours"):
            proposal = suggest(need.port, used)
            used |= {proposal} if proposal else set()
        seen.setdefault(need.port, need.name)
        result.append(Wanted(need.name, need.port, verdict, proposal, why, need.source))
    return result


def suggest(port: int, used: set[int]) -> int | None:
    """A port that nobody uses and that recalls `port`: 8180 for 8080; None if all are taken."""
    hundreds = range(port + 100, port + 1000, 100)
    for candidate in chain(hundreds, range(port + 1, _EPHEMERAL), range(_UNPRIVILEGED, port)):
        if _UNPRIVILEGED <= candidate < _EPHEMERAL and candidate not in used:
            return candidate
    return None


def _verdict(
    need: Need, claims: list[Claim], live: list[Listener], bind: str, seen: dict[int, str]
) -> tuple[str, str]:
    holders = [i for i in live if i.port == need.port and overlap(i.address, bind)]
    theirs = [c for c in claims if c.port == need.port and not c.ours and overlap(c.host_ip, bind)]
    ours = next((c for c in claims if c.port == need.port and c.ours), None)
    if need.port in seen:
        return "claimed", f"Kestra's own {seen[need.port]} port is the same"
    if holder := next((i for i in holders if not i.ours), None):
        also = f"; {_claims(theirs)}" if theirs else ""
        return "taken", f"{holder.owner} listens on it{also}"
    if holders:
        also = f", though {_claims(theirs)}" if theirs else ""
        return "ours", f"our own {holders[0].owner} listens on it{also}"
    if theirs:
        return "claimed", _claims(theirs)
    if ours:
        return "ours", f"claimed by Kestra itself in {ours.place}; nothing listens on it"
    return "free", "nothing claims it or listens on it"


def _claims(claims: list[Claim]) -> str:
    # What Compose would start first, hearsay last.
    ranked = sorted(claims, key=lambda c: (not c.kind.startswith("compose"), c.file, c.line or 0))
    places = list(dict.fromkeys(f"{c.place} ({c.owner})" for c in ranked))
    more = f" and {len(places) - 2} more" if len(places) > 2 else ""
    return f"claimed by {', '.join(places[:2])}{more}"
