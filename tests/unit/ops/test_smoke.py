"""What a smoke run is called, what its commands show, how its stages are told."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import closing
from pathlib import Path

import pytest

from kestra_tasks.errors import PreconditionError, UnhealthyError
from kestra_tasks.ops import smoke_clean, smoke_guard
from kestra_tasks.ops.smoke_place import Place, choose
from kestra_tasks.ops.smoke_stages import Stages
from kestra_tasks.settings import Settings


def place(root: Path, **environ: str) -> Place:
    return choose(root, Settings(), (19230, 19231), environ)


def test_no_command_line_has_a_secret_in_it(tmp_path: Path) -> None:
    one = place(tmp_path)
    argvs = [one.create_network(), one.start_database(), one.database_ready(), one.start()]
    argvs += [one.status(), one.stop(), one.follow(), one.remove_container(one.database)]
    for secret in one.secrets:
        assert len(secret) > 20
        assert secret not in repr(argvs)
        assert secret not in repr(one)
    assert set(one.secrets) == {
        one.wrapper_env["KESTRA_DB_PASSWORD"],
        one.wrapper_env["KESTRA_BASICAUTH_PASSWORD"],
    }


def test_names_are_the_same_every_time_and_of_this_root_alone(tmp_path: Path) -> None:
    one, again, other = place(tmp_path), place(tmp_path), place(tmp_path / "x")
    assert one.containers == again.containers
    assert one.db_password != again.db_password
    assert not set(one.containers) & set(other.containers)
    assert one.name.startswith("tools-kestra-smoke-")


def test_nothing_of_the_stack_is_used(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("KESTRA_STORAGE_DIR=/stack\nKESTRA_DB_HOST=kestra-postgres\n")
    one = place(tmp_path)
    assert f"postgresql://kestra@{one.database}:5432/smoke" in one.start()
    assert one.start()[one.start().index("--network") + 1] == one.name
    for name in ("KESTRA_STORAGE_DIR", "KESTRA_WORKDIR_DIR"):
        assert Path(one.wrapper_env[name]).is_relative_to(tmp_path / "tools/kestra/tmp/smoke")


def test_the_databases_image_comes_from_the_environment_then_env_then_settings(
    tmp_path: Path,
) -> None:
    assert place(tmp_path).postgres_image == "postgres:15-alpine"
    (tmp_path / ".env").write_text("KESTRA_POSTGRES_IMAGE=postgres:16\n")
    assert place(tmp_path).postgres_image == "postgres:16"
    assert place(tmp_path, KESTRA_POSTGRES_IMAGE="own/pg:1").postgres_image == "own/pg:1"


def test_stages_tell_what_they_showed_and_why_they_failed() -> None:
    said: list[str] = []
    stages = Stages(said.append, lambda text: text.replace("hush", "****"))
    with stages.stage("one") as stage:
        stage.detail = "seen hush"
    assert stages.ok
    with pytest.raises(UnhealthyError, match=r"^no \*\*\*\*$"), stages.stage("two"):
        raise UnhealthyError("no hush")
    with pytest.raises(KeyboardInterrupt), stages.stage("three"):
        raise KeyboardInterrupt
    assert not stages.ok
    assert [(s.name, s.ok, s.detail) for s in stages.done] == [
        ("one", True, "seen ****"),
        ("two", False, "no ****"),
        ("three", False, "interrupted"),
    ]
    assert said[1].startswith("pass  one (")
    assert said[3].startswith("FAIL  two (")
    assert "hush" not in repr(said) + repr([stage.document() for stage in stages.done])


def test_evidence_is_private_and_only_the_last_ten_are_kept(tmp_path: Path) -> None:
    one = place(tmp_path)
    paths = [smoke_clean.keep_evidence(one, {"stages": [f"run {n}"]}) for n in range(12)]
    assert paths[-1].stat().st_mode & 0o777 == 0o600
    assert paths[-1].read_text() == "== stages\nrun 11\n\n"
    assert [path.exists() for path in paths] == [False] * 2 + [True] * 10


def test_two_smokes_of_one_monorepo_dont_meet(tmp_path: Path) -> None:
    one = place(tmp_path)
    with smoke_guard.alone(one):
        with pytest.raises(PreconditionError, match="another smoke"), smoke_guard.alone(one):
            pass
        with smoke_guard.alone(place(tmp_path / "other")):
            pass
    with smoke_guard.alone(one):
        pass
    assert list((tmp_path / "tools/kestra/tmp").iterdir()) == []


def test_a_taken_port_is_named_with_its_owner(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        one = choose(tmp_path, Settings(), (server.getsockname()[1], 19231), {})
        with pytest.raises(PreconditionError, match=rf"port {one.http_port} is held by .*pid"):
            smoke_guard.ports_free(one)
    smoke_guard.ports_free(one)


def test_signals_end_the_work_but_not_the_cleaning() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), smoke_guard.ended_by_signals():
        os.kill(os.getpid(), signal.SIGTERM)
    with smoke_guard.uninterrupted():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(os.getpid(), number)
    assert signal.getsignal(signal.SIGTERM) is before
