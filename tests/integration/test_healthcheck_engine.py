"""The health scripts on a real Kestra: up, sick, stopped, and a stranger on its port."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from kestra_tasks import config
from kestra_tasks.apply import apply
from kestra_tasks.core.plan import make_plan
from kestra_tasks.probes.tree import read_tree
from kestra_tasks.steps import select
from kestra_tasks.steps.manifest import entry
from tests.integration.monorepo import Monorepo, docker

pytestmark = pytest.mark.integration
HOST = Path(__file__).resolve().parents[1] / "corpus" / "health" / "heredoc-empty.sh"


@pytest.fixture(scope="module")
def stack(make_monorepo: Callable[..., Monorepo]) -> Monorepo:
    """A running stack whose health check of all services is ours; a person's lies beside it."""
    repo = make_monorepo()
    settings = config.load(repo.root).with_(create=("healthcheck",))
    theirs = settings.with_(health_check="scripts/theirs.sh")
    (repo.root / "scripts").mkdir()
    (repo.root / "scripts/theirs.sh").write_text(HOST.read_text())
    for chosen in (settings, theirs):
        steps = select(["scaffold", "healthcheck"])
        apply(repo.root, make_plan(read_tree(repo.root), chosen, steps))
    (repo.root / "config").mkdir()
    document = {"services": [entry(settings)]}
    (repo.root / settings.manifest).write_text(json.dumps(document))
    docker("network", "create", f"{repo.name}-net")
    docker(*repo.compose, "up", "-d", "--wait", "kestra", timeout=240)
    return repo


def run(repo: Monorepo, script: str, *arguments: str) -> tuple[int, Any]:
    """A script's exit code, and its answer: parsed where it is JSON."""
    done = subprocess.run(
        ["bash", str(repo.root / script), *arguments],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
    )
    for secret in repo.secrets():
        assert secret not in done.stdout + done.stderr
    return done.returncode, json.loads(done.stdout) if done.stdout[:1] == "{" else done.stdout


HEALTH = "tools/kestra/scripts/health.sh"
ALL = "scripts/maintenance/health-check-all.sh"
THEIRS = "scripts/theirs.sh"


def test_a_healthy_kestra_in_all_three(stack: Monorepo) -> None:
    code, own = run(stack, HEALTH, "--json")
    assert (code, own["status"], own["container"]["name"]) == (0, "up", stack.server)
    assert own["health"]["url"] == f"http://127.0.0.1:{stack.management}/health"
    code, found = run(stack, ALL, "--services", "kestra", "--format", "json")
    assert (code, found["overallHealth"]) == (0, "healthy")
    assert [item["name"] for item in found["dockerContainers"]] == [stack.server]
    assert [item["name"] for item in found["databases"]] == [stack.database]
    code, joined = run(stack, THEIRS)
    assert (code, joined["overallHealth"]) == (0, "healthy")
    assert joined["localServices"][0]["status"] == "up"
    code, text = run(stack, ALL, "--services", "kestra")
    assert code == 0
    assert text.startswith("up ")


def test_a_server_that_no_longer_answers_is_sick_whatever_docker_says(stack: Monorepo) -> None:
    docker("pause", stack.server)
    try:
        code, own = run(stack, HEALTH, "--json", "--timeout", "2")
        assert code == 4
        assert own["status"] in ("degraded", "down")
        assert "gives no answer" in own["message"]
        code, joined = run(stack, THEIRS)
        assert (code, joined["overallHealth"]) == (1, "degraded")
    finally:
        docker("unpause", stack.server)


class Stranger(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status": "UP"}')

    def log_message(self, *_: object) -> None:
        pass


def test_a_stranger_on_the_port_of_a_stopped_kestra_is_not_taken_for_it(stack: Monorepo) -> None:
    docker("stop", "-t", "60", stack.server)
    try:
        code, own = run(stack, HEALTH, "--json")
        assert (code, own["status"]) == (4, "stopped")
        before = run(stack, THEIRS)
        assert (before[0], before[1]["localServices"]) == (0, [])
        with ThreadingHTTPServer(("127.0.0.1", stack.management), Stranger) as server:
            Thread(target=server.serve_forever, daemon=True).start()
            code, own = run(stack, HEALTH, "--json")
            server.shutdown()
        assert (code, own["healthy"]) == (4, False)
        assert f"port {stack.management} is answered by another server" in own["message"]
        code, found = run(stack, ALL, "--services", "kestra", "--format", "json")
        assert (code, found["summary"]["allOk"]) == (4, False)
    finally:
        docker("start", stack.server)
