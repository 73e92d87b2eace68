"""Our own health-check-all.sh: the manifest's services by HTTP and by docker ps, side by side."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.health_stage import SICK, UP, Stage

KEYS = [
    *("success", "overallHealth", "timestamp", "localServices", "dockerContainers"),
    *("databases", "summary", "remediation"),
]
MANIFEST: dict[str, Any] = {
    "services": [
        {
            "id": "kestra-orchestrator",
            "start": "docker compose -f tools/compose/docker-compose.tools.yml up -d kestra",
            "healthUrl": "http://localhost:${KESTRA_MANAGEMENT_PORT:-8081}/health",
        },
        {
            "id": "api",
            "port": 3200,
            "healthUrl": "http:\\/\\/localhost:${API_PORT:-3200}/health",
            "start": "docker compose -f 'apps/my api/compose.yml' up -d web",
        },
        {"id": "store", "type": "database", "health": {"url": "http://localhost:4005/"}},
        {"id": "quiet", "start": "npm run dev"},
    ]
}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path, create=("healthcheck",))
    stage.integrate()
    place = stage.root / "config" / "services-manifest.json"
    place.parent.mkdir()
    place.write_text(json.dumps(MANIFEST).replace("\\\\/", "\\/"))
    return stage


def world(stage: Stage, **more: str) -> dict[str, str]:
    file = f"{stage.root.resolve()}/apps/my api/compose.yml"
    row = rf"mono-web\x1fUp 1 hour (healthy)\x1fweb\x1f{file}"
    return {**UP, "OTHERS": row, "DB_STATUS": "Up 2 hours (healthy)", **more}


def test_all_healthy(stage: Stage) -> None:
    answer = stage.run(stage.script, "--format", "json", **world(stage))
    document = json.loads(answer.out)
    assert answer.code == 0, answer
    assert list(document) == KEYS
    assert [item["id"] for item in document["localServices"]] == ["kestra-orchestrator", "api"]
    assert [item["name"] for item in document["dockerContainers"]] == ["tools-kestra", "mono-web"]
    assert [item["name"] for item in document["databases"]] == ["tools-kestra-postgres", "store"]
    assert document["summary"] == {
        "allOk": True,
        "servicesChecked": 2,
        "containersChecked": 2,
        "databasesChecked": 2,
    }
    assert (document["success"], document["overallHealth"]) == (True, "healthy")
    assert document["remediation"] == []
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document["timestamp"])


@pytest.mark.parametrize("word", ["kestra", "kestra-orchestrator", "tools-kestra"])
def test_kestra_alone_by_any_of_its_names(stage: Stage, word: str) -> None:
    answer = stage.run(stage.script, "--services", word, "--format=json", **world(stage))
    document = json.loads(answer.out)
    assert answer.code == 0
    assert [item["id"] for item in document["localServices"]] == ["kestra-orchestrator"]
    assert [item["name"] for item in document["dockerContainers"]] == ["tools-kestra"]


def test_a_sick_kestra_is_degraded_with_the_next_command(stage: Stage) -> None:
    answer = stage.run(stage.script, "--format", "json", **{**world(stage), **SICK})
    document = json.loads(answer.out)
    assert answer.code == 4
    assert document["overallHealth"] == "degraded"
    assert document["summary"]["allOk"] is False
    assert {"target": "kestra-orchestrator", "actions": ["docker logs --tail 50 tools-kestra"]} in (
        document["remediation"]
    )


def test_all_are_asked_side_by_side_with_the_time_that_was_given(stage: Stage) -> None:
    answer = stage.run(stage.script, "--timeout", "17", **world(stage, SLOW="2"))
    assert answer.code == 0, answer
    asked = [call for call in stage.calls() if call.startswith(("curl ", "answered"))]
    assert [call.split()[0] for call in asked] == ["curl"] * 3 + ["answered"] * 3
    assert all("--max-time 17" in call for call in asked[:3])


def test_a_service_without_health_address_and_container_is_unknown(stage: Stage) -> None:
    answer = stage.run(stage.script, "--services", "api,quiet", **world(stage))
    assert answer.code == 4
    assert "quiet" in answer.out and "no health address" in answer.out
    assert answer.out.splitlines()[-1] == "degraded: 2 healthy, 1 not"
    row = r"quiet\x1fUp 1 hour\x1fquiet\x1f/elsewhere"
    seen = stage.run(stage.script, "--services", "quiet", **world(stage, OTHERS=row))
    assert (seen.code, seen.out.splitlines()[-1]) == (0, "healthy: 1 healthy, 0 not")


def test_text_is_a_line_for_each_check(stage: Stage) -> None:
    answer = stage.run(stage.script, "--services", "kestra,api", **world(stage, DOWN="3200"))
    assert answer.code == 4
    lines = answer.out.splitlines()
    assert re.match(r"up +service +kestra-orchestrator +tools-kestra \(Up 2 hours", lines[0])
    assert any(
        re.match(r"down +service +api +http://localhost:3200/health gives no", x) for x in lines
    )
    assert lines[-1] == "degraded: 4 healthy, 1 not"
    assert "-> docker compose -f 'apps/my api/compose.yml' up -d web" in answer.err


def test_addresses_come_from_the_environment_then_env_then_the_default(stage: Stage) -> None:
    (stage.root / ".env").write_text("API_PORT=3201\nSECRET_TOKEN=planted\n")
    stage.run(stage.script, "--services", "api", **world(stage))
    assert any(call.endswith("http://localhost:3201/health") for call in stage.calls())
    stage.run(stage.script, "--services", "api", **world(stage, API_PORT="3202"))
    assert any(call.endswith("http://localhost:3202/health") for call in stage.calls())


def test_a_secret_is_never_filled_in(stage: Stage) -> None:
    place = stage.root / "config" / "services-manifest.json"
    place.write_text('[{"id": "x", "healthUrl": "http://localhost/${SECRET_TOKEN}"}]')
    (stage.root / ".env").write_text("SECRET_TOKEN=planted\n")
    answer = stage.run(stage.script, "--format", "json", **world(stage))
    assert "planted" not in answer.out + answer.err + "".join(stage.calls())
    assert json.loads(answer.out)["localServices"][0]["status"] == "unknown"


def test_a_service_whose_container_was_never_made(stage: Stage) -> None:
    answer = stage.run(stage.script, "--services=api", "--format=json", **UP)
    (container,) = json.loads(answer.out)["dockerContainers"]
    assert container == {"name": "api", "status": "not created", "health": ""}
    assert answer.code == 4


def test_without_docker_it_is_not_healthy_and_says_why(stage: Stage) -> None:
    answer = stage.run(stage.script, "--services=api", "--format=json", DOCKER_DEAD="1")
    document = json.loads(answer.out)
    assert answer.code == 4
    assert document["dockerContainers"][0]["name"] == "docker"
    assert document["remediation"] == [{"target": "docker", "actions": ["docker version"]}]


def test_without_curl_bash_asks_itself(stage: Stage, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for folder in os.environ["PATH"].split(":"):
        for tool in Path(folder).iterdir() if Path(folder).is_dir() else ():
            if tool.name not in ("curl", "docker") and not (tools / tool.name).exists():
                (tools / tool.name).symlink_to(tool)
    (stage.bin / "curl").unlink()
    env = world(stage, PATH=f"{stage.bin}:{tools}")
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(503)
            self.end_headers()
            self.wfile.write(b'{"status": "DOWN"}')

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Server) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        env["API_PORT"] = str(server.server_port)
        answer = stage.run(stage.script, "--services=api", "--format=json", **env)
        server.shutdown()
    (service,) = json.loads(answer.out)["localServices"]
    assert (service["httpStatus"], service["status"]) == (503, "down")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--services", "nobody"), 1, "no service is called nobody"),
        (("--format", "xml"), 1, "--format takes text or json"),
        (("--timeout", "0"), 1, "--timeout takes seconds"),
        (("--timeout",), 1, "--timeout needs a value"),
        (("--what",), 1, "unknown argument --what"),
    ],
)
def test_wrong_usage(stage: Stage, arguments: tuple[str, ...], code: int, said: str) -> None:
    answer = stage.run(stage.script, *arguments)
    assert (answer.code, answer.out) == (code, "")
    assert said in answer.err


def test_paths_with_spaces_and_letters(tmp_path: Path) -> None:
    places = {"health_check": "bin x/saúde.sh", "kestra_dir": "ó x/kestra"}
    stage = Stage(tmp_path, create=("healthcheck",), manifest="cfg é/my services.json", **places)
    stage.integrate()
    place = stage.root / "cfg é" / "my services.json"
    place.parent.mkdir()
    place.write_text(json.dumps(MANIFEST))
    answer = stage.run(stage.script, "--services", "kestra", **world(stage))
    assert answer.code == 0, answer


def test_no_manifest_and_a_broken_one(stage: Stage) -> None:
    place = stage.root / "config" / "services-manifest.json"
    place.write_text('{"services": [')
    assert stage.run(stage.script).code == 3
    place.unlink()
    answer = stage.run(stage.script)
    assert (answer.code, "inv kestra.manifest" in answer.err) == (3, True)
