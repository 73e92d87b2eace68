"""One stack through its life: up, health, a flow, down, up again, restart, a dead database."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from tests.integration.monorepo import Answer, Monorepo, docker

pytestmark = pytest.mark.integration

_FLOW = """\
id: kept
namespace: life
tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: still here
"""
# A server that loses its database ends its parts one by one, each with 30 s to do so.
_WAITED = 240


@pytest.fixture(scope="module")
def stack(make_monorepo: Callable[..., Monorepo]) -> Iterator[Monorepo]:
    """A stack that runs, beside a neighbour in the same Compose project."""
    repo = make_monorepo(neighbour=True)
    answer = repo.inv("kestra.up", "--json")
    assert answer.code == 0, answer.err
    docker(*repo.compose, "up", "-d", "neighbour")
    repo.api().put_flow("life", "kept", _FLOW)
    assert answer.json["started"] and answer.json["ready"]
    assert answer.json["urls"]["ui"] == f"http://127.0.0.1:{repo.http}/ui/"
    yield repo
    running = repo.inspect(f"{repo.name}-neighbour")["State"]
    assert running["Running"], "the neighbour was stopped"


def test_up_again_prints_status_within_two_seconds(stack: Monorepo) -> None:
    before = stack.inspect(stack.server)["State"]["StartedAt"]
    took = []
    for _ in range(3):  # the best of three: other tests share this machine
        began = time.monotonic()
        answer = stack.inv("kestra.up")
        took.append(time.monotonic() - began)
        assert answer.code == 0 and answer.out.startswith("running already")
    assert stack.inspect(stack.server)["State"]["StartedAt"] == before
    crowded = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert min(took) < 2 * crowded


def test_the_task_lists_own_command_changes_nothing(stack: Monorepo) -> None:
    before = stack.inspect(stack.server)["Id"]
    docker(*stack.compose, "up", "-d", "kestra")
    assert stack.inspect(stack.server)["Id"] == before


def test_secrets_are_in_no_argv_and_no_flow_variable(stack: Monorepo) -> None:
    names = [line.split("=")[0] for line in stack.inspect(stack.server)["Config"]["Env"]]
    assert [n for n in names if n.startswith(("ENV_", "SECRET_"))] == []
    kestra = [line for line in stack.inspect(stack.server)["Config"]["Env"] if "KESTRA_" in line]
    everything = "".join(line for line in kestra if line.startswith("KESTRA_"))
    for secret in stack.secrets():
        assert secret not in everything
        assert secret not in docker("top", stack.server, "-eo", "pid,args")


def test_health_passes_part_by_part(stack: Monorepo) -> None:
    answer = stack.inv("kestra.health", "--deep", "--json")
    assert answer.code == 0, answer.out
    states = {check["name"]: check["state"] for check in answer.json["checks"]}
    assert set(states.values()) == {"pass"}
    assert list(states) == [
        *["container", "restarts", "liveness", "readiness", "database", "api login"],
        *["storage", "ui", "flow"],
    ]
    assert stack.api().flow("kestra.tasks", "kestra-tasks-health") is None


def test_watch_prints_a_document_a_line_until_interrupted(stack: Monorepo) -> None:
    child = stack.start("kestra.health", "--watch", "--interval", "1", "--json")
    assert child.stdout is not None
    lines = [child.stdout.readline() for _ in range(2)]
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=20)
    assert [json.loads(line)["healthy"] for line in lines] == [True, True]
    assert child.returncode == 130


def test_status_and_logs(stack: Monorepo) -> None:
    state = stack.inv("kestra.status", "--json").json
    assert {item["service"]: item["status"] for item in state["services"]} == {
        "kestra": "running",
        "kestra-postgres": "running",
    }
    assert state["services"][0]["image"]["digest"].startswith("sha256:")
    printed = stack.inv("kestra.logs", "--tail", "5")
    assert stack.server in printed.out and stack.database in printed.out
    assert "\x1b" not in printed.out
    wrong = stack.inv("kestra.logs", "--since", "yesterdayish")
    assert wrong.code == 5 and "since" in wrong.err


def test_followed_logs_end_with_the_interrupt(stack: Monorepo) -> None:
    child = stack.start("kestra.logs", "-f", "--tail", "1")
    assert child.stdout is not None and child.stdout.readline()
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=20)
    assert child.returncode == 130


def test_down_keeps_the_data_and_up_finds_the_flow_again(stack: Monorepo) -> None:
    answer = stack.inv("kestra.down", "--json")
    assert answer.code == 0
    assert sorted(answer.json["containers"]) == sorted([stack.server, stack.database])
    assert f"volume {stack.volume}" in answer.json["left"]
    assert docker("ps", "-aq", "--filter", f"name=^/?{stack.server}") == ""
    gone = stack.inv("kestra.health", "--json")
    assert gone.code == 4 and gone.json["checks"][0]["state"] == "fail"
    answer = stack.inv("kestra.up")
    assert answer.code == 0, answer.err
    assert stack.api().flow("life", "kept") is not None
    assert "database starting" in answer.err and "server starting" in answer.err
    assert "healthy after" in answer.err and "floating tag" in answer.err
    assert f"http://127.0.0.1:{stack.http}/ui/" in answer.out
    assert "KESTRA_BASICAUTH_PASSWORD in" in answer.out
    assert re.search(r"inv kestra\.health --root .* --deep ", answer.out)


def test_health_names_the_login(stack: Monorepo) -> None:
    right = stack.get("KESTRA_BASICAUTH_PASSWORD")
    stack.set(KESTRA_BASICAUTH_PASSWORD="NotTheServers1")
    answer = stack.inv("kestra.health", "--json")
    stack.set(KESTRA_BASICAUTH_PASSWORD=right)
    assert answer.code == 4 and failing(answer) == ["api login"]


def test_stop_keeps_the_containers_and_health_names_a_storage_that_is_not_writable(
    stack: Monorepo,
) -> None:
    answer = stack.inv("kestra.stop", "--json")
    assert answer.code == 0 and len(answer.json["stopped"]) == 2
    assert stack.inspect(stack.server)["State"]["Status"] == "exited"
    assert stack.inv("kestra.stop").out.startswith("nothing of Kestra is running")
    place = stack.root / "tools/kestra/compose.yml"
    text = place.read_text()
    place.write_text(text.replace(":/app/storage", ":/app/storage:ro"))
    try:
        assert stack.inv("kestra.up").code == 0, "the server itself doesn't mind"
        answer = stack.inv("kestra.health", "--json")
    finally:
        place.write_text(text)
    assert answer.code == 4 and failing(answer) == ["storage"]
    assert "Read-only file system" in answer.out


def test_restart_takes_changed_settings_and_leaves_the_database_alone(stack: Monorepo) -> None:
    database = stack.inspect(stack.database)["State"]["StartedAt"]
    stack.set(KESTRA_BASICAUTH_USERNAME="nobody")
    refused = stack.inv("kestra.restart")
    assert refused.code == 3 and stack.inspect(stack.server)["State"]["Running"]
    stack.set(KESTRA_BASICAUTH_USERNAME="somebody@example.org", KESTRA_MEMORY="900m")
    answer = stack.inv("kestra.restart")
    assert answer.code == 0, answer.err
    assert stack.inspect(stack.server)["HostConfig"]["Memory"] == 900 * 2**20
    assert stack.inspect(stack.database)["State"]["StartedAt"] == database
    assert stack.inv("kestra.health", "--deep").code == 0


def failing(answer: Answer) -> list[str]:
    return [check["name"] for check in answer.json["checks"] if check["state"] == "fail"]


def test_a_dead_database_process_brings_both_back(stack: Monorepo) -> None:
    pid = stack.inspect(stack.database)["State"]["Pid"]
    image = stack.inspect(stack.database)["Image"]
    # The process, not the container: Docker must see it as the database's own end.
    docker(
        *["run", "--rm", "--pid=host", "--user", "0", "--entrypoint", "sh", image],
        *["-c", f"kill -9 {pid}"],
    )
    end = time.monotonic() + _WAITED
    while time.monotonic() < end:
        server = stack.inspect(stack.server)
        if (
            server["RestartCount"] >= 1
            and server["State"].get("Health", {}).get("Status") == "healthy"
        ):
            break
        time.sleep(0.5)
    assert stack.inspect(stack.database)["RestartCount"] == 1
    assert stack.inspect(stack.server)["RestartCount"] >= 1
    answer = stack.inv("kestra.health", "--json")
    assert answer.code == 0, answer.out
    assert stack.api().flow("life", "kept") is not None


def test_data_go_only_with_both_words(stack: Monorepo) -> None:
    refused = stack.inv("kestra.down", "--data")
    assert refused.code == 3 and "--data --yes" in refused.err
    assert stack.inspect(stack.server)["State"]["Running"]
    shown = stack.inv("kestra.down", "--data", "--yes", "--dry-run")
    assert shown.code == 0 and f"would remove {stack.volume}" in shown.out
    assert docker("volume", "ls", "-q", "--filter", f"name=^{stack.volume}$") == stack.volume
    theirs = stack.root / "tools/kestra/workdir/theirs.txt"
    theirs.write_text("a person's")
    done = stack.inv("kestra.down", "--data", "--yes", "--json")
    assert done.code == 0, done.err
    assert stack.volume in done.json["data"]
    assert docker("volume", "ls", "-q", "--filter", f"name=^{stack.volume}$") == ""
    assert [p.name for p in (stack.root / "tools/kestra/storage").iterdir()] == []
    assert theirs.read_text() == "a person's"
    assert stack.inv("kestra.down", "--data", "--yes").out.startswith("nothing to remove")
