"""`inv test` (everything) and its parts."""

from __future__ import annotations

import os
from collections.abc import Sequence

from invoke import Collection, Context, Exit, task

from dev.chores import run, say

_NO_TESTS = 5
_UNIT = "not integration and not browser"
_SIDE_BY_SIDE = ("-n", "auto")
_REPORT = ("--cov-report=term:skip-covered", "--durations=15")


@task(auto_shortflags=False, help={"k": "Only tests whose names match this expression."})
def unit(_context: Context, k: str = "") -> None:
    """Run the tests that need no engine; seconds."""
    _pytest([*_SIDE_BY_SIDE, "-m", _UNIT, *_named(k)])


@task(auto_shortflags=False, help={"k": "Only tests whose names match this expression."})
def integration(_context: Context, k: str = "") -> None:
    """Run the tests on a real engine, which is set up where there is none."""
    _pytest(["-m", "integration", *_named(k)], env=_engine())


@task(
    default=True,
    name="all",
    auto_shortflags=False,
    help={"retry": "Try what fails on the engine or in the browser once more, alone, and say so."},
)
def all_(_context: Context, retry: bool = False) -> None:
    """Set up what is missing, then run every test, real containers included."""
    env = _engine()
    _browser()
    _pytest([*_SIDE_BY_SIDE, "-m", _UNIT, "--cov", "--cov-report="])
    # One after another: they share the engine, and each waits for a real server.
    live = ["-m", f"not ({_UNIT})"]
    code = run(["pytest", *live, "--cov", "--cov-append", *_REPORT], env)
    if code and not retry:
        raise Exit("tests failed", code=1)
    if code:
        say("once more, only what failed: what passes now is unsteady, and wants a look")
        _pytest([*live, "--last-failed", "--last-failed-no-failures=none"], env=env)


def _named(expression: str) -> list[str]:
    return ["-k", expression] if expression else []


def _engine() -> dict[str, str]:
    """Set the rig up; return the variables that name its images.

    Where no engine can be had, the tests that need one are skipped with the reason, but under
    CI=true that is a failure.
    """
    import rig
    from kestra_tasks.errors import KestraTasksError

    try:
        return dict(rig.up(say).env)
    except KestraTasksError as error:
        say(f"no engine: {error.message}")
        say(f"  -> {error.hint}")
        if os.environ.get("CI") == "true":
            raise Exit("CI=true and no engine: the integration tests can't run", code=3) from None
        return {"KESTRA_TESTS_NO_ENGINE": error.message}


def _browser() -> None:
    """Set a Chromium up; without one its tests are skipped, which under CI=true is a failure."""
    from dev import browser
    from kestra_tasks.errors import KestraTasksError

    try:
        browser.ensure(say)
    except KestraTasksError as error:
        say(f"no Chromium: {error.message}")
        say(f"  -> {error.hint}")
        if os.environ.get("CI") == "true":
            raise Exit("CI=true and no Chromium: the page can't be tested", code=3) from None


def _pytest(arguments: Sequence[str], env: dict[str, str] | None = None) -> None:
    code = run(["pytest", *arguments], env)
    if code:
        raise Exit("no test was selected" if code == _NO_TESTS else "tests failed", code=1)


ns = Collection("test", unit, integration, all_)
