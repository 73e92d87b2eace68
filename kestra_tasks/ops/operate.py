"""The bodies of the operation tasks: act, look, answer."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from dataclasses import replace
from typing import Any

from kestra_tasks.errors import ChildError, UnhealthyError, UsageError
from kestra_tasks.ops import compose, show, start
from kestra_tasks.ops import health as checks
from kestra_tasks.ops import stop as stopping
from kestra_tasks.ops.environment import SERVER
from kestra_tasks.ops.failure import StartFailedError
from kestra_tasks.ops.stack import Stack, open_stack, present
from kestra_tasks.rim import Rim

# Compose begins each line by erasing it; colours are for terminals.
_ERASE = re.compile(r"\x1b\[2K")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def up(rim: Rim, *, timeout: int = 0, **flags: bool) -> None:
    """Start the stack and tell where it is.

    Raises:
        PreconditionError, StartFailedError: as `start.up`.
    """
    _draw_missing(rim)
    _up(rim, open_stack(rim), timeout, flags)


def _draw_missing(rim: Rim) -> None:
    """Write the secrets that `.env` lacks altogether: the one edit that `up` makes.

    A placeholder isn't replaced here: somebody put it there.
    """
    from kestra_tasks import integration
    from kestra_tasks.core import envtext
    from kestra_tasks.core.passwords import DB_PASSWORD, PASSWORD
    from kestra_tasks.probes.tree import read_tree

    file = read_tree(rim.root).read(rim.settings.env_file)
    if file is None or rim.dry_run or not (rim.root / rim.settings.kestra_compose).is_file():
        return
    values = envtext.values(file.text)
    wanted = [PASSWORD] + [DB_PASSWORD] * (rim.settings.database == "internal")
    missing = [name for name in wanted if name not in values and not os.environ.get(name)]
    if missing:
        rim.say(f"{rim.settings.env_file} lacks {' and '.join(missing)}; drawing it")
        integration.carry_out(replace(rim, json=False), ["env"])


def restart(rim: Rim, database: bool, *, timeout: int = 0, **flags: bool) -> None:
    """Stop the server (and the database), then start as `up` does.

    What would keep it from starting is found before it is stopped.
    """
    stack = open_stack(rim)
    services = stack.runtime.services if database else (SERVER,)
    _up(rim, stack, timeout, flags, services)


def _up(
    rim: Rim, stack: Stack, timeout: int, flags: dict[str, bool], stop_first: tuple[str, ...] = ()
) -> None:
    if timeout < 0:
        raise UsageError(f"--timeout {timeout} isn't a number of seconds")
    options = start.Options(
        timeout=timeout or stack.settings.timeout, stop_first=stop_first, **flags
    )
    try:
        started = start.up(rim, stack, options)
    except StartFailedError as error:
        cause = error.cause
        rim.answer(
            {
                "schema": "kestra-tasks/up-failed/1",
                "cause": {"kind": cause.kind, "title": cause.title, "lines": list(cause.lines)},
                "next": cause.next,
                "evidence": str(error.place) if error.place else None,
                "code": int(error.code),
            }
        )
        raise
    if rim.dry_run:
        rim.answer({"schema": "kestra-tasks/up/1", "dry_run": True, "started": False})
        return
    state = {**show.document(stack, "kestra-tasks/up/1"), "started": started}

    def human() -> None:
        if not started:
            print("running already, as it is configured\n")
        show.print_state(state)
        show.print_next(state)

    rim.answer(state, human)


def down(rim: Rim, *, data: bool, yes: bool) -> None:
    """Remove the containers, and the data where asked."""
    done = stopping.down(rim, open_stack(rim), remove_data=data, yes=yes)

    def human() -> None:
        verb = "would remove" if rim.dry_run else "removed"
        for name in [*done["containers"], *done["data"]]:
            print(f"{verb} {name}")
        if not done["containers"] and not done["data"]:
            print("nothing to remove")
        for what in done["left"]:
            print(f"kept {what}")

    rim.answer({"schema": "kestra-tasks/down/1", "dry_run": rim.dry_run, **done}, human)


def stop(rim: Rim) -> None:
    """Stop the containers."""
    stopped = stopping.stop(open_stack(rim))
    verb = "would stop" if rim.dry_run else "stopped"

    def human() -> None:
        print(f"{verb} {', '.join(stopped)}" if stopped else "nothing of Kestra is running")

    rim.answer({"schema": "kestra-tasks/stop/1", "dry_run": rim.dry_run, "stopped": stopped}, human)


def status(rim: Rim) -> None:
    """Tell what runs and where."""
    state = show.document(open_stack(rim), "kestra-tasks/status/1")

    def human() -> None:
        show.print_state(state)
        if not any(item["status"] == "running" for item in state["services"]):
            print("\nnext: inv kestra.up")

    rim.answer(state, human)


def logs(rim: Rim, *, follow: bool, since: str, tail: str) -> None:
    """Print both services' lines on stdout, secrets masked.

    Raises:
        PreconditionError: there is no container.
        ChildError: Docker refuses, for example `since`.
    """
    if tail and tail != "all" and not tail.isdecimal():
        raise UsageError(f"--tail {tail!r} isn't a number of lines")
    stack = open_stack(rim)
    services = list(present(stack))
    argv = compose.logs(stack.runtime, services, follow=follow, since=since, tail=tail)
    last = ""
    clean = _ERASE if sys.stdout.isatty() else _CONTROL

    def line(text: str) -> None:
        nonlocal last
        last = clean.sub("", text)
        print(stack.mask(last), flush=follow)

    result = stack.runner.follow(argv, line, show=False)
    if not result.ok:
        raise ChildError(f"docker compose logs ended with code {result.code}: {stack.mask(last)}")


def health(rim: Rim, *, deep: bool, watch: bool, interval: int) -> None:
    """Check every part, once or again and again.

    Raises:
        UnhealthyError: a part failed (without `watch`).
    """
    if interval < 1:
        raise UsageError(f"--interval {interval} isn't a number of seconds")
    stack = open_stack(rim)
    while watch:
        _tell_again(rim, stack, checks.run(stack, deep=deep))
        time.sleep(interval)
    found = checks.run(stack, deep=deep)
    rim.answer(checks.document(stack, found), lambda: _print_checks(found))
    failed = [check for check in found if check.state == checks.FAIL]
    if failed:
        raise UnhealthyError(
            f"{', '.join(check.name for check in failed)}: {failed[0].why}", failed[0].hint
        )


def _tell_again(rim: Rim, stack: Stack, found: list[checks.Check]) -> None:
    state: dict[str, Any] = checks.document(stack, found)
    if rim.json:
        rim.answered = True
        print(json.dumps(state, ensure_ascii=False), flush=True)
        return
    failed = [f"{check.name}: {check.why}" for check in found if check.state == checks.FAIL]
    print(f"{state['time']}  {'healthy' if not failed else '; '.join(failed)}", flush=True)
    sys.stdout.flush()


def _print_checks(found: list[checks.Check]) -> None:
    show.print_table([(check.state, check.name, check.why) for check in found])
