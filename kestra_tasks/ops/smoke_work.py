"""What a smoke run does, stage by stage; each raises its failure."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass, field
from threading import Thread

from kestra_tasks.errors import ChildError, ExitCode, KestraTasksError, UnhealthyError
from kestra_tasks.ops import flows, smoke_clean
from kestra_tasks.ops.api import Api, ApiError, LoginRefusedError, reachable
from kestra_tasks.ops.runner import Result
from kestra_tasks.ops.smoke_place import Argv, Place
from kestra_tasks.ops.smoke_stages import Stage, Stages
from kestra_tasks.ops.wait import Deadline, until
from kestra_tasks.rim import Rim

_DATABASE_SECONDS = 60
_FLOW_SECONDS = 120
_LAST_WORDS = 5  # seconds that a log may take to end after its container


@dataclass
class Smoke:
    """One run: where, what was done so far, what the commands and the server printed."""

    rim: Rim
    place: Place
    timeout: int
    stages: Stages
    story: list[str] = field(default_factory=list)
    server_lines: list[str] = field(default_factory=list)
    volumes: set[str] = field(default_factory=set)
    follower: Thread | None = None

    def command(self, argv: Argv, env: dict[str, str] | None = None) -> Result:
        """Show a command, run it, tell what it prints; its failure is the caller's."""
        self.story.append(f"$ {shlex.join(argv)}")
        result = self.rim.runner.follow(argv, self._heard, env=env)
        self.story.append(f"(code {result.code})")
        return result

    def follow_server(self) -> None:
        """Keep the server's log as it comes: with --rm it is gone with the container."""
        self.follower = Thread(
            target=self.rim.runner.follow,
            args=(self.place.follow(), self.server_lines.append),
            kwargs={"show": False},
            daemon=True,
        )
        self.follower.start()

    def _heard(self, line: str) -> None:
        line = self.stages.mask(line)
        self.story.append(line)
        self.rim.say(f"  {line}")


def work(smoke: Smoke) -> None:
    """The stages up to and with the stop.

    Raises:
        KestraTasksError: of the first stage that fails.
    """
    stages = smoke.stages
    with stages.stage("database") as stage:
        _database(smoke, stage)
    with stages.stage("run.sh") as stage:
        _start(smoke, stage)
    with stages.stage("status.sh") as stage:
        _status(smoke, stage)
    with stages.stage("health") as stage:
        _health(smoke, stage)
    with stages.stage("flow") as stage:
        _flow(smoke, stage)
    with stages.stage("stop.sh") as stage:
        _stop(smoke, stage)


def _database(smoke: Smoke, stage: Stage) -> None:
    place, runner = smoke.place, smoke.rim.runner
    _folders(place)
    _checked(smoke, place.create_network())
    _checked(smoke, place.start_database(), place.database_env)
    ready = until(
        lambda: runner.query(place.database_ready(), timeout=10).ok or None,
        Deadline.after(_DATABASE_SECONDS),
    )
    if not ready:
        raise UnhealthyError(
            f"{place.database} isn't ready after {_DATABASE_SECONDS} s", "inv kestra.smoke"
        )
    stage.detail = f"{place.postgres_image}, in memory, on the network {place.name}"


def _folders(place: Place) -> None:
    for folder in (place.folder, place.folder / "storage", place.folder / "workdir"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _start(smoke: Smoke, stage: Stage) -> None:
    place = smoke.place
    result = smoke.command(place.start(), place.wrapper_env)
    if not result.ok:
        lines = result.out.strip().splitlines() or ["it printed nothing"]
        words = [line for line in lines if line.startswith(("error:", "  ->"))] or lines[-1:]
        code = ExitCode.PRECONDITION if result.code == ExitCode.PRECONDITION else ExitCode.CHILD
        raise KestraTasksError(
            f"run.sh ended with code {result.code}: {' '.join(words)}",
            f"{shlex.quote(str(place.scripts / 'run.sh'))} --help",
            code,
        )
    smoke.follow_server()
    smoke.volumes |= smoke_clean.volumes(place, smoke.rim.runner)
    stage.detail = f"{place.name}, ports {place.http_port} and {place.management_port}"


def _status(smoke: Smoke, stage: Stage) -> None:
    result = smoke.command(smoke.place.status())
    row = next((line for line in result.out.splitlines() if smoke.place.name in line), "")
    if not result.ok or not row:
        _fail_if_gone(smoke)
        raise UnhealthyError(
            f"status.sh doesn't list {smoke.place.name}", str(smoke.place.scripts / "status.sh")
        )
    stage.detail = " ".join(row.split())


def _health(smoke: Smoke, stage: Stage) -> None:
    place = smoke.place
    seen = ""

    def healthy() -> bool | None:
        nonlocal seen
        code, body = reachable(f"{place.management_base}/health")
        seen = f"code {code}" if code else body
        if code == 200 and '"UP"' in body:
            return True
        _fail_if_gone(smoke)
        return None

    began = time.monotonic()
    if not until(healthy, Deadline.after(smoke.timeout), longest=0.5):
        raise UnhealthyError(
            f"{place.management_base}/health isn't UP after {smoke.timeout} s ({seen})",
            "a slow machine may need longer: inv kestra.smoke --timeout 600",
        )
    seconds = time.monotonic() - began
    others = [
        f"{path} {reachable(place.management_base + path)[0]}"
        for path in ("/health/liveness", "/health/readiness", "/prometheus")
    ]
    stage.detail = f"/health 200 UP after {seconds:.1f} s, {', '.join(others)}"


def _flow(smoke: Smoke, stage: Stage) -> None:
    place = smoke.place
    api = Api(place.http_base, place.username, place.api_password)

    def logged_in() -> bool | None:
        try:
            api.login()
        except LoginRefusedError:
            raise
        except ApiError:
            _fail_if_gone(smoke)
            return None
        return True

    # The management port answers a moment before the API does.
    until(logged_in, Deadline.after(30))
    ran = flows.prove(api, "smoke", _FLOW_SECONDS)
    stage.detail = f"execution {ran.execution} {ran.state}, logged: {ran.line} ({api.prefix})"


def _stop(smoke: Smoke, stage: Stage) -> None:
    place = smoke.place
    result = smoke.command(place.stop())
    if not result.ok or f"({place.name})" not in result.out:
        raise UnhealthyError(
            f"stop.sh ended with code {result.code} and didn't confirm {place.name}",
            f"docker rm -fv {place.name}",
        )
    if _there(smoke, place.name):
        raise UnhealthyError(
            f"{place.name} is still there after stop.sh", f"docker rm -fv {place.name}"
        )
    stage.detail = result.out.strip().splitlines()[-1]


def leave_nothing(smoke: Smoke) -> None:
    """The last stage, whatever came before: remove all of the run and look again.

    Raises:
        UnhealthyError: something stays.
    """
    place, runner = smoke.place, smoke.rim.runner
    with smoke.stages.stage("nothing left") as stage:
        smoke.volumes |= smoke_clean.volumes(place, runner)
        known = sorted(smoke.volumes)
        smoke_clean.remove(place, runner, known)
        if smoke.follower:
            smoke.follower.join(_LAST_WORDS)
        stage.detail = "no container, network, volume, database or folder of the run is there"


def _fail_if_gone(smoke: Smoke) -> None:
    if _there(smoke, smoke.place.name):
        return
    if smoke.follower:
        smoke.follower.join(_LAST_WORDS)
    lines = [line for line in smoke.server_lines if line.strip()]
    raise UnhealthyError(f"the server ended by itself: {' / '.join(lines[-3:]) or 'no word'}")


def _there(smoke: Smoke, container: str) -> bool:
    argv = ["docker", "container", "inspect", "--format", "{{.Id}}", container]
    return smoke.rim.runner.query(argv).ok


def _checked(smoke: Smoke, argv: Argv, env: dict[str, str] | None = None) -> None:
    result = smoke.command(argv, env)
    if not result.ok:
        words = result.out.strip().splitlines() or ["it printed nothing"]
        raise ChildError(f"`{' '.join(argv[:3])}` failed: {words[-1]}", "inv kestra.discover")
