"""The wrapper's scripts on a real engine: as the task list types them, and what may go wrong."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from kestra_tasks.core import envtext
from kestra_tasks.ops.api import Api, reachable
from kestra_tasks.ops.wait import Deadline, until
from kestra_tasks.settings import Settings
from tests.helpers.env_lines import READ, REFUSED
from tests.helpers.scripts import lay_scripts
from tests.integration.monorepo import docker

pytestmark = pytest.mark.integration

_NAME = f"kw-{os.getpid()}"
_HTTP, _MANAGEMENT = 19220, 19221
_PORTS = ("--port", str(_HTTP), "--management-port", str(_MANAGEMENT))
# Every sort of character that Compose, bash, YAML or Kestra's own placeholders could stumble on.
_HARD = 'p\'w "q" #h $x \\n {{ y }} {z}: !%&*é`id` Aa1'


class Repo:
    """A scratch monorepo with the scripts, and a database of its own in memory."""

    def __init__(self, root: Path, images: Mapping[str, str]) -> None:
        settings = Settings(
            prefix=_NAME, stack=_NAME, network=_NAME, memory="1g", image=images["KESTRA_IMAGE"]
        )
        self.root = root
        self.scripts = lay_scripts(root, settings)
        (root / "tools/compose").mkdir()
        (root / ".env").write_text(
            f"KESTRA_DB_PASSWORD={envtext.quote(_HARD)}\n"
            f"KESTRA_BASICAUTH_PASSWORD={envtext.quote(_HARD)}\n",
            encoding="utf-8",
        )
        docker("network", "create", _NAME)
        subprocess.run(
            [
                *["docker", "run", "--detach", "--name", f"{_NAME}-db", "--network", _NAME],
                *["--network-alias", "kestra-postgres", "--tmpfs", "/var/lib/postgresql/data"],
                *["--env", "POSTGRES_USER=kestra", "--env", "POSTGRES_DB=kestra"],
                *["--env", "POSTGRES_PASSWORD", images["KESTRA_POSTGRES_IMAGE"]],
            ],
            env={**os.environ, "POSTGRES_PASSWORD": _HARD},
            check=True,
            capture_output=True,
        )
        ready = ["exec", f"{_NAME}-db", "pg_isready", "-h", "127.0.0.1", "-U", "kestra"]
        assert until(lambda: _ok(ready), Deadline.after(60))

    def __call__(
        self, script: str, *arguments: str, **env: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(self.scripts / script), *arguments],
            cwd="/",
            env={**_clean(), **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert _HARD not in done.stdout + done.stderr
        return done

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(self.scripts / "run.sh"), *arguments],
            env=_clean(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def clean(self) -> None:
        for ident in docker("ps", "-aq", "--filter", f"name=^/?{_NAME}", check=False).split():
            docker("rm", "-fv", ident, check=False)


def _clean() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("KESTRA_")}


def _ok(arguments: list[str]) -> bool | None:
    done = subprocess.run(["docker", *arguments], capture_output=True, check=False)
    return True if done.returncode == 0 else None


def _healthy(seconds: float = 90, port: int = _MANAGEMENT) -> bool:
    url = f"http://127.0.0.1:{port}/health"
    return bool(until(lambda: reachable(url)[0] == 200 or None, Deadline.after(seconds)))


def _gone(name: str) -> bool:
    return bool(until(lambda: not _names(name) or None, Deadline.after(15)))


def _names(name: str) -> str:
    return docker("ps", "-a", "--filter", f"name=^/{name}$", "--format", "{{.Names}}")


@pytest.fixture(scope="module")
def repo(images: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    made = Repo(tmp_path_factory.mktemp("mono") / "it's a repo, really", images)
    yield made
    made.clean()
    docker("network", "rm", _NAME, check=False)


@pytest.fixture
def running(repo: Repo) -> Iterator[Repo]:
    """The wrapper is up and healthy."""
    done = repo("run.sh", "--detach", *_PORTS)
    assert done.returncode == 0, done.stderr
    assert _healthy(), docker("logs", "--tail", "20", f"{_NAME}-kestra-wrapper", check=False)
    yield repo
    docker("rm", "-fv", f"{_NAME}-kestra-wrapper", check=False)
    assert _gone(f"{_NAME}-kestra-wrapper")


def test_from_start_to_stop_as_the_task_list_types_it(running: Repo) -> None:
    name = f"{_NAME}-kestra-wrapper"
    status = running("status.sh")
    assert re.search(rf"{name} +wrapper +Up .*127\.0\.0\.1:{_HTTP}->8080/tcp", status.stdout)
    api = Api(f"http://127.0.0.1:{_HTTP}", "admin@tradingsystem.local", _HARD)
    api.login()
    assert not api.is_open()
    logs = running("logs.sh", "--no-follow")
    assert logs.returncode == 0
    assert len(logs.stdout + logs.stderr) > 200
    # Neither in `ps` nor in what the engine shows to those who may list containers.
    processes = subprocess.run(["ps", "axww"], capture_output=True, text=True, check=True).stdout
    assert _HARD not in processes
    assert _HARD not in docker("ps", "--no-trunc", "--format", "{{json .}}")
    ident = docker("ps", "-q", "--filter", f"name=^/{name}$")
    began = time.monotonic()
    done = running("stop.sh")
    assert done.stdout == f"stopped {ident} ({name})\n"
    assert done.returncode == 0
    assert time.monotonic() - began < 60
    assert not _names(name)
    assert running("status.sh").stdout.count(name) == 0


def test_a_second_server_only_where_told(running: Repo) -> None:
    refused = running("run.sh", "-d", "--name", f"{_NAME}-two", "--port", "19222",
                      "--management-port", "19223")  # fmt: skip
    assert refused.returncode == 3
    assert "uses the database kestra" in refused.stderr
    absent = running("run.sh", "-d", "--name", f"{_NAME}-two", "--port", "19222",
                     "--management-port", "19223", "--database", "another")  # fmt: skip
    assert absent.returncode == 3
    command = re.search(r"-> (docker exec .* createdb .*)", absent.stderr)
    assert command
    subprocess.run(command[1].split(), check=True)
    other = running(
        *["run.sh", "-d", "--name", f"{_NAME}-two", "--port", "19222", "--management-port"],
        *["19223", "--database", "another"],
        KESTRA_STORAGE_DIR=str(running.root / "other storage"),
    )
    assert other.returncode == 0, other.stderr
    assert "storage" not in [line for line in other.stderr.splitlines() if "warning" in line]
    assert _healthy(port=19223)
    assert running("stop.sh", f"{_NAME}-two").returncode == 0
    assert _names(f"{_NAME}-kestra-wrapper")


def test_stop_right_after_the_start(repo: Repo) -> None:
    repo("run.sh", "--detach", *_PORTS)
    began = time.monotonic()
    assert repo("stop.sh").returncode == 0
    assert time.monotonic() - began < 60
    assert not _names(f"{_NAME}-kestra-wrapper")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_in_the_foreground_a_signal_stops_the_server(repo: Repo, number: int, code: int) -> None:
    child = repo.start(*_PORTS)
    try:
        assert _healthy()
        child.send_signal(number)
        out, _ = child.communicate(timeout=60)
    finally:
        child.kill()
    assert child.returncode == code
    assert _HARD not in out
    assert _gone(f"{_NAME}-kestra-wrapper")


def test_status_finds_what_an_older_latest_started(repo: Repo, images: Mapping[str, str]) -> None:
    tag = f"{_NAME}/kestra:latest"
    docker("tag", images["KESTRA_IMAGE"], tag)
    name = f"{_NAME}-kestra-wrapper"
    try:
        done = repo("run.sh", "-d", "--pull=missing", *_PORTS, KESTRA_IMAGE=tag)
        assert done.returncode == 0, done.stderr
        docker("tag", images["KESTRA_POSTGRES_IMAGE"], tag)
        assert not docker("ps", "-q", "--filter", f"ancestor={tag}", "--filter", f"name=^/{name}$")
        assert name in repo("status.sh", KESTRA_IMAGE=tag).stdout
        assert name in repo("stop.sh", KESTRA_IMAGE=tag).stdout
    finally:
        docker("rm", "-f", name, check=False)
        docker("rmi", tag, check=False)


def test_an_image_that_cant_be_pulled(repo: Repo, images: Mapping[str, str]) -> None:
    tag = "127.0.0.1:1/nobody/kestra:1"
    done = repo("run.sh", "-d", *_PORTS, KESTRA_IMAGE=tag)
    assert done.returncode == 5
    assert "can't be pulled, and no copy is here" in done.stderr
    docker("tag", images["KESTRA_IMAGE"], tag)
    try:
        done = repo("run.sh", "-d", *_PORTS, KESTRA_IMAGE=tag)
        assert done.returncode == 5
        assert "--pull=missing uses that copy" in done.stderr
        assert repo("run.sh", "-d", "--pull=missing", *_PORTS, KESTRA_IMAGE=tag).returncode == 0
        assert repo("stop.sh", KESTRA_IMAGE=tag).returncode == 0
    finally:
        docker("rmi", tag, check=False)


def test_local_without_anything(repo: Repo, tmp_path: Path, images: Mapping[str, str]) -> None:
    settings = Settings(prefix=f"{_NAME}-local", memory="1g", image=images["KESTRA_IMAGE"])
    scripts = lay_scripts(tmp_path / "bare", settings)
    run = [str(scripts / "run.sh"), "--local", "-d", *_PORTS]
    done = subprocess.run(run, env=_clean(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    try:
        password = (tmp_path / "bare/tools/kestra/tmp/local-password").read_text().strip()
        api = Api(f"http://127.0.0.1:{_HTTP}", settings.username, password)
        ping = f"http://127.0.0.1:{_HTTP}/ping"
        assert until(lambda: reachable(ping)[0] == 200 or None, Deadline.after(90))
        api.login()
        assert not api.is_open()
        # Of another monorepo: not listed as ours there, and not stopped.
        other = repo("stop.sh")
        assert other.stdout.startswith("Nothing to stop")
        assert f"left running: {_NAME}-local-kestra-wrapper, not of this monorepo" in other.stderr
    finally:
        stop = subprocess.run(
            [str(scripts / "stop.sh")], capture_output=True, text=True, check=False
        )
    assert stop.returncode == 0
    assert f"({_NAME}-local-kestra-wrapper)" in stop.stdout


def test_in_a_terminal_it_is_interactive(repo: Repo) -> None:
    """`-it` on a terminal; Ctrl-C there stops the server."""
    import pty

    child, terminal = pty.fork()
    if child == 0:
        os.execve(str(repo.scripts / "run.sh"), ["run.sh", *_PORTS], _clean())
    try:
        name = f"{_NAME}-kestra-wrapper"
        drained: list[bytes] = []

        def tty() -> bool | None:
            drained.append(_read(terminal))
            shown = docker("inspect", "-f", "{{.Config.Tty}}", name, check=False)
            # Health answers a moment before all is started, and a half-started server ends with 1.
            started = b"Server Running" in b"".join(drained)
            return True if shown == "true" and started and _healthy(0.1) else None

        assert until(tty, Deadline.after(90))
        os.write(terminal, b"\x03")
        ended = until(lambda: _ended(child, terminal, drained), Deadline.after(60))
        assert ended is not None
        assert ended in (0, 130)
        assert _HARD.encode() not in b"".join(drained)
    finally:
        os.close(terminal)
    assert _gone(name)


def _read(terminal: int) -> bytes:
    import select

    readable, _, _ = select.select([terminal], [], [], 0)
    try:
        return os.read(terminal, 65536) if readable else b""
    except OSError:
        return b""


def _ended(child: int, terminal: int, drained: list[bytes]) -> int | None:
    drained.append(_read(terminal))
    pid, status = os.waitpid(child, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if pid else None


@pytest.fixture(scope="module")
def compose_reads(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str | None]:
    """What Compose makes of A in a .env; None where it refuses the file."""
    import json

    folder = tmp_path_factory.mktemp("oracle")
    (folder / "compose.yml").write_text(
        'services: {a: {image: x, environment: {A: "${A-unset}"}}}\n'
    )

    def ask(text: str) -> str | None:
        (folder / ".env").write_bytes(text.encode())
        done = subprocess.run(
            ["docker", "compose", "config", "--format", "json"],
            cwd=folder,
            env=_clean(),
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            return None
        value: str = json.loads(done.stdout)["services"]["a"]["environment"]["A"]
        return value.replace("$$", "$")

    return ask


@pytest.mark.parametrize("text", READ, ids=repr)
def test_compose_reads_these_lines_so(
    compose_reads: Callable[[str], str | None], text: str
) -> None:
    assert compose_reads(text) == READ[text]


def test_compose_refuses_most_of_what_the_scripts_refuse(
    compose_reads: Callable[[str], str | None],
) -> None:
    # The others are read differently by other versions of Compose, or need another variable.
    refused = {text for text in REFUSED if compose_reads(text) is None}
    assert refused == {"A='open", "A='a'b", "A='x\\y\\'"}
