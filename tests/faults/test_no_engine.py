"""No engine, none for this user, no Compose or an old one: every task that needs them says which.

The client is the real one. Compose is hidden, and the user is changed, for the child alone.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.cases import shoot
from tests.helpers.forks import READS_ALL
from tests.integration.monorepo import Answer, Monorepo, lay

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not shutil.which("docker"), reason="needs the docker client"),
]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: changes user, mounts")

# Ends with 4 where a part is unhealthy, as it says of itself; the others refuse to begin.
OPERATIONS = {"up": 3, "restart": 3, "status": 3, "stop": 3, "down": 3, "logs": 3, "health": 4}
OLD = """\
#!/bin/sh
case "$*" in
  docker-cli-plugin-metadata)
    echo '{"SchemaVersion":"0.1.0","Vendor":"Docker Inc.","Version":"v2.10.2"}' ;;
  *"version --short"*) echo 2.10.2 ;;
  *) echo "(root) Additional property include is not allowed" >&2; exit 15 ;;
esac
"""


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monorepo]:
    root = tmp_path_factory.mktemp("none") / "a monorepo"
    root.mkdir()
    made = Monorepo(root, "kt-none", 18_282, 18_283)
    lay(made, {"KESTRA_IMAGE": "a/b:1", "KESTRA_POSTGRES_IMAGE": "c/d:1"}, "internal")
    before = shoot(root)
    yield made
    assert shoot(root) == before, "a task that couldn't begin changed a file"


def refused(repo: Monorepo, message: str, hint: str, tasks: dict[str, int] | None = None) -> None:
    """Assert that each operation, and discover, say this, in words and in JSON."""
    for task, code in (tasks or OPERATIONS).items():
        answer = repo.inv(f"kestra.{task}")
        assert answer.code == code, (task, answer)
        assert f"{message}\n" in answer.err and f"-> {hint}" in answer.err, (task, answer.err)
        assert "Traceback" not in answer.err
    error = repo.inv("kestra.up", "--json").json["error"]
    assert message in error["message"] and error["code"] == 3 and hint in error["hint"]
    found = repo.inv("kestra.discover", "--json")
    assert found.code == 3
    told = [problem["message"] for problem in found.json["blocking"]]
    assert any(message in one for one in told), told


def test_an_absent_engine(repo: Monorepo, tmp_path: Path) -> None:
    repo.env["DOCKER_HOST"] = f"unix://{tmp_path}/docker.sock"
    told = f"{tmp_path}/docker.sock is absent: the Docker daemon isn't running"
    refused(repo, told, "sudo systemctl start docker")


def test_a_stopped_engine(repo: Monorepo, tmp_path: Path) -> None:
    place = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(place))
    repo.env["DOCKER_HOST"] = f"unix://{place}"
    told = f"the Docker daemon at unix://{place} doesn't answer: nobody listens on its socket"
    refused(repo, told, "sudo systemctl start docker")


@as_root
def test_a_socket_without_permission(repo: Monorepo, tmp_path: Path) -> None:
    place = tmp_path / "docker.sock"
    repo.env["DOCKER_HOST"] = f"unix://{place}"
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(place))
        engine.listen()
        place.chmod(0o660)
        repo.prefix = READS_ALL
        try:
            refused(
                repo,
                f"no permission for {place} (root:root, mode 660)",
                "sudo usermod -aG docker $USER, then log in again",
            )
        finally:
            repo.prefix = ()


@as_root
def test_compose_missing(repo: Monorepo, tmp_path: Path) -> None:
    template = "{{range .ClientInfo.Plugins}}{{println .Path}}{{end}}"
    found = subprocess.run(
        ["docker", "info", "--format", template], capture_output=True, text=True, check=False
    )
    places = {str(Path(line).parent) for line in found.stdout.split() if "compose" in line}
    if not places:
        pytest.skip("no Compose to hide")
    hide = "".join(f"mount --bind '{tmp_path}' '{place}' && " for place in places)
    repo.prefix = ("unshare", "--mount", "sh", "-c", f'{hide}exec "$@"', "sh")
    try:
        refused(repo, "docker compose isn't installed", "install Docker Compose 2.20", _BY_COMPOSE)
    finally:
        repo.prefix = ()


def test_a_compose_too_old(repo: Monorepo, tmp_path: Path) -> None:
    """An old Compose can't be had any more: its words and version are played."""
    plugin = tmp_path / "cli-plugins" / "docker-compose"
    plugin.parent.mkdir()
    plugin.write_text(OLD)
    plugin.chmod(0o755)
    repo.env["DOCKER_CONFIG"] = str(tmp_path)
    try:
        told = "docker compose is 2.10.2; `include:` needs 2.20 or newer"
        refused(repo, told, "install Docker Compose 2.20", _BY_COMPOSE)
    finally:
        del repo.env["DOCKER_CONFIG"]


# Without Compose nobody knows what the stack is: nothing can be looked at.
_BY_COMPOSE = dict.fromkeys(OPERATIONS, 3)


def test_what_needs_no_engine_works_without_one(repo: Monorepo, tmp_path: Path) -> None:
    repo.env["DOCKER_HOST"] = f"unix://{tmp_path}/docker.sock"
    said: Answer = repo.inv("kestra.check", "--json")
    assert said.code == 0, said.err
    assert json.loads(said.out)
