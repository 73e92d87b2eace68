"""health.sh: the state comes from this monorepo's own container, and from nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.helpers.health_stage import SICK, UP, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.integrate()
    return stage


@pytest.mark.parametrize(
    ("world", "state", "code"),
    [
        (UP, "up", 0),
        (SICK, "down", 4),
        ({}, "stopped", 4),
        ({"KESTRA_STOPPED": "Exited (143) 2 minutes ago"}, "stopped", 4),
        ({"KESTRA_STOPPED": "Exited (1) 2 minutes ago"}, "down", 4),
        (
            {**UP, "KESTRA_STATUS": "Up 3 seconds (health: starting)", "DOWN": "19470"},
            "starting",
            4,
        ),
        ({**UP, "DOWN": "19470"}, "degraded", 4),
        ({"KESTRA_STATUS": "Restarting (1) 2 seconds ago"}, "down", 4),
        ({"KESTRA_STATUS": "Up 2 hours"}, "down", 4),
    ],
)
def test_states_and_exit_codes(stage: Stage, world: dict[str, str], state: str, code: int) -> None:
    text = stage.run(stage.health, **world)
    assert text.out.startswith(f"Kestra: {state} - tools-kestra")
    assert text.code == code
    answer = stage.run(stage.health, "--json", **world)
    document = json.loads(answer.out)
    assert answer.code == code
    assert (document["status"], document["healthy"]) == (state, state == "up")
    assert document["service"] == "kestra-orchestrator"
    assert (document["next"] == "") == (state == "up")


def test_a_server_on_the_port_that_is_not_ours_is_named_and_not_taken_for_it(stage: Stage) -> None:
    answer = stage.run(stage.health, FOREIGN="1", PORT_OWNER="other-app")
    assert answer.code == 4
    assert "port 8081 is answered by other-app, which isn't this monorepo's Kestra" in answer.out


def test_another_monorepos_server_is_not_ours(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "tools" / "compose").mkdir(parents=True)
    answer = stage.run(stage.health, **UP, KESTRA_HOME=str(tmp_path / "elsewhere"))
    assert answer.out.startswith("Kestra: stopped - tools-kestra isn't started")


def test_the_port_asked_is_the_one_that_docker_publishes(stage: Stage) -> None:
    answer = stage.run(stage.health, **UP, KESTRA_MANAGEMENT_PORT="8999")
    assert "http://127.0.0.1:19470/health answers 200, UP" in answer.out
    assert not any(":8999" in call for call in stage.calls() if call.startswith("curl"))


def test_the_fallback_says_which_answered(stage: Stage) -> None:
    curl = stage.bin / "curl"
    curl.write_text(
        curl.read_text().replace("code=404 body=''", 'code=200 body=\'{"status":"UP"}\'')
    )
    answer = stage.run(stage.health, **UP, DOWN="19470")
    assert answer.code == 0
    assert "http://127.0.0.1:19499/actuator/health answers 200, UP" in answer.out
    assert "(the management port gave no answer)" in answer.out


def test_the_port_of_the_env_file_is_read_and_executed_is_nothing(stage: Stage) -> None:
    (stage.root / ".env").write_text("X=$(touch pwned)\nKESTRA_MANAGEMENT_PORT='8685'\n")
    stage.run(stage.health)
    assert any(call.endswith("http://127.0.0.1:8685/health") for call in stage.calls())
    assert not list(stage.root.rglob("pwned"))


def test_without_docker_it_says_so_with_its_own_code(stage: Stage) -> None:
    answer = stage.run(stage.health, DOCKER_DEAD="1")
    assert answer.code == 3
    assert "the Docker engine doesn't answer" in answer.err


@pytest.mark.parametrize(
    "arguments", [("--what",), ("--timeout",), ("--timeout", "soon"), ("--beside",)]
)
def test_wrong_usage(stage: Stage, arguments: tuple[str, ...]) -> None:
    answer = stage.run(stage.health, *arguments)
    assert answer.code == 1
    assert re.search(r"health\.sh.? --help", answer.err)


def test_help(stage: Stage) -> None:
    answer = stage.run(stage.health, "--help")
    assert answer.code == 0
    assert "--beside" in answer.out
