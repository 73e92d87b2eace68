"""The manifest as services, and addresses without secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kestra_tasks.core.addresses import AddressError, fill_in, parse, secret_values
from kestra_tasks.core.services import ManifestError, Service, read_manifest


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
        ({"healthCheck": "docker"}, None),
        ({"port": 3000}, None),
        ({"health": True}, None),
        ({"health": "/healthz"}, None),
    ],
)
def test_spellings_of_health(entry: dict[str, Any], health: str | None) -> None:
    service, _ = one(entry)
    assert (service.health.text if service.health else None) == health


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
    assert said[0] == "m.json:2: a: uiUrl is left out: it must begin with http:// or https://"
    assert [line.split(": ")[0] for line in said[1:]] == [f"m.json:{n}" for n in (3, 4, 5, 6)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"services": [\n{"id": "a"},\n{"id": ', 3),
        ("", 1),
        ("[" * 100_000, 1),
        ('{"a": 1}', 1),
        ('{\n"services": 4}', 2),
    ],
)
def test_what_is_no_manifest(text: str, line: int) -> None:
    with pytest.raises(ManifestError) as caught:
        read_manifest(text, "m.json", {})
    assert str(caught.value).startswith(f"m.json:{line}: ")


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
    ["DB_PASSWORD", "API_TOKEN", "SLACK_URL", "DATABASE_URL", "NO_PORT", "PATHLESS", "ODD_HOST"],
)
def test_never_fills_in_what_may_be_secret(name: str) -> None:
    with pytest.raises(AddressError) as caught:
        fill_in(f"http://h/${{{name}}}", VARIABLES)
    assert name in str(caught.value)
    assert not any(value in str(caught.value) for value in VARIABLES.values() if value)


def test_knows_the_secrets() -> None:
    assert set(secret_values(VARIABLES)) >= {"hunter2-long", "t0ken-long", "pa55word"}
    assert "8180" not in secret_values(VARIABLES)


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,x",
        "//h/x",
        "http://",
        "http://h:0/",
        "http://h:99999/",
        "http://h /",
        "http://h/\n",
        'http://h/"x',
        "http://[::1",
        "http://h\\@evil/",
        "file:///etc/passwd",
        "x" * 3000,
    ],
)
def test_refuses_what_is_no_address(text: str) -> None:
    with pytest.raises(AddressError):
        parse(text)


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
