"""The launcher as programs see it: a process of its own, asked over HTTP."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from dev.status import command
from tests.helpers.launcher_world import (
    FakeServices,
    Launcher,
    Manner,
    write_manifest,
    write_root,
)

pytestmark = pytest.mark.integration  # real processes, though no engine

SECRET = "hunter2-hunter2"  # what must not be seen in any answer
ENV = f"""
KESTRA_MANAGEMENT_PORT={{port}}
KESTRA_DB_PASSWORD="{SECRET}"
DATABASE_URL=postgres://kestra:{SECRET}-url@db/kestra
"""


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeServices]:
    services = FakeServices()
    yield services
    services.close()


@pytest.fixture(scope="module")
def launcher(fake: FakeServices, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    fake.manners["kestra"] = Manner()
    services: list[dict[str, Any]] = [
        {
            "id": "kestra-orchestrator",
            "type": "tools",
            "path": "tools/kestra",
            "start": "docker compose -f tools/compose/docker-compose.tools.yml up -d kestra",
            "stop": "docker compose -f tools/compose/docker-compose.tools.yml stop kestra",
            "status": "tools/kestra/scripts/status.sh",
            "stack": "tools",
            "managed": "docker-compose",
            "workspace": True,
            "healthUrl": "http://localhost:${KESTRA_MANAGEMENT_PORT:-8081}/kestra/health",
            "uiUrl": "http://localhost:${KESTRA_HTTP_PORT:-8080}",
        },
        {"id": "hung", "healthUrl": fake.url("hung", Manner(delay=60))},
        {
            "id": "leaky",
            "healthUrl": "http://localhost:1/?password=${KESTRA_DB_PASSWORD}",
            "start": f"PGPASSWORD={SECRET} run",
            "name": f"{SECRET}-url",
            "stack": SECRET,
            "uiUrl": f"http://localhost:1/?x={SECRET}",
        },
        {"id": "plain", "stack": 'a"b\\c'},
    ]
    root = tmp_path_factory.mktemp("api") / "root"
    started = Launcher(write_root(root, services, ENV.format(port=fake.port)))
    started.wait_asked()
    yield started
    assert started.stop() == -signal.SIGTERM


def test_a_bare_array_as_the_task_list_asks_for(launcher: Launcher) -> None:
    url = f"{launcher.url}/api/services"
    line = f"""curl -s {url} | jq '.[] | select(.id=="kestra-orchestrator")'"""
    if subprocess.run(["sh", "-c", "command -v jq curl"], capture_output=True).returncode:
        one = next(s for s in requests.get(url, timeout=5).json() if s["id"].startswith("kestra"))
    else:
        one = json.loads(subprocess.check_output(["sh", "-c", line]))
    assert one["status"] == "up"
    assert one["reason"] == "health says UP"
    assert one["source"] == "http"
    assert one["uiUrl"] == "http://localhost:8080"
    assert one["healthUrl"].endswith("/kestra/health")
    assert one["port"] == 8080
    assert one["latencyMs"] > 0
    assert one["updatedAt"].endswith("Z")
    assert one["commands"]["logs"].endswith("logs -f kestra")
    assert set(one) >= {"name", "type", "stack", "container", "image", "version", "restarts"}


def test_one_service_with_its_last_hour(launcher: Launcher) -> None:
    found = launcher.get("/api/services/kestra-orchestrator").json()
    assert found["history"][-1]["status"] == "up"
    assert max(slot["latencyMs"] or 0 for slot in found["history"]) > 0
    assert launcher.get("/api/services/nothing").status_code == 404


def test_reasons_in_the_language_asked_for(launcher: Launcher) -> None:
    path = "/api/services/kestra-orchestrator"
    assert launcher.get(path, params={"lang": "pt-BR"}).json()["reason"] == "a saúde diz UP"
    header = {"Accept-Language": "fr, pt;q=0.9, en;q=0.8"}
    answer = launcher.get(path, headers=header)
    assert answer.json()["reason"] == "a saúde diz UP"
    assert answer.headers["Content-Language"] == "pt-BR"
    assert launcher.get(path, params={"lang": "xx"}).status_code == 422


@pytest.mark.parametrize(
    "path",
    ["/", "/?lang=pt-BR", "/api/services", "/api/services/leaky", "/health", "/metrics"],
)
def test_no_secret_in_any_answer(launcher: Launcher, path: str) -> None:
    answer = launcher.get(path)
    assert answer.status_code == 200
    assert SECRET not in answer.text + str(answer.headers)
    assert SECRET not in launcher.log.read_text()
    if path == "/health":
        problems = answer.json()["manifest"]["problems"]
        assert any("${KESTRA_DB_PASSWORD} isn't a port" in problem for problem in problems)


def test_no_secret_in_streams(launcher: Launcher) -> None:
    for path in ("/api/events", "/live?since=other.1.1"):
        with requests.get(launcher.url + path, stream=True, timeout=10) as answer:
            begun, seen = time.monotonic(), b""
            for chunk in answer.iter_content(None):
                seen += chunk
                if time.monotonic() - begun > 1:
                    break
        assert len(seen) > 100
        assert SECRET.encode() not in seen


def test_events_snapshot_then_changes(launcher: Launcher, fake: FakeServices) -> None:
    with requests.get(f"{launcher.url}/api/events", stream=True, timeout=20) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert next(lines) == b"event: snapshot"
        assert len(json.loads(next(lines).removeprefix(b"data: "))) == 4
        fake.manners["kestra"] = Manner(503, '{"status":"DOWN"}')
        try:
            begun = time.monotonic()
            for line in lines:
                if line.startswith(b"data: ["):
                    services = json.loads(line.removeprefix(b"data: "))
                    if any(s["status"] == "down" for s in services if s["id"].startswith("kes")):
                        break
                assert time.monotonic() - begun < 15
        finally:
            fake.manners["kestra"] = Manner()


def test_metrics(launcher: Launcher) -> None:
    answer = launcher.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert 'service_up{id="hung",stack=""} 0' in lines
    assert 'service_state{id="plain",stack="a\\"b\\\\c",state="unknown"} 1' in lines
    assert any(
        line.startswith('service_latency_seconds{id="kestra-orchestrator",stack="tools"} 0.')
        for line in lines
    )
    assert "launcher_docker_reachable 0" in lines
    names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(names) == len(set(names))


def test_health_of_the_launcher_itself(launcher: Launcher) -> None:
    found = launcher.get("/health").json()
    assert found["status"] == "UP"
    assert found["services"] == 4
    assert "doesn't answer" in found["docker"]


def test_a_hung_service_delays_nobody(launcher: Launcher) -> None:
    begun = time.monotonic()
    for _ in range(20):
        launcher.get("/api/services")
    assert (time.monotonic() - begun) / 20 < 0.1
    hung = launcher.services()["hung"]
    assert (hung["status"], hung["reasonCodes"]) == ("down", ["timeout"])


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Host": "localhost"}, 200),
        ({"Host": "LOCALHOST:1"}, 200),
        ({"Host": "127.0.0.1:9"}, 200),
        ({"Host": "[::1]:9"}, 200),
        ({"Host": "192.168.1.5"}, 200),
        ({"Host": "evil.example"}, 421),
        ({"Host": "localhost.evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example"}, 421),
        ({"Host": "localhost@evil.example"}, 421),
        ({"Host": "evil.example#localhost"}, 421),
        ({"Host": "localhost:x"}, 421),
        ({"Host": ""}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, 200),
    ],
)
def test_who_is_served(launcher: Launcher, headers: dict[str, str], code: int) -> None:
    for path in ("/api/services", "/", "/static/page.js"):
        answer = launcher.get(path, headers=headers)
        assert answer.status_code == code
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_nothing_changes_state(launcher: Launcher) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        for path in ("/", "/api/services", "/api/services/hung", "/health", "/static/page.js"):
            assert requests.request(method, launcher.url + path, timeout=5).status_code == 405
    head = requests.head(f"{launcher.url}/health", timeout=5)
    assert (head.status_code, head.content) == (200, b"")
    assert launcher.get("/docs").status_code == 404
    assert launcher.get("/static/../app.py").status_code == 404
    assert launcher.get("/static/%2e%2e/app.py").status_code == 404


def test_page_holds_nothing_inline(launcher: Launcher) -> None:
    import re

    html = launcher.get("/").text
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", html)
    assert not re.search(r'(?:src|href)="(?:https?:)?//(?!localhost)', html)


def test_schema_holds(launcher: Launcher) -> None:
    """Schemathesis: bounded cases against every operation but the endless stream."""
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings

    schema = schemathesis.openapi.from_url(f"{launcher.url}/openapi.json")
    operations = [result.ok() for result in schema.get_all_operations()]
    assert {operation.path for operation in operations} == {
        "/api/services",
        "/api/services/{ident}",
        "/api/events",
        "/health",
        "/metrics",
    }
    for operation in operations:
        if operation.path == "/api/events":
            continue

        @settings(
            max_examples=25,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def try_it(case: Any) -> None:
            case.call_and_validate(timeout=5)

        try_it()


def test_manifest_is_taken_up_and_a_broken_one_is_not(fake: FakeServices, tmp_path: Path) -> None:
    root = write_root(tmp_path / "root", [{"id": "a", "healthUrl": fake.url("a")}])
    launcher = Launcher(root)
    try:
        launcher.wait(lambda found: found["a"]["status"] == "up")
        write_manifest(root, [{"id": "a", "healthUrl": fake.url("a")}, {"id": "b", "name": "B"}])
        launcher.wait(lambda found: set(found) == {"a", "b"}, 5)
        assert launcher.get("/api/services/a").json()["history"]  # it kept its past
        write_manifest(root, '{"services": [\n{"id": "a"},\n{"id": "c')
        launcher.wait(lambda _: launcher.get("/health").json()["manifest"]["error"], 5)
        error = launcher.get("/health").json()["manifest"]["error"]
        assert error.startswith("config/services-manifest.json:3: not JSON")
        assert set(launcher.services()) == {"a", "b"}
        (root / "config" / "services-manifest.json").unlink()
        launcher.wait(
            lambda _: "no such file" in launcher.get("/health").json()["manifest"]["error"], 5
        )
        os.mkfifo(root / "config" / "services-manifest.json")  # would hang a naive reader
        launcher.wait(
            lambda _: "isn't a file" in launcher.get("/health").json()["manifest"]["error"], 5
        )
        (root / "config" / "services-manifest.json").unlink()
        write_manifest(root, [{"id": "d"}])
        launcher.wait(lambda found: set(found) == {"d"}, 5)
        assert launcher.get("/health").json()["status"] == "UP"
    finally:
        launcher.stop()


def test_env_is_taken_up(fake: FakeServices, tmp_path: Path) -> None:
    url = "http://localhost:${A_PORT:-1}/a/health"
    fake.manners["a"] = Manner()
    root = write_root(tmp_path / "root", [{"id": "a", "healthUrl": url}])
    launcher = Launcher(root)
    try:
        launcher.wait(lambda found: found["a"]["status"] == "down")
        (root / ".env").write_text(f"A_PORT={fake.port}\n")
        launcher.wait(lambda found: found["a"]["status"] == "up", 5)
    finally:
        launcher.stop()


def test_a_taken_port_names_its_owner(launcher: Launcher, tmp_path: Path) -> None:
    port = launcher.url.rpartition(":")[2]
    argv, env = command(["--root", str(launcher.root), "--port", port])
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=30)
    assert done.returncode == 3
    assert f"can't listen on 127.0.0.1:{port}: Address already in use (held by " in done.stderr
    assert "launcher" in done.stderr
    assert "-> choose another port" in done.stderr


@pytest.mark.parametrize("port", ["0x", "0", "99999", "-1"])
def test_a_port_that_is_none(launcher: Launcher, port: str) -> None:
    argv, env = command(["--root", str(launcher.root), f"--port={port}"])
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert f"error: --port is '{port}', which is no port" in done.stderr


def test_listens_on_loopback_only(launcher: Launcher) -> None:
    addresses = {
        one.laddr.ip for one in launcher.usage().net_connections() if one.status == "LISTEN"
    }
    assert addresses == {"127.0.0.1"}


def test_ends_at_once_with_streams_open(fake: FakeServices, tmp_path: Path) -> None:
    launcher = Launcher(write_root(tmp_path / "root", [{"id": "a", "healthUrl": fake.url("a")}]))
    stream = requests.get(f"{launcher.url}/api/events", stream=True, timeout=10)
    next(stream.iter_lines())
    begun = time.monotonic()
    launcher.process.send_signal(signal.SIGINT)
    assert launcher.process.wait(10) == 130
    assert time.monotonic() - begun < 5
    assert "Traceback" not in launcher.log.read_text()


def test_a_slow_reader_costs_nothing(launcher: Launcher) -> None:
    host, port = "127.0.0.1", int(launcher.url.rpartition(":")[2])
    plugs = []
    for _ in range(20):
        plug = socket.create_connection((host, port))
        plug.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        plugs.append(plug)  # and never reads
    time.sleep(2)
    begun = time.monotonic()
    assert launcher.get("/api/services").status_code == 200
    assert time.monotonic() - begun < 0.5
    for plug in plugs:
        plug.close()
    deadline = time.monotonic() + 8
    while "launcher_streams 0" not in launcher.get("/metrics").text:
        assert time.monotonic() < deadline
        time.sleep(0.2)
