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


def only(problems: list[Problem]) -> Problem:
    (problem,) = problems
    assert problem.hint, "a problem without a next command"
    return problem


def test_a_good_engine_has_no_problem() -> None:
    assert check_engine(GOOD) == []
    assert check_engine(replace(GOOD, compose=(2, 20))) == []
    assert check_engine(replace(GOOD, compose=(5, 0, 1))) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"client": None}, "docker command"),
        ({"compose": None}, "docker compose isn't installed"),
        ({"compose": (2, 19, 3), "compose_text": "2.19.3"}, "2.19.3"),
        ({"compose": (1, 29, 2), "compose_text": "1.29.2"}, "1.29.2"),
        ({"server": None, "trouble": "it hangs"}, "it hangs"),
        ({"socket": Socket("/s"), "server": None}, "/s is absent"),
        ({"socket": Socket("/s", True, False), "server": None}, "isn't a socket"),
        (
            {"socket": Socket("/s", True, True, "root:docker", "660"), "server": None},
            "no permission for /s (root:docker, mode 660)",
        ),
        ({"socket": replace(SOCKET, mountable=False, path="/else")}, "/else"),
        ({"remote": True, "endpoint": "ssh://far", "server": None}, "ssh://far"),
    ],
)
def test_each_cause_blocks_alone(change: dict[str, object], words: str) -> None:
    problem = only(check_engine(replace(GOOD, **change)))  # type: ignore[arg-type]
    assert problem.level == "block"
    assert words in problem.message


def test_a_remote_engine_is_told_by_whom() -> None:
    remote = replace(GOOD, remote=True, endpoint="tcp://far:1", server=None)
    by_variable = only(check_engine(replace(remote, context="DOCKER_HOST")))
    assert by_variable.hint == "unset DOCKER_HOST"
    by_context = only(check_engine(replace(remote, context="prod")))
    assert "'prod'" in by_context.message
    assert by_context.hint == "docker context use default"


@pytest.mark.parametrize(
    ("change", "word"), [({"podman": True}, "Podman"), ({"rootless": True}, "rootless")]
)
def test_other_engines_only_warn(change: dict[str, bool], word: str) -> None:
    unmounted = replace(SOCKET, mountable="rootless" not in change)
    problem = only(check_engine(replace(GOOD, socket=unmounted, **change)))  # type: ignore[arg-type]
    assert (problem.level, word in problem.message) == ("warn", True)


def test_nothing_at_all() -> None:
    assert only(check_engine(Unavailable("no docker here"))).message == "no docker here"
