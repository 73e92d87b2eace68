"""`inv kestra.smoke` on a real engine: passes, fails, is interrupted, and leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kestra_tasks.ops.wait import Deadline, until
from kestra_tasks.settings import Settings
from tests.helpers.scripts import lay_scripts
from tests.integration.monorepo import docker

pytestmark = pytest.mark.integration

_PREFIX = f"ks-{os.getpid()}"
_HTTP, _MANAGEMENT = 19240, 19241
_STAGES = ["database", "run.sh", "status.sh", "health", "flow", "stop.sh", "nothing left"]


@dataclass
class Smoked:
    """What `inv kestra.smoke` answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.out)
        return document

    @property
    def verdicts(self) -> list[tuple[str, bool]]:
        return [(stage["name"], stage["ok"]) for stage in self.json["stages"]]


class Repo:
    """A scratch monorepo with the scripts and nothing else: neither .env nor stack."""

    def __init__(self, root: Path, images: Mapping[str, str]) -> None:
        self.root = root
        settings = Settings(prefix=_PREFIX, memory="1g", image=images["KESTRA_IMAGE"])
        self.scripts = lay_scripts(root, settings)
        self.images = images
        (root / "invoke.yaml").write_text(
            f"kestra:\n  prefix: {_PREFIX}\n  memory: 1g\n  image: {images['KESTRA_IMAGE']}\n"
            f"  postgres_image: {images['KESTRA_POSTGRES_IMAGE']}\n"
            f"  smoke_http_port: {_HTTP}\n  smoke_management_port: {_MANAGEMENT}\n"
        )
        (root / "tasks.py").write_text(
            "from invoke import Collection\nfrom kestra_tasks import ns as kestra\n"
            "ns = Collection()\nns.add_collection(kestra, name='kestra')\n"
        )

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "invoke", "kestra.smoke", *arguments],
            cwd=self.root,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def smoke(self, *arguments: str, **env: str) -> Smoked:
        child = self.start(*arguments, **env)
        out, err = child.communicate(timeout=300)
        return Smoked(child.returncode, out, err)

    def left(self) -> dict[str, str]:
        """What there is on the engine and in the folder of a run."""
        smoke = self.root / "tools/kestra/tmp/smoke"
        return {
            "containers": docker("ps", "-aq", "--filter", f"name={_PREFIX}"),
            "networks": docker("network", "ls", "-q", "--filter", f"name={_PREFIX}"),
            "folder": str(smoke) if smoke.exists() else "",
        }


@pytest.fixture(scope="module")
def repo(images: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    made = Repo(tmp_path_factory.mktemp("mono") / "a repo", images)
    yield made
    for ident in docker("ps", "-aq", "--filter", f"name={_PREFIX}").split():
        docker("rm", "-fv", ident, check=False)
    for ident in docker("network", "ls", "-q", "--filter", f"name={_PREFIX}").split():
        docker("network", "rm", ident, check=False)


@pytest.fixture(autouse=True)
def nothing_left(repo: Repo) -> Iterator[None]:
    since = str(int(time.time()))
    yield
    assert not any(repo.left().values()), repo.left()
    volumes = set(docker("volume", "ls", "-q").split())
    assert not volumes & _volumes_of_ours(since)


def _volumes_of_ours(since: str) -> set[str]:
    """The volumes that a container of a smoke run has had since then, by the engine's events."""
    events = ["events", "--since", since, "--until", str(int(time.time()) + 1), "--format"]
    created = docker(
        *[*events, "{{.Actor.ID}} {{.Actor.Attributes.name}}"],
        *["--filter", "type=container", "--filter", "event=create"],
    )
    ours = {line.split()[0] for line in created.splitlines() if _PREFIX in line}
    mounted = docker(
        *[*events, "{{.Actor.ID}} {{.Actor.Attributes.container}}"],
        *["--filter", "type=volume", "--filter", "event=mount"],
    )
    pairs = [line.split() for line in mounted.splitlines()]
    return {volume for volume, container in pairs if container in ours}


def _evidence(text: str, repo: Repo) -> str:
    place = Path(text)
    assert place.is_relative_to(repo.root / "tools/kestra/tmp")
    assert place.stat().st_mode & 0o777 == 0o600
    return place.read_text()


def test_passes_and_says_so_in_json(repo: Repo) -> None:
    smoked = repo.smoke("--json")
    assert smoked.code == 0, smoked.err
    assert smoked.verdicts == [(name, True) for name in _STAGES]
    assert smoked.json["schema"] == "kestra-tasks/smoke/1"
    assert smoked.json["ports"] == {"http": _HTTP, "management": _MANAGEMENT}
    assert smoked.json["evidence"] is None
    detail = {stage["name"]: stage["detail"] for stage in smoked.json["stages"]}
    assert "SUCCESS" in detail["flow"]
    assert "kestra-tasks was here" in detail["flow"]
    assert "/health 200 UP" in detail["health"]
    assert detail["stop.sh"].startswith("stopped ")


def test_a_table_for_a_person_on_other_ports(repo: Repo) -> None:
    smoked = repo.smoke("--ports", "19242,19243")
    assert smoked.code == 0, smoked.err
    assert [line.split()[0] for line in smoked.out.splitlines() if "pass" in line] == ["pass"] * 7
    assert "19242->8080" in smoked.err
    assert "pull=always --rm --user=root" in smoked.err


def test_a_server_that_ends_by_itself_is_told_with_its_last_words(repo: Repo) -> None:
    # No such option of the Java machine: it ends at once, and --rm takes its log away.
    smoked = repo.smoke("--json", KESTRA_JAVA_OPTS="-XX:+NoSuchOption")
    assert smoked.code == 4, smoked.err
    assert smoked.json["ok"] is False
    assert ("nothing left", True) in smoked.verdicts
    assert next(name for name, ok in smoked.verdicts if not ok) in ("status.sh", "health")
    assert "the server ended by itself" in smoked.err
    evidence = _evidence(smoked.json["evidence"], repo)
    assert "NoSuchOption" in evidence
    assert "== commands and what they printed" in evidence
    assert f"evidence: {smoked.json['evidence']}" in smoked.err


def test_an_unhealthy_server_is_given_up_on_and_removed(repo: Repo) -> None:
    smoked = repo.smoke("--json", "--timeout", "1")
    assert smoked.code == 4
    assert smoked.verdicts[-2:] == [("health", False), ("nothing left", True)]
    assert "isn't UP after 1 s" in smoked.err
    assert "--timeout 600" in smoked.err
    _evidence(smoked.json["evidence"], repo)


def test_what_run_refuses_is_a_precondition(repo: Repo) -> None:
    (repo.root / ".env").write_text("\nKESTRA_MEMORY=${OTHER}\n")
    try:
        smoked = repo.smoke("--json")
    finally:
        (repo.root / ".env").unlink()
    assert smoked.code == 3
    assert f"{repo.root}/.env:2: KESTRA_MEMORY can't be read" in smoked.err
    assert smoked.verdicts[-2:] == [("run.sh", False), ("nothing left", True)]


def test_an_image_that_cant_be_had_is_dockers_failure(repo: Repo) -> None:
    smoked = repo.smoke("--json", KESTRA_IMAGE="127.0.0.1:1/no/kestra:1")
    assert smoked.code == 5
    assert "can't be pulled" in smoked.err
    assert smoked.verdicts[-1] == ("nothing left", True)


def test_a_taken_port_stops_it_before_anything_starts(repo: Repo) -> None:
    with closing(socket.create_server(("127.0.0.1", _MANAGEMENT))):
        smoked = repo.smoke("--json")
    assert smoked.code == 3
    assert f"port {_MANAGEMENT} is held by" in smoked.err
    assert f"pid {os.getpid()}" in smoked.err
    assert "--ports" in smoked.err
    assert smoked.json["schema"] == "kestra-tasks/error/1"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_interrupted_it_leaves_nothing(repo: Repo, number: int) -> None:
    child = repo.start("--json")
    found = until(lambda: docker("ps", "-q", "--filter", f"name=^/{_PREFIX}.*-[0-9a-f]*$") or None,
                  Deadline.after(60))  # fmt: skip
    assert found
    child.send_signal(number)
    out, err = child.communicate(timeout=120)
    smoked = Smoked(child.returncode, out, err)
    assert smoked.code == 130, err
    assert smoked.json["ok"] is False
    assert smoked.verdicts[-1] == ("nothing left", True)
    assert "interrupted" in _evidence(smoked.json["evidence"], repo)


def test_what_a_killed_one_left_is_removed_by_the_next(repo: Repo) -> None:
    child = repo.start("--json")
    assert until(
        lambda: docker("ps", "-q", "--filter", f"name={_PREFIX}") or None, Deadline.after(60)
    )
    child.kill()
    child.communicate()
    # run.sh, if it was at work, ends by itself.
    time.sleep(3)
    assert any(repo.left().values())
    smoked = repo.smoke("--json")
    assert smoked.code == 0, smoked.err
    assert "removing what an interrupted smoke left" in smoked.err


def test_a_dry_run_starts_nothing(repo: Repo) -> None:
    smoked = repo.smoke("--dry-run", "--json")
    assert smoked.code == 0
    assert smoked.json["dry_run"] is True
    assert "run.sh" in smoked.err
    assert not (repo.root / "tools/kestra/tmp/smoke").exists()


def test_a_running_stack_isnt_touched(repo: Repo) -> None:
    """The stack's server and database, by name and label, on the default network's place."""
    server, database = f"{_PREFIX}st-kestra", f"{_PREFIX}st-kestra-postgres"
    labels = ["--label", f"com.docker.compose.project.working_dir={repo.root}"]
    image = repo.images["KESTRA_POSTGRES_IMAGE"]
    for name, role in ((server, "server"), (database, "database")):
        docker(
            *["run", "-d", "--name", name, "--label", f"dev.kestra-tasks.role={role}", *labels],
            *["--entrypoint", "sleep", "--init", image, "600"],
        )
    form = ["inspect", "--format", "{{.Id}} {{.State.StartedAt}} {{.RestartCount}}"]
    try:
        before = docker(*form, server, database)
        smoked = repo.smoke("--json")
        assert smoked.code == 0, smoked.err
        assert docker(*form, server, database) == before
        assert f"{server} " in smoked.err
    finally:
        docker("rm", "-fv", server, database)
