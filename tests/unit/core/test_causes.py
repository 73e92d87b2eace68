"""Causes told from the lines that servers, databases, Compose and engines really print."""

from __future__ import annotations

import pytest

from kestra_tasks.core.causes import UNKNOWN, Cause, Evidence, Service, find
from kestra_tasks.errors import ExitCode

_SERVER = Service("server", "tools-kestra", "restarting", exit_code=1)
_DATABASE = Service("database", "tools-kestra-postgres", "running", "healthy")


def evidence(
    *, server: str = "", database: str = "", output: str = "", database_state: str = "running"
) -> Evidence:
    healthy = "healthy" if database_state == "running" else ""
    return Evidence(
        (
            Service("server", "tools-kestra", "restarting", "", 1, False, _lines(server)),
            Service(
                *("database", "tools-kestra-postgres", database_state, healthy, None, False),
                _lines(database),
            ),
        ),
        _lines(output),
    )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.splitlines())


_OUTPUT = [
    (
        "Error response from daemon: driver failed programming external connectivity on endpoint "
        "tools-kestra (0c1): Bind for 127.0.0.1:8080 failed: port is already allocated",
        "port-taken",
        "port 8080 of",
    ),
    (
        "Error starting userland proxy: listen tcp4 127.0.0.1:8081: bind: address already in use",
        "port-taken",
        "port 8081 of",
    ),
    (
        "failed to set up container networking: driver failed programming external connectivity "
        "on endpoint x: failed to bind host port for [::1]:8080:172.18.0.2:8080/tcp: "
        "address already in use",
        "port-taken",
        "port 8080 of",
    ),
    (
        "Ports are not available: exposing port TCP 0.0.0.0:8080 -> 127.0.0.1:0: "
        "listen tcp 0.0.0.0:8080: bind: address already in use",
        "port-taken",
        "port 8080 of",
    ),
    (
        "unexpected EOF",
        "pull-broken-off",
        "the layers that came whole are kept",
    ),
    (
        "manifest for kestra/kestra:nope not found: manifest unknown: manifest unknown",
        "image-missing",
        "no such image",
    ),
    (
        'failed to resolve reference "docker.io/kestra/kestra:nope": not found',
        "image-missing",
        "no such image",
    ),
    (
        "pull access denied for kestra/kestro, repository does not exist or may require "
        "'docker login': denied: requested access to the resource is denied",
        "image-denied",
        "private, or doesn't exist",
    ),
    (
        'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on '
        "10.0.0.1:53: no such host",
        "image-unreachable",
        "can't be reached",
    ),
    (
        'Get "http://127.0.0.1:5000/v2/": dial tcp 127.0.0.1:5000: connect: connection refused',
        "image-unreachable",
        "can't be reached",
    ),
    (
        "toomanyrequests: You have reached your unauthenticated pull rate limit.",
        "image-limited",
        "limit",
    ),
    (
        'Conflict. The container name "/tools-kestra" is already in use by container "c0ffee". '
        "You have to remove (or rename) that container to be able to reuse that name.",
        "name-taken",
        "name tools-kestra is held",
    ),
    ("network malha not found", "network-missing", "external network malha"),
    (
        "network data_net declared as external, but could not be found",
        "network-missing",
        "external network data_net",
    ),
    (
        'invalid mount config for type "bind": bind source path does not exist: /run/x.sock',
        "mount-missing",
        "/run/x.sock",
    ),
]


@pytest.mark.parametrize(("line", "kind", "title"), _OUTPUT)
def test_what_docker_refuses_has_to_be_settled_first(line: str, kind: str, title: str) -> None:
    cause = find(evidence(output=f"Error response from daemon: {line}"))
    assert (cause.kind, cause.code) == (kind, ExitCode.PRECONDITION)
    assert title in cause.title
    assert cause.lines == (f"docker | Error response from daemon: {line}",)


_SERVERS = [
    ('Caused by: PSQLException: FATAL: password authentication failed for user "kestra"',
     "database-password"),
    ('org.postgresql.util.PSQLException: FATAL: database "other" does not exist',
     "database-absent"),
    ("Connection to kestra-postgres:5432 refused. Check that the hostname and port are correct",
     "database-unreachable"),
    ("Caused by: java.net.UnknownHostException: kestra-postgres", "database-unreachable"),
    ("io.micronaut.context.exceptions.ConfigurationException: Error reading YAML file",
     "configuration"),
    ("NoSuchBeanException: No bean of type [io.kestra.core.queues.QueueInterface] exists.",
     "configuration"),
    ("Could not resolve placeholder ${ORCHESTRATOR_DB_PASSWORD}", "secret-missing"),
    ("Could not resolve placeholder ${SOMETHING_ELSE}", "configuration"),
    ("Exception in thread main java.lang.OutOfMemoryError: Java heap space", "out-of-memory"),
    ("java.io.IOException: No space left on device", "disk-full"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "kind"), _SERVERS)
def test_what_the_server_prints(line: str, kind: str) -> None:
    printed = f"2026-01-31T12:00:00.123456789Z \x1b[34mERROR\x1b[0;39m {line}\nbye"
    cause = find(evidence(server=printed))
    assert cause.kind == kind
    assert cause.lines == (f"tools-kestra | ERROR {line}",)
    assert "{" not in cause.next


def test_the_settings_are_named_as_a_person_would() -> None:
    line = "pull access denied for kestra/kestro, repository does not exist"
    assert find(Evidence((), (line,), "config/.env")) == Cause(
        "image-denied",
        "the registry refuses the image: it is private, or doesn't exist",
        (f"docker | {line}",),
        "docker login, or correct KESTRA_IMAGE in config/.env; then: inv kestra.up",
        ExitCode.PRECONDITION,
    )


def test_a_strangers_failed_login_is_no_cause() -> None:
    line = 'FATAL:  password authentication failed for user "somebody"'
    assert find(evidence(database=line, server="odd end")).kind == UNKNOWN


def test_a_full_disk_hides_behind_an_unhealthy_database_and_a_refused_connection() -> None:
    cause = find(
        evidence(
            server="Connection to kestra-postgres:5432 refused.",
            database="PANIC:  could not write to file: No space left on device",
            database_state="restarting",
        )
    )
    assert cause.kind == "disk-full"
    assert cause.lines[0].startswith("tools-kestra-postgres | PANIC")


def test_another_major_of_postgres() -> None:
    cause = find(
        evidence(
            database="FATAL:  database files are incompatible with server\nDETAIL:  The data "
            "directory was initialized by PostgreSQL version 15, not compatible with 18.1",
            database_state="restarting",
        )
    )
    assert cause.kind == "database-version" and len(cause.lines) == 2


def test_a_killed_container_shows_its_limit() -> None:
    server = Service("server", "tools-kestra", "restarting", "", 137, True, ("starting",))
    cause = find(Evidence((server, _DATABASE)))
    assert cause == Cause(
        "out-of-memory",
        "memory ran out in tools-kestra",
        ("tools-kestra | killed by the kernel: its memory limit was reached (exit code 137)",),
        "give it more (kestra.memory or kestra.postgres_memory in invoke.yaml, or KESTRA_MEMORY "
        "in .env); then: inv kestra.up",
    )


def test_exit_137_alone_is_not_called_out_of_memory() -> None:
    server = Service("server", "tools-kestra", "exited", "", 137, False, ("starting",))
    assert find(Evidence((server, _DATABASE))).kind == UNKNOWN


@pytest.mark.parametrize("state", ["exited", "restarting", "absent", "created"])
def test_a_database_that_is_down_without_a_reason_known(state: str) -> None:
    cause = find(evidence(server="x", database="odd", database_state=state))
    assert cause.kind == "database-unhealthy" and state in cause.title
    assert cause.lines == ("tools-kestra-postgres | odd",)


@pytest.mark.parametrize(
    ("health", "code", "title"),
    [
        ("unhealthy", None, "the database is unhealthy"),
        ("unhealthy", 3, "the database is unhealthy, exit code 3"),
    ],
)
def test_a_database_that_runs_but_is_unhealthy(health: str, code: int | None, title: str) -> None:
    lines = tuple(f"line {n}" for n in range(20))
    database = Service("database", "pg", "running", health, code, False, lines)
    assert find(Evidence((_SERVER, database))) == Cause(
        "database-unhealthy",
        title,
        tuple(f"pg | {line}" for line in lines[-8:]),
        "docker logs pg; then: inv kestra.up",
    )


def test_a_database_that_docker_would_not_make_is_no_cause() -> None:
    cause = find(evidence(output="Error response from daemon: odd", database_state="absent"))
    assert cause.kind == UNKNOWN
    assert cause.lines[0] == "docker | Error response from daemon: odd"


def test_unknown_shows_the_last_lines_of_both_and_never_a_guess() -> None:
    long = "\n".join(f"line {n}" for n in range(50))
    cause = find(evidence(server=long, database="ready"))
    assert (cause.kind, cause.title, cause.code) == (UNKNOWN, "unknown cause", ExitCode.UNHEALTHY)
    assert cause.next == "read the evidence; then: inv kestra.logs"
    assert cause.lines[-2:] == ("tools-kestra | line 49", "tools-kestra-postgres | ready")
    assert len(cause.lines) == 9


def test_a_silent_service_is_said_to_be_silent() -> None:
    cause = find(Evidence((_SERVER, _DATABASE)))
    assert "printed nothing" in cause.lines[0] and "printed nothing" in cause.lines[1]


def test_repeated_lines_are_shown_once() -> None:
    line = 'FATAL: password authentication failed for user "kestra"'
    cause = find(evidence(server="\n".join([line] * 9)))
    assert cause.lines == (f"tools-kestra | {line}",)
