"""run.sh: the command it makes of its options and .env, and what it refuses before."""

from __future__ import annotations

import os
import shlex
import socket
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from kestra_tasks.core.passwords import problems
from kestra_tasks.settings import Settings
from kestra_tasks.templates import load
from tests.helpers.scripts import LOGIN, Shell, lay_scripts

_PORTS = ("--port", "19210", "--management-port", "19211")
# A database's container as `docker container inspect` answers of it.
_DATABASE = "/tools-kestra-postgres/kestra-postgres/ healthy\n"


@pytest.fixture
def stack(shell: Shell) -> Shell:
    """The stack's network and database are there, its server isn't, .env is written."""
    shell.env(LOGIN)
    shell.answers = {
        "'container inspect --format {{.State.Status}}'*": ("", 1),
        "*--filter' 'publish*": ("", 0),
        "'ps --quiet --filter network='*": ("abc123\n", 0),
        "*NetworkSettings*": (_DATABASE, 0),
    }
    return shell


def test_the_official_command(stack: Shell) -> None:
    done = stack("run.sh", "--detach", *_PORTS)
    assert done.returncode == 0, done.stderr
    run = stack.run
    assert run[:4] == ["run", "--pull=always", "--rm", "--user=root"]
    assert run[-3:] == ["kestra/kestra:latest", "server", "standalone"]
    assert "--detach" in run
    assert "-it" not in run
    assert stack.options("--name") == ["tools-kestra-wrapper"]
    assert stack.options("--network") == ["tradingsystem_backend"]
    assert stack.options("--publish") == ["127.0.0.1:19210:8080", "127.0.0.1:19211:8081"]
    assert int(stack.options("--stop-timeout")[0]) >= 330
    assert "dev.kestra-tasks.role=wrapper" in stack.options("--label")
    assert f"dev.kestra-tasks.root={stack.root}" in stack.options("--label")


def test_mounts_are_the_socket_and_both_folders_which_are_made(stack: Shell) -> None:
    stack("run.sh", "-d", *_PORTS)
    kestra = stack.root / "tools/kestra"
    # The root has a comma in it: such a source is quoted, as CSV is.
    assert stack.options("--mount") == [
        "type=bind,source=/var/run/docker.sock,target=/var/run/docker.sock",
        f'type=bind,"source={kestra}/workdir",target=/tmp/kestra-wd',
        f'type=bind,"source={kestra}/storage",target=/app/storage',
    ]
    assert (kestra / "storage").is_dir()
    assert (kestra / "workdir").is_dir()


def test_secrets_reach_the_server_and_nothing_else(stack: Shell) -> None:
    database, login = 'd\'b "$x" #\\{}:é', "Ui1 $ '\" \\ #{{ x }}"
    stack.env(
        'KESTRA_DB_PASSWORD="d\'b \\"\\$x\\" #\\\\{}:é"\n'
        'KESTRA_BASICAUTH_PASSWORD="Ui1 \\$ \'\\" \\\\ #{{ x }}"\n'
    )
    done = stack("run.sh", "-d", *_PORTS)
    assert stack.given[:2] == (database, login)
    seen = done.stdout + done.stderr + repr(stack.calls) + stack.given[2]
    assert database not in seen
    assert login not in seen
    assert "ORCHESTRATOR_DB_PASSWORD_GIVEN" in stack.options("--env")


def test_the_configuration_is_that_of_the_stack(stack: Shell) -> None:
    stack("run.sh", "-d", *_PORTS)
    ours = yaml.safe_load(stack.given[2])
    text = load("managed/compose.yml").split("KESTRA_CONFIGURATION: |\n")[1].split("    health")[0]
    for name in ("DB", "BASICAUTH"):
        text = text.replace(f"_PASSWORD${{KESTRA_{name}_PASSWORD:+_GIVEN}}", "_PASSWORD_GIVEN")
    assert ours == yaml.safe_load(text.replace("$$", "$"))


def test_values_of_env_and_of_the_environment_which_beats_it(stack: Shell) -> None:
    stack.env(
        LOGIN + "KESTRA_HTTP_PORT=19212\nKESTRA_MANAGEMENT_PORT=19213\nKESTRA_IMAGE=own/kestra:1\n"
        "KESTRA_BIND_ADDRESS=0.0.0.0\nKESTRA_MEMORY=2g\nKESTRA_URL=https://k.example.org/\n"
        "KESTRA_CONTAINER_NAME=my-kestra\nKESTRA_JAVA_OPTS='-Xmx1g -Da=b'\nKESTRA_DB_NAME=file\n"
    )
    stack("run.sh", "-d", KESTRA_DB_NAME="environment")
    assert stack.options("--publish") == ["0.0.0.0:19212:8080", "0.0.0.0:19213:8081"]
    assert stack.options("--name") == ["my-kestra-wrapper"]
    assert stack.options("--memory") == ["2g"]
    assert stack.run[-3] == "own/kestra:1"
    env = stack.options("--env")
    assert "JAVA_OPTS=-Xmx1g -Da=b" in env
    assert "ORCHESTRATOR_URL=https://k.example.org/" in env
    assert "ORCHESTRATOR_DB_NAME=environment" in env


def test_a_port_given_makes_the_address_of_links(stack: Shell) -> None:
    stack.env(LOGIN + "KESTRA_URL=https://k.example.org/\n")
    stack("run.sh", "-d", *_PORTS)
    assert "ORCHESTRATOR_URL=http://localhost:19210/" in stack.options("--env")


def test_folders_are_read_as_compose_reads_them(stack: Shell, tmp_path: Path) -> None:
    stack.env(f"{LOGIN}KESTRA_STORAGE_DIR=../../here\nKESTRA_WORKDIR_DIR={tmp_path}/there\n")
    assert stack("run.sh", "-d", *_PORTS).returncode == 0
    assert (stack.root / "here").is_dir()
    assert (tmp_path / "there").is_dir()
    assert f'"source={stack.root}/tools/compose/../../here"' in stack.options("--mount")[2]
    stack.env(f"{LOGIN}KESTRA_STORAGE_DIR=volume\n")
    done = stack("run.sh", "-d", *_PORTS)
    assert done.returncode == 3
    assert "KESTRA_STORAGE_DIR=volume names no folder" in done.stderr


def test_a_symbolic_link_finds_the_true_root(stack: Shell, tmp_path: Path) -> None:
    (tmp_path / "link.sh").symlink_to(stack.scripts / "run.sh")
    stack.scripts = tmp_path
    assert stack("link.sh", "-d", *_PORTS, cwd=tmp_path).returncode == 0
    assert f"dev.kestra-tasks.root={stack.root}" in stack.options("--label")


def test_without_a_terminal_neither_i_nor_t_and_the_end_is_told(stack: Shell) -> None:
    done = stack("run.sh", *_PORTS)
    assert done.returncode == 0
    assert not {"-it", "-i", "-t", "--detach", "-d"} & set(stack.run)
    assert "has ended" in done.stderr


@pytest.mark.parametrize(("code", "ours"), [(143, 0), (1, 5), (125, 5), (137, 5)])
def test_the_servers_end_is_translated(stack: Shell, code: int, ours: int) -> None:
    stack.answers["'run '*"] = ("", code)
    assert stack("run.sh", *_PORTS).returncode == ours


def test_dry_run_shows_all_and_does_nothing(stack: Shell) -> None:
    done = stack("run.sh", "-d", "--dry-run", *_PORTS)
    assert done.returncode == 0
    assert not [call for call in stack.calls if call[0] == "run"]
    assert not (stack.root / "tools/kestra/storage").exists()
    assert "password: ${ORCHESTRATOR_DB_PASSWORD_GIVEN}" in done.stdout
    assert "export ORCHESTRATOR_DB_PASSWORD_GIVEN=****" in done.stdout
    assert "Db1-password" not in done.stdout + done.stderr
    command = done.stdout[done.stdout.index("docker run") :]
    shown = shlex.split(command.replace("\\\n", " "))
    stack("run.sh", "-d", *_PORTS)
    assert shown[1:] == stack.run


def test_database_by_name_and_by_url(stack: Shell) -> None:
    stack.answers["'exec '*"] = ("1\n", 0)
    assert stack("run.sh", "-d", *_PORTS, "--database", "other").returncode == 0
    assert "ORCHESTRATOR_DB_NAME=other" in stack.options("--env")
    (stack.folder / "argv").unlink()
    url = "postgresql://me@db.example.org:6543/mine?sslmode=require"
    assert stack("run.sh", "-d", *_PORTS, f"--database={url}").returncode == 0
    env = stack.options("--env")
    assert "ORCHESTRATOR_DB_HOST=db.example.org" in env
    assert "ORCHESTRATOR_DB_PORT=6543" in env
    assert "ORCHESTRATOR_DB_NAME=mine?sslmode=require" in env
    assert "ORCHESTRATOR_DB_USER=me" in env


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hush-hush@h/db",
        "jdbc:postgresql://h/db?user=me&password=hush-hush",
    ],
)
def test_a_password_in_the_url_is_refused_and_not_repeated(stack: Shell, url: str) -> None:
    done = stack("run.sh", "-d", "--database", url)
    assert done.returncode == 1
    assert "KESTRA_DB_PASSWORD" in done.stderr
    assert "hush-hush" not in done.stdout + done.stderr + repr(stack.calls)


def test_a_database_that_isnt_there_is_named_with_the_command_that_makes_it(stack: Shell) -> None:
    done = stack("run.sh", "-d", *_PORTS, "--database", "other")
    assert done.returncode == 3
    assert "there is no database other in tools-kestra-postgres" in done.stderr
    assert "-> docker exec tools-kestra-postgres createdb -U kestra other" in done.stderr


def _beside(stack: Shell, database: str = "hkestra-postgres p5432 nkestra ") -> None:
    """Let the stack's server run on that database."""
    row = "\x1f".join(
        ("feedfeedfeed", "tools-kestra", "server", "", str(stack.root), "Up 2 hours", "", "image")
    )
    stack.answers = {
        "'ps --quiet --filter id='*": ("feedfeedfeed\n", 0),
        "*role=server*": (row + "\n", 0),
        "*'ORCHESTRATOR_DB_HOST'*": (database, 0),
        **stack.answers,
    }


def test_never_a_second_server_on_one_database_unless_told(stack: Shell) -> None:
    (stack.root / "tools/compose").mkdir()
    _beside(stack)
    done = stack("run.sh", "-d", *_PORTS)
    assert done.returncode == 3
    assert "tools-kestra (Up 2 hours) uses the database kestra" in done.stderr
    assert "docker-compose.tools.yml stop kestra" in done.stderr
    assert not [call for call in stack.calls if call[0] == "run"]
    stack.answers["'exec '*"] = ("1\n", 0)
    told = stack("run.sh", "-d", *_PORTS, "--database", "kestra")
    assert told.returncode == 0
    assert "two servers on one" in told.stderr


def test_a_server_on_another_database_is_no_hindrance(stack: Shell) -> None:
    _beside(stack, "hkestra-postgres p5432 nother ")
    assert stack("run.sh", "-d", *_PORTS).returncode == 0


def test_all_that_is_missing_is_told_at_once(shell: Shell) -> None:
    shell.answers = {
        "'container inspect --format {{.State.Status}}'*": ("", 1),
        "'network inspect'*": ("", 1),
    }
    done = shell("run.sh", "-d", *_PORTS)
    assert done.returncode == 3
    assert f"KESTRA_DB_PASSWORD is missing: there is no {shell.root}/.env" in done.stderr
    assert f"KESTRA_BASICAUTH_PASSWORD is missing: there is no {shell.root}/.env" in done.stderr
    assert "there is no Docker network tradingsystem_backend" in done.stderr
    assert "-> docker network create tradingsystem_backend" in done.stderr
    assert "-> inv kestra.env" in done.stderr


def test_a_database_that_doesnt_run_or_isnt_ready(stack: Shell) -> None:
    stack.answers["*NetworkSettings*"] = ("/neighbour/web/ running\n", 0)
    done = stack("run.sh", "-d", *_PORTS)
    assert done.returncode == 3
    assert "no running container answers to kestra-postgres" in done.stderr
    assert "docker-compose.tools.yml up -d --wait kestra-postgres" in done.stderr
    stack.answers["*NetworkSettings*"] = (_DATABASE.replace("healthy", "starting"), 0)
    done = stack("run.sh", "-d", *_PORTS)
    assert done.returncode == 3
    assert "tools-kestra-postgres is starting" in done.stderr


@pytest.mark.parametrize(
    "values",
    [
        {"KESTRA_DB_PASSWORD": "CHANGE_ME_SECURE_PASSWORD"},
        {"KESTRA_BASICAUTH_PASSWORD": "ChangeMe123!"},
        {"KESTRA_BASICAUTH_PASSWORD": "sua-senha"},
        {"KESTRA_DB_PASSWORD": "a${b}"},
        {"KESTRA_DB_PASSWORD": "a\tb"},
        {"KESTRA_DB_PASSWORD": "   "},
        {"KESTRA_BASICAUTH_PASSWORD": "Short1a"},
        {"KESTRA_BASICAUTH_PASSWORD": "nouppercase1"},
        {"KESTRA_BASICAUTH_PASSWORD": "NOLOWERCASE1"},
        {"KESTRA_BASICAUTH_PASSWORD": "NoDigitHere"},
        {"KESTRA_BASICAUTH_USERNAME": "admin"},
        {},
        {"KESTRA_DB_PASSWORD": "simple", "KESTRA_BASICAUTH_PASSWORD": "exchange-Me1"},
        {"KESTRA_BASICAUTH_USERNAME": "a.b+c@x-y.org"},
    ],
    ids=repr,
)
def test_the_rules_are_those_of_the_tasks(stack: Shell, values: dict[str, str]) -> None:
    given = {
        "KESTRA_DB_PASSWORD": "Db1-password",
        "KESTRA_BASICAUTH_PASSWORD": "Ui1-password",
        "KESTRA_BASICAUTH_USERNAME": "a@example.org",
        **values,
    }
    done = stack("run.sh", "-d", *_PORTS, **given)
    assert (done.returncode == 3) == bool(problems(given)), done.stderr
    for name, _ in problems(given):
        assert name in done.stderr
    for name, value in values.items():
        if name.endswith("PASSWORD") and value.strip():
            assert value not in done.stderr


def test_local_needs_nothing_and_is_never_open(shell: Shell) -> None:
    shell.answers = {
        "'container inspect --format {{.State.Status}}'*": ("", 1),
        "'network inspect'*": ("", 1),
    }
    done = shell("run.sh", "--local", "-d", *_PORTS)
    assert done.returncode == 0, done.stderr
    place = shell.root / "tools/kestra/tmp/local-password"
    assert place.stat().st_mode & 0o777 == 0o600
    drawn = place.read_text().strip()
    assert shell.given[1] == drawn
    assert drawn not in done.stdout + done.stderr + repr(shell.calls)
    assert str(place) in done.stderr
    assert not problems({"KESTRA_DB_PASSWORD": "x", "KESTRA_BASICAUTH_USERNAME": "a@b.c",
                         "KESTRA_BASICAUTH_PASSWORD": drawn})  # fmt: skip
    assert shell.run[-2:] == ["server", "local"]
    assert not shell.options("--network")
    assert "datasources" not in yaml.safe_load(shell.given[2])
    shell("run.sh", "--local", "-d", *_PORTS, "--name", "again")
    assert place.read_text().strip() == drawn


def test_a_taken_port_is_named_with_its_owner(stack: Shell) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        done = stack("run.sh", "-d", "--port", str(port), "--management-port", "19211")
        assert done.returncode == 3
        assert f"port {port} is taken by" in done.stderr
        assert "-> choose another: --port N" in done.stderr
        stack.answers = {f"*publish={port}*": ("container web", 0), **stack.answers}
        done = stack("run.sh", "-d", "--port", str(port), "--management-port", "19211")
        assert f"port {port} is taken by container web" in done.stderr


def test_a_taken_name(stack: Shell) -> None:
    stack.answers["'container inspect --format {{.State.Status}}'*"] = ("running\n", 0)
    done = stack("run.sh", "-d", *_PORTS)
    assert done.returncode == 3
    assert "a container called tools-kestra-wrapper runs already" in done.stderr
    assert "stop.sh" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--port", "0"),
        ("--port", "70000"),
        ("--port", "x"),
        ("--port",),
        ("--port", "19210", "--management-port", "19210"),
        ("--name", "a b"),
        ("--pull", "sometimes"),
        ("--database", "a b"),
        ("--database", "mysql://h/db"),
        ("--local", "--database", "x"),
        ("--nonsense",),
        ("server",),
    ],
    ids=" ".join,
)
def test_wrong_options(stack: Shell, arguments: tuple[str, ...]) -> None:
    done = stack("run.sh", *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "run.sh --help" in done.stderr
    assert not [call for call in stack.calls if call[0] == "run"]


def test_a_registry_out_of_reach(stack: Shell) -> None:
    stack.answers |= {"'run '*": ("", 125), "'pull '*": ("", 1)}
    done = stack("run.sh", "-d", *_PORTS)
    assert done.returncode == 5
    assert "can't be pulled" in done.stderr
    assert "--pull=missing uses that copy" in done.stderr
    stack.answers["'image inspect'*"] = ("", 1)
    done = stack("run.sh", "-d", *_PORTS)
    assert done.returncode == 5
    assert "no copy is here" in done.stderr
    (stack.folder / "argv").unlink()
    stack("run.sh", "-d", "--pull=missing", *_PORTS)
    assert stack.run[1] == "--pull=missing"


def test_a_remote_engine_is_refused(stack: Shell) -> None:
    done = stack("run.sh", "-d", *_PORTS, DOCKER_HOST="tcp://far:2376")
    assert done.returncode == 3
    assert "docker talks to tcp://far:2376" in done.stderr


def test_no_docker_and_no_right_to_it(stack: Shell) -> None:
    stack.answers["version*"] = ("", 1)
    assert stack("run.sh", "-d").returncode == 3
    tools = stack.folder.parent / "tools"
    tools.mkdir()
    for name in ("bash", "dirname", "readlink", "env", "cat", "tr"):
        (tools / name).symlink_to(Path("/usr/bin") / name)
    done = stack("status.sh", PATH=str(tools))
    assert done.returncode == 3
    assert "docker isn't installed" in done.stderr


def test_an_external_database_is_looked_for_by_name(tmp_path: Path) -> None:
    root = tmp_path / "mono"
    shell = Shell(root, lay_scripts(root, Settings(database="external")), tmp_path / "bin")
    shell.env(LOGIN + "KESTRA_DB_HOST=no-such-host-anywhere\n")
    shell.answers = {"'container inspect --format {{.State.Status}}'*": ("", 1)}
    done = shell("run.sh", "-d", *_PORTS)
    assert done.returncode == 3
    assert "nothing answers to no-such-host-anywhere" in done.stderr
    shell.env(LOGIN + "KESTRA_DB_HOST=localhost\n")
    assert shell("run.sh", "-d", *_PORTS).returncode == 0


@pytest.mark.parametrize("script", ["run.sh", "status.sh", "logs.sh", "stop.sh"])
def test_help_needs_nothing(shell: Shell, script: str) -> None:
    shell.env("KESTRA_IMAGE='broken\n")
    done = shell(script, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: {script}")
    assert "Exit codes: 0" in done.stdout
    assert shell.calls == []
    assert os.access(shell.scripts / script, os.X_OK)
