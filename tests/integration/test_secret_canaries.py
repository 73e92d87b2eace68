"""A stack that runs: no secret in any output, file, label, image or command line."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.helpers.canaries import TOKEN, canaries, files, spilled
from tests.helpers.task_calls import CALLS, tasks
from tests.integration.monorepo import Monorepo, docker

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

_ENV = f"""\
NEIGHBOUR_TOKEN={TOKEN}01
DATABASE_URL=postgres://app:{TOKEN}02@db.example.org:5432/app
"""
_PASSWORDS = {
    "KESTRA_DB_PASSWORD": f"{TOKEN}03 'x\"#",
    "KESTRA_BASICAUTH_PASSWORD": f"{TOKEN}04:x$",
}
_NOTED = """\
services:
  neighbour:
    environment:
      DSN: postgres://app:{token}05@db.example.org/app
"""
# The order matters: it is a day in the life of the stack.
_LIFE = [
    *(f"{task} --dry-run" for task in ("up", "integrate", "env", "remove", "smoke", "init")),
    *(
        "check",
        "check --json",
        "integrate",
        "integrate --json",
        "env",
        "compose --json",
        "discover",
    ),
    *("scaffold --json", "manifest", "stacks --json", "docs", "openspec", "launcher --json"),
    *("healthcheck", "up --debug", "up --json", "status", "status --json", "discover --json"),
    *("health --deep", "health --json", "logs", "logs --since 10m --tail 5", "checklist --quick"),
    *("checklist --quick --json", "smoke --ports 19551,19552 --json", "restart --database --json"),
    *("restart --dry-run", "stop --json", "status", "health", "stop --dry-run", "down --dry-run"),
    *("init --json", "init --remove"),
]
_FAILURES = ["up --yes --timeout 60", "up --yes --timeout 60 --json", "status --json", "health"]
_END = ["logs --tail 50", "down --json", "down --data --yes", "remove --json"]


class Watch:
    """Reads every process's command line again and again; `seen` are those with a canary."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.looks = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(0.02):
            self.looks += 1
            for place in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = place.read_bytes()
                except OSError:
                    continue
                if TOKEN.encode() in line:
                    self.seen.add(line.replace(b"\0", b" ").decode("utf-8", "replace"))


@pytest.fixture(scope="module")
def repo(make_monorepo: Callable[..., Monorepo]) -> Iterator[Monorepo]:
    made = make_monorepo(neighbour=True, **_PASSWORDS)
    with (made.root / ".env").open("a", encoding="utf-8") as stream:
        stream.write(_ENV)
    (made.root / "compose.noted.yml").write_text(_NOTED.format(token=TOKEN))
    yield made


def _leaks(repo: Monorepo, lines: list[str], env: Mapping[str, str]) -> list[str]:
    found = []
    before = files(repo.root)
    for line in lines:
        said = repo.inv(f"kestra.{line.split()[0]}", *line.split()[1:], timeout=300, **env)
        for stream, text in (("stdout", said.out), ("stderr", said.err)):
            if seen := canaries(text):
                found.append(f"{line}: {stream} (exit {said.code}): {sorted(seen)}")
        for path, seen in spilled(before, files(repo.root)).items():
            found.append(f"{line}: wrote {sorted(seen)} to {path}")
    return found


def _of_engine(repo: Monorepo) -> list[str]:
    """What the engine keeps for everybody who may ask it, the server's own environment aside."""
    found = []
    for name in docker("ps", "-aq", "--filter", f"name={repo.name}").split():
        shown = repo.inspect(name)
        open_to_all = {
            "labels": shown["Config"]["Labels"],
            "argv": [shown["Path"], *shown["Args"]],
            "healthcheck": shown["Config"].get("Healthcheck"),
            "health log": (shown["State"].get("Health") or {}).get("Log"),
            "log options": shown["HostConfig"]["LogConfig"],
        }
        history = docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", shown["Image"])
        open_to_all["history"] = history
        for what, value in open_to_all.items():
            if seen := canaries(json.dumps(value, ensure_ascii=False)):
                found.append(f"{shown['Name']}: {what}: {sorted(seen)}")
    for kind in ("network", "volume"):
        for name in docker(kind, "ls", "-q", "--filter", f"name={repo.name}").split():
            if seen := canaries(docker(kind, "inspect", name)):
                found.append(f"{kind} {name}: {sorted(seen)}")
    return found


def test_the_watch_sees_a_canary() -> None:
    with Watch() as watch:
        other = os.spawnlp(os.P_NOWAIT, "sh", "sh", "-c", "sleep 0.5; :", TOKEN)
        os.waitpid(other, 0)
    assert watch.looks and any(TOKEN in line for line in watch.seen)


def test_every_task_has_its_place() -> None:
    assert {line.split()[0] for line in [*_LIFE, *_FAILURES, *_END]} == set(tasks()) == set(CALLS)


def test_a_life_of_the_stack_and_its_failures(repo: Monorepo) -> None:
    with Watch() as watch:
        found = _leaks(repo, _LIFE[: _LIFE.index("stop --json")], {})
        assert docker("ps", "-q", "--filter", f"name={repo.server}"), "it never ran"
        found += _of_engine(repo)
        found += _leaks(repo, _LIFE[_LIFE.index("stop --json") :], {})
        # The database keeps the first password: the server fails, and evidence is written.
        repo.set(KESTRA_DB_PASSWORD=f"{TOKEN}06 wrong")
        found += _leaks(repo, ["down", *_FAILURES], {})
        evidence = list((repo.root / "tools/kestra/tmp").glob("up-failed-*.log"))
        assert evidence, "no start failed"
        assert not any(canaries(place.read_bytes()) for place in evidence)
        found += _of_engine(repo)
        repo.set(**_PASSWORDS)
        # The environment beats .env, and must be as silent.
        found += _leaks(repo, ["up --json"], {"KESTRA_BASICAUTH_PASSWORD": f"{TOKEN}07xY1"})
        found += _of_engine(repo)
        found += _leaks(repo, _END, {})
        time.sleep(0.1)
    assert watch.looks > 100
    assert not found, "\n".join(found)
    assert not watch.seen, "\n".join(sorted(watch.seen))
