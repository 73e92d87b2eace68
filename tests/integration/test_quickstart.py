"""The README's first command in a fresh clone, and what it promises afterwards."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from dev.status import command
from tests.integration.monorepo import Answer, answer, docker, is_free, passwords, wait_for_launcher

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parents[2]
_RANGE = range(19_650, 19_700)


@dataclass
class Clone:
    """A clone of this repository with names and ports of its own."""

    root: Path
    name: str
    ports: list[int]

    @property
    def env(self) -> dict[str, str]:
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith("KESTRA_TESTS")},
            "KESTRA_CONTAINER_NAME": f"{self.name}-kestra",
            "KESTRA_POSTGRES_CONTAINER_NAME": f"{self.name}-postgres",
            "KESTRA_POSTGRES_VOLUME": f"{self.name}-data",
            "KESTRA_DOCKER_NETWORK": f"{self.name}-net",
            "INVOKE_KESTRA_NETWORK": f"{self.name}-net",
            "INVOKE_KESTRA_SMOKE_HTTP_PORT": str(self.ports[2]),
            "INVOKE_KESTRA_SMOKE_MANAGEMENT_PORT": str(self.ports[3]),
            "SERVICE_LAUNCHER_PORT": str(self.ports[4]),
        }

    def inv(self, *words: str, timeout: float = 600) -> Answer:
        argv = [str(self.root / "inv"), *words]
        return answer(argv, self.root, self.env, self.secrets, timeout)

    def secrets(self) -> list[str]:
        """The stand-in's and the integration's."""
        return passwords(self.root)

    def git(self) -> list[str]:
        done = subprocess.run(
            ["git", "status", "--porcelain"], cwd=self.root, capture_output=True, text=True
        )
        return done.stdout.splitlines()


@pytest.fixture(scope="module")
def clone(images: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    root = tmp_path_factory.mktemp("quick") / "a clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(root)], check=True)
    # The environment is this run's: another lock or interpreter would be another test.
    (root / ".venv").symlink_to(Path(sys.prefix))
    free = [port for port in random.sample(list(_RANGE), len(_RANGE)) if is_free(port)]
    made = Clone(root, f"kq-{random.randrange(16**6):06x}", free[:5])
    try:
        yield made
    finally:
        for kind in (["rm", "-fv"], ["volume", "rm"], ["network", "rm"]):
            names = {
                "rm": [f"{made.name}-kestra", f"{made.name}-postgres"],
                "volume": [f"{made.name}-data"],
                "network": [f"{made.name}-net"],
            }[kind[0]]
            docker(*kind, *names, check=False)


def test_quickstart_ends_healthy_and_everything_it_promises_works(clone: Clone) -> None:
    first = clone.inv("quickstart", "--ports", f"{clone.ports[0]},{clone.ports[1]}")
    assert first.code == 0, first.err
    assert len(clone.secrets()) >= 2, "no password was drawn: nothing was looked for"
    assert re.search(r"^pass  flow  +execution \S+ ended SUCCESS", first.out, re.MULTILINE)
    assert f"http://127.0.0.1:{clone.ports[0]}/ui/" in first.out
    assert "next: ./inv kestra.smoke" in first.out

    again = clone.inv("quickstart")
    assert again.code == 0
    assert "running already" in again.out

    assert clone.inv("kestra.check").code == 0
    stack = "tools/compose/docker-compose.tools.yml"
    listed = subprocess.run(
        ["docker", "compose", "-f", stack, "config", "--services"],
        cwd=clone.root,
        env=clone.env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert sorted(listed.stdout.split()) == ["kestra", "kestra-postgres"]
    entries = json.loads((clone.root / "config/services-manifest.json").read_text())["services"]
    assert [e["stack"] for e in entries if e["id"] == "kestra-orchestrator"] == ["tools"]


def test_the_checklist_is_clean_with_stack_and_launcher_up(clone: Clone) -> None:
    argv, env = command(["--root", str(clone.root), "--port", str(clone.ports[4])])
    with subprocess.Popen(argv, env={**env, **clone.env}, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for_launcher(clone.ports[4])
            found = clone.inv("kestra.checklist", "--json")
        finally:
            server.terminate()
    rows = {row["row"]: (row["state"], row["why"]) for row in found.json["rows"]}
    assert {n: told for n, told in rows.items() if told[0] != "pass"} == {}
    assert found.code == 0


def test_it_can_all_be_taken_away(clone: Clone) -> None:
    away = clone.inv("quickstart", "--remove")
    assert away.code == 0, away.err
    assert docker("ps", "-aq", "--filter", f"name={clone.name}") == ""
    removed = clone.inv("kestra.remove")
    assert removed.code == 0, removed.err
    assert not (clone.root / "tools").exists()
    assert not (clone.root / ".env").exists()
    assert [line for line in clone.git() if line.startswith("??")] == []
