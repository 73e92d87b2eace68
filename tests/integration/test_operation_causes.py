"""Each cause of a failed start, made by breaking the real thing."""

from __future__ import annotations

import shlex
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from kestra_tasks import config
from tests.helpers.scripts import lay_scripts
from tests.integration.monorepo import Answer, Monorepo, docker

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def repo(make_monorepo: Callable[..., Monorepo]) -> Monorepo:
    """A monorepo with data: it ran once, and is down."""
    made = make_monorepo()
    assert made.inv("kestra.up").code == 0
    assert made.inv("kestra.down").code == 0
    return made


@pytest.fixture(autouse=True)
def as_it_was(repo: Monorepo) -> Iterator[None]:
    """Each test breaks something: the files are put back, the containers removed."""
    files = [repo.root / ".env", repo.root / "tools/kestra/compose.yml"]
    before = [file.read_bytes() for file in files]
    yield
    for file, data in zip(files, before, strict=True):
        file.write_bytes(data)
    docker("rm", "-fv", repo.server, repo.database, check=False)


def failed(answer: Answer, kind: str, code: int, shows: str, following: str) -> dict[str, Any]:
    """Assert cause, lines, next command and exit code; return the JSON document."""
    document = answer.json
    assert document["schema"] == "kestra-tasks/up-failed/1", answer.err
    assert document["cause"]["kind"] == kind, (document, answer.err)
    assert any(shows in line for line in document["cause"]["lines"]), document
    assert following in document["next"]
    assert answer.code == code == document["code"]
    kept = Path(document["evidence"])
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kind in kept.read_text() and document["cause"]["title"] in answer.err
    return document


def edit(repo: Monorepo, old: str, new: str) -> None:
    place = repo.root / "tools/kestra/compose.yml"
    text = place.read_text()
    assert old in text
    place.write_text(text.replace(old, new))


def test_wrong_database_password(repo: Monorepo) -> None:
    old = repo.get("KESTRA_DB_PASSWORD")
    repo.set(KESTRA_DB_PASSWORD="Another1Password")
    answer = repo.inv("kestra.up", "--json")
    document = failed(
        answer, "database-password", 4, "password authentication failed", "password that made"
    )
    kept = Path(document["evidence"]).read_text()
    assert old not in kept and "Another1Password" not in kept


def test_database_absent(repo: Monorepo) -> None:
    repo.set(KESTRA_DB_NAME="elsewhere")
    answer = repo.inv("kestra.up", "--json")
    document = failed(
        answer, "database-absent", 4, '"elsewhere" does not exist', "KESTRA_DB_NAME in .env"
    )
    assert "elsewhere" in document["cause"]["title"]


def test_database_host_unknown(repo: Monorepo) -> None:
    repo.set(KESTRA_DB_HOST="no-such-host")
    answer = repo.inv("kestra.up", "--json")
    failed(answer, "database-unreachable", 4, "connection attempt failed", "KESTRA_DB_HOST")


def test_database_unhealthy(repo: Monorepo, images: dict[str, str]) -> None:
    control = "/data/global/pg_control"
    run = ["run", "--rm", "--user", "0", "-v", f"{repo.volume}:/data", "--entrypoint", "mv"]
    docker(*run, images["KESTRA_POSTGRES_IMAGE"], control, f"{control}.away")
    try:
        answer = repo.inv("kestra.up", "--json")
        failed(answer, "database-unhealthy", 4, "pg_control", f"docker logs {repo.database}")
    finally:
        docker("rm", "-fv", repo.database, check=False)
        docker(*run, images["KESTRA_POSTGRES_IMAGE"], f"{control}.away", control)


def test_disk_full(make_monorepo: Callable[..., Monorepo]) -> None:
    fresh = make_monorepo()
    options = ["--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", "o=size=16m"]
    docker("volume", "create", *options, fresh.volume)
    answer = fresh.inv("kestra.up", "--json")
    failed(answer, "disk-full", 4, "No space left on device", "docker system df")


def test_bad_configuration(repo: Monorepo) -> None:
    edit(repo, "repository:\n            type: postgres", "repository:\n            type: oracle9")
    answer = repo.inv("kestra.up", "--json")
    failed(answer, "configuration", 4, "oracle9", "KESTRA_CONFIGURATION")


def test_configuration_that_is_no_yaml(repo: Monorepo) -> None:
    edit(
        repo,
        "          storage:\n            type: local",
        "          storage: [\n            a: b",
    )
    answer = repo.inv("kestra.up", "--json")
    failed(answer, "configuration", 4, "YAML", "KESTRA_CONFIGURATION")


def test_out_of_memory(repo: Monorepo) -> None:
    # A heap that is touched at once: a JVM that grows slowly may live on by dropping its own pages.
    repo.set(KESTRA_MEMORY="100m", KESTRA_JAVA_OPTS="-Xms200m -XX:+AlwaysPreTouch")
    answer = repo.inv("kestra.up", "--json")
    failed(answer, "out-of-memory", 4, repo.server, "KESTRA_MEMORY")


def test_unknown_cause_shows_both_services_last_lines(repo: Monorepo) -> None:
    odd = 'entrypoint: ["sh", "-c", "echo a very odd thing; exit 7"]\n    command: server'
    edit(repo, "command: server", odd)
    answer = repo.inv("kestra.up", "--json")
    document = failed(answer, "unknown", 4, "a very odd thing", "inv kestra.logs")
    assert document["cause"]["title"] == "unknown cause"
    assert any(line.startswith(repo.database) for line in document["cause"]["lines"])
    assert "inv kestra.stop" in answer.err


def test_still_starting_is_not_a_failure_of_the_server(repo: Monorepo) -> None:
    answer = repo.inv("kestra.up", "--timeout", "4", "--json")
    document = failed(answer, "too-slow", 4, repo.server, "inv kestra.logs --root ")
    assert "--timeout" in document["next"]
    assert repo.inspect(repo.server)["State"]["Running"]
    assert repo.inv("kestra.up").code == 0


def test_registry_down(repo: Monorepo) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        repo.set(KESTRA_IMAGE=f"127.0.0.1:{port}/kestra/kestra:v1")
        answer = repo.inv("kestra.up", "--json")
    failed(answer, "image-unreachable", 3, "refused", "check the network")


@contextmanager
def registry(status: int, code: str) -> Iterator[int]:
    """A registry that has nothing, or lets nobody in; yields its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.path.rstrip("/") == "/v2"
            body = b"{}" if wanted else b'{"errors":[{"code":"%s","message":"no"}]}' % code.encode()
            self.send_response(200 if wanted else status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_arguments: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def test_no_such_image(repo: Monorepo) -> None:
    with registry(404, "MANIFEST_UNKNOWN") as port:
        repo.set(KESTRA_IMAGE=f"127.0.0.1:{port}/kestra/kestra:v1")
        answer = repo.inv("kestra.up", "--json")
    failed(answer, "image-missing", 3, "manifest", "KESTRA_IMAGE")


def test_image_denied(repo: Monorepo) -> None:
    with registry(403, "DENIED") as port:
        repo.set(KESTRA_IMAGE=f"127.0.0.1:{port}/kestra/kestra:v1")
        answer = repo.inv("kestra.up", "--json")
    failed(answer, "image-denied", 3, "denied", "docker login")


def test_port_held_is_told_before_anything_starts(repo: Monorepo) -> None:
    with closing(socket.socket()) as holder:
        holder.bind(("127.0.0.1", repo.http))
        holder.listen()
        answer = repo.inv("kestra.up")
    assert answer.code == 3
    assert f"port {repo.http} (KESTRA_HTTP_PORT) is held by" in answer.err
    assert "pid" in answer.err and "--ports auto" in answer.err
    assert docker("ps", "-aq", "--filter", f"name={repo.name}") == ""


def test_port_stolen_after_the_look(repo: Monorepo, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(socket.socket()) as holder:
        holder.bind(("127.0.0.1", repo.http))
        holder.listen()
        cause = _lost_race(repo, monkeypatch)
    assert cause.kind == "port-taken" and int(cause.code) == 3
    assert str(repo.http) in cause.title and "--ports auto" in cause.next
    assert any("address already in use" in line for line in cause.lines)


def test_name_held_by_another_project_is_neither_adopted_nor_removed(
    repo: Monorepo, images: dict[str, str]
) -> None:
    _take_name(repo, images)
    answer = repo.inv("kestra.up")
    assert answer.code == 3
    assert f"container {repo.server} exists and isn't ours" in answer.err
    assert "Compose project somebody-else" in answer.err
    assert repo.inv("kestra.health").code == 4
    assert repo.inv("kestra.down").code == 0
    labels = repo.inspect(repo.server)["Config"]["Labels"]
    assert labels["com.docker.compose.project"] == "somebody-else"


def test_name_taken_after_the_look(
    repo: Monorepo, images: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _take_name(repo, images)
    cause = _lost_race(repo, monkeypatch)
    assert cause.kind == "name-taken" and int(cause.code) == 3
    assert repo.server in cause.title and f"docker inspect {repo.server}" in cause.next


def test_another_image_needs_a_word(repo: Monorepo, images: dict[str, str]) -> None:
    other = f"{repo.name}/kestra:other1"
    made = docker("create", images["KESTRA_IMAGE"])
    docker("commit", "--change", "LABEL another=one", made, other)
    docker("rm", made)
    try:
        repo.set(KESTRA_IMAGE=other)
        refused = repo.inv("kestra.up")
        assert refused.code == 3
        assert "last ran on these data" in refused.err and "--accept-image" in refused.err
        assert docker("ps", "-aq", "--filter", f"name={repo.server}$") == ""
        assert repo.inv("kestra.up", "--accept-image", "--no-wait").code == 0
        docker("rm", "-fv", repo.server)
        back = repo.inv("kestra.up", KESTRA_IMAGE=images["KESTRA_IMAGE"])
        assert back.code == 3, "the record beside the data must outlive the container"
    finally:
        # The data were never really another server's: forget the episode.
        (repo.root / "tools/kestra/storage" / ".kestra-tasks.json").unlink()
        docker("rm", "-fv", repo.server, check=False)
        docker("rmi", other, check=False)


def test_placeholders_and_weak_credentials_start_nothing(repo: Monorepo) -> None:
    repo.set(
        KESTRA_DB_PASSWORD="CHANGE_ME_SECURE_PASSWORD",
        KESTRA_BASICAUTH_PASSWORD="weak",
        KESTRA_BASICAUTH_USERNAME="admin",
    )
    answer = repo.inv("kestra.up")
    assert answer.code == 3
    assert "KESTRA_DB_PASSWORD in .env is still a placeholder" in answer.err
    assert "KESTRA_BASICAUTH_PASSWORD" in answer.err and "e-mail" in answer.err
    assert "inv kestra.env" in answer.err
    assert docker("ps", "-aq", "--filter", f"name={repo.name}") == ""


def test_typed_by_hand_without_a_password_no_open_server_comes_up(repo: Monorepo) -> None:
    repo.set(KESTRA_BASICAUTH_PASSWORD="")
    docker(*repo.compose, "up", "-d", "kestra")
    end = time.monotonic() + 30
    while time.monotonic() < end and not repo.inspect(repo.server)["RestartCount"]:
        time.sleep(0.2)
    docker("stop", "-t", "5", repo.server)
    log = docker("logs", repo.server)
    assert "Server Running" not in log


def test_interrupted_says_what_still_runs(repo: Monorepo) -> None:
    child = repo.start("kestra.up")
    assert child.stderr is not None
    for line in child.stderr:
        if "server starting" in line:
            break
    time.sleep(2)
    child.send_signal(signal.SIGINT)
    _, told = child.communicate(timeout=30)
    assert child.returncode == 130
    assert "still running: " in told and repo.database in told


def test_without_env_or_integration(repo: Monorepo, tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text("")
    bare = Monorepo(tmp_path, repo.name, repo.http, repo.management)
    (tmp_path.parent / "driver").mkdir(exist_ok=True)
    (tmp_path.parent / "driver/tasks.py").write_text((repo.driver / "tasks.py").read_text())
    (tmp_path / ".env").write_text("")
    answer = bare.inv("kestra.up", "--json")
    wanted = f"inv kestra.integrate --root {shlex.quote(str(tmp_path))}"
    assert answer.code == 3 and answer.json["error"]["hint"] == wanted
    (repo.root / ".env").rename(repo.root / ".env.away")
    try:
        (repo.root / ".env.away").read_text()
        result = _plain(repo, "kestra.up")
    finally:
        (repo.root / ".env.away").rename(repo.root / ".env")
    assert result.code == 3 and "inv kestra.env" in result.err


def _plain(repo: Monorepo, *arguments: str) -> Answer:
    child = repo.start(*arguments)
    out, err = child.communicate(timeout=60)
    return Answer(child.returncode, out, err)


def _take_name(repo: Monorepo, images: dict[str, str]) -> None:
    labels = ["--label", "com.docker.compose.project=somebody-else"]
    docker("create", "--name", repo.server, *labels, images["KESTRA_POSTGRES_IMAGE"])


def _lost_race(repo: Monorepo, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Start in this process, with a preflight that saw nothing in the way."""
    from kestra_tasks.ops import preflight, start
    from kestra_tasks.ops.failure import StartFailedError
    from kestra_tasks.ops.stack import open_stack
    from kestra_tasks.rim import Rim

    monkeypatch.setattr(preflight, "look", lambda *_: preflight.Found((), ()))
    rim = Rim(root=repo.root, context=None, explicit_root=True)  # type: ignore[arg-type]
    with pytest.raises(StartFailedError) as caught:
        start.up(rim, open_stack(rim), start.Options(timeout=60))
    return caught.value.cause


def test_a_wrapper_on_the_same_database(repo: Monorepo) -> None:
    scripts = lay_scripts(repo.root, config.load(repo.root))
    docker(*repo.compose, "up", "-d", "--wait", "kestra-postgres")
    name = f"{repo.server}-wrapper"
    ports = [*("--port", str(repo.http)), *("--management-port", str(repo.management))]
    try:
        run = [str(scripts / "run.sh"), "--detach", *ports]
        done = subprocess.run(run, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        answer = repo.inv("kestra.up")
        assert answer.code == 3
        assert f"{name} (running) uses the database kestra" in answer.err
        assert docker("ps", "-aq", "--filter", f"name=^/{repo.server}$") == ""
        hint = answer.err.splitlines()[-1].removeprefix("  -> ").partition("#")[0]
        typed = subprocess.run(
            ["bash", "-c", hint], cwd=repo.root, capture_output=True, text=True, check=False
        )
        assert typed.returncode == 0, typed.stderr
        assert docker("ps", "-aq", "--filter", f"name=^/{name}$") == ""
        answer = repo.inv("kestra.up", "--dry-run")
        assert answer.code == 0, answer.err
    finally:
        docker("rm", "-fv", name, check=False)
