"""A real Chromium, a staged launcher, and a page that must stay free of errors."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.browser import axe, find_chromium
from dev.chores import ROOT
from kestra_tasks.errors import PreconditionError
from tests.helpers.launcher_stage import Stage, give_past, trading_system
from tests.helpers.launcher_world import FakeServices, write_root

SHOTS = ROOT / "reports" / "launcher"


def unavailable(reason: str) -> None:
    """Skip with the reason; under CI=true a missing tool is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Playwright's handle on Debian's Chromium, headless.

    Not for longer than a module: meanwhile this thread counts as running an event loop, and
    other modules' asyncio.run would refuse.
    """
    path = find_chromium()
    if path is None:
        unavailable("there is no Chromium: `./inv test` installs it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Root can't have Chromium's sandbox; the pages are our own.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        arguments += ["--disable-background-networking", "--disable-component-update"]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe_script() -> Path:
    try:
        return axe()
    except PreconditionError as error:
        unavailable(error.message)
        raise


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeServices]:
    services = FakeServices()
    yield services
    services.close()


@pytest.fixture(scope="module")
def stage(fake: FakeServices, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Twenty services in every state, with an hour behind them; tests only look at it."""
    services, containers = trading_system(fake)
    root = write_root(tmp_path_factory.mktemp("stage") / "TradingSystem", services)
    staged = Stage(root, *containers)
    staged.wait_asked()
    give_past(staged)
    yield staged
    staged.close()


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open an address; any error in the console, or a blocked load, fails the test at its end."""
    contexts, errors = [], []

    def inner(url: str, expect_errors: bool = False, **options: Any) -> Any:
        settings = {"viewport": {"width": 1440, "height": 900}, "locale": "en", **options}
        context = chromium.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        if not expect_errors:
            page.on(
                "console", lambda m: errors.append(m.text) if m.type in ("error", "warning") else 0
            )
            page.on("pageerror", lambda error: errors.append(str(error)))
        page.set_default_timeout(8000)
        page.goto(url)
        return page

    yield inner
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def shots() -> Path:
    """Where screenshots are kept, as CI's artefacts."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    return SHOTS
