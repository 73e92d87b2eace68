"""A server that is still booting is stopped, replaced and removed in seconds, never killed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.integration.monorepo import Answer, Monorepo, docker

pytestmark = pytest.mark.integration

# The first process is a shell that the kernel shields from TERM, as before Java takes its place.
_BOOTING = """\
    entrypoint: ["bash", "-c", 'sleep 4; exec docker-entrypoint.sh "$$@"', "--"]
"""
_KILLED = 137
_FLOW = """\
id: kept
namespace: stop
tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: still here
"""


@pytest.fixture(scope="module")
def repo(make_monorepo: Callable[..., Monorepo]) -> Iterator[Monorepo]:
    """A monorepo with a flow in its database, whose next servers boot slowly."""
    made = make_monorepo()
    assert made.inv("kestra.up").code == 0
    made.api().put_flow("stop", "kept", _FLOW)
    place = made.root / "tools/kestra/compose.yml"
    text = place.read_text()
    place.write_text(text.replace("    user: root\n", f"    user: root\n{_BOOTING}", 1))
    yield made
    place.write_text(text)
    answer = made.inv("kestra.up")
    assert answer.code == 0, answer.err
    assert made.api().flow("stop", "kept") is not None, "the data suffered"


def boot(repo: Monorepo) -> None:
    answer = repo.inv("kestra.up", "--no-wait")
    assert answer.code == 0, answer.err
    assert repo.inspect(repo.server)["State"]["Running"]


def timed(repo: Monorepo, *words: str) -> Answer:
    """Run a task that must not take the grace period, six minutes."""
    began = time.monotonic()
    answer = repo.inv(*words, timeout=200)
    assert answer.code == 0, answer.err
    assert time.monotonic() - began < 90
    return answer


def test_stop(repo: Monorepo) -> None:
    boot(repo)
    answer = timed(repo, "kestra.stop")
    assert "docker kill --signal TERM" in answer.err
    state = repo.inspect(repo.server)["State"]
    assert state["Status"] == "exited"
    assert state["ExitCode"] != _KILLED


def test_restart(repo: Monorepo) -> None:
    boot(repo)
    before = repo.inspect(repo.server)["State"]["StartedAt"]
    timed(repo, "kestra.restart", "--no-wait")
    state = repo.inspect(repo.server)["State"]
    assert state["Running"]
    assert state["StartedAt"] > before


def test_a_start_that_makes_another_of_it(repo: Monorepo) -> None:
    boot(repo)
    before = repo.inspect(repo.server)["Id"]
    repo.set(KESTRA_MEMORY="901m")
    timed(repo, "kestra.up", "--no-wait")
    assert repo.inspect(repo.server)["Id"] != before


def test_down(repo: Monorepo) -> None:
    boot(repo)
    shown = repo.inv("kestra.down", "--dry-run")
    assert "docker kill" not in shown.err
    began = int(time.time())
    timed(repo, "kestra.down")
    assert docker("ps", "-aq", "--filter", f"name=^/?{repo.server}$") == ""
    ends = docker(
        *["events", "--since", str(began), "--until", str(int(time.time()) + 1)],
        *["--filter", f"container={repo.server}", "--filter", "event=die"],
        *["--format", "{{.Actor.Attributes.exitCode}}"],
    )
    assert ends.split() and str(_KILLED) not in ends.split()
