"""Other servers on this engine: which share the database, which the files, which neither."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from kestra_tasks.ops import servers
from tests.unit.ops.test_guards import Engine, container, runtime


def other(
    *, host: str = "kestra-postgres", port: str = "5432", name: str = "kestra", **changes: Any
) -> dict[str, Any]:
    """A running wrapper as the engine tells of it."""
    return {
        "Id": "theirs",
        "Name": "/x-kestra-wrapper",
        "State": {"Status": "running"},
        "Config": {
            "Env": [
                f"ORCHESTRATOR_DB_HOST={host}",
                f"ORCHESTRATOR_DB_PORT={port}",
                f"ORCHESTRATOR_DB_NAME={name}",
                "ORCHESTRATOR_DB_PASSWORD_GIVEN=canary",
                "ODD",
            ]
        },
        "NetworkSettings": {"Networks": {"net": {}}},
        "Mounts": [],
        **changes,
    }


def found(tmp_path: Path, *there: dict[str, Any], **changes: Any) -> list[Any]:
    engine = Engine()
    engine.others = list(there)
    return list(servers.others(runtime(tmp_path, **changes), engine))  # type: ignore[arg-type]


def test_a_wrapper_on_the_same_database_blocks_and_is_to_be_stopped(tmp_path: Path) -> None:
    script = tmp_path / "tools/kestra/scripts/stop.sh"
    script.parent.mkdir(parents=True)
    script.touch()
    (problem,) = found(tmp_path, other())
    assert problem.level == "block"
    assert "x-kestra-wrapper (running) uses the database kestra" in problem.message
    assert problem.hint.startswith("tools/kestra/scripts/stop.sh x-kestra-wrapper ")
    assert "canary" not in repr(problem)


def test_without_the_script_docker_itself_stops_it_with_the_grace_of_running_tasks(
    tmp_path: Path,
) -> None:
    (problem,) = found(tmp_path, other())
    assert problem.hint.startswith("docker stop --time 360 x-kestra-wrapper")


@pytest.mark.parametrize("name", ["kestra", "kestra?currentSchema=x"])
def test_options_of_the_database_dont_make_it_another(tmp_path: Path, name: str) -> None:
    assert [p.level for p in found(tmp_path, other(name=name))] == ["block"]


OTHERS = {
    "another name": other(name="kestra_smoke"),
    "another port": other(port="5433"),
    "another host": other(host="db"),
    "the same name on another network": other(NetworkSettings={"Networks": {"theirs": {}}}),
    "no network at all": other(NetworkSettings={"Networks": None}),
    "nothing known": {**other(), "Config": {"Env": None}},
}


@pytest.mark.parametrize("there", OTHERS.values(), ids=list(OTHERS))
def test_another_database_is_nothing_to_tell(tmp_path: Path, there: dict[str, Any]) -> None:
    assert found(tmp_path, there) == []


def test_a_host_that_the_machine_looks_up_is_the_same_on_every_network(tmp_path: Path) -> None:
    there = other(host="db.example.org", NetworkSettings={"Networks": {"theirs": {}}})
    assert [p.level for p in found(tmp_path, there, db_host="db.example.org")] == ["block"]


def test_the_stacks_own_server_is_no_other(tmp_path: Path) -> None:
    engine = Engine()
    engine.others = [other(Id="mine")]
    engine.containers["ours"] = dataclasses.replace(container(), id="mine")
    assert list(servers.others(runtime(tmp_path), engine)) == []  # type: ignore[arg-type]


def test_shared_files_are_a_warning(tmp_path: Path) -> None:
    storage = str(tmp_path / "tools/kestra/storage")
    mounts = [{"Source": storage, "Destination": "/app/storage"}]
    (problem,) = found(tmp_path, other(name="another", Mounts=mounts))
    assert problem.level == "warn"
    assert storage in problem.message
