"""Real sockets of this machine, and containers that hold ports."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kestra_tasks.core.facts import ListedContainer, Listener, PublishedPort, Unavailable
from kestra_tasks.probes import listeners as module
from kestra_tasks.probes.containers import is_ours
from kestra_tasks.probes.listeners import listeners, owner_of
from tests.helpers.trees import build_tree, listening

SERVE = """import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""
NONE = Unavailable("no engine in this test")


def held(port: int, containers: list[ListedContainer] | Unavailable = NONE) -> list[Listener]:
    return [item for item in listeners(None, containers) if item.port == port]


def container(*ports: PublishedPort, **rest: object) -> ListedContainer:
    return ListedContainer("f" * 64, "api-gateway", "x", "running", ports=ports, **rest)  # type: ignore[arg-type]


def test_a_listener_is_found_with_its_process() -> None:
    with listening() as port:
        (found,) = held(port)
    assert (found.protocol, found.address, found.pid) == ("tcp", "127.0.0.1", os.getpid())
    assert found.process
    assert found.container is None
    assert f"(pid {os.getpid()})" in found.owner
    assert held(port) == []


@pytest.mark.parametrize("address", ["0.0.0.0", "127.0.0.1", "::1", "::"])
def test_every_family_is_seen(address: str) -> None:
    try:
        with listening(address) as port:
            assert [item.address for item in held(port)] == [address]
    except OSError as error:
        pytest.skip(f"this machine has no {address}: {error}")


def test_tcp_and_udp_are_told_apart() -> None:
    with listening(udp=True) as port:
        assert [item.protocol for item in held(port)] == ["udp"]
        among = listeners(None, NONE)
        assert owner_of(port, among=among) is None
        assert owner_of(port, protocol="udp", among=among)


def test_an_owner_is_one_that_would_collide() -> None:
    with listening() as port:
        among = listeners(None, NONE)
        assert owner_of(port, among=among)
        assert owner_of(port, address="127.0.0.1", among=among)
        assert owner_of(port, address="::1", among=among) is None


def test_an_interpreter_tells_its_script_and_no_other_argument(tmp_path: Path) -> None:
    build_tree(tmp_path, {"serve.py": SERVE})
    argv = [sys.executable, str(tmp_path / "serve.py"), "--password=canary-3c"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout and child.stdin
        (found,) = held(int(child.stdout.readline()))
        child.stdin.close()
    assert found.pid == child.pid
    assert found.process and found.process.endswith("serve.py")
    assert "canary" not in repr(found)


def test_a_port_without_a_process_belongs_to_its_container() -> None:
    ports = (PublishedPort(19_001, "tcp", "0.0.0.0"), PublishedPort(19_001, "tcp", "::"))
    found = held(19_001, [container(*ports)])
    assert [(item.address, item.pid, item.container) for item in found] == [
        ("0.0.0.0", None, "api-gateway"),
        ("::", None, "api-gateway"),
    ]
    assert found[0].owner == "container api-gateway"


def test_dockers_proxy_stands_for_the_container(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as port:
        ports = PublishedPort(port, "tcp", "127.0.0.1")
        (mine,) = held(port, [container(ports)])
        assert mine.container is None
        monkeypatch.setattr(module, "_process", lambda _pid: "docker-proxy")
        (proxied,) = held(port, [container(ports)])
        assert (proxied.pid, proxied.container) == (os.getpid(), "api-gateway")


def test_a_process_inside_a_container_is_the_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"0::/system.slice/docker-{'f' * 64}.scope\n"
    monkeypatch.setattr(module.Path, "read_text", lambda *_a, **_k: text)
    with listening() as port:
        (found,) = held(port, [container()])
    assert found.container == "api-gateway"


def test_where_the_table_is_roots_only(monkeypatch: pytest.MonkeyPatch) -> None:
    import psutil

    def refuse(kind: str) -> list[object]:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "net_connections", refuse)
    with listening() as port:
        assert [item.pid for item in held(port)] == [os.getpid()]


def test_ours_by_label_and_root(tmp_path: Path) -> None:
    root = tmp_path / "mono"
    root.mkdir()
    label = {"dev.kestra-tasks.role": "server"}
    folder = {"com.docker.compose.project.working_dir": f"{root}/tools/compose"}
    config = {"com.docker.compose.project.config_files": f"{root}/tools/compose/x.yml"}
    assert is_ours(container(labels={**label, **folder}), root)
    assert is_ours(container(labels={**label, **config}), root)
    assert is_ours(container(labels=label, sources=(f"{root}/tools/kestra/storage",)), root)
    (tmp_path / "link").symlink_to(root)
    linked = {"com.docker.compose.project.working_dir": f"{tmp_path}/link/tools"}
    assert is_ours(container(labels={**label, **linked}), root)
    assert not is_ours(container(labels=label), root)
    assert not is_ours(container(labels=folder), root)
    elsewhere = {"com.docker.compose.project.working_dir": f"{root}-other/tools"}
    assert not is_ours(container(labels={**label, **elsewhere}), root)
    port = PublishedPort(19_002, "tcp", "127.0.0.1")
    ours = container(port, labels={**label, **folder})
    assert [item.ours for item in listeners(root, [ours]) if item.port == 19_002] == [True]
