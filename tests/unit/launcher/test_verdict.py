"""A service's state out of its health's answer and its container."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kestra_tasks.core.addresses import parse
from kestra_tasks.core.matching import find_container
from kestra_tasks.core.reasons import LANGUAGES, Part, part, say
from kestra_tasks.core.services import Service
from kestra_tasks.core.verdict import Answer, ContainerState, Status, Verdict, judge

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


STARTING = replace(CONTAINER, health="starting")
IS_STARTING = part("starting", name="tools-kestra")
UNHEALTHY = part("unhealthy", name="tools-kestra")


@pytest.mark.parametrize(
    ("answer", "container", "verdict"),
    [
        (Answer(code=503), STARTING,
         Verdict(Status.STARTING, (IS_STARTING, part("error_code", code=503)), "http")),
        (Answer(ms=2000), STARTING,
         Verdict(Status.STARTING, (IS_STARTING, part("slow", code=0, ms=2000)), "tcp")),
        (Answer(code=200), STARTING, Verdict(Status.UP, (part("answers", code=200),), "http")),
        (Answer(), CONTAINER, Verdict(Status.UP, (part("accepts"),), "tcp")),
        (Answer(code=200), replace(CONTAINER, health="unhealthy"),
         Verdict(Status.DEGRADED, (part("answers", code=200), UNHEALTHY), "http")),
        (Answer(code=404), replace(CONTAINER, health="unhealthy"),
         Verdict(Status.DEGRADED, (part("odd_code", code=404),), "http")),
        (Answer(code=500, word="DEGRADED"), None,
         Verdict(Status.DOWN, (part("error_code", code=500),), "http")),
        (Answer(code=200, word="DOWN", parts=("db", "disk")), None,
         Verdict(Status.DOWN, (part("says_parts", word="DOWN", parts="db, disk"),), "http")),
        (Answer(code=400), None, Verdict(Status.DEGRADED, (part("odd_code", code=400),), "http")),
        (Answer("no_host"), CONTAINER,
         Verdict(Status.DEGRADED, (part("no_host", at="localhost"),
                                   part("healthy", name="tools-kestra")), "container")),
    ],
)  # fmt: skip
def test_answer_and_container_are_weighed_together(
    answer: Answer, container: ContainerState | None, verdict: Verdict
) -> None:
    assert judge(SERVICE, answer, container, now=1000) == verdict


def test_an_expected_status_is_the_only_good_one() -> None:
    service = replace(SERVICE, expected=404)
    assert judge(service, Answer(code=404), None).status is Status.UP
    assert judge(service, Answer(), None).status is Status.UP
    assert judge(service, Answer(code=200), None) == Verdict(
        Status.DEGRADED, (part("other_code", code=200, expected=404),), "http"
    )


def test_a_silent_https_is_told_as_http() -> None:
    service = replace(SERVICE, compose_service="", health=parse("https://localhost/h"))
    assert judge(service, REFUSED, None) == Verdict(
        Status.DOWN, (part("refused", at="localhost"),), "http"
    )


@pytest.mark.parametrize(
    ("change", "status", "word"),
    [
        ({"health": ""}, Status.UP, part("runs_unchecked", name="c")),
        ({"health": "unhealthy"}, Status.DOWN, part("unhealthy", name="c")),
        ({"state": "created"}, Status.STOPPED, part("created", name="c")),
        ({"state": "paused"}, Status.STOPPED, part("paused", name="c")),
        ({"state": "removing"}, Status.STOPPED, part("removing", name="c")),
        ({"state": "restarting", "exit_code": 7, "restarts": 3}, Status.DOWN,
         part("restarting", name="c", code=7, restarts=3)),
        ({"state": "exited", "exit_code": 143}, Status.STOPPED, part("exited", name="c", code=143)),
        ({"state": "exited", "exit_code": 3}, Status.DOWN, part("failed", name="c", code=3)),
    ],
)  # fmt: skip
def test_a_container_alone_says_its_state(
    change: dict[str, object], status: Status, word: Part
) -> None:
    container = ContainerState("c", **change)  # type: ignore[arg-type]
    assert judge(Service("x"), None, container) == Verdict(status, (word,), "container")


def test_neither_address_nor_container_is_unknown() -> None:
    assert judge(Service("x"), None, None) == Verdict(Status.UNKNOWN, (part("no_health"),))


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
