"""Pass or fail for each part of the stack, with the reason and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from kestra_tasks.errors import KestraTasksError
from kestra_tasks.ops import compose, flows
from kestra_tasks.ops.api import reachable
from kestra_tasks.ops.containers import Container
from kestra_tasks.ops.environment import DATABASE, SERVER
from kestra_tasks.ops.runner import Result
from kestra_tasks.ops.stack import Stack

PASS, FAIL, SKIP = "pass", "fail", "skip"
_LOOP = 3  # restarts, the last one within _SETTLED seconds
_SETTLED = 120
# By the container's own address: on loopback the official image asks for no password.
_SELECT = (
    'PGPASSWORD="$POSTGRES_PASSWORD" psql -X -w -h "$(hostname -i | cut -d" " -f1)" '
    '-U "$POSTGRES_USER" -d "$POSTGRES_DB" -Atc "select 1"'
)
_WRITE = 'f=/app/storage/.kestra-tasks-probe-$$; : >"$f" && rm -f "$f"'
_REACH = (
    "timeout 5 bash -c 'exec 3<>/dev/tcp/$ORCHESTRATOR_DB_HOST/$ORCHESTRATOR_DB_PORT' 2>/dev/null"
)


@dataclass(frozen=True)
class Check:
    """One part's verdict: state is pass, fail or skip; hint is for a failure."""

    name: str
    state: str
    why: str
    hint: str = ""


Body = Callable[[Stack, Container], Check]


def run(stack: Stack, *, deep: bool = False) -> list[Check]:
    """All checks in order; what can't be looked at after an earlier failure is skipped."""
    return list(_run(stack, deep))


def document(stack: Stack, checks: list[Check]) -> dict[str, Any]:
    """The verdict as JSON."""
    return {
        "schema": "kestra-tasks/health/1",
        "root": str(stack.runtime.root),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "healthy": is_healthy(checks),
        "checks": [asdict(check) for check in checks],
    }


def is_healthy(checks: list[Check]) -> bool:
    return all(check.state != FAIL for check in checks)


def _run(stack: Stack, deep: bool) -> Iterator[Check]:
    try:
        server = stack.container(SERVER)
        first = _container(stack, server)
    except KestraTasksError as error:
        server, first = None, Check("container", FAIL, error.message, error.hint)
    yield first
    rest: list[tuple[str, Body]] = [
        ("restarts", _restarts),
        ("liveness", _liveness),
        ("readiness", _readiness),
        ("database", _database),
        ("api login", _login),
        ("storage", _storage),
        ("ui", _ui),
    ]
    if deep:
        rest.append(("flow", _flow))
    for name, body in rest:
        if first.state == FAIL or server is None:
            yield Check(name, SKIP, "the server's container isn't there or isn't running")
            continue
        try:
            yield body(stack, server)
        except KestraTasksError as error:
            yield Check(name, FAIL, stack.mask(error.message), error.hint)


def _container(stack: Stack, server: Container | None) -> Check:
    if server is None:
        name = stack.runtime.container
        other = stack.engine.container(name)
        if other:
            whose = f"Compose project {other.project}" if other.project else "no Compose project"
            return Check("container", FAIL, f"{name} isn't ours: it is of {whose}", "inv kestra.up")
        return Check("container", FAIL, f"there is no container {name}", "inv kestra.up")
    if not server.running:
        memory = ", out of memory" if server.oom else ""
        why = f"{server.name} is {server.status} (exit code {server.exit_code}{memory})"
        return Check("container", FAIL, why, "inv kestra.logs; inv kestra.up")
    wanted = {8080: stack.runtime.http_port, 8081: stack.runtime.management_port}
    if {port: server.ports.get(port) for port in wanted} != wanted:
        why = f"{server.name} publishes other ports than {stack.runtime.env_file.name} says"
        return Check("container", FAIL, why, "inv kestra.up")
    return Check("container", PASS, f"{server.name} runs since {server.started[:19]}Z")


def _restarts(stack: Stack, server: Container) -> Check:
    if not server.restarts:
        return Check("restarts", PASS, "none")
    started = datetime.fromisoformat(server.started[:19] + "+00:00")
    up_for = int((datetime.now(UTC) - started).total_seconds())
    if up_for < 0:  # the clock was set back since
        return Check("restarts", PASS, f"{server.restarts}, the last one at {server.started[:19]}Z")
    why = f"{server.restarts}, the last one {up_for} s ago"
    if server.restarts >= _LOOP and up_for < _SETTLED:
        return Check("restarts", FAIL, why, "inv kestra.logs --since 10m")
    return Check("restarts", PASS, why)


def _liveness(stack: Stack, server: Container) -> Check:
    return _get(stack, "liveness", "/health/liveness")


def _readiness(stack: Stack, server: Container) -> Check:
    return _get(stack, "readiness", "/health/readiness")


def _get(stack: Stack, name: str, path: str) -> Check:
    url = stack.runtime.management_base + path
    code, said = reachable(url, timeout=5)
    if code == 200:
        return Check(name, PASS, f"{url} answers 200")
    answer = f"answers {code}" if code else f"doesn't answer ({said})"
    return Check(name, FAIL, f"{url} {answer}", "inv kestra.logs")


def _database(stack: Stack, server: Container) -> Check:
    runtime = stack.runtime
    if not runtime.internal:
        place = f"{runtime.db_host}:{runtime.db_port}"
        result = stack.runner.query(compose.execute(server.name, _REACH), timeout=15)
        if result.ok:
            return Check("database", PASS, f"{place} can be reached; readiness proves the login")
        hint = f"check KESTRA_DB_HOST and KESTRA_DB_PORT in {runtime.env_file.name}"
        return Check("database", FAIL, f"{place} can't be reached from the server", hint)
    found = stack.container(DATABASE)
    if found is None or not found.running:
        state = found.status if found else "absent"
        why = f"{runtime.postgres_container} is {state}"
        return Check("database", FAIL, why, "inv kestra.up")
    result = stack.runner.query(compose.execute(found.name, _SELECT), timeout=15)
    if result.ok and result.out.strip() == "1":
        return Check("database", PASS, f"{found.name} answers a query of {runtime.db_user}")
    why = stack.mask(f"{found.name}: {_said(result)}")
    return Check("database", FAIL, why, "inv kestra.logs")


def _login(stack: Stack, server: Container) -> Check:
    api = stack.api()
    api.login()
    if api.is_open():
        return Check(
            "api login",
            FAIL,
            "the API answers without a login: anybody who reaches the port owns it",
            f"set KESTRA_BASICAUTH_PASSWORD in {stack.runtime.env_file.name}; inv kestra.restart",
        )
    return Check("api login", PASS, f"{stack.runtime.username} is let in, nobody else")


def _storage(stack: Stack, server: Container) -> Check:
    result = stack.runner.query(compose.execute(server.name, _WRITE), timeout=15)
    if result.ok:
        return Check("storage", PASS, f"the server can write to {stack.runtime.storage}")
    why = f"the server can't write to {stack.runtime.storage}: {_said(result)}"
    return Check("storage", FAIL, why, f"ls -ld {stack.runtime.storage}; df -h")


def _said(result: Result) -> str:
    """What a command in a container failed with; a line that is indented only goes on."""
    # Docker says on stdout what kept the command from being run.
    lines = [line for line in (result.err or result.out).splitlines() if line.strip()]
    return next((line for line in reversed(lines) if not line[0].isspace()), "no answer")


def _ui(stack: Stack, server: Container) -> Check:
    url = f"{stack.runtime.http_base}/ui/"
    code, body = stack.api().page("/ui/")
    if code == 200 and "<html" in body.lower():
        return Check("ui", PASS, f"{url} is served")
    if code == 401:
        return Check("ui", SKIP, f"{url} asks for the login, which was refused")
    return Check("ui", FAIL, f"{url} answers {code or 'nothing'}", "inv kestra.logs")


def _flow(stack: Stack, server: Container) -> Check:
    proof = flows.prove(stack.api(), "kestra-tasks-health")
    return Check("flow", PASS, f"execution {proof.execution} ended {proof.state} and logged")
