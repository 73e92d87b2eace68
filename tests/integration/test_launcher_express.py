"""The launcher with Kestra in it, started on a real Express of either major."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kestra_tasks.core.edit import Edit
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.errors import PreconditionError
from kestra_tasks.ops import node as nodes
from kestra_tasks.ops.node import Node
from kestra_tasks.ops.runner import Runner
from kestra_tasks.settings import Settings
from kestra_tasks.steps import launcher

TESTS = Path(__file__).resolve().parents[1]
CORPUS = TESTS / "corpus" / "js"
MESSY = TESTS / "cases/large-messy/before/apps/status/server.js"
KNOWN = sorted(CORPUS.glob("*.js"))
PATH = Settings().launcher
PORTS = range(19450, 19460)
# Both majors that hosts run; the packages beside them are those of the large case.
PACKAGES = {
    "4": ("express@4.21.2", "cors@2.8.5", "dotenv@16.4.5"),
    "5": ("express@5.1.0", "cors@2.8.5", "dotenv@16.4.5"),
}


@dataclass(frozen=True)
class Express:
    """One Express: its node_modules, and the Node.js that runs it."""

    modules: Path
    node: Node


def text_of(path: Path) -> str:
    return path.read_bytes().decode()


def applied(text: str, **changes: Any) -> str:
    (change,) = launcher.plan(Tree({PATH: File.of(text)}), Settings().with_(**changes))
    assert isinstance(change, Edit), change
    assert change.after is not None
    return change.after.text


@pytest.fixture(scope="session")
def node() -> Node:
    """Node.js with its npm: the system's, else the one that comes with our own packages."""
    try:
        return nodes.find(Runner(TESTS))
    except PreconditionError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI=true and {error}")
        pytest.skip(str(error))


@pytest.fixture(scope="session", params=sorted(PACKAGES))
def express(request: pytest.FixtureRequest, node: Node) -> Express:
    """A folder with node_modules of one Express, installed once for this checkout."""
    packages = PACKAGES[request.param]
    name = "-".join(package.replace("@", "-") for package in packages)
    folder = Path(request.config.cache.mkdir(f"npm-{name}"))  # type: ignore[union-attr]
    if not (folder / "done").is_file():
        (folder / "package.json").write_text('{"private": true}')
        made = subprocess.run(
            [*node.npm, "install", "--no-audit", "--no-fund", "--silent", *packages],
            cwd=folder,
            env={**os.environ, "PATH": node.path()},
            capture_output=True,
            text=True,
            timeout=240,
        )
        if made.returncode:
            if os.environ.get("CI") == "true":
                pytest.fail(f"CI=true and npm couldn't install Express: {made.stderr[-500:]}")
            pytest.skip(f"npm couldn't install Express: {made.stderr[-200:]}")
        (folder / "done").touch()
    return Express(folder / "node_modules", node)


class _Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()
        self.wfile.write(b'{"status": "UP"}')

    do_HEAD = do_GET

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def kestra() -> Iterator[int]:
    """The port of a stand-in for Kestra's management port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Health)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def free_port() -> int:
    for port in PORTS:
        with socket.socket() as plug:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if plug.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError("no port is free")


@contextmanager
def running(folder: Path, text: str, express: Express, kestra: int) -> Iterator[int]:
    """Start the launcher in a folder of its own; gives its port."""
    place = folder / "apps" / "status"
    place.mkdir(parents=True)
    (place / "node_modules").symlink_to(express.modules)
    kind = "module" if text.lstrip("\ufeff").startswith("import ") else "commonjs"
    (place / "package.json").write_text(json.dumps({"type": kind}))
    server = place / "server.js"
    server.write_bytes(text.encode())
    argv = express.node.argv
    checked = subprocess.run([*argv, "--check", str(server)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    port = free_port()
    ports = {"PORT": str(port), "SERVICE_LAUNCHER_PORT": str(port)}
    env = {**os.environ, **ports, "KESTRA_MANAGEMENT_PORT": str(kestra), "KESTRA_HTTP_PORT": "8180"}
    child = subprocess.Popen(
        [*argv, str(server)], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        for _ in range(150):
            with socket.socket() as plug:
                if plug.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert child.poll() is None, child.communicate()[1].decode()
            time.sleep(0.05)
        yield port
    finally:
        child.terminate()
        child.communicate(timeout=10)


def fetch(port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return json.load(answer)


def answers_well(item: dict[str, Any]) -> bool:
    """Whether an item says in its host's own words that the service is there."""
    said = [item.get(key) for key in ("status", "state", "up", "ok", "httpStatus")]
    return any(word in ("ok", "up", True, 200) for word in said if word is not None)


@pytest.mark.parametrize("path", KNOWN, ids=lambda path: path.stem)
def test_it_answers_on_api_services_with_kestra_among_the_others(
    path: Path, express: Express, kestra: int, tmp_path: Path
) -> None:
    text = text_of(path)
    with running(tmp_path / "one", text, express, kestra) as port:
        try:
            before = fetch(port, "/api/services")
        except urllib.error.HTTPError as error:
            assert error.code == 404
            before = None
    with running(tmp_path / "two", applied(text), express, kestra) as port:
        after = fetch(port, "/api/services")
    (ours,) = [item for item in after if item["id"] == "kestra-orchestrator"]
    assert answers_well(ours), ours
    assert after[-1] == ours
    if before is not None:
        assert [item["id"] for item in after[:-1]] == [item["id"] for item in before]


def test_the_hosts_own_route_answers_as_before(
    express: Express, kestra: int, tmp_path: Path
) -> None:
    text = text_of(CORPUS / "factory.js")
    with running(tmp_path / "one", text, express, kestra) as port:
        before = fetch(port, "/api/status")
    with running(tmp_path / "two", applied(text), express, kestra) as port:
        after = fetch(port, "/api/status")
        listed = fetch(port, "/api/services")
    assert list(after) == list(before)
    assert after["services"][:-1] == before["services"]
    assert listed == after["services"]
    ours = listed[-1]
    assert ours["healthUrl"] == f"http://localhost:{kestra}/health"
    assert ours["frontendPort"] == 8180


def test_an_error_of_the_hosts_own_route_passes_through(
    express: Express, kestra: int, tmp_path: Path
) -> None:
    text = applied(text_of(CORPUS / "factory.js"))
    text = text.replace("SERVICE_TARGETS.map(look)", "SERVICE_TARGETS.map(nowhere)")
    with (
        running(tmp_path / "one", text, express, kestra) as port,
        pytest.raises(urllib.error.HTTPError) as caught,
    ):
        fetch(port, "/api/services")
    assert caught.value.code == 500
    assert json.load(caught.value)["success"] is False


def test_the_large_cases_launcher_runs(express: Express, kestra: int, tmp_path: Path) -> None:
    text = applied(text_of(MESSY), language="pt-BR")
    with running(tmp_path / "one", text, express, kestra) as port:
        ours = fetch(port, "/api/services")[-1]
    assert ours["id"] == "kestra-orchestrator"
    assert ours["status"] == "ok"
    assert ours["links"] == [{"label": "UI", "url": "http://localhost:8180"}]
