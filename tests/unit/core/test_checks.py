"""What of the engine blocks and what only warns, each with its next command."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kestra_tasks.core.checks import Problem, check_engine
from kestra_tasks.core.facts import EngineFacts, Socket, Unavailable

SOCKET = Socket("/var/run/docker.sock", True, True, "root:docker", "660", True, True)
GOOD = EngineFacts(
    client="28.2.2",
    compose=(2, 26, 1),
    compose_text="2.26.1",
    endpoint="unix:///var/run/docker.sock",
    socket=SOCKET,
    server="28.2.2",
    api_version="1.50",
)


INSTALL = "install Docker Engine and Compose 2.20 or newer"
COMPOSE = "install Docker Compose 2.20 or newer (docker-compose-plugin)"
START = "sudo systemctl start docker"


def test_a_good_engine_has_no_problem() -> None:
    assert check_engine(GOOD) == []
    assert check_engine(replace(GOOD, compose=(2, 20))) == []
    assert check_engine(replace(GOOD, compose=(5, 0, 1))) == []


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        ({"client": None}, "the docker command isn't installed or not on PATH", INSTALL),
        ({"compose": None}, "docker compose isn't installed", COMPOSE),
        (
            {"compose": (2, 19, 3), "compose_text": "2.19.3"},
            "docker compose is 2.19.3; `include:` needs 2.20 or newer",
            COMPOSE,
        ),
        (
            {"compose": (1, 29, 2), "compose_text": "1.29.2"},
            "docker compose is 1.29.2; `include:` needs 2.20 or newer",
            COMPOSE,
        ),
        (
            {"server": None, "trouble": "it hangs"},
            "the Docker daemon at unix:///var/run/docker.sock doesn't answer: it hangs",
            START,
        ),
        (
            {"socket": Socket("/s"), "server": None},
            "/s is absent: the Docker daemon isn't running",
            START,
        ),
        (
            {"socket": Socket("/s", True, False), "server": None},
            "/s isn't a socket (Docker makes a folder of that name when it mounts what isn't "
            "there)",
            "sudo rmdir /s, then start the daemon",
        ),
        (
            {"socket": Socket("/s", True, True, "root:docker", "660"), "server": None},
            "no permission for /s (root:docker, mode 660)",
            "sudo usermod -aG docker $USER, then log in again",
        ),
        (
            {"socket": replace(SOCKET, mountable=False, path="/else")},
            "the engine listens on /else, but Kestra mounts /var/run/docker.sock, which isn't "
            "its socket",
            "set KESTRA_DOCKER_SOCKET=/else in .env",
        ),
        (
            {"remote": True, "endpoint": "tcp://far:1", "server": None, "context": "DOCKER_HOST"},
            "DOCKER_HOST leads to tcp://far:1: a remote engine can't mount this machine's folders "
            "and socket",
            "unset DOCKER_HOST",
        ),
        (
            {"remote": True, "endpoint": "ssh://far", "context": "prod"},
            "the Docker context 'prod' leads to ssh://far: a remote engine can't mount this "
            "machine's folders and socket",
            "docker context use default",
        ),
    ],
)
def test_each_cause_blocks_alone_with_what_to_type(
    change: dict[str, object], message: str, hint: str
) -> None:
    found = check_engine(replace(GOOD, **change))  # type: ignore[arg-type]
    assert found == [Problem("block", "docker", message, hint)]


def test_client_and_engine_are_judged_each_for_itself() -> None:
    both = replace(GOOD, client=None, server=None, trouble="it hangs")
    assert [problem.hint for problem in check_engine(both)] == [INSTALL, START]
    remote = replace(GOOD, compose=None, remote=True, context="DOCKER_HOST")
    assert [problem.hint for problem in check_engine(remote)] == [COMPOSE, "unset DOCKER_HOST"]


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        (
            {"podman": True},
            "the engine is Podman 28.2.2, which isn't tested",
            "use Docker Engine where something behaves differently",
        ),
        (
            {"rootless": True},
            "the engine is rootless: `user: root` is this user there, and flows can't reach "
            "/var/run/docker.sock",
            "use the system's engine for flows that start containers",
        ),
    ],
)
def test_other_engines_only_warn(change: dict[str, bool], message: str, hint: str) -> None:
    unmounted = replace(SOCKET, mountable="rootless" not in change)
    found = check_engine(replace(GOOD, socket=unmounted, **change))  # type: ignore[arg-type]
    assert found == [Problem("warn", "docker", message, hint)]


def test_nothing_at_all() -> None:
    assert check_engine(Unavailable("no docker here")) == [
        Problem("block", "docker", "no docker here", INSTALL)
    ]
