"""The engine's endpoint, its socket, and engines of other kinds on a real Unix socket."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any

import pytest

from kestra_tasks.core.checks import check_engine
from kestra_tasks.core.facts import EngineFacts, Unavailable
from kestra_tasks.probes import endpoint as endpoint_module
from kestra_tasks.probes.containers import list_containers
from kestra_tasks.probes.endpoint import find_endpoint, inspect_socket
from kestra_tasks.probes.engine import parse_version, probe, why
from tests.helpers.trees import build_tree

VERSION = {"Version": "27.0.1", "ApiVersion": "1.46", "MinAPIVersion": "1.24"}
INFO = {"DockerRootDir": "/data", "MemTotal": 8 * 10**9, "OperatingSystem": "Linux"}


class _Engine(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    answers: dict[str, Any]


class _Handler(BaseHTTPRequestHandler):
    server: _Engine

    def address_string(self) -> str:
        return "socket"

    def log_message(self, *_args: object) -> None: ...

    def do_GET(self) -> None:
        name = self.path.partition("?")[0].rpartition("/")[2]
        body = json.dumps(self.server.answers.get(name, {})).encode()
        self.send_response(200 if self.server.answers.get(name) is not None else 500)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def engine(path: Path, **answers: Any) -> Iterator[dict[str, str]]:
    """A server of the engine's API; gives the environment that leads to it."""
    with _Engine(str(path), _Handler) as server:
        server.answers = {"version": VERSION, "info": INFO, **answers}
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield {**os.environ, "DOCKER_HOST": f"unix://{path}"}
        server.shutdown()
        thread.join()


def facts(root: Path, environ: dict[str, str], **options: str) -> EngineFacts:
    found = probe(root, environ=environ, **options)
    assert isinstance(found, EngineFacts)
    return found


def stub_client(folder: Path, compose: str = "echo 2.29.1") -> str:
    version = 'echo "Docker version 27.0.1, build x"'
    script = f"#!/bin/sh\ncase $1 in --version) {version} ;; *) {compose} ;; esac\n"
    build_tree(folder, {"docker": script})
    (folder / "docker").chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def test_an_engine_that_answers(tmp_path: Path) -> None:
    with engine(tmp_path / "s") as environ:
        environ["PATH"] = stub_client(tmp_path / "bin")
        found = facts(tmp_path, environ, mount_source=str(tmp_path / "s"))
    assert (found.client, found.compose, found.server) == ("27.0.1", (2, 29, 1), "27.0.1")
    assert (found.api_version, found.min_api_version) == ("1.46", "1.24")
    assert (found.data_root, found.memory, found.context) == ("/data", 8 * 10**9, "DOCKER_HOST")
    assert found.socket and found.socket.permitted and found.socket.mountable
    assert found.socket.owner
    assert not (found.podman or found.rootless or found.remote or found.trouble)
    assert check_engine(found) == []


def test_podman_and_rootless_are_recognised(tmp_path: Path) -> None:
    version = {**VERSION, "Components": [{"Name": "Podman Engine"}]}
    info = {**INFO, "SecurityOptions": ["name=seccomp", "name=rootless"]}
    with engine(tmp_path / "s", version=version, info=info) as environ:
        environ["PATH"] = stub_client(tmp_path / "bin")
        found = facts(tmp_path, environ)
    assert found.podman
    assert found.rootless
    assert {problem.level for problem in check_engine(found)} == {"warn"}


def test_a_socket_that_kestra_would_not_mount(tmp_path: Path) -> None:
    with engine(tmp_path / "s") as environ:
        environ["PATH"] = stub_client(tmp_path / "bin")
        (problem,) = check_engine(facts(tmp_path, environ))
        assert problem.level == "block"
        assert problem.hint == f"set KESTRA_DOCKER_SOCKET={tmp_path / 's'} in .env"
        assert check_engine(facts(tmp_path, environ, mount_source=str(tmp_path / "s"))) == []
    with engine(tmp_path / "d", info={**INFO, "OperatingSystem": "Docker Desktop"}) as environ:
        environ["PATH"] = stub_client(tmp_path / "bin")
        assert check_engine(facts(tmp_path, environ)) == []


def test_an_engine_that_fails(tmp_path: Path) -> None:
    with engine(tmp_path / "s", version=None) as environ:
        environ["PATH"] = stub_client(tmp_path / "bin")
        found = facts(tmp_path, environ)
        (problem,) = check_engine(found)
        assert isinstance(list_containers(environ), Unavailable)
    assert found.server is None
    assert "doesn't answer: " in problem.message


def test_a_socket_that_nobody_listens_on(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(str(path))
    environ = {**os.environ, "DOCKER_HOST": f"unix://{path}", "PATH": stub_client(tmp_path / "b")}
    found = facts(tmp_path, environ)
    assert found.trouble == "nobody listens on its socket"
    (problem,) = check_engine(found)
    assert "doesn't answer: nobody listens on its socket" in problem.message
    assert isinstance(list_containers(environ), Unavailable)


def test_no_socket_and_a_folder_of_its_name(tmp_path: Path) -> None:
    environ = {"DOCKER_HOST": f"unix://{tmp_path}/gone", "PATH": stub_client(tmp_path / "b")}
    (problem,) = check_engine(facts(tmp_path, environ))
    assert f"{tmp_path}/gone is absent" in problem.message
    (tmp_path / "folder").mkdir()
    environ["DOCKER_HOST"] = f"unix://{tmp_path}/folder"
    (problem,) = check_engine(facts(tmp_path, environ))
    assert "isn't a socket" in problem.message
    assert problem.hint.startswith("sudo rmdir")


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(str(path))
        path.chmod(0o600)
        refused = ("Permission denied", False)
        if os.geteuid() == 0:  # nothing is forbidden to root
            monkeypatch.setattr(endpoint_module, "_connect", lambda _path: refused)
            found, trouble = inspect_socket(str(path))
        else:
            path.chmod(0)
            found, trouble = inspect_socket(str(path))
    assert (found.permitted, trouble) == (False, "Permission denied")
    assert found.is_socket
    environ = {"DOCKER_HOST": f"unix://{path}", "PATH": stub_client(tmp_path / "b")}
    if os.geteuid() == 0:
        (problem,) = check_engine(facts(tmp_path, environ))
        assert "no permission for" in problem.message
        assert "mode 600" in problem.message


def test_a_remote_engine_is_not_asked(tmp_path: Path) -> None:
    environ = {"DOCKER_HOST": "ssh://u:canary@far", "PATH": stub_client(tmp_path / "b")}
    found = facts(tmp_path, environ)
    assert (found.remote, found.endpoint, found.server) == (True, "ssh://far", None)
    assert isinstance(list_containers(environ), Unavailable)


def test_no_docker_at_all(tmp_path: Path) -> None:
    environ = {"PATH": str(tmp_path), "DOCKER_HOST": f"unix://{tmp_path}/gone"}
    assert isinstance(probe(tmp_path, environ=environ), Unavailable)


def test_compose_missing(tmp_path: Path) -> None:
    with engine(tmp_path / "s") as environ:
        environ["PATH"] = stub_client(tmp_path / "bin", "exit 1")
        found = facts(tmp_path, environ, mount_source=str(tmp_path / "s"))
    assert found.compose is None
    (problem,) = check_engine(found)
    assert problem.message == "docker compose isn't installed"


def test_containers(tmp_path: Path) -> None:
    row = {
        "Id": "f" * 64,
        "Names": ["/tools-kestra"],
        "Image": "kestra/kestra",
        "State": "running",
        "Labels": {"a": "b", "com.docker.compose.project": "tools"},
        "Ports": [
            {"IP": "127.0.0.1", "PrivatePort": 8080, "PublicPort": 8180, "Type": "tcp"},
            {"PrivatePort": 8081, "Type": "tcp"},
        ],
        "Mounts": [{"Type": "bind", "Source": "/a"}, {"Type": "volume", "Source": "/v"}],
    }
    ended = {**row, "Id": "d" * 64, "State": "exited"}
    with engine(tmp_path / "s", json=[row, {"Id": "e" * 64}, ended]) as environ:
        found = list_containers(environ)
    assert not isinstance(found, Unavailable)
    first, second, third = found
    assert (first.name, first.project, first.sources) == ("tools-kestra", "tools", ("/a",))
    assert [(p.port, p.protocol, p.address) for p in first.ports] == [(8180, "tcp", "127.0.0.1")]
    assert second.name == "e" * 12
    assert (third.state, third.ports) == ("exited", ())


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(ValueError("Aborted.", FileNotFoundError(2, "No such file"))), "its socket"),
        (ValueError(ValueError("x", ConnectionRefusedError(111, "Connection refused"))), "refused"),
        (ValueError("500 Server Error\nmore"), "500 Server Error"),
        (ValueError(), "ValueError"),
    ],
)
def test_why_an_engine_did_not_answer_is_one_plain_line(error: Exception, said: str) -> None:
    assert said in why(error)
    assert "(" not in why(error) and "\n" not in why(error)


def test_contexts(tmp_path: Path) -> None:
    ident = hashlib.sha256(b"prod").hexdigest()
    meta = {"Name": "prod", "Endpoints": {"docker": {"Host": "ssh://far"}}}
    build_tree(
        tmp_path,
        {
            "config.json": '{"currentContext": "prod"}',
            f"contexts/meta/{ident}/meta.json": json.dumps(meta),
        },
    )
    home = {"DOCKER_CONFIG": str(tmp_path)}
    default = "unix:///var/run/docker.sock"
    assert find_endpoint(home) == ("ssh://far", "prod")
    assert find_endpoint({**home, "DOCKER_CONTEXT": "default"}) == (default, "default")
    assert find_endpoint({**home, "DOCKER_CONTEXT": "gone"}) == ("", "gone")
    assert find_endpoint({**home, "DOCKER_HOST": "tcp://x:1"}) == ("tcp://x:1", "DOCKER_HOST")
    assert find_endpoint({"DOCKER_CONFIG": str(tmp_path / "none")}) == (default, "default")
    (tmp_path / "config.json").write_text("[broken")
    assert find_endpoint(home) == (default, "default")
    unread = probe(
        tmp_path, environ={**home, "DOCKER_CONTEXT": "gone", "PATH": stub_client(tmp_path / "b")}
    )
    (problem,) = check_engine(unread)
    assert "'gone' can't be read" in problem.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2.26.1-4", (2, 26, 1)), ("v2.20", (2, 20)), ("5.0.0-rc1\n", (5, 0, 0)), ("dev", None)],
)
def test_versions(text: str, expected: tuple[int, ...] | None) -> None:
    assert parse_version(text) == expected
