"""Claims out of compose files, compared whole: literal readings and what Compose resolved."""

from __future__ import annotations

from typing import Any

from kestra_tasks.core.composeclaims import Composed, Named, Unit, add_literal, add_resolved
from kestra_tasks.core.composetext import read_compose
from kestra_tasks.core.facts import Claim, Note

OURS = "tools/kestra/compose.yml"
TEXT = """\
services:
  web:
    image: x
    container_name: shop-web
    ports:
      - "127.0.0.1:80:8080/udp"
      - "${GONE:?}:1"
  agent:
    image: x
    network_mode: host
    expose: [7]
  quiet:
    image: x
    network_mode: host
"""
LISTENS = "look at its listeners while it runs: ss -tlnp"


def quiet(place: str) -> Note:
    return Note(
        "ports",
        f"{place} uses the host's network; which ports it listens on isn't in the file",
        LISTENS,
    )


def unit(**files: str) -> Unit:
    texts = {f"{name}.yml": read_compose(text, {}) for name, text in files.items()}
    return Unit(tuple(texts), texts)


def resolved(where: Unit, **services: Any) -> Composed:
    into = Composed()
    add_resolved(into, where, {"services": services}, OURS)
    return into


def test_what_stands_in_a_file() -> None:
    for approximate, suffix in ((False, ""), (True, "-approximate")):
        into = Composed()
        add_literal(into, unit(a=TEXT), OURS, approximate=approximate)
        assert into == Composed(
            claims=[
                Claim(80, "udp", "127.0.0.1", "a.yml", 6, "web", f"compose{suffix}"),
                Claim(7, "tcp", None, "a.yml", 11, "agent", f"compose-host{suffix}"),
            ],
            notes=[
                Note(
                    "ports",
                    "a.yml:7 (web) has a port that can't be read",
                    "docker compose -f a.yml config",
                ),
                quiet("a.yml:12 (quiet)"),
            ],
            containers=[Named("a.yml", 2, "web", "shop-web")],
        )


def test_kestras_own_file_is_ours() -> None:
    text = read_compose("services: {k: {image: x, ports: ['1:1']}}", {})
    host = read_compose("services: {k: {image: x, network_mode: host, expose: [2]}}", {})
    for seen, port, kind in ((text, 1, "compose"), (host, 2, "compose-host")):
        into = Composed()
        add_literal(into, Unit((OURS,), {OURS: seen}), OURS, approximate=False)
        assert into.claims == [Claim(port, "tcp", None, OURS, 1, "k", kind, ours=True)]


def test_what_compose_resolved_gets_the_lines_of_the_text() -> None:
    into = resolved(
        unit(a=TEXT),
        web={
            "container_name": "shop-web",
            "ports": [
                {"published": "80", "target": 1, "protocol": "udp", "host_ip": "127.0.0.1"},
                {"published": "81", "target": 8080},
                {"published": "82", "target": 3},
                {"target": 4},
            ],
        },
        agent={
            "network_mode": "host",
            "container_name": "shop-agent",
            "ports": [{"target": 9}],
            "expose": ["7/tcp", "9"],
            "environment": {"HTTP_PORT": "10", "DB_PORT": "11"},
            "labels": {"dev.kestra-tasks.role": "server"},
        },
        quiet={"network_mode": "host"},
    )
    assert into == Composed(
        claims=[
            Claim(80, "udp", "127.0.0.1", "a.yml", 6, "web", "compose"),
            Claim(81, "tcp", None, "a.yml", 6, "web", "compose"),
            Claim(82, "tcp", None, "a.yml", 5, "web", "compose"),
            Claim(9, "tcp", None, "a.yml", 8, "agent", "compose-host", ours=True),
            Claim(7, "tcp", None, "a.yml", 11, "agent", "compose-host", ours=True),
            Claim(10, "tcp", None, "a.yml", 8, "agent", "compose-host", ours=True),
        ],
        notes=[quiet("a.yml:12 (quiet)")],
        containers=[
            Named("a.yml", 2, "web", "shop-web"),
            Named("a.yml", 8, "agent", "shop-agent"),
        ],
    )


def test_a_service_that_stands_in_no_text_belongs_to_the_first_file() -> None:
    into = resolved(
        unit(a="include: [c.yml]\n", b="include: [d.yml]\n"),
        lone={"container_name": "lone", "ports": [{"published": "1", "target": 1}]},
        host={"network_mode": "host", "expose": ["2"]},
        quiet={"network_mode": "host", "labels": ["dev.kestra-tasks.role=x"]},
    )
    assert into == Composed(
        claims=[
            Claim(1, "tcp", None, "a.yml", None, "lone", "compose"),
            Claim(2, "tcp", None, "a.yml", None, "host", "compose-host"),
        ],
        notes=[quiet("a.yml (quiet)")],
        containers=[Named("a.yml", None, "lone", "lone")],
    )


def test_a_port_is_placed_where_it_stands_in_whichever_file() -> None:
    both = unit(
        a="services: {web: {image: x}}\n",
        b="\nservices:\n  web:\n    ports:\n      - 5:50\n      - 6:60/udp\n",
    )
    ports = [
        {"published": "6", "target": 1, "protocol": "udp"},
        {"published": "6", "target": 50},
        {"published": "7", "target": 70},
    ]
    lines = [6, 5, 4]
    assert resolved(both, web={"ports": ports}).claims == [
        Claim(int(str(port["published"])), str(port.get("protocol", "tcp")), None, "b.yml", line,
              "web", "compose")
        for port, line in zip(ports, lines, strict=True)
    ]  # fmt: skip
    bare = resolved(unit(a="\nservices: {web: {image: x}}\n"), web={"ports": ports[:1]})
    assert bare.claims == [Claim(6, "udp", None, "a.yml", 2, "web", "compose")]


def test_what_an_older_compose_leaves_out_is_read_as_it_stands() -> None:
    into = resolved(unit(a="services:\n  b: {image: x, profiles: [p], ports: ['6:6']}\n"))
    assert into.claims == [Claim(6, "tcp", None, "a.yml", 2, "b", "compose-approximate")]
