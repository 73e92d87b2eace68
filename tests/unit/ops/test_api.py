"""The API client against servers with the tenant in the path, without it, and odd ones."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from kestra_tasks.ops import flows
from kestra_tasks.ops.api import Api, ApiError, LoginRefusedError, reachable

_USER, _PASSWORD = "admin@example.org", 'Pä:1"ss'
_LOGIN = "Basic " + base64.b64encode(f"{_USER}:{_PASSWORD}".encode()).decode()


class Server(ThreadingHTTPServer):
    """A little Kestra: flows in a dict, executions that end after two looks."""

    prefix = "/api/v1/main"
    open = False
    outcome = "SUCCESS"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.flows: dict[str, str] = {}
        self.calls: list[tuple[str, str]] = []
        self.looks = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def _answer(self) -> None:
        server, path = self.server, self.path.split("?")[0]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        server.calls.append((self.command, path))
        if not server.open and self.headers.get("Authorization") != _LOGIN:
            return self._send(401, {"message": "Unauthorized"})
        if not path.startswith(server.prefix + "/"):
            return self._send(404, {"message": "Not Found"})
        rest = path.removeprefix(server.prefix)
        if rest == "/flows/search":
            return self._send(200, {"results": []})
        if rest.startswith("/flows"):
            return self._flows(rest.removeprefix("/flows").strip("/"), body)
        if rest.startswith("/executions/") and self.command == "POST":
            return self._send(200, {"id": "e1", "state": {"current": "CREATED"}})
        if rest == "/executions/e1":
            server.looks += 1
            state = server.outcome if server.looks > 2 else "RUNNING"
            return self._send(200, {"id": "e1", "state": {"current": state}})
        if rest == "/logs/e1":
            message = f"kestra-tasks was here with {next(iter(server.flows)).split('/')[1]}"
            return self._send(200, [{"message": message}])
        return self._send(404, {"message": "Not Found"})

    def _flows(self, name: str, body: str) -> None:
        flows_ = self.server.flows
        match self.command:
            case "POST" | "PUT":
                key = name or "a/b"
                if "invalid" in body:
                    return self._send(422, {"message": "Invalid entity: tasks: must not be empty"})
                flows_[key if name else _key(body)] = body
                return self._send(200, {})
            case "DELETE":
                return self._send(204 if flows_.pop(name, None) else 404, None)
            case _:
                return self._send(200 if name in flows_ else 404, {"source": flows_.get(name)})

    do_GET = do_POST = do_PUT = do_DELETE = _answer

    def _send(self, code: int, document: Any) -> None:
        data = b"" if document is None else json.dumps(document).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: Any) -> None: ...


def _key(body: str) -> str:
    lines = dict(line.split(": ", 1) for line in body.splitlines() if ": " in line)
    return f"{lines['namespace']}/{lines['id']}"


@pytest.fixture(params=["/api/v1/main", "/api/v1"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    made = Server()
    made.prefix = request.param
    thread = Thread(target=made.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


def api(server: Server) -> Api:
    return Api(server.url, _USER, _PASSWORD)


def test_the_prefix_is_found_out(server: Server) -> None:
    client = api(server)
    client.login()
    assert client.prefix == server.prefix


def test_a_wrong_password_is_told_as_one(server: Server) -> None:
    with pytest.raises(LoginRefusedError) as caught:
        Api(server.url, _USER, "other").login()
    assert "other" not in caught.value.message and int(caught.value.code) == 4


def test_a_flow_is_created_then_updated(server: Server) -> None:
    client = api(server)
    client.put_flow("n", "f", "id: f\nnamespace: n\n")
    client.put_flow("n", "f", "id: f\nnamespace: n\nx: 1\n")
    sent = [method for method, path in server.calls if method in ("POST", "PUT")]
    assert sent == ["POST", "PUT"] and "x: 1" in server.flows["n/f"]
    assert client.delete_flow("n", "f") and not client.delete_flow("n", "f")


def test_what_the_server_says_is_in_the_error(server: Server) -> None:
    with pytest.raises(ApiError, match="422: Invalid entity: tasks"):
        api(server).put_flow("n", "f", "invalid")


def test_the_proving_flow_runs_logs_and_goes(server: Server) -> None:
    run = flows.prove(api(server), "proof")
    assert (run.execution, run.state) == ("e1", "SUCCESS") and "proof" in run.line
    assert server.flows == {}


def test_a_flow_that_fails_is_a_failure_and_goes_too(server: Server) -> None:
    server.outcome = "FAILED"
    with pytest.raises(ApiError, match=r"e1 of .* ended FAILED"):
        flows.prove(api(server), "proof")
    assert server.flows == {}


def test_a_run_that_takes_too_long_names_its_state(server: Server) -> None:
    with pytest.raises(ApiError, match="is RUNNING after 0 s"):
        flows.prove(api(server), "proof", seconds=0)


def test_a_server_that_lets_everybody_in_is_noticed(server: Server) -> None:
    assert not api(server).is_open()
    server.open = True
    assert api(server).is_open()


def test_nobody_listening_is_told_without_a_traceback() -> None:
    gone = Server()
    url = gone.url
    gone.server_close()
    assert reachable(f"{url}/health") == (0, "connection refused")
    with pytest.raises(ApiError, match="connection refused"):
        Api(url, "u", "p").login()


def test_a_proxy_has_no_say(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    api(server).login()
