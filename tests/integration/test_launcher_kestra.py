"""The Service Launcher beside a real Kestra: its page when the database dies and comes back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kestra_tasks import config
from kestra_tasks.steps.manifest import entry
from tests.browser.conftest import chromium, shots, visit  # noqa: F401 - fixtures
from tests.helpers.launcher_world import Launcher, write_manifest
from tests.integration.monorepo import Monorepo, docker

pytestmark = [pytest.mark.integration, pytest.mark.browser]
ID = "kestra-orchestrator"


@pytest.fixture(scope="module")
def stack(make_monorepo: Callable[..., Monorepo]) -> Monorepo:
    repo = make_monorepo()
    answer = repo.inv("kestra.up", "--json")
    assert answer.code == 0, answer.err
    (repo.root / "config").mkdir()
    write_manifest(repo.root, [entry(config.load(repo.root))])
    return repo


@pytest.fixture(scope="module")
def launcher(stack: Monorepo) -> Iterator[Launcher]:
    started = Launcher(stack.root, docker=None)
    started.wait(lambda found: found[ID]["status"] == "up", 20)
    yield started
    started.stop()


def kestra(page: Any, up: bool, seconds: float) -> None:
    """Wait until Kestra's row is up, or anything else."""
    which = f'.row[data-id="{ID}"]'
    state = '[data-status="up"]'
    page.wait_for_selector(which + (state if up else f":not({state})"), timeout=seconds * 1000)


def test_kestra_is_shown_with_all_that_is_known(stack: Monorepo, launcher: Launcher) -> None:
    found = launcher.services()[ID]
    assert (found["status"], found["source"]) == ("up", "http")
    assert found["healthUrl"] == f"http://localhost:{stack.management}/health"
    assert found["uiUrl"] == f"http://localhost:{stack.http}"
    assert found["container"] == stack.server
    assert found["image"] == stack.inspect(stack.server)["Config"]["Image"]
    assert found["version"]
    assert 0 <= found["uptime"] < 600
    assert found["restarts"] == 0
    text = json.dumps(found) + launcher.get("/").text + launcher.get("/metrics").text
    assert not any(secret in text for secret in stack.secrets())


def test_a_dead_database_turns_the_row_and_back(
    stack: Monorepo,
    launcher: Launcher,
    visit: Callable[..., Any],  # noqa: F811
    shots: Path,  # noqa: F811
) -> None:
    page = visit(launcher.url)
    kestra(page, True, 15)
    assert page.locator("#links a").first.get_attribute("href") == f"http://localhost:{stack.http}"
    state = stack.inspect(stack.database)
    docker(
        *["run", "--rm", "--pid=host", "--user", "0", "--entrypoint", "sh", state["Image"]],
        *["-c", f"kill -9 {state['State']['Pid']}"],
    )
    kestra(page, False, 15)
    why = page.locator(f'.row[data-id="{ID}"] .why').inner_text()
    page.screenshot(path=shots / "kestra-database-killed.png")
    assert f"it needs {stack.database}, which is" in why or "health says DOWN" in why
    assert "1 of 1 services" in page.locator("h1").inner_text()
    kestra(page, True, 120)
    # Docker brings the database back at once; the server ends by itself and comes back, too.
    launcher.wait(lambda found: bool(found[ID]["restarts"]), 90)
    launcher.wait(lambda found: found[ID]["status"] == "up", 60)
    kestra(page, True, 10)
    changes = launcher.get(f"/api/services/{ID}").json()["changes"]
    print([(change["status"], change["reason"]) for change in changes])
    assert changes[0]["status"] == "up"
    assert {change["status"] for change in changes} & {"down", "starting"}


def test_stopped_server_is_said_to_be_stopped(stack: Monorepo, launcher: Launcher) -> None:
    docker("stop", "-t", "30", stack.server)
    found = launcher.wait(lambda found: found[ID]["status"] == "stopped", 15)[ID]
    assert found["source"] == "container"
    assert found["reason"].startswith(f"{stack.server} is stopped (exit ")
    docker("start", stack.server)
    found = launcher.wait(lambda found: found[ID]["status"] == "starting", 15)[ID]
    assert found["reason"].startswith(f"{stack.server} is starting")
    launcher.wait(lambda found: found[ID]["status"] == "up", 60)
