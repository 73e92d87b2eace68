"""A person's health check with Kestra beside it: what it said, it still says."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.health_stage import SICK, UP, Stage

CORPUS = Path(__file__).resolve().parents[2] / "corpus" / "health"
KNOWN = sorted(CORPUS.glob("*.sh"))
CASES = [
    ("arrays-main", ()),
    ("arrays-main", ("--format", "json")),
    ("arrays-main", ("--format", "prometheus")),
    ("arrays-main", ("--services-only", "--format", "json")),
    ("arrays-main", ("--help",)),
    ("arrays-main", ("--nonsense",)),
    ("delegates", ("a b", "--json")),
    ("getopts-posix", ()),
    ("getopts-posix", ("-j",)),
    ("getopts-posix", ("-q",)),
    ("getopts-posix", ("-h",)),
    ("getopts-posix", ("-j", "-s", "workspace")),
    ("heredoc-empty", ()),
    ("heredoc-empty", ("--format", "text")),
    ("heredoc-empty", ("--status", "degraded")),
    ("record-list", ()),
    ("record-list", ("--json",)),
    ("record-list", ("--json", "--services", "workspace,redis")),
    ("record-list", ("--services=tp-capital",)),
    ("record-list", ("--wrong",)),
    ("text-only", ()),
]
WORLDS = {
    "not started": {},
    "up": UP,
    "up, others down": {**UP, "DOWN": "3200 4005"},
    "not started, others down": {"DOWN": "3200"},
}


def stage_of(tmp_path: Path, name: str) -> Stage:
    stage = Stage(tmp_path)
    stage.host((CORPUS / f"{name}.sh").read_text())
    if name == "delegates":
        helper = stage.script.parent / "lib" / "health.py"
        helper.parent.mkdir()
        helper.write_text("import sys, json\nprint(json.dumps({'checks': sys.argv[1:]}))\n")
    return stage


def keys(value: Any) -> Any:
    """The shape of a document: its keys, arrays by their first item."""
    if isinstance(value, dict):
        return {key: keys(item) for key, item in value.items()}
    return [keys(item) for item in value[:1]] if isinstance(value, list) else None


def parsed(text: str) -> Any:
    return json.loads(text) if text.lstrip().startswith("{") else None


@pytest.mark.parametrize(("name", "arguments"), CASES)
@pytest.mark.parametrize("world", WORLDS)
def test_without_kestras_name_codes_keys_and_calls_are_as_before(
    tmp_path: Path, name: str, arguments: tuple[str, ...], world: str
) -> None:
    stage = stage_of(tmp_path, name)
    before = stage.run(stage.script, *arguments, **WORLDS[world])
    called = stage.calls()
    stage.integrate()
    after = stage.run(stage.script, *arguments, **WORLDS[world])
    assert after.code == before.code
    assert after.err == before.err
    assert [call for call in stage.calls() if call in called] == called
    document = parsed(before.out)
    if document is None:
        added = after.out.removeprefix(before.out)
        assert after.out.startswith(before.out)
        assert added == "" or added.startswith("Kestra: ")
        machine = {"prometheus", "-q", "-h", "--help"} & set(arguments)
        assert not (machine and added)
        return
    grown = parsed(after.out)
    assert grown is not None, after.out
    assert list(grown) == list(document)
    for key, value in document.items():
        if isinstance(value, list):
            assert grown[key][: len(value)] == value
            if value:
                assert keys(grown[key]) == keys(value)
                assert all(list(item) == list(value[0]) for item in grown[key] if item != item)
    if "KESTRA_STATUS" not in WORLDS[world]:
        stamp = document.get("timestamp", "")
        assert after.out.replace(grown.get("timestamp", ""), stamp) == before.out


@pytest.mark.parametrize("path", KNOWN, ids=lambda path: path.stem)
def test_the_call_is_valid_shell_and_goes_to_the_byte(tmp_path: Path, path: Path) -> None:
    stage = stage_of(tmp_path, path.stem)
    original = stage.script.read_bytes()
    stage.integrate()
    assert b">>> kestra-tasks:healthcheck " in stage.script.read_bytes()
    for shell in ("bash", "sh") if path.stem == "getopts-posix" else ("bash",):
        subprocess.run([shell, "-n", str(stage.script)], check=True)
    assert not stage.plan().pending
    stage.integrate(undo=True)
    assert stage.script.read_bytes() == original
    assert stage.script.stat().st_mode & 0o777 == 0o755
    assert not stage.health.exists()


def test_a_started_kestra_is_an_item_in_the_hosts_own_words(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, "record-list")
    stage.integrate()
    services = json.loads(stage.run(stage.script, "--json", **UP).out)["services"]
    assert services[-1] == {
        "service": "kestra",
        "status": "ok",
        "detail": "tools-kestra (Up 2 hours (healthy)), "
        "http://127.0.0.1:19470/health answers 200, UP",
    }


def test_containers_and_counters_follow_the_hosts_shape(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, "arrays-main")
    stage.integrate()
    text = stage.run(stage.script, "--format", "json", **UP).out
    document = json.loads(text)
    assert document["localServices"][-1] == {
        "name": "kestra",
        "status": "up",
        "port": 19470,
        "pid": None,
        "health": "healthy",
    }
    assert document["dockerContainers"][-1] == {
        "name": "tools-kestra",
        "status": "running",
        "group": "tools",
    }
    assert document["summary"]["servicesChecked"] == 3
    assert document["summary"]["containersChecked"] == 3
    assert '"status": "running", "group": "data"},\n    {"name":"tools-kestra"' in text


@pytest.mark.parametrize(
    ("neighbours", "world", "word"),
    [
        (("down", "healthy"), UP, "healthy"),
        (("running", "down"), UP, "running"),
        (("healthy", "down"), SICK, "down"),
        (("down",), UP, "ok"),
        (("healthy",), SICK, "unhealthy"),
    ],
)
def test_the_state_is_a_word_of_the_hosts(
    tmp_path: Path, neighbours: tuple[str, ...], world: dict[str, str], word: str
) -> None:
    services = [{"name": f"s{n}", "status": state} for n, state in enumerate(neighbours)]
    containers = [{"name": "mono-db", "status": "running", "service": "db"}]
    document = json.dumps({"localServices": services, "dockerContainers": containers})
    stage = Stage(tmp_path)
    stage.host(f"#!/bin/bash\necho '{document}'\n")
    stage.integrate()
    grown = json.loads(stage.run(stage.script, "--format", "json", **world).out)
    assert grown["localServices"][-1] == {"name": "kestra", "status": word}
    ours = grown["dockerContainers"][-1]
    assert (ours["name"], ours["service"]) == ("tools-kestra", "kestra")


def test_empty_arrays_get_our_own_items(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, "heredoc-empty")
    stage.integrate()
    document = json.loads(stage.run(stage.script, **UP).out)
    assert [item["id"] for item in document["localServices"]] == ["kestra-orchestrator"]
    assert [item["name"] for item in document["dockerContainers"]] == ["tools-kestra"]
    assert document["summary"]["servicesChecked"] == 1
    assert document["overallHealth"] == "healthy"


def test_a_started_kestra_that_is_sick_counts_as_the_others_do(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, "heredoc-empty")
    stage.integrate()
    answer = stage.run(stage.script, **SICK)
    document = json.loads(answer.out)
    assert answer.code == 1
    assert document["overallHealth"] == "degraded"
    assert document["summary"]["allOk"] is False
    assert document["localServices"][0]["status"] == "down"


@pytest.mark.parametrize("name", [path.stem for path in KNOWN if path.stem != "delegates"])
@pytest.mark.parametrize("word", ["kestra", "kestra-orchestrator", "tools-kestra"])
def test_asked_by_name_every_host_answers_for_kestra(tmp_path: Path, name: str, word: str) -> None:
    stage = stage_of(tmp_path, name)
    stage.integrate()
    well = stage.run(stage.script, "--services", word, **UP)
    sick = stage.run(stage.script, f"--services={word}", **SICK)
    absent = stage.run(stage.script, "--services", word)
    assert (well.code, sick.code, absent.code) == (0, 1, 1), (well, sick, absent)
    for answer, state in ((well, "up"), (sick, "down"), (absent, "stopped")):
        if (document := parsed(answer.out)) is not None:
            assert document["localServices"][0]["status"] == state
        else:
            assert f"Kestra: {state} - tools-kestra" in answer.out
    assert parsed(absent.out) is not None or "up -d kestra" in absent.err


@pytest.mark.parametrize("name", [path.stem for path in KNOWN if path.stem != "delegates"])
def test_asked_by_name_as_json_it_is_json(tmp_path: Path, name: str) -> None:
    stage = stage_of(tmp_path, name)
    stage.integrate()
    flags = ("--json",) if name == "record-list" else ("--format", "json")
    answer = stage.run(stage.script, *flags, "--services", "kestra", **UP)
    document = json.loads(answer.out)
    assert answer.code == 0
    listed = document.get("localServices", document.get("services"))
    assert len(listed) == 1
    if name == "record-list":
        assert list(document) == ["services", "ok"]
        assert listed[0]["name"] == "kestra"
    else:
        assert list(document) == [
            *("success", "overallHealth", "timestamp", "localServices", "dockerContainers"),
            *("databases", "summary", "remediation"),
        ]


def test_kestra_and_another_by_name(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, "record-list")
    stage.integrate()
    answer = stage.run(stage.script, "--json", "--services", "redis,kestra", **UP)
    assert [item["service"] for item in json.loads(answer.out)["services"]] == ["redis", "kestra"]
    assert answer.code == 0


def test_a_host_that_has_kestra_already_is_left_as_it_is(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    text = '#!/bin/bash\necho \'{"services": [{"name": "kestra", "status": "ok"}]}\' # json\n'
    stage.host(text)
    stage.integrate()
    answer = stage.run(stage.script, **SICK)
    assert json.loads(answer.out) == {"services": [{"name": "kestra", "status": "ok"}]}


def test_where_docker_cannot_be_asked_the_hosts_answer_stays(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, "heredoc-empty")
    before = stage.run(stage.script, "--format", "text", DOCKER_DEAD="1")
    stage.integrate()
    after = stage.run(stage.script, "--format", "text", DOCKER_DEAD="1")
    assert after.code == before.code == 0
    assert after.out.startswith(before.out)
    assert "couldn't be asked" in after.out


def test_without_our_script_the_host_runs_as_before(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, "record-list")
    before = stage.run(stage.script, **UP)
    stage.integrate()
    stage.health.unlink()
    assert stage.run(stage.script, **UP) == before


def test_sourced_by_another_script_it_does_what_it_did(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.host("#!/bin/bash\nsaid=$((1 + 1))\n")
    stage.integrate()
    other = stage.script.parent / "other.sh"
    other.write_text(
        f'#!/bin/bash\n. "{stage.script}"\necho "$said ${{KESTRA_HEALTH_BESIDE:-none}}"\n'
    )
    other.chmod(0o755)
    assert stage.run(other, **UP).out == "2 none\n"


@pytest.mark.parametrize("first", ["#!/bin/sh", "#!/usr/bin/env bash"])
def test_the_host_keeps_its_own_shell(tmp_path: Path, first: str) -> None:
    stage = Stage(tmp_path)
    stage.host(f'{first}\necho "x\\ty ${{BASH_VERSION:-plain}}"\n')
    before = stage.run(stage.script)
    stage.integrate()
    assert stage.run(stage.script).out.startswith(before.out)


def test_arguments_arrive_as_they_were_given(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.host("#!/bin/bash\nprintf '<%s>' \"$@\"; exit 7\n")
    stage.integrate()
    answer = stage.run(stage.script, "a b", "", "*", "--services", "x,kestra", "-e", "--")
    assert answer.out.startswith("<a b><><*><--services><x><-e><-->")
    assert answer.code == 7
