"""Starting the stack: everything settled first, each stage watched, every failure explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kestra_tasks.core.causes import UNKNOWN, find
from kestra_tasks.errors import PreconditionError
from kestra_tasks.ops import compose, data, evidence, images, preflight
from kestra_tasks.ops.containers import Container, EngineGoneError
from kestra_tasks.ops.environment import DATABASE, SERVER
from kestra_tasks.ops.failure import failure, too_slow
from kestra_tasks.ops.runner import Result
from kestra_tasks.ops.stack import Stack
from kestra_tasks.ops.stop import asked_again, stop
from kestra_tasks.ops.wait import Deadline, Start, until

if TYPE_CHECKING:
    from kestra_tasks.rim import Rim

_ENDS_BEFORE_UNKNOWN = 3  # an unknown failure may heal: the restart policy gets this many tries
_MIGRATING = ("migrat", "flyway")


@dataclass(frozen=True)
class Options:
    """What a person asked of `up`.

    `timeout` is in seconds; `stop_first` are services to stop once nothing stands in the way of
    their new start.
    """

    timeout: int
    wait: bool = True
    yes: bool = False
    accept_image: bool = False
    stop_first: tuple[str, ...] = ()


def up(rim: Rim, stack: Stack, options: Options) -> bool:
    """Start the stack, or see that it runs already.

    Returns:
        False where it ran already, and as it is configured.

    Raises:
        PreconditionError: something must be settled first; nothing was started.
        StartFailedError: it didn't start, or not in time.
    """
    if not options.stop_first and _runs_as_configured(stack):
        return False
    preflight.engine_ready(rim.root, stack.say, stack.runtime.socket)
    found = preflight.look(stack.runtime, stack.engine)
    for warning in found.warnings:
        stack.say(f"warning: {warning.message}")
    found.refuse()
    _tell_pending(rim, stack, options)
    try:
        _prepare(stack)
        _pull(stack)
        _guard_image(stack, options)
        if options.stop_first:
            stop(stack, options.stop_first)
        _start(stack, options)
    except KeyboardInterrupt:
        _tell_interrupted(stack)
        raise
    except EngineGoneError as error:
        stack.progress.end()
        raise PreconditionError(
            f"{error.message}; it went away while Kestra was starting, the data stay as they are",
            "once `docker info` answers again: inv kestra.up",
        ) from error
    return True


def _runs_as_configured(stack: Stack) -> bool:
    server = stack.container(SERVER)
    if not stack.is_ready(server) or server is None:
        return False
    return _is_configured(stack, server) is True


def _booting_as_it_was(stack: Stack) -> Container | None:
    """A server that hasn't come up yet, and that Compose will stop to make another."""
    server = stack.container(SERVER)
    if server is None or not server.running or stack.is_ready(server):
        return None
    return server if _is_configured(stack, server) is False else None


def _is_configured(stack: Stack, server: Container) -> bool | None:
    """Whether it was made from the service as it is configured now; None where Compose is mute."""
    argv = [*compose.base(stack.runtime), "config", "--hash", SERVER]
    wanted = stack.runner.query(argv).out.split()
    return wanted[1] == server.config_hash if len(wanted) == 2 else None


def _tell_pending(rim: Rim, stack: Stack, options: Options) -> None:
    waiting = preflight.pending(rim.root, stack.settings)
    if not waiting:
        return
    stack.say("not as the settings ask (`inv kestra.integrate` writes it; this task doesn't):")
    for line in waiting:
        stack.say(f"  {line}")
    if rim.interactive and not rim.dry_run:
        rim.confirm("Start with the files as they are?", yes=options.yes, flag="--yes")


def _prepare(stack: Stack) -> None:
    runtime = stack.runtime
    data.ensure_folders(runtime, stack.say, dry_run=stack.dry_run)
    if not stack.engine.has_network(runtime.network):
        stack.runner.change(compose.create_network(runtime.network))


def _pull(stack: Stack) -> None:
    for image in images.absent(stack.runtime, stack.engine):
        since = Start.now(stack.engine.now)
        result = images.pull(image, stack.runner, stack.progress)
        stack.progress.end()
        if not result.ok:
            raise failure(stack, since, result.out)


def _guard_image(stack: Stack, options: Options) -> None:
    server = stack.container(SERVER)
    change = images.guard(stack.runtime, stack.engine, server, accepted=options.accept_image)
    if change:
        stack.say(f"accepted: {change}")
    if images.is_floating(stack.runtime.image):
        stack.say(
            f"warning: {stack.runtime.image} is a floating tag: another machine may get another "
            "server; pin it with KESTRA_IMAGE in .env"
        )


def _start(stack: Stack, options: Options) -> None:
    since, deadline = Start.now(stack.engine.now), Deadline.after(options.timeout)
    if stack.runtime.internal:
        stack.progress.stage("database starting")
        _run(stack, compose.up(stack.runtime, DATABASE), since, deadline)
        if not stack.dry_run:
            _wait_database(stack, since, deadline)
    stack.progress.stage("server starting")
    with asked_again(stack, _booting_as_it_was(stack)):
        _run(stack, compose.up(stack.runtime, SERVER), since, deadline)
    if stack.dry_run:
        return
    _record(stack)
    if options.wait:
        _wait_server(stack, since, deadline)
        stack.progress.end()
        stack.say(f"healthy after {since.elapsed:.1f} s")
    else:
        stack.progress.end()


def _run(stack: Stack, argv: list[str], since: Start, deadline: Deadline) -> None:
    result = stack.runner.change(argv, timeout=max(30.0, deadline.left), check=False)
    if not result.ok:
        stack.progress.end()
        raise failure(stack, since, _text(result))


def _wait_database(stack: Stack, since: Start, deadline: Deadline) -> None:
    def settled() -> bool | None:
        stack.progress.tick()
        found = stack.container(DATABASE)
        if found and found.healthy:
            return True
        if found is None or not found.running or found.health == "unhealthy":
            return False
        return False if stack.engine.deaths(found.id, since.unix).codes else None

    answer = until(settled, deadline)
    if answer is None:
        raise too_slow(stack, since)
    if not answer:
        raise failure(stack, since)


def _wait_server(stack: Stack, since: Start, deadline: Deadline) -> None:
    ends = 0

    def settled() -> bool | None:
        nonlocal ends
        server = stack.container(SERVER)
        if stack.is_ready(server):
            return True
        if server is None:
            return False
        if server.running and not server.restarts:
            _tell_stage(stack, server, since)
            return None
        seen = len(stack.engine.deaths(server.id, since.unix).codes)
        if seen > ends:
            ends = seen
            known = find(evidence.collect(stack.runtime, stack.engine, since.unix)).kind != UNKNOWN
            return False if known or ends >= _ENDS_BEFORE_UNKNOWN else None
        return None

    if not until(settled, deadline):
        server = stack.container(SERVER)
        if server and server.running and not server.restarts:
            raise too_slow(stack, since)
        raise failure(stack, since)


def _tell_stage(stack: Stack, server: Container, since: Start) -> None:
    lines = stack.engine.logs(server.id, since.unix, tail=5)
    migrating = any(word in line.lower() for line in lines for word in _MIGRATING)
    stack.progress.stage("database migrating" if migrating else "server starting")
    stack.progress.tick()


def _record(stack: Stack) -> None:
    server = stack.container(SERVER)
    if server is None:
        return
    if not images.write_record(stack.runtime, images.used(stack.runtime, stack.engine, server)):
        stack.say(
            f"warning: {stack.runtime.storage} isn't writable for this user; the image that runs "
            "on these data can't be recorded there, and a later change of it won't be noticed"
        )


def _tell_interrupted(stack: Stack) -> None:
    stack.progress.end()
    try:
        running = [c.name for c in stack.containers().values() if c and c.running]
    except EngineGoneError as error:
        stack.say(f"interrupted; what still runs isn't known: {error.message}")
        return
    stack.say(
        f"interrupted; still running: {', '.join(running)} (inv kestra.status, inv kestra.stop)"
        if running
        else "interrupted; nothing of it is running"
    )


def _text(result: Result) -> str:
    return result.err + result.out
