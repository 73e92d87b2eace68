"""Ports: Compose's short syntax, whose number wins, every verdict, proposals that collide with
nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kestra_tasks.core.facts import Claim, Listener
from kestra_tasks.core.ports import (
    Need,
    Published,
    expand,
    judge,
    needs,
    overlap,
    parse_short,
    port_number,
    suggest,
)
from kestra_tasks.settings import Settings


def claim(port: int, *, host_ip: str | None = None, ours: bool = False, **rest: str) -> Claim:
    kind = rest.get("kind", "compose")
    protocol = rest.get("protocol", "tcp")
    return Claim(port, protocol, host_ip, rest.get("file", "a.yml"), 7, "web", kind, ours)


def listener(port: int, address: str = "127.0.0.1", **rest: object) -> Listener:
    return Listener(port, "tcp", address, **{"pid": 12, "process": "nginx", **rest})  # type: ignore[arg-type]


def verdict(
    claims: list[Claim], listeners: list[Listener], bind: str = "127.0.0.1"
) -> tuple[str, int | None, str]:
    (found,) = judge([Need("http", 8080, "settings")], claims, listeners, bind)
    return found.verdict, found.proposal, found.why


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8080:80", [Published(8080, 80)]),
        ("127.0.0.1:8080:80", [Published(8080, 80, "tcp", "127.0.0.1")]),
        ("[::1]:7000:70/udp", [Published(7000, 70, "udp", "::1")]),
        ("localhost:8080:80", None),
        ("9000-9002:80-82", [Published(9000, 80), Published(9001, 81), Published(9002, 82)]),
        ("9000-9001:80", [Published(9000, None), Published(9001, None)]),
        ("53:53/UDP", [Published(53, 53, "udp")]),
        ("80", []),
        ("127.0.0.1::80", []),
        ("9002-9000:80", None),
        ("70000:80", None),
        ("1:80", [Published(1, 80)]),
        ("65535:80", [Published(65_535, 80)]),
        ("65536:80", None),
        (f"{'9' * 5000}:80", None),
        ("0:80", None),
        ("eighty:80", None),
        (":80:", None),
        ("", None),
    ],
)
def test_short_syntax(text: str, expected: list[Published] | None) -> None:
    assert parse_short(text) == expected


@pytest.mark.parametrize("text", ["", "x", "1-", "-1", "5-3", "65536", "1-65536", "0-2"])
def test_no_ports_are_none(text: str) -> None:
    assert expand(text, None) is None


def test_a_published_port_is_tcp_on_no_address_of_its_own() -> None:
    assert expand("80", None) == [Published(80, None, "tcp", None)]
    assert expand("80", "8080", "UDP", "") == [Published(80, 8080, "udp", None)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        (" 8080\n", 8080),
        ("08080", 8080),
        ("65535", 65_535),
        ("65536", None),
        ("0", None),
        ("-1", None),
        ("80.5", None),
        ("\u0668\u0660", None),
        ("9" * 5000, None),
        ("", None),
        (None, None),
    ],
)
def test_a_port_in_decimal(text: str | None, number: int | None) -> None:
    assert port_number(text) == number


@pytest.mark.parametrize(
    ("one", "other", "collide"),
    [
        ("0.0.0.0", "127.0.0.1", True),
        (None, "127.0.0.1", True),
        ("::", "127.0.0.1", True),
        ("[::]", "127.0.0.1", True),
        ("0:0:0:0:0:0:0:0", "127.0.0.1", True),
        ("::ffff:0.0.0.0", "127.0.0.1", True),
        ("*", "127.0.0.1", True),
        ("", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.1", True),
        ("localhost", "127.0.0.1", True),
        ("::ffff:127.0.0.1", "127.0.0.1", True),
        ("[::1]", "0:0:0:0:0:0:0:1", True),
        ("fe80::1%eth0", "fe80::1", True),
        ("nas.lan", "nas.lan", True),
        ("nas.lan", "127.0.0.1", False),
        ("::1", "127.0.0.1", False),
        ("172.17.0.1", "127.0.0.1", False),
    ],
)
def test_addresses_that_collide(one: str | None, other: str, collide: bool) -> None:
    assert overlap(one, other) is collide
    assert overlap(other, one) is collide


def test_the_nearest_decision_wins() -> None:
    env, example = {"KESTRA_HTTP_PORT": "8180"}, {"KESTRA_HTTP_PORT": "1", "X": "2"}
    example["KESTRA_MANAGEMENT_PORT"] = "8685"

    def wanted(settings: Settings, environ: dict[str, str]) -> list[Need]:
        return needs(settings, env, example, environ)[:2]

    http, management = Need("http", 8180, ".env"), Need("management", 8685, ".env.example")
    assert wanted(Settings(), {}) == [http, management]
    given = {"KESTRA_HTTP_PORT": "9"}
    assert wanted(Settings(), given) == [Need("http", 9, "the environment"), management]
    decided = [Need("http", 5, "--ports"), Need("management", 6, "--ports")]
    assert wanted(Settings(decided_ports=(5, 6)), given) == decided


def test_a_number_that_is_no_port_decides_nothing() -> None:
    found = needs(Settings(), {"KESTRA_HTTP_PORT": "many"}, {"KESTRA_MANAGEMENT_PORT": "0"})
    assert found == [
        Need("http", 8080, "settings"),
        Need("management", 8081, "settings"),
        Need("smoke-http", 8090, "settings"),
        Need("smoke-management", 8650, "settings"),
    ]


def test_nobody_in_the_way_is_free() -> None:
    found = verdict([claim(9)], [listener(9)])
    assert found == ("free", 8080, "nothing claims it or listens on it")


def test_a_claim_is_told_with_its_place_and_owner() -> None:
    found = verdict([claim(8080, file="x/c.yml")], [])
    assert found == ("claimed", 8180, "claimed by x/c.yml:7 (web)")


def test_what_compose_starts_is_told_before_hearsay() -> None:
    claims = [claim(8080, kind="port-map", file="a.md"), claim(8080, file="z.yml")]
    assert verdict(claims, [])[2] == "claimed by z.yml:7 (web), a.md:7 (web)"
    claims += [claim(8080, file="y.yml")]
    told = "claimed by y.yml:7 (web), z.yml:7 (web) and 1 more"
    assert verdict(claims, [])[2] == told


def test_claims_of_one_file_are_told_in_its_order() -> None:
    claims = [claim(8080), *(replace(claim(8080), line=line) for line in (12, 3, None))]
    assert verdict(claims[:3], [])[2] == "claimed by a.yml:3 (web), a.yml:7 (web) and 1 more"
    assert verdict(claims, [])[2] == "claimed by a.yml (web), a.yml:3 (web) and 2 more"


def test_our_own_claim_is_no_conflict() -> None:
    why = "claimed by Kestra itself in a.yml:7; nothing listens on it"
    assert verdict([claim(8080, ours=True)], []) == ("ours", 8080, why)


def test_a_listener_is_told_with_its_owner() -> None:
    found = verdict([], [listener(8080)])
    assert found == ("taken", 8180, "nginx (pid 12) listens on it")
    both = verdict([claim(8080)], [listener(8080)])
    assert both == ("taken", 8180, "nginx (pid 12) listens on it; claimed by a.yml:7 (web)")
    hidden = verdict([], [listener(8080, pid=None, process=None)])
    assert hidden[2] == "a process that this user may not see (sudo ss -tlnp does) listens on it"
    container = verdict([], [listener(8080, container="api-gateway")])
    assert container[2] == "container api-gateway listens on it"


def test_our_own_container_is_ours_though_claimed_elsewhere() -> None:
    ours = listener(8080, container="tools-kestra", ours=True)
    listens = "our own container tools-kestra listens on it"
    assert verdict([], [ours]) == ("ours", 8080, listens)
    found = verdict([claim(8080)], [ours])
    assert found == ("ours", 8080, f"{listens}, though claimed by a.yml:7 (web)")


def test_another_address_or_protocol_is_not_in_the_way() -> None:
    assert verdict([claim(8080, host_ip="172.17.0.1")], [listener(8080, "::1")])[0] == "free"
    assert verdict([claim(8080, protocol="udp")], [])[0] == "free"
    for every in ("0.0.0.0", "[::]"):
        assert verdict([claim(8080, host_ip="172.17.0.1")], [], bind=every)[0] == "claimed"


def test_a_proposal_avoids_claims_on_other_addresses_too() -> None:
    claims = [claim(8080), claim(8180, host_ip="172.17.0.1")]
    assert verdict(claims, [listener(8280, "::1")])[1] == 8380


def test_two_wanted_ports_of_one_number() -> None:
    wanted = [Need("http", 8090, ".env"), Need("smoke-http", 8090, "settings")]
    http, smoke = judge(wanted, [], [])
    assert (http.verdict, smoke.verdict) == ("free", "claimed")
    assert smoke.why == "Kestra's own http port is the same"
    assert smoke.proposal not in (8090, None)


def test_a_proposal_is_no_other_wanted_port() -> None:
    wanted = [Need("http", 8080, ".env"), Need("management", 8180, ".env")]
    http, management = judge(wanted, [claim(8080)], [])
    assert (http.proposal, management.proposal) == (8280, 8180)


@pytest.mark.parametrize(
    ("port", "used", "proposal"),
    [
        (8080, set(range(8180, 8980, 100)), 8980),
        (8080, set(range(8180, 9080, 100)), 8081),
        (8080, {8081, *range(8180, 9080, 100)}, 8082),
        (80, {1080}, 1024),
        (40_000, set(), 1024),
        (40_000, {1024}, 1025),
        (32_668, {32_669}, 32_670),
        (8080, set(range(1025, 32_768)), 1024),
        (8080, set(range(1024, 32_768)), None),
    ],
    ids=[
        "the last of the same ending", "the next one", "the one after it", "below 1024",
        "what the kernel hands out", "the same, taken", "just below what the kernel hands out",
        "the only one left", "none left",
    ],
)  # fmt: skip
def test_a_proposal_recalls_its_port(port: int, used: set[int], proposal: int | None) -> None:
    assert suggest(port, used) == proposal


def test_nothing_left_to_propose() -> None:
    wanted = [Need("http", 8080, ".env"), Need("management", 8081, ".env")]
    found = judge(wanted, map(claim, range(1024, 32_768)), [])
    assert [(item.verdict, item.proposal) for item in found] == [("claimed", None)] * 2


@given(
    wanted=st.lists(st.integers(1, 65_535), min_size=4, max_size=4),
    claimed=st.sets(st.integers(1, 65_535), max_size=60),
    live=st.sets(st.integers(1, 65_535), max_size=60),
)
def test_proposals_collide_with_nothing(
    wanted: list[int], claimed: set[int], live: set[int]
) -> None:
    needed = [Need(f"n{i}", port, "") for i, port in enumerate(wanted)]
    claims = [claim(port) for port in claimed | set(wanted[:2])]
    found = judge(needed, claims, [listener(port) for port in live])
    proposals = [item.proposal for item in found]
    assert None not in proposals
    assert len(set(proposals)) == len(proposals)
    for item in found:
        if not item.clear:
            assert item.proposal not in claimed | live | set(wanted)
