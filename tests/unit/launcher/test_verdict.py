"""A service's state out of its health's answer and its container."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kestra_tasks.core.addresses import parse
from kestra_tasks.core.matching import find_container
from kestra_tasks.core.reasons import LANGUAGES, say
from kestra_tasks.core.services import Service
from kestra_tasks.core.verdict import Answer, ContainerState, Verdict, judge

SERVICE = Service(
    "kestra-orchestrator",
    health=parse("http://localhost:8081/health"),
    compose_file="tools/compose/docker-compose.tools.yml",
    compose_service="kestra",
)
CONTAINER = ContainerState(
    "tools-kestra",
    health="healthy",
    project="tools",
    service="kestra",
    config_files=("/m/tools/compose/docker-compose.tools.yml",),
    depends_on=("kestra-postgres",),
)
REFUSED, TIMEOUT = Answer("refused"), Answer("timeout")


def said(verdict: Verdict) -> tuple[str, str, str]:
    return str(verdict.status), say(verdict.words), verdict.source


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (Answer(code=200, word="UP"), "up", "health says UP"),
        (Answer(code=200), "up", "answers 200"),
        (Answer(code=302), "up", "answers 302"),
        (Answer(code=401), "up", "answers 401: it asks for a login"),
        (Answer(), "up", "accepts connections"),
        (Answer(code=200, word="DEGRADED"), "degraded", "health says DEGRADED"),
        (Answer(code=200, word="DOWN"), "down", "health says DOWN"),
        (Answer(code=503, word="DOWN", parts=("jdbc",)), "down", "health says DOWN (jdbc)"),
        (Answer(code=500), "down", "answers with error 500"),
        (Answer(code=404), "degraded", "answers 404, which no health check should"),
        (Answer(code=200, ms=2400), "degraded", "answers 200, but slowly: 2400 ms"),
        (REFUSED, "down", "nothing listens at localhost:8081"),
        (TIMEOUT, "down", "localhost:8081 gave no answer within 4 s"),
        (Answer("not_http"), "down", "what answers at localhost:8081 doesn't speak HTTP"),
    ],
)
def test_without_a_container(answer: Answer, status: str, words: str) -> None:
    service = replace(SERVICE, compose_service="")
    verdict = judge(service, answer, None, timeout=4)
    assert str(verdict.status) == status
    assert say(verdict.words).startswith(words)


@pytest.mark.parametrize(
    ("container", "status", "words"),
    [
        (None, "stopped", "it has no container; nothing listens"),
        (CONTAINER, "degraded", "nothing listens at localhost:8081; Docker calls tools-kestra"),
        (replace(CONTAINER, health="starting"), "starting", "tools-kestra is starting"),
        (replace(CONTAINER, health="unhealthy"), "down", "Docker calls tools-kestra unhealthy"),
        (replace(CONTAINER, health="", started=950), "starting", "tools-kestra is starting"),
        (replace(CONTAINER, health="", started=10), "degraded", "nothing listens"),
        (replace(CONTAINER, state="exited"), "stopped", "tools-kestra is stopped (exit 0)"),
        (replace(CONTAINER, state="exited", exit_code=1), "down", "tools-kestra ended with exit"),
        (replace(CONTAINER, state="exited", exit_code=137, oom=True), "down", "tools-kestra ran"),
        (replace(CONTAINER, state="restarting", restarts=3), "down", "tools-kestra keeps dying"),
        (replace(CONTAINER, state="paused"), "stopped", "tools-kestra is paused"),
    ],
)
def test_falls_back_to_the_container(
    container: ContainerState | None, status: str, words: str
) -> None:
    verdict = judge(SERVICE, REFUSED, container, now=1000)
    assert str(verdict.status) == status
    assert say(verdict.words).startswith(words)
    assert verdict.source == "container"


def test_a_healthy_looking_container_never_hides_a_silent_server() -> None:
    assert judge(SERVICE, TIMEOUT, CONTAINER, timeout=4, now=1e9).status == "degraded"
    assert judge(SERVICE, Answer(code=503, word="DOWN"), CONTAINER).status == "down"


def test_names_what_it_depends_on() -> None:
    postgres = ContainerState("pg", state="exited", project="tools", service="kestra-postgres")
    foreign = replace(postgres, project="other")
    down = Answer(code=503, word="DOWN")
    verdict = judge(SERVICE, down, CONTAINER, (foreign, postgres))
    assert said(verdict) == ("down", "health says DOWN; it needs pg, which is stopped", "http")
    # A server that was started by itself carries no such label, but ours are known by role.
    alone = replace(CONTAINER, depends_on=(), role="server")
    verdict = judge(SERVICE, down, alone, (replace(postgres, role="database"),))
    assert "needs pg" in say(verdict.words)
    # It still answers, but not for long.
    verdict = judge(SERVICE, Answer(code=200), CONTAINER, (postgres,))
    assert said(verdict) == ("degraded", "answers 200; it needs pg, which is stopped", "http")
    healthy = replace(postgres, state="running", health="healthy")
    assert judge(SERVICE, Answer(code=200), CONTAINER, (healthy,)).status == "up"


def test_without_an_address() -> None:
    plain = replace(SERVICE, health=None)
    assert said(judge(plain, None, CONTAINER)) == (
        "up",
        "Docker calls tools-kestra healthy",
        "container",
    )
    assert judge(plain, None, None).status == "unknown"
    verdict = judge(plain, None, None, docker="no permission")
    assert said(verdict)[:2] == (
        "unknown",
        "the manifest gives no health address, and Docker can't be asked: no permission",
    )


def test_finds_the_container() -> None:
    other = replace(CONTAINER, name="other", config_files=("/n/tools/compose/x.yml",))
    assert find_container(SERVICE, [other, CONTAINER], "/m") is CONTAINER
    assert find_container(SERVICE, [other], "/m") is None
    wrapper = ContainerState("w", role="wrapper", root="/m")
    assert find_container(SERVICE, [wrapper], "/m") is wrapper
    assert find_container(SERVICE, [replace(wrapper, root="/n")], "/m") is None
    by_id = Service("redis")
    assert find_container(by_id, [ContainerState("redis")], "/m") is not None
    assert find_container(Service("x", container="y"), [ContainerState("y")], "/m") is not None
    old = replace(CONTAINER, state="exited", name="old")
    assert find_container(SERVICE, [old, CONTAINER], "/m") is CONTAINER


def test_every_reason_can_be_said_in_both_languages() -> None:
    from kestra_tasks.core import reasons

    for code, texts in reasons._TEXTS.items():
        assert len(texts) == len(LANGUAGES), code
        fields = [{part[1] for part in _fields(text)} for text in texts]
        assert fields[0] == fields[1], code


def _fields(text: str) -> list[tuple[str, str | None, str | None, str | None]]:
    from string import Formatter

    return [part for part in Formatter().parse(text) if part[1]]
