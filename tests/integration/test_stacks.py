"""Start and stop scripts on a real engine: own ones, and a foreign one that is watched."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable

import pytest

from tests.helpers.trees import listening
from tests.integration.monorepo import Monorepo, docker

pytestmark = pytest.mark.integration

START = "scripts/docker/start-stacks.sh"
STOP = "scripts/docker/stop-stacks.sh"
_FOREIGN = {
    START: """\
#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../tools/compose"
for phase in lost tools; do
  [[ -z ${2:-} || $2 == "$phase" ]] || continue
  docker compose -f "docker-compose.$phase.yml" up -d
done
""",
    STOP: """\
#!/usr/bin/env bash
cd "$(dirname "${BASH_SOURCE[0]}")/../../tools/compose"
docker compose -f docker-compose.tools.yml stop -t 1
""",
}


def script(repo: Monorepo, path: str, *arguments: str, **env: str) -> tuple[int, str]:
    """Run a script of the monorepo from elsewhere; gives its code and what it told."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("KESTRA_", "SKIP_"))}
    done = subprocess.run(
        [str(repo.root / path), *arguments],
        cwd=repo.root.parent,
        env={**clean, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    told = done.stdout + done.stderr
    for secret in repo.secrets():
        assert secret not in told
    return done.returncode, told


def integrate(repo: Monorepo, *, create: bool) -> None:
    settings = repo.root / "invoke.yaml"
    text = re.sub(r"  skip: .*\n", "", settings.read_text())
    settings.write_text(text + ("  create: [stacks]\n" if create else ""))
    for task in ("kestra.scaffold", "kestra.stacks"):
        answer = repo.inv(task)
        assert answer.code == 0, answer.err


def running(repo: Monorepo) -> set[str]:
    names = docker("ps", "--filter", f"name=^/?{repo.name}-", "--format", "{{.Names}}").split()
    return {name.removeprefix(f"{repo.name}-") for name in names}


def healthy(repo: Monorepo) -> None:
    """Wait: a server told to stop while it boots takes its whole grace."""
    until = time.monotonic() + 120
    while repo.inspect(repo.server)["State"]["Health"]["Status"] != "healthy":
        assert time.monotonic() < until, docker("logs", "--tail", "20", repo.server)
        time.sleep(1)


def test_own_scripts_start_skip_and_stop(make_monorepo: Callable[..., Monorepo]) -> None:
    repo = make_monorepo(neighbour=True)
    integrate(repo, create=True)
    phase = ("--phase", repo.name)
    code, told = script(repo, START, "--list")
    assert (code, told.split()) == (0, [repo.name])

    code, told = script(repo, START, *phase, SKIP_Kestra_AUTO_START="1")
    assert code == 0, told
    assert "Kestra is left out: SKIP_Kestra_AUTO_START=1" in told
    assert running(repo) == {"neighbour"}

    with listening() as port:
        code, told = script(repo, START, *phase, KESTRA_HTTP_PORT=str(port))
    assert code == 3, told
    assert f"port {port} is taken by process" in told
    assert "inv kestra.env --ports auto" in told
    assert running(repo) == {"neighbour"}

    code, told = script(repo, START, *phase)
    assert code == 0, told
    assert running(repo) == {"neighbour", "kestra", "kestra-postgres"}
    before = repo.inspect(repo.server)["Id"]
    code, told = script(repo, START)
    assert code == 0, told
    assert repo.inspect(repo.server)["Id"] == before, "started twice"
    code, told = script(repo, START, SKIP_KESTRA_AUTO_START="1")
    assert code == 0, told
    assert repo.inspect(repo.server)["State"]["Running"], "left out isn't stopped"

    healthy(repo)
    code, told = script(repo, STOP)
    assert code == 0, told
    assert running(repo) == set()
    assert repo.inspect(repo.server)["State"]["ExitCode"] in (0, 143)


def test_a_foreign_script_and_what_is_somebody_elses(
    make_monorepo: Callable[..., Monorepo],
) -> None:
    repo = make_monorepo(neighbour=True)
    for path, text in _FOREIGN.items():
        place = repo.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(0o755)
    integrate(repo, create=False)
    settings = (repo.root / "invoke.yaml").read_text()
    assert "create" not in settings
    stray = docker(
        *("run", "-d", "--name", f"{repo.name}-stray", "--entrypoint", "sleep", "--init"),
        *("--label", "dev.kestra-tasks.role=wrapper", "--label", "dev.kestra-tasks.root=/nowhere"),
        *("postgres:15-alpine", "infinity"),
    )
    assert stray
    own = docker(
        *("run", "-d", "--name", f"{repo.name}-wrapper", "--entrypoint", "sleep", "--init", "--rm"),
        *("--label", "dev.kestra-tasks.role=wrapper"),
        *("--label", f"dev.kestra-tasks.root={repo.root}", "postgres:15-alpine", "infinity"),
    )
    assert own

    code, told = script(repo, START, "--phase", "tools", SKIP_KESTRA_AUTO_START="1")
    assert code == 0, told
    assert running(repo) == {"neighbour", "stray", "wrapper"}
    code, told = script(repo, START, "--phase", "tools")
    assert code == 0, told
    assert running(repo) == {"neighbour", "stray", "wrapper", "kestra", "kestra-postgres"}
    code, _ = script(repo, START)
    assert code != 0, "the host ends at its first failure, as before"

    healthy(repo)
    code, told = script(repo, STOP)
    assert code == 0, told
    assert running(repo) == {"stray"}
    assert repo.inspect(repo.server)["State"]["ExitCode"] in (0, 143), "killed before its time"
