"""The page in a real Chromium: live, found by keyboard, readable, accessible, safe."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.launcher_stage import Stage
from tests.helpers.launcher_world import (
    FakeServices,
    Launcher,
    Manner,
    write_manifest,
    write_root,
)

pytestmark = pytest.mark.browser
Visit = Callable[..., Any]

SIZES = {"desktop": (1440, 1000), "phone": (390, 844)}


def row(page: Any, ident: str) -> Any:
    return page.locator(f'.row[data-id="{ident}"]')


def live(page: Any) -> None:
    page.wait_for_selector('#pulse[data-state="live"]')


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_looks_and_no_axe_violation(
    visit: Visit, stage: Stage, axe_script: Path, shots: Path, size: str, scheme: str
) -> None:
    width, height = SIZES[size]
    language = "pt-BR" if (size, scheme) == ("phone", "dark") else "en"
    page = visit(
        stage.url,
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        locale=language,
        reduced_motion="reduce",
    )
    live(page)
    page.screenshot(path=shots / f"{size}-{scheme}.png")
    row(page, "kestra-orchestrator").locator("summary").click()
    page.screenshot(path=shots / f"{size}-{scheme}-details.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate(axe_script.read_text())  # past the policy, as the developer tools would
    found = page.evaluate("axe.run()")
    assert [
        (v["id"], [node["html"][:200] for node in v["nodes"][:3]]) for v in found["violations"]
    ] == []
    assert len(found["passes"]) > 20


def test_states_by_word_shape_and_reason(visit: Visit, stage: Stage) -> None:
    page = visit(stage.url)
    for ident, word, reason in (
        ("kestra-orchestrator", "Up", "health says UP"),
        ("langgraph", "Down", "health says DOWN (jdbc)"),
        ("agno-agents", "Degraded", "health says DEGRADED"),
        ("redis", "Stopped", "ts-redis is stopped (exit 0)"),
        ("alertmanager", "Starting", "ts-alertmanager is starting"),
        ("nightly-backup", "Unknown", "the manifest gives no health address"),
    ):
        found = row(page, ident)
        assert found.locator(".state").inner_text().strip() == word
        assert reason in found.locator(".why").inner_text()
        shape = found.locator(".state use").get_attribute("href")
        assert shape == f"#shape-{word.lower()}"
    first = page.locator("#links a").first
    assert first.get_attribute("href") == "http://localhost:8080"
    assert page.locator(".row").first.get_attribute("data-id") == "kestra-orchestrator"
    assert "1 of 20 services down" in page.locator("h1").inner_text()


def test_works_without_javascript(visit: Visit, stage: Stage) -> None:
    page = visit(f"{stage.url}/?q=kestra", java_script_enabled=False)
    assert row(page, "kestra-orchestrator").is_visible()
    assert not row(page, "langgraph").is_visible()
    assert page.locator("noscript .notice").is_visible()
    row(page, "kestra-orchestrator").locator("summary").click()
    assert "up -d kestra" in row(page, "kestra-orchestrator").inner_text()
    page.get_by_role("link", name=re.compile("Down")).first.click()
    assert row(page, "langgraph").is_visible()
    assert not row(page, "kestra-orchestrator").is_visible()


def test_search_and_walk_by_keyboard(visit: Visit, stage: Stage) -> None:
    page = visit(stage.url)
    live(page)
    page.keyboard.press("/")
    page.keyboard.type("database q")
    visible = page.locator(".row:visible")
    assert [visible.nth(i).get_attribute("data-id") for i in range(visible.count())] == [
        "questdb",
        "qdrant",
    ]
    assert "q=database+q" in page.url
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.id") == "qdrant"
    page.keyboard.press("e")
    assert row(page, "qdrant").locator("details").get_attribute("open") is not None
    with page.expect_popup() as popup:
        page.keyboard.press("Enter")
    assert popup.value.url.startswith(("http://localhost:6333/", "chrome-error:"))
    page.bring_to_front()
    page.keyboard.press("Escape")
    assert page.locator(".row:visible").count() == 20
    page.keyboard.type("no such thing")
    assert page.get_by_text("No service matches.").is_visible()
    page.get_by_role("link", name="Show all").click()
    page.locator("#counts a", has_text="Degraded").click()
    assert {r.get_attribute("data-status") for r in page.locator(".row:visible").all()} == {
        "degraded"
    }
    # A shortcut of one letter can be turned off, and stays off.
    page.get_by_label("Shortcut keys").uncheck()
    page.reload()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") != "q"


def test_copies_commands(visit: Visit, stage: Stage) -> None:
    page = visit(stage.url, permissions=["clipboard-read", "clipboard-write"])
    found = row(page, "kestra-orchestrator")
    found.locator("summary").click()
    found.get_by_role("button", name="Copy: logs kestra-orchestrator").click()
    page.wait_for_selector(".copy[data-said=Copied]")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "docker compose -f tools/compose/docker-compose.tools.yml logs -f kestra"


def test_theme_and_language_are_a_choice(visit: Visit, stage: Stage) -> None:
    page = visit(stage.url)
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Dark").click()
    dark = page.evaluate(ground)
    assert light != dark
    page.reload()
    assert page.evaluate(ground) == dark
    page.get_by_role("link", name="PT").click()
    assert page.locator("html").get_attribute("lang") == "pt-BR"
    assert row(page, "langgraph").locator(".state").inner_text().strip() == "Fora do ar"
    assert "a saúde diz DOWN" in row(page, "langgraph").locator(".why").inner_text()


@pytest.fixture
def small(fake: FakeServices, tmp_path: Path) -> Any:
    """A launcher in its own process with two services."""
    services = [
        {"id": "one", "stack": "s", "healthUrl": fake.url("one")},
        {"id": "two", "stack": "s", "healthUrl": fake.url("two"), "start": "run two"},
    ]
    launcher = Launcher(write_root(tmp_path / "root", services))
    launcher.wait_asked()
    yield launcher, services
    if launcher.process.poll() is None:
        launcher.stop()


def test_changes_come_by_themselves(visit: Visit, fake: FakeServices, small: Any) -> None:
    launcher, services = small
    page = visit(launcher.url)
    live(page)
    assert "All 2 services are up" in page.locator("h1").inner_text()
    row(page, "two").locator("summary").click()
    row(page, "two").locator("summary").focus()
    fake.manners["two"] = Manner(503, '{"status":"DOWN"}')
    begun = time.monotonic()
    page.wait_for_selector('.row[data-id="two"][data-status="down"]', timeout=15000)
    assert time.monotonic() - begun < 10
    assert "1 of 2 services down" in page.locator("h1").inner_text()
    assert page.title().startswith("1 of 2 services down")
    assert "icon-down" in page.locator("#icon").get_attribute("href")
    assert page.locator("#announce").inner_text() == "two is Down: health says DOWN"
    # What the reader had open and in focus stays so.
    assert row(page, "two").locator("details").get_attribute("open") is not None
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    # A service that is added to the manifest appears, one that is taken out goes.
    added = {"id": "three", "stack": "t", "healthUrl": fake.url("three")}
    write_manifest(launcher.root, [services[1], added])
    page.wait_for_selector('.row[data-id="three"][data-status="up"]', timeout=10000)
    assert row(page, "one").count() == 0
    assert row(page, "two").locator("details").get_attribute("open") is not None
    # Half a file is said to be that, and what was known stays.
    write_manifest(launcher.root, '{"services": [\n  {"id": "thr')
    page.get_by_text("config/services-manifest.json:2: not JSON").wait_for()
    assert row(page, "three").is_visible()


def test_says_that_it_lost_the_server(visit: Visit, small: Any) -> None:
    launcher, _services = small
    page = visit(launcher.url, expect_errors=True)  # the browser itself reports refused requests
    live(page)
    launcher.process.kill()
    launcher.process.wait()
    page.wait_for_selector('#pulse[data-state="lost"]')
    assert "doesn't answer" in page.locator("#lost").inner_text()
    again = Launcher(launcher.root, port=launcher.port)
    try:
        page.wait_for_selector('#pulse[data-state="live"]', timeout=15000)
        assert not page.locator("#lost").is_visible()
        page.wait_for_selector('.row[data-id="one"][data-status="up"]', timeout=15000)
    finally:
        again.stop()


def test_says_that_the_server_hangs(visit: Visit, small: Any) -> None:
    launcher, _services = small
    page = visit(launcher.url)
    live(page)
    launcher.process.send_signal(signal.SIGSTOP)  # connections stay open, nothing comes
    try:
        page.wait_for_selector('#pulse[data-state="lost"]', timeout=20000)
    finally:
        launcher.process.send_signal(signal.SIGCONT)
    page.wait_for_selector('#pulse[data-state="live"]', timeout=15000)


def test_hostile_manifest_is_text(visit: Visit, fake: FakeServices, tmp_path: Path) -> None:
    nasty = '"><img src=x onerror="document.title=1"><script>document.title=2</script>{{7*7}}'
    services = [
        {
            "id": "bad",
            "name": nasty,
            "stack": nasty,
            "type": nasty,
            "description": nasty,
            "start": nasty,
            "uiUrl": "javascript:document.title=3",
            "healthUrl": fake.url("bad", Manner(503, json.dumps({"status": nasty}))),
        }
    ]
    launcher = Launcher(write_root(tmp_path / "root", services))
    try:
        launcher.wait_asked()
        page = visit(launcher.url)
        live(page)
        page.wait_for_timeout(2500)  # rows have come by the stream as well
        assert page.locator("h3").inner_text() == nasty
        assert page.locator("main img, main script").count() == 0
        assert page.locator("a[href^=javascript]").count() == 0
        assert page.get_by_text("uiUrl is left out").is_visible()
        assert "services" in page.title()
        # The policy itself: an inline handler that did get in would not run.
        page.on("console", lambda _message: None)
        policy = page.request.get(launcher.url).headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
    finally:
        launcher.stop()
