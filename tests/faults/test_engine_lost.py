"""An engine that goes away in mid-up, and pulls that break off: on an engine of the tests' own."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.helpers.own_engine import OwnEngine
from tests.helpers.small_registry import SmallRegistry
from tests.integration.monorepo import Answer, Monorepo

pytestmark = pytest.mark.integration


def up_until(repo: Monorepo, words: str, then: Callable[[subprocess.Popen[str]], None]) -> Answer:
    """Run `kestra.up` and do `then` as soon as it says `words`."""
    child = repo.start("kestra.up")
    assert child.stderr is not None
    told = []
    for line in child.stderr:
        told.append(line)
        if words in line:
            then(child)
            break
    out, err = child.communicate(timeout=120)
    return Answer(child.returncode, out, "".join(told) + err)


def query(engine: OwnEngine, repo: Monorepo, statement: str) -> str:
    argv = ["psql", "-U", repo.get("KESTRA_DB_USER"), "-d", repo.get("KESTRA_DB_NAME"), "-Atc"]
    return engine.docker("exec", repo.database, *argv, statement)


def test_restarted_in_mid_up(engine: OwnEngine, own_repo: Monorepo) -> None:
    repo = own_repo
    files = {path: path.read_bytes() for path in repo.root.rglob("*") if path.is_file()}

    def restart(_child: object) -> None:
        engine.stop()

    first = up_until(repo, "database starting", restart)
    engine.start()
    assert first.code == 3, first.err
    assert f"error: {engine.socket} is absent: the Docker daemon isn't running" in first.err
    assert "it went away while Kestra was starting, the data stay as they are" in first.err
    assert "-> once `docker info` answers again: inv kestra.up" in first.err
    assert "Traceback" not in first.err

    # Then a crash: containers and the engine's memory of them end in the middle of something.
    def crash(_child: object) -> None:
        query(engine, repo, "create table kept as select 42 as answer")
        engine.stop(signal.SIGKILL)

    second = up_until(repo, "server starting", crash)
    engine.start()
    assert second.code == 3, second.err
    assert f"the Docker daemon at unix://{engine.socket} doesn't answer" in second.err
    assert "it went away while Kestra was starting" in second.err

    third = repo.inv("kestra.up", "--json")
    assert third.code == 0, third.err
    assert third.json["ready"]
    assert query(engine, repo, "select answer from kept") == "42"
    assert {path: path.read_bytes() for path in files} == files


@pytest.fixture
def registry(
    engine: OwnEngine, images: Mapping[str, str], tmp_path: Path
) -> Iterator[SmallRegistry]:
    made = SmallRegistry(images["KESTRA_POSTGRES_IMAGE"], engine.listen(), tmp_path)
    yield made
    made.close()


def test_a_pull_cut_half_way(
    engine: OwnEngine, own_repo: Monorepo, registry: SmallRegistry
) -> None:
    repo, image = own_repo, f"127.0.0.1:{registry.port}/library/postgres:cut"
    repo.set(KESTRA_POSTGRES_IMAGE=image)
    registry.mode = "cut"
    answer = repo.inv("kestra.up", "--json")
    document = answer.json
    assert document["schema"] == "kestra-tasks/up-failed/1", answer.err
    assert document["cause"]["kind"] == "pull-broken-off", document
    assert answer.code == document["code"] == 3
    assert "unexpected EOF" in "".join(document["cause"]["lines"])
    assert "then: inv kestra.up" in document["next"]
    assert "the layers that came whole are kept" in answer.err
    assert engine.docker("ps", "-aq") == "", "nothing may have been started"

    registry.mode = "stall"

    def interrupt(child: subprocess.Popen[str]) -> None:
        assert registry.stalled.wait(60)
        child.send_signal(signal.SIGINT)

    interrupted = up_until(repo, f"pulling {image}", interrupt)
    assert interrupted.code == 130
    assert "interrupted; nothing of it is running" in interrupted.err
    assert "Traceback" not in interrupted.err

    registry.mode = "whole"
    assert repo.inv("kestra.up", "--no-wait").code == 0
    assert engine.docker("inspect", "--format", "{{.Config.Image}}", repo.database) == image
