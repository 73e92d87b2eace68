"""The manifest as services, and addresses without secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kestra_tasks.core.addresses import AddressError, Url, fill_in, parse, secret_values
from kestra_tasks.core.services import (
    ManifestError,
    Problem,
    Service,
    clean,
    read_manifest,
)


def one(entry: dict[str, Any], **variables: str) -> tuple[Service, list[str]]:
    found = read_manifest(json.dumps([{"id": "x", **entry}]), "m.json", variables)
    return found.services[0], [problem.why for problem in found.problems]


def test_reads_our_own_entry() -> None:
    start = "docker compose -f tools/compose/docker-compose.tools.yml up -d kestra"
    service, problems = one(
        {
            "type": "tools",
            "path": "tools/kestra",
            "start": start,
            "stop": start.replace("up -d", "stop"),
            "stack": "tools",
            "managed": "docker-compose",
            "workspace": True,
            "healthUrl": "http://localhost:${KESTRA_MANAGEMENT_PORT:-8081}/health",
            "uiUrl": "http://localhost:${KESTRA_HTTP_PORT:-8080}",
        },
        KESTRA_HTTP_PORT="8180",
    )
    assert problems == []
    assert service.health and service.health.text == "http://localhost:8081/health"
    assert service.ui and service.ui.text == "http://localhost:8180"
    assert service.port == 8180
    assert service.compose_file == "tools/compose/docker-compose.tools.yml"
    assert service.compose_service == "kestra"
    assert dict(service.commands)["logs"] == start.replace("up -d", "logs -f")


def test_every_field_of_an_entry_is_kept() -> None:
    text = json.dumps(
        {
            "title": "Web",
            "category": "ui",
            "summary": "A page",
            "dir": "apps/web",
            "managed": "docker-compose",
            "startCommand": ["docker-compose", "--file", "app.yml", "up", "web"],
            "stopCommand": "stop it",
            "containerName": "shop-web",
            "port": 80,
            "href": "https://h/",
            "healthCheck": {"endpoint": "/ok", "expected_status": 204},
        }
    )
    found = read_manifest('{"services":{"web":\n' + text + "}}", "m.json", {})
    assert found.problems == ()
    assert found.services == (
        Service(
            "web",
            name="Web",
            type="ui",
            stack="ui",
            description="A page",
            path="apps/web",
            managed="docker-compose",
            commands=(
                ("start", "docker-compose --file app.yml up web"),
                ("stop", "stop it"),
                ("logs", "docker compose -f app.yml logs -f web"),
            ),
            health=parse("http://localhost:80/ok"),
            ui=parse("https://h/"),
            port=80,
            container="shop-web",
            compose_file="app.yml",
            compose_service="web",
            expected=204,
            line=2,
        ),
    )


@pytest.mark.parametrize(
    ("start", "file", "service", "logs"),
    [
        ("docker compose up -d web", "", "web", "docker compose logs -f web"),
        ("docker-compose --file 'a b.yml' up web", "a b.yml", "web",
         "docker compose -f 'a b.yml' logs -f web"),
        ("docker compose -f a.yml up", "a.yml", "", None),
        ("docker compose -f a.yml up a b", "a.yml", "", None),
        ("docker compose -f a.yml start web", "a.yml", "", None),
        ("npm run up web", "", "", None),
        ("docker compose 'up", "", "", None),
    ],
)  # fmt: skip
def test_a_start_command_tells_compose_file_and_service(
    start: str, file: str, service: str, logs: str | None
) -> None:
    found, _ = one({"start": start})
    assert (found.compose_file, found.compose_service) == (file, service)
    assert dict(found.commands).get("logs") == logs
    kept, _ = one({"start": start, "logs": "tail -f x"})
    assert dict(kept.commands)["logs"] == "tail -f x"


@pytest.mark.parametrize(
    ("status", "expected"),
    [(100, 100), (599, 599), (99, None), (600, None), ("204", None)],
)
def test_an_expected_status_is_one_of_http(status: object, expected: int | None) -> None:
    health = {"url": "http://h/", "expectedStatus": status}
    assert one({"health": health})[0].expected == expected


@pytest.mark.parametrize(
    ("port", "number"),
    [(1, 1), (65_535, 65_535), (0, None), (65_536, None), ("x", None), ("${A_TOKEN}", None)],
)
def test_a_port_is_one_of_tcp(port: object, number: int | None) -> None:
    assert one({"port": port})[0].port == number


def test_a_text_is_one_line_that_can_be_shown() -> None:
    assert clean(["a", "b"]) == "a b"
    assert clean(" a\n\u202eb ") == "a  b"
    assert (clean("x" * 300), clean("x" * 301)) == ("x" * 300, "x" * 299 + "…")
    assert (clean(["a", 1]), clean(5), clean(None)) == ("", "", "")


def test_only_the_first_thousand_are_read() -> None:
    entries = [{"id": str(number)} for number in range(1002)]
    found = read_manifest(json.dumps(entries, indent=None), "m.json", {})
    assert len(found.services) == 1000
    assert found.problems == (Problem("m.json", 1, "only the first 1000 services are read"),)


@pytest.mark.parametrize(
    ("entry", "health"),
    [
        ({"healthCheck": "http://localhost:3000/h"}, "http://localhost:3000/h"),
        ({"health": "/healthz", "port": 3000}, "http://localhost:3000/healthz"),
        ({"healthcheck": {"path": "/ok", "port": 3001}}, "http://localhost:3001/ok"),
        ({"healthCheck": {"url": "http://h:1/", "expectedStatus": 204}}, "http://h:1/"),
        ({"healthCheck": {"type": "tcp", "port": 5432}}, "tcp://localhost:5432"),
        ({"healthCheck": "curl -fsS http://localhost:3/h || exit 1"}, "http://localhost:3/h"),
        ({"port": "${X_PORT:-7}", "health": "/"}, "http://localhost:7/"),
        ({"health": "tcp://localhost:9"}, "tcp://localhost:9"),
        ({"health": {"type": "tcp", "host": "db", "port": 5432}}, "tcp://db:5432"),
        ({"health": "https://h/x"}, "https://h/x"),
        ({"health": "none"}, None),
        ({"health": "container"}, None),
        ({"healthCheck": "docker"}, None),
        ({"port": 3000}, None),
        ({"health": True}, None),
        ({"health": "/healthz"}, None),
    ],
)
def test_spellings_of_health(entry: dict[str, Any], health: str | None) -> None:
    service, _ = one(entry)
    assert (service.health.text if service.health else None) == health


@pytest.mark.parametrize("word", ["none", "container", "docker", ""])
def test_a_health_that_only_docker_knows_is_no_mistake(word: str) -> None:
    assert one({"health": word})[1] == []


@pytest.mark.parametrize(
    ("text", "idents"),
    [
        ('{"services": [{"id": "a"}, {"id": 7}]}', ["a", "7"]),
        ('{"services": {"a": {}, "b": {"id": "c"}}}', ["a", "c"]),
        ('\ufeff[\r\n{"name": "a"}]', ["a"]),
        ("[]", []),
    ],
)
def test_shapes_of_a_manifest(text: str, idents: list[str]) -> None:
    assert [s.ident for s in read_manifest(text, "m", {}).services] == idents


def test_what_is_wrong_is_told_with_its_line() -> None:
    text = """{"services": [
      {"id": "a", "uiUrl": "javascript:alert(1)"},
      "b",
      {"id": "a"},
      {"id": "../c"},
      {"type": "none"}
    ]}"""
    found = read_manifest(text, "m.json", {})
    assert [s.ident for s in found.services] == ["a"]
    said = [str(problem) for problem in found.problems]
    rest = "(letters, digits and . _ : @ + -); it is left out"
    assert said == [
        "m.json:2: a: uiUrl is left out: it must begin with http:// or https://",
        "m.json:3: this entry isn't an object, and is left out",
        "m.json:4: the id 'a' is on line 2 already",
        f"m.json:5: the id '../c' isn't one {rest}",
        f"m.json:6: this entry has no id {rest}",
    ]


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ('{"services": [\n{"id": "a"},\n{"id": ', 3, "not JSON: Expecting value"),
        ("", 1, "not JSON: Expecting value"),
        ("[" * 100_000, 1, "not JSON that can be read"),
        ('{"a": 1}', 1, 'it has no "services"'),
        ('{\n"services": 4\n}', 2, '"services" is neither a list nor a mapping'),
    ],
)
def test_what_is_no_manifest(text: str, line: int, why: str) -> None:
    with pytest.raises(ManifestError) as caught:
        read_manifest(text, "m.json", {})
    assert caught.value.problem == Problem("m.json", line, why)
    assert str(caught.value) == f"m.json:{line}: {why}"


_LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
_VALUE = st.recursive(
    _LEAF, lambda v: st.lists(v, max_size=4) | st.dictionaries(st.text(), v, max_size=4)
)
_FIELDS = st.sampled_from(
    ["id", "name", "stack", "port", "start", "healthUrl", "healthCheck", "uiUrl", "path", "logs"]
)


@given(st.lists(st.dictionaries(_FIELDS, _VALUE) | _VALUE, max_size=5))
def test_any_json_gives_services_that_can_be_shown(entries: list[Any]) -> None:
    found = read_manifest(json.dumps({"services": entries}), "m.json", {"SECRET_X": "s3cr3t"})
    assert len(found.services) <= len(entries)
    for service in found.services:
        shown = "".join([service.name, service.stack, service.path, *dict(service.commands)])
        shown.encode("utf-8")  # no lone surrogates
        assert shown.isprintable()
        assert service.ui is None or service.ui.text.startswith(("http://", "https://"))


VARIABLES = {
    "KESTRA_HTTP_PORT": "8180",
    "DB_HOST": "db",
    "DB_PASSWORD": "hunter2-long",
    "API_TOKEN": "t0ken-long",
    "EMPTY_PORT": "",
    "SLACK_URL": "https://hooks.example.org/services/T0/B0/xyz",
    "DATABASE_URL": "postgres://user:pa55word@db/x",
    "BASE_URL": "http://base:1",
    "ODD_HOST": "a/../b",
    "SECRET_HOST": "known-to-few",
}


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("http://localhost:${KESTRA_HTTP_PORT}/x", "http://localhost:8180/x"),
        ("http://${DB_HOST}:${EMPTY_PORT:-5}/", "http://db:5/"),
        ("http://h:${NO_PORT:-${KESTRA_HTTP_PORT:-1}}/", "http://h:8180/"),
        ("http://h:${NO_PORT-2}/$$x", "http://h:2/$x"),
        ("$BASE_URL/health", "http://base:1/health"),
    ],
)
def test_fills_in(template: str, filled: str) -> None:
    assert fill_in(template, VARIABLES) == filled


@pytest.mark.parametrize(
    "name",
    [
        "DB_PASSWORD",
        "API_TOKEN",
        "SECRET_HOST",
        "SLACK_URL",
        "DATABASE_URL",
        "NO_PORT",
        "PATHLESS",
        "ODD_HOST",
    ],
)
def test_never_fills_in_what_may_be_secret(name: str) -> None:
    with pytest.raises(AddressError) as caught:
        fill_in(f"http://h/${{{name}}}", VARIABLES)
    assert name in str(caught.value)
    assert not any(value in str(caught.value) for value in VARIABLES.values() if value)


def test_knows_the_secrets() -> None:
    assert set(secret_values(VARIABLES)) >= {"hunter2-long", "t0ken-long", "pa55word"}
    assert "8180" not in secret_values(VARIABLES)
    odd = {"A_KEY": "sixsix", "B_KEY": "short", "C": "a@b.example", "D": "http://h.example/"}
    assert secret_values({**odd, "E": "http://[x@y", "F": "http://u@h/"}) == ("sixsix",)


NO_SCHEME = "it must begin with http:// or https://"
NO_CHARACTERS = "it has characters that no address has"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("javascript:alert(1)", NO_SCHEME),
        ("JAVASCRIPT:alert(1)", NO_SCHEME),
        ("data:text/html,x", NO_SCHEME),
        ("//h/x", NO_SCHEME),
        ("http://", "it has no host"),
        ("http://h:0/", "it has no port"),
        ("http://h:99999/", "it isn't an address"),
        ("http://h /", NO_CHARACTERS),
        ("http://h/\n", NO_CHARACTERS),
        ('http://h/"x', NO_CHARACTERS),
        ("http://[::1", "it isn't an address"),
        ("http://h\\@evil/", NO_CHARACTERS),
        ("file:///etc/passwd", NO_SCHEME),
        ("http://h/" + "x" * 1992, "it is longer than 2000 characters"),
    ],
)
def test_refuses_what_is_no_address(text: str, why: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse(text)
    assert str(caught.value) == why


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://H", Url("http://h", "http", "h", 80, "/")),
        ("https://h/x?y", Url("https://h/x?y", "https", "h", 443, "/x?y")),
        ("http://h:80/", Url("http://h:80/", "http", "h", 80, "/")),
        ("http://[::1]/", Url("http://[::1]/", "http", "::1", 80, "/")),
        ("tcp://h:5/ignored", Url("tcp://h:5/ignored", "tcp", "h", 5, "/")),
        (
            "http://h/" + "X" * 1991,
            Url("http://h/" + "X" * 1991, "http", "h", 80, "/" + "X" * 1991),
        ),
    ],
    ids=["http", "https", "port", "ipv6", "tcp", "longest"],
)
def test_an_address_is_taken_apart(text: str, url: Url) -> None:
    assert parse(text, ("http", "https", "tcp")) == url


def test_tcp_has_no_usual_port() -> None:
    with pytest.raises(AddressError, match="it has no port"):
        parse("tcp://h", ("tcp",))


def test_drops_user_and_password() -> None:
    url = parse("http://user:pa55@Example.org:81/x?y=1#z")
    assert url.text == "http://example.org:81/x?y=1#z"
    assert (url.host, url.port, url.target, url.authority) == (
        "example.org",
        81,
        "/x?y=1",
        "example.org:81",
    )
    assert parse("http://[::1]:3/").authority == "[::1]:3"
    assert parse("http://[::1]:3/").loopback
    assert not url.loopback
