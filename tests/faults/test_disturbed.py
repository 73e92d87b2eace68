"""A start and a running stack disturbed: Ctrl-C, a clock set back, a crowd, a second name."""

from __future__ import annotations

import json
import random
import re
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.monorepo import Monorepo, docker

pytestmark = pytest.mark.integration

_HOUR = 3600
# Python runs a `sitecustomize` that it finds: for the child, the wall clock goes back one hour
# as soon as a file is there.
_SET_BACK = f"""\
import os, time
_then = time.time
time.time = lambda: _then() - {_HOUR} * os.path.exists(os.environ["SET_BACK"])
"""


@pytest.fixture(scope="module")
def repo(make_monorepo: Callable[..., Monorepo]) -> Monorepo:
    """A monorepo with Kestra and its scripts in it; the tests are a story, in their order."""
    made = make_monorepo()
    settings = made.root / "invoke.yaml"
    settings.write_text(settings.read_text().replace("'scaffold', ", ""))
    assert made.inv("kestra.scaffold").code == 0
    return made


@pytest.fixture
def clock(repo: Monorepo, tmp_path: Path) -> Iterator[Path]:
    """The file whose coming sets the clock of `inv` back."""
    (tmp_path / "sitecustomize.py").write_text(_SET_BACK)
    sign = tmp_path / "set-back"
    repo.env |= {"PYTHONPATH": str(tmp_path), "SET_BACK": str(sign)}
    yield sign
    del repo.env["PYTHONPATH"], repo.env["SET_BACK"]


def test_interrupted_while_compose_is_at_work(repo: Monorepo) -> None:
    before = (repo.root / ".env").read_bytes()
    child = repo.start("kestra.up")
    assert child.stderr is not None
    told = ""
    while "up -d --pull never kestra-postgres" not in told:
        told += child.stderr.readline()
    child.send_signal(signal.SIGINT)
    _, rest = child.communicate(timeout=60)
    assert child.returncode == 130
    assert re.search(r"^interrupted; (nothing of it is|still) running", rest, re.M), rest
    assert "Traceback" not in told + rest
    assert (repo.root / ".env").read_bytes() == before


def test_the_clock_jumps_back_while_up_waits(repo: Monorepo, clock: Path) -> None:
    child = repo.start("kestra.up", "--json")
    assert child.stderr is not None
    began, told = time.monotonic(), ""
    while "server starting" not in told:
        told += child.stderr.readline()
    time.sleep(1)
    clock.touch()
    out, rest = child.communicate(timeout=120)
    took = time.monotonic() - began
    assert child.returncode == 0, rest
    assert json.loads(out)["ready"]
    said = re.search(r"healthy after ([\d.]+) s", rest)
    assert said and 0 < float(said[1]) <= took


def test_the_clock_jumps_back_while_health_is_watched(repo: Monorepo, clock: Path) -> None:
    child = repo.start("kestra.health", "--watch", "--interval", "1", "--json")
    assert child.stdout is not None
    assert json.loads(child.stdout.readline())["healthy"]
    clock.touch()
    began = time.monotonic()
    assert all(json.loads(child.stdout.readline())["healthy"] for _ in range(2))
    assert time.monotonic() - began < 20
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=20)
    assert child.returncode == 130


@pytest.fixture
def crowd(repo: Monorepo, images: dict[str, str]) -> Iterator[list[str]]:
    """A hundred containers of others, ten of them running; names and labels are like ours."""
    name = f"kt-{random.randrange(16**6):06x}"
    names = [f"{name}-kestra{'-postgres' * (n % 2)}-{n}" for n in range(100)]
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: _create(repo, images, names[n], n), range(100)))
        docker("start", *names[:10])
        yield names
    finally:
        docker("rm", "-fv", *names, check=False, timeout=300)


def _create(repo: Monorepo, images: dict[str, str], name: str, number: int) -> None:
    service = ("kestra", "kestra-postgres")[number % 2]
    labels = {
        "com.docker.compose.project": f"{repo.name}{number}",
        "com.docker.compose.service": service,
        "com.docker.compose.project.working_dir": f"{repo.root}{number}/tools/compose",
        "dev.kestra-tasks.role": service,
    }
    words = [word for key, value in labels.items() for word in ("--label", f"{key}={value}")]
    words += ["--network", "none", "--init", "--entrypoint", "sleep"]
    docker("create", "--name", name, *words, images["KESTRA_POSTGRES_IMAGE"], "infinity")


def test_a_hundred_other_containers(repo: Monorepo, crowd: list[str]) -> None:
    before = _states(crowd)
    took: dict[str, float] = {}

    def timed(task: str, *flags: str) -> dict[str, object]:
        began = time.monotonic()
        answer = repo.inv(f"kestra.{task}", *flags)
        took[task] = time.monotonic() - began
        assert answer.code == 0, answer.err
        assert not any(name in answer.out + answer.err for name in crowd)
        return answer.json

    ours = [repo.server, repo.database]
    assert [item["container"] for item in timed("status", "--json")["services"]] == ours
    timed("discover", "--json")
    assert timed("health", "--json")["healthy"]
    assert not timed("up", "--json")["started"]
    timed("smoke", "--ports", "19196,19197", "--json")
    assert sorted(timed("stop", "--json")["stopped"]) == sorted(ours)
    assert sorted(timed("down", "--json")["containers"]) == sorted(ours)
    assert _states(crowd) == before
    # A crowd costs what listing it costs: none of it is looked at one by one.
    assert took["status"] < 10 and took["discover"] < 10, took
    print({task: round(seconds, 1) for task, seconds in took.items()})


def _states(names: list[str]) -> str:
    return docker("inspect", "--format", "{{.Name}} {{.State.Status}} {{.State.StartedAt}}", *names)


def test_the_clock_jumps_back_while_a_start_fails(repo: Monorepo, clock: Path) -> None:
    right = repo.get("KESTRA_DB_PASSWORD")
    repo.set(KESTRA_DB_PASSWORD="Another1Password")
    try:
        child = repo.start("kestra.up", "--json", "--timeout", "60")
        assert child.stderr is not None
        while "server starting" not in child.stderr.readline():
            pass
        clock.touch()
        out, err = child.communicate(timeout=120)
    finally:
        repo.set(KESTRA_DB_PASSWORD=right)
    document = json.loads(out)
    assert child.returncode == 4, err
    assert document["cause"]["kind"] == "database-password", document
    seconds = re.search(r"Kestra didn't start \((\d+) s\)", err)
    assert seconds and int(seconds[1]) < 120
    assert repo.inv("kestra.down").code == 0


def test_the_same_monorepo_under_two_project_names(repo: Monorepo) -> None:
    """COMPOSE_PROJECT_NAME in one colleague's shell is enough for it."""
    assert repo.inv("kestra.up", "--no-wait").code == 0
    before = repo.inspect(repo.server)["Id"], repo.inspect(repo.database)["Id"]
    other = {"COMPOSE_PROJECT_NAME": f"{repo.name}-second"}
    refused = repo.inv("kestra.up", "--json", **other)
    assert refused.code == 3
    told = refused.json["error"]["message"]
    assert f"container {repo.server} exists and isn't ours" in told
    assert f"of Compose project {repo.name} in {repo.root}" in told
    assert f"volume {repo.volume} is used by container {repo.database}" in told
    for task in ("stop", "down"):
        answer = repo.inv(f"kestra.{task}", **other)
        assert answer.code == 0
        assert not re.search("^(stopped|removed)", answer.out, re.M), answer.out
    wiped = repo.inv("kestra.down", "--data", "--yes", **other)
    assert wiped.code == 0, wiped.err
    assert docker("volume", "inspect", "--format", "{{.Name}}", repo.volume) == repo.volume
    assert (repo.inspect(repo.server)["Id"], repo.inspect(repo.database)["Id"]) == before
    assert repo.inspect(repo.database)["State"]["Running"]
    assert docker("ps", "-aq", "--filter", f"name={repo.name}-second") == ""
    assert repo.inv("kestra.down").code == 0
