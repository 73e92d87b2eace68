"""Passwords that a person gives reach the database and the API as they are."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

import pytest

from kestra_tasks.errors import ExitCode
from kestra_tasks.ops.api import Api, LoginRefusedError
from tests.integration.monorepo import Monorepo, docker

pytestmark = pytest.mark.integration

_ODD = 'Aa1 "q" : # $HOME $$ \\t\\ {{ x }} {y} %41 +&;|<>*!`~^ é☃'
_ODDER = "Zz9 'single' #no $(id) $x\\n \\\\ [a]: - @ = ?"


def test_odd_passwords_log_in_to_database_and_api(make_monorepo: Callable[..., Monorepo]) -> None:
    repo = make_monorepo(KESTRA_DB_PASSWORD=_ODD, KESTRA_BASICAUTH_PASSWORD=_ODDER)
    answer = repo.inv("kestra.up", "--json")
    assert answer.code == 0, answer.err
    checks = {check["name"]: check for check in repo.inv("kestra.health", "--json").json["checks"]}
    assert checks["api login"]["state"] == checks["database"]["state"] == "pass", checks
    repo.api().login()
    for wrong in (_ODDER[:-1], _ODDER.replace("\\n", "\n"), _ODD):
        with pytest.raises(LoginRefusedError):
            Api(
                f"http://127.0.0.1:{repo.http}", repo.get("KESTRA_BASICAUTH_USERNAME"), wrong
            ).login()
    assert _select(repo, _ODD) == "1"
    assert "password authentication failed" in _select(repo, _ODD[:-1])


def test_a_password_that_cannot_arrive_is_refused_by_name(
    make_monorepo: Callable[..., Monorepo],
) -> None:
    repo = make_monorepo(KESTRA_DB_PASSWORD="Aa1-${HOME}-x")
    answer = repo.inv("kestra.up")
    assert answer.code == ExitCode.PRECONDITION
    assert 'KESTRA_DB_PASSWORD in .env has "${" in it' in answer.err
    assert docker("ps", "-aq", "--filter", f"name={repo.name}") == ""


def test_external_database(make_monorepo: Callable[..., Monorepo], images: dict[str, str]) -> None:
    repo = make_monorepo(
        database="external",
        KESTRA_DB_PASSWORD=_ODDER,
        KESTRA_DB_USER="theirs",
        KESTRA_DB_PORT="5433",
    )
    repo.set(KESTRA_DB_HOST=f"{repo.name}-elsewhere")
    assert "kestra-postgres" not in docker(*repo.compose, "config", "--services").split()
    docker("network", "create", f"{repo.name}-net")
    variables = [
        *["-e", "POSTGRES_USER=theirs", "-e", "POSTGRES_DB=kestra", "-e", "PGPORT=5433"],
        *["-e", f"POSTGRES_PASSWORD={_ODDER}"],
    ]
    docker(
        *["run", "-d", "--name", f"{repo.name}-elsewhere", "--network", f"{repo.name}-net"],
        *[*variables, images["KESTRA_POSTGRES_IMAGE"]],
    )
    answer = repo.inv("kestra.up", "--json")
    assert answer.code == 0, answer.err
    checks = {check["name"]: check for check in repo.inv("kestra.health", "--json").json["checks"]}
    assert {check["state"] for check in checks.values()} == {"pass"}, checks
    docker("stop", "-t", "2", f"{repo.name}-elsewhere")
    sick = repo.inv("kestra.health", "--json")
    states = {check["name"]: check["state"] for check in sick.json["checks"]}
    assert sick.code == ExitCode.UNHEALTHY and states["database"] == "fail"
    assert repo.inv("kestra.down").code == 0
    assert docker("ps", "-aq", "--filter", f"name={repo.name}-elsewhere") != ""


def _select(repo: Monorepo, password: str) -> str:
    """Log in to the database by the network, as another container would."""
    done = subprocess.run(
        [
            *["docker", "run", "--rm", "--network", f"{repo.name}-net", "-e", "PGPASSWORD"],
            *["--entrypoint", "psql", repo.inspect(repo.database)["Config"]["Image"]],
            *["-h", repo.database, "-U", "kestra", "-d", "kestra", "-Atc", "select 1"],
        ],
        env={**os.environ, "PGPASSWORD": password},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout.strip() or done.stderr
