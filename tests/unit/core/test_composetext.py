"""A compose file read as it stands: ports with their lines, and whether Compose must be asked."""

from __future__ import annotations

import textwrap

import pytest

from kestra_tasks.core.composetext import LONGEST, ComposeText, ServiceText, read_compose
from kestra_tasks.core.ports import Published


def read(text: str, **env: str) -> ComposeText:
    return read_compose(textwrap.dedent(text).lstrip("\n"), env)


def ports(text: str, service: str = "web", **env: str) -> list[tuple[int, str, str | None, int]]:
    found = read(text, **env).services[service].ports
    return [(p.port, p.protocol, p.address, line) for p, line in found]


def test_every_way_to_write_a_port() -> None:
    text = """
        services:
          web:
            image: x
            ports:
              - 8080:80
              - "127.0.0.1:9000-9001:90-91/udp"
              - "[::1]:7000:70"
              - 6000
              - target: 5
                published: "5000"
                host_ip: 10.0.0.1
                protocol: udp
              - {target: 4, published: 4000-4001}
              - {target: 3}
    """
    assert ports(text) == [
        (8080, "tcp", None, 5),
        (9000, "udp", "127.0.0.1", 6),
        (9001, "udp", "127.0.0.1", 6),
        (7000, "tcp", "::1", 7),
        (5000, "udp", "10.0.0.1", 9),
        (4000, "tcp", None, 13),
        (4001, "tcp", None, 13),
    ]
    assert read(text).plain


def test_variables_are_filled_in_but_then_compose_must_be_asked() -> None:
    text = """
        services:
          web: {image: x, ports: ["${A:-8080}:80", "$B:81", "${C}:82", "${D:?give D}:83"]}
    """
    assert [port for port, *_ in ports(text, B="9")] == [8080, 9]
    service = read(text, B="9").services["web"]
    assert service.unread == (2,)
    assert not read(text).plain


def test_anchors_and_merge_keys() -> None:
    text = """
        x-base: &base
          image: x
          ports:
            - "8080:80"
        services:
          web:
            <<: *base
          other:
            <<: [*base]
            ports: ["9:9"]
    """
    assert ports(text) == [(8080, "tcp", None, 4)]
    assert ports(text, "other") == [(9, "tcp", None, 10)]


def test_everything_that_a_service_says() -> None:
    text = """
        x-base: &base
          container_name: data-web
        services:
          web:
            <<: [*base]
            build: .
            env_file: [a.env, {path: b.env, required: false}]
            ports:
              - 80:8080
              - {published: "${GONE:?x}", target: 1}
              - {published: 90, target: 9, protocol: UDP, host_ip: "::1"}
              - {target: 3}
              - {}
              - {published: , target: 1}
          last: {image: x, env_file: c.env, environment: {PORT: 1}}
    """
    assert read(text) == ComposeText(
        is_compose=True,
        plain=False,
        services={
            "web": ServiceText(
                "web",
                4,
                ports=((Published(80, 8080), 9), (Published(90, 9, "udp", "::1"), 11)),
                ports_line=8,
                unread=(10, 13, 14),
                container="data-web",
                env_files=("a.env", "b.env"),
            ),
            "last": ServiceText("last", 15, env_files=("c.env",)),
        },
    )
    assert read("services: {a: {build: .}}") == ComposeText(True, True, {"a": ServiceText("a", 1)})


def test_the_hosts_network() -> None:
    text = """
        services:
          web:
            image: x
            network_mode: host
            ports: ["1234:8080"]
            expose:
              - "99/tcp"
              - [a]
            environment:
              PORT: 3000
              DB_PORT: 5432
          listed:
            image: x
            network_mode: host
            environment: ["HTTP_PORT=3001", "X=1", "WEB_PORT"]
    """
    assert read(text) == ComposeText(
        is_compose=True,
        plain=True,
        services={
            "web": ServiceText(
                "web", 2, ports_line=5, host=True, own=((8080, 5), (99, 7), (3000, 10))
            ),
            "listed": ServiceText("listed", 12, host=True, own=((3001, 15),)),
        },
    )


@pytest.mark.parametrize(
    "text",
    [
        "services: {web: {image: x, extends: {file: a.yml, service: b}}}",
        "services: {web: {image: x, env_file: a}}",
        "services: {web: {ports: ['1:1']}}",
        "include: [a.yml]\nservices: {web: {image: x}}",
        "services: {web: {image: x, network_mode: !reset null}}",
        "services: {web: {image: x}}\n---\nservices: {b: {image: x}}",
    ],
)
def test_what_only_compose_knows(text: str) -> None:
    found = read(text)
    assert found.is_compose
    assert not found.plain


def test_includes_and_name() -> None:
    text = """
        name: ${STACK:-tools}
        include:
          - a.yml
          - path: ../b/compose.yml
          - path: [c.yml, "${D}.yml"]
    """
    found = read(text, D="d")
    assert found == ComposeText(
        True, False, {}, ("a.yml", "../b/compose.yml", "c.yml", "d.yml"), "tools"
    )
    two = read("include: [a.yml, {env_file: x}]\n---\nname: [x]\ninclude: [b.yml]\n")
    assert two == ComposeText(True, False, {}, ("a.yml", "b.yml"))


@pytest.mark.parametrize(
    "text",
    [
        "services:\n  App\\Mailer: ~\n  App\\X: {arguments: [1]}\n",
        "services: [docker, redis]\n",
        "services:\n",
        "just text",
        "",
        "[1, 2]",
    ],
)
def test_other_yaml_with_services_is_not_compose(text: str) -> None:
    found = read(text)
    assert not found.is_compose
    assert found.services == {}


def test_broken_yaml_tells_its_line() -> None:
    found = read("services:\n  web:\n    ports: [\n")
    assert (found.error, found.error_line) == (
        "did not find expected node content",
        4,
    )
    assert read("a: b: c").error_line == 1
    assert read("\na: \x00") == ComposeText(error="not YAML", error_line=1)


def test_odd_bytes() -> None:
    assert ports("\ufeffservices:\r\n  web: {image: x, ports: ['8:8']}\r\n") == [
        (8, "tcp", None, 2)
    ]
    assert read("services: {a: &a {image: x, b: *a}}").is_compose
    assert read("services: {a: &a {<<: *a, image: x}}").is_compose
    assert read("x" * (LONGEST + 1)) == ComposeText(is_compose=True)
    assert not read("x" * LONGEST).is_compose
