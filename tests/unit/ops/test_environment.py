"""What Compose's answer means, and what our command lines look like."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from kestra_tasks.errors import ChildError, ExitCode, PreconditionError
from kestra_tasks.ops import compose
from kestra_tasks.ops.environment import Runtime, from_config, load
from kestra_tasks.ops.masking import Mask
from kestra_tasks.ops.runner import Result, Runner
from kestra_tasks.settings import Settings


def config(*, internal: bool = True, bind: str = "127.0.0.1") -> dict[str, Any]:
    """As `docker compose config --format json` answers, unescaped."""
    server = {
        "image": "kestra/kestra:v1.2.3",
        "container_name": "x-kestra",
        "labels": {"dev.kestra-tasks.role": "server"},
        "ports": [
            {"target": 8080, "published": "8180", "host_ip": bind, "protocol": "tcp"},
            {"target": 8081, "published": "8181", "host_ip": bind, "protocol": "tcp"},
        ],
        "volumes": [
            {"type": "bind", "source": "/srv/storage", "target": "/app/storage"},
            {"type": "bind", "source": "/srv/workdir", "target": "/tmp/kestra-wd"},
        ],
        "environment": {
            "ORCHESTRATOR_URL": "http://localhost:8180/",
            "ORCHESTRATOR_DB_HOST": "kestra-postgres",
            "ORCHESTRATOR_DB_PORT": "5432",
            "ORCHESTRATOR_DB_NAME": "kestra",
            "ORCHESTRATOR_DB_USER": "kestra",
            "ORCHESTRATOR_DB_PASSWORD_GIVEN": "planted-db",
            "ORCHESTRATOR_BASICAUTH_USERNAME": "admin@x.org",
            "ORCHESTRATOR_BASICAUTH_PASSWORD_GIVEN": "planted-api",
        },
    }
    database = {
        "image": "postgres:15-alpine",
        "container_name": "x-kestra-postgres",
        "labels": {"dev.kestra-tasks.role": "database"},
        "volumes": [{"type": "volume", "source": "v", "target": "/var/lib/postgresql/data"}],
    }
    return {
        "name": "stack",
        "services": {"kestra": server, "other": {}}
        | ({"kestra-postgres": database} if internal else {}),
        "networks": {"kestra-network": {"name": "net"}},
        "volumes": {"v": {"name": "the-volume"}},
    }


def runtime(root: Path = Path("/mono"), **options: Any) -> Runtime:
    return from_config(root, Settings(), config(**options))


def test_everything_comes_from_composes_answer() -> None:
    found = runtime()
    assert (found.http_port, found.management_port, found.bind) == (8180, 8181, "127.0.0.1")
    assert (found.volume, found.network, found.project) == ("the-volume", "net", "stack")
    assert found.storage == Path("/srv/storage") and found.workdir == Path("/srv/workdir")
    assert found.services == ("kestra", "kestra-postgres") and found.internal
    assert found.containers["kestra-postgres"] == "x-kestra-postgres"
    assert found.socket == "/var/run/docker.sock"


def test_the_servers_socket_is_the_one_that_is_mounted() -> None:
    said = config()
    mount = {"type": "bind", "source": "/run/other.sock", "target": "/var/run/docker.sock"}
    said["services"]["kestra"]["volumes"].append(mount)
    assert from_config(Path("/mono"), Settings(), said).socket == "/run/other.sock"


def test_an_external_database_leaves_one_service() -> None:
    found = runtime(internal=False)
    assert found.services == ("kestra",) and not found.internal and found.volume == ""


def test_secrets_are_in_no_repr() -> None:
    assert "planted" not in repr(runtime())
    assert set(runtime().secrets) == {"planted-db", "planted-api"}


@pytest.mark.parametrize(
    ("bind", "base"),
    [
        ("0.0.0.0", "http://127.0.0.1:8180"),
        ("", "http://127.0.0.1:8180"),
        ("::", "http://127.0.0.1:8180"),
        ("10.1.2.3", "http://10.1.2.3:8180"),
        ("::1", "http://[::1]:8180"),
    ],
)
def test_where_this_machine_reaches_the_server(bind: str, base: str) -> None:
    assert runtime(bind=bind).http_base == base


def test_a_service_that_is_not_ours_is_left_to_its_owner() -> None:
    foreign = config()
    del foreign["services"]["kestra"]["labels"]
    with pytest.raises(PreconditionError, match="isn't one that kestra_tasks wrote"):
        from_config(Path("/m"), Settings(), foreign)


def test_no_service_and_no_port_are_told() -> None:
    without = config()
    del without["services"]["kestra"]
    with pytest.raises(PreconditionError, match="has no service kestra"):
        from_config(Path("/m"), Settings(), without)
    odd = config()
    odd["services"]["kestra"]["ports"][0]["published"] = "8000-8010"
    with pytest.raises(PreconditionError, match="KESTRA_HTTP_PORT is '8000-8010'"):
        from_config(Path("/m"), Settings(), odd)


class Answering(Runner):
    """A runner whose `docker` answers this; its Compose is `version`."""

    def __init__(self, root: Path, result: Result, version: str = "2.26.1") -> None:
        super().__init__(root)
        self.result = result
        self.version = Result((), 0 if version else 1, version, "")

    def query(self, argv: Any, **_options: Any) -> Result:
        return self.version if "version" in argv else self.result


def _files(root: Path) -> Settings:
    settings = Settings()
    for name in (settings.compose_file, settings.kestra_compose, settings.env_file):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    return settings


def test_dollars_that_compose_doubled_are_halved(tmp_path: Path) -> None:
    settings, answer = _files(tmp_path), config()
    answer["services"]["kestra"]["environment"] |= {
        "KESTRA_CONFIGURATION": "${ORCHESTRATOR_DB_USER}",
        "ORCHESTRATOR_DB_PASSWORD_GIVEN": "a$b$$c",
    }
    plain = json.dumps(answer)
    for printed in (plain, plain.replace("$", "$$")):
        found = load(tmp_path, settings, Answering(tmp_path, Result((), 0, printed, "")))
        assert found.db_password == "a$b$$c"


def test_what_is_missing_names_the_task_that_brings_it(tmp_path: Path) -> None:
    runner = Answering(tmp_path, Result((), 1, "", "WARN x\nyaml: line 3: bad\n"))
    with pytest.raises(PreconditionError) as caught:
        load(tmp_path, Settings(), runner)
    assert caught.value.hint == "inv kestra.integrate"
    settings = _files(tmp_path)
    with pytest.raises(PreconditionError, match="yaml: line 3: bad"):
        load(tmp_path, settings, runner)
    (tmp_path / settings.env_file).unlink()
    with pytest.raises(PreconditionError) as caught:
        load(tmp_path, settings, runner)
    assert caught.value.hint.startswith("inv kestra.env")


@pytest.mark.parametrize(
    ("version", "told"), [("", "isn't installed"), ("v2.10.2", "is v2.10.2; `include:` needs")]
)
def test_composes_own_words_hide_neither_its_absence_nor_its_age(
    tmp_path: Path, version: str, told: str
) -> None:
    runner = Answering(tmp_path, Result((), 15, "", "include is not allowed"), version)
    with pytest.raises(PreconditionError, match=f"docker compose {told}") as caught:
        load(tmp_path, _files(tmp_path), runner)
    assert "2.20 or newer" in caught.value.hint


def test_a_bad_line_of_env_is_told_by_number_and_never_quoted(tmp_path: Path) -> None:
    settings = _files(tmp_path)
    (tmp_path / ".env").write_text('A=1\nbad line "planted\nKESTRA_DB_PASSWORD=planted\n')
    said = 'failed to read .env: line 2: unexpected character " " near "line planted\\nKESTRA_'
    with pytest.raises(PreconditionError) as caught:
        load(tmp_path, settings, Answering(tmp_path, Result((), 1, "", said)))
    assert caught.value.message.startswith(".env:2: ")
    assert "planted" not in caught.value.message + caught.value.hint
    (tmp_path / ".env").write_text("KESTRA_DB_PASSWORD=planted\n")
    with pytest.raises(PreconditionError) as caught:
        load(tmp_path, settings, Answering(tmp_path, Result((), 1, "", "invalid planted value")))
    assert "planted" not in caught.value.message and "invalid" in caught.value.message


def test_only_our_two_services_are_ever_named() -> None:
    found = runtime()
    lines = [
        compose.up(found, "kestra"),
        compose.stop(found, found.services),
        compose.remove(found, found.services),
        compose.logs(found, found.services, follow=True, since="1m", tail="5"),
    ]
    for argv in lines:
        assert argv[:3] == ["docker", "compose", "-f"]
        assert argv[-1] in ("kestra", "kestra-postgres")
        assert "down" not in argv and "--remove-orphans" not in argv
        assert "planted" not in " ".join(argv)


def test_masks_reach_quoted_forms_and_the_longest_first() -> None:
    mask = Mask(["pa ss/1", "pa ss/1-longer", 'q"\\', ""])
    text = 'pa ss/1-longer pa%20ss/1 pa%20ss%2F1 {"p": "q\\"\\\\"} q"\\ plain'
    assert mask(text) == '******** ******** ******** {"p": "********"} ******** plain'
    assert "pa ss" not in repr(mask)


def _script(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_following_hands_over_lines_as_they_come(tmp_path: Path) -> None:
    seen: list[str] = []
    result = Runner(tmp_path).follow(
        _script("import sys; print('one'); print('two', file=sys.stderr); sys.exit(3)"),
        seen.append,
        show=False,
    )
    assert sorted(seen) == ["one", "two"] and result.code == 3 and "one" in result.out


def test_leaving_a_follow_ends_the_child(tmp_path: Path) -> None:
    def leave(_line: str) -> None:
        raise KeyboardInterrupt

    pid = tmp_path / "pid"
    code = (
        f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); "
        "print(1, flush=True); time.sleep(60)"
    )
    with pytest.raises(KeyboardInterrupt):
        Runner(tmp_path).follow(_script(code), leave, show=False)
    assert not Path(f"/proc/{pid.read_text()}").exists()


def test_a_dry_run_shows_and_does_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    runner = Runner(tmp_path, said.append, dry_run=True)
    runner.change(["touch", "x y"])
    runner.follow(["touch", "z"], said.append)
    assert said == ["$ touch 'x y'", "$ touch z"] and list(tmp_path.iterdir()) == []


def test_a_failed_change_carries_the_last_words(tmp_path: Path) -> None:
    with pytest.raises(ChildError, match="with code 4: the end") as caught:
        Runner(tmp_path).change(
            _script("import sys; print('a\\nthe end', file=sys.stderr); sys.exit(4)")
        )
    assert caught.value.code == ExitCode.CHILD


def test_a_child_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    result = Runner(tmp_path).query(_script("import time; time.sleep(60)"), timeout=0.3)
    assert result.code == 124 and "0.3 s" in result.err


def test_evidence_is_masked_private_and_kept_ten_times(tmp_path: Path) -> None:
    from datetime import UTC, datetime, timedelta

    from kestra_tasks.core.causes import Evidence, Service, find
    from kestra_tasks.ops.evidence import save

    found = Evidence((Service("server", "x-kestra", "exited", "", 1, False, ("odd",)),))
    start = datetime(2026, 1, 31, tzinfo=UTC)
    for second in range(12):
        place = save(runtime(tmp_path), found, find(found), start + timedelta(seconds=second))
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert "== x-kestra: exited, last exit code 1\nodd" in place.read_text()
    kept = sorted(place.parent.iterdir())
    assert len(kept) == 10 and kept[-1] == place
