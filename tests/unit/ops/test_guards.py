"""What stands between a command and data: images, folders, names, credentials."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kestra_tasks.core.facts import Listener
from kestra_tasks.errors import PreconditionError
from kestra_tasks.ops import data, health, images, preflight
from kestra_tasks.ops.containers import Container, Image
from kestra_tasks.ops.environment import Runtime
from kestra_tasks.ops.runner import Runner
from kestra_tasks.probes import listeners


def runtime(tmp_path: Path, **changes: Any) -> Runtime:
    kestra = tmp_path / "tools/kestra"
    made = Runtime(
        root=tmp_path,
        project="stack",
        compose_file=tmp_path / "c.yml",
        env_file=tmp_path / ".env",
        kestra_dir=kestra,
        image="kestra/kestra:v2.0.0",
        container="x-kestra",
        http_port=8180,
        management_port=8181,
        bind="127.0.0.1",
        network="net",
        storage=kestra / "storage",
        workdir=kestra / "workdir",
        url="http://localhost:8180/",
        db_host="kestra-postgres",
        db_port="5432",
        db_name="kestra",
        db_user="kestra",
        username="admin@example.org",
        postgres_image="postgres:15-alpine",
        postgres_container="x-kestra-postgres",
        volume="vol",
        db_password="Abcdefg1",
        password="Abcdefg1",
    )
    return dataclasses.replace(made, **changes)


class Engine:
    """An engine of which the test says what it knows."""

    def __init__(self, image_id: str = "sha256:aaa", volume: str | None = "stack") -> None:
        self.image_id, self.volume = image_id, volume
        self.containers: dict[str, Container] = {}
        self.volume_users: list[Container] = []
        self.others: list[dict[str, Any]] = []

    def users(self, _volume: str) -> list[Container]:
        return self.volume_users

    def image(self, _name: str) -> Image:
        return Image(self.image_id, "sha256:ddd", "2.0.0")

    def volume_project(self, _name: str) -> str | None:
        return self.volume

    def container(self, name: str) -> Container | None:
        return self.containers.get(name)

    def ours(self, _runtime: Runtime, _service: str) -> Container | None:
        return self.containers.get("ours")

    def running(self, *, label: str = "", image: str = "") -> list[dict[str, Any]]:
        return self.others if image or label.endswith("=wrapper") else []


def container(**changes: Any) -> Container:
    made = Container(
        *("x-kestra", "id", "stack", "kestra", "running", "healthy", "kestra/kestra:v1.0.0"),
        *("sha256:bbb", 0, False, 0, "2026-01-31T12:00:00Z", ""),
    )
    return dataclasses.replace(made, **changes)


def record(tmp_path: Path, image_id: str) -> Runtime:
    made = runtime(tmp_path)
    made.storage.mkdir(parents=True)
    assert images.write_record(made, images.Record("kestra/kestra:v1.0.0", image_id, "1.0.0", True))
    return made


def test_the_same_image_passes(tmp_path: Path) -> None:
    made = record(tmp_path, "sha256:aaa")
    assert images.guard(made, Engine(), None, accepted=False) is None  # type: ignore[arg-type]


def test_another_image_is_refused_naming_both_and_the_way_back(tmp_path: Path) -> None:
    made = record(tmp_path, "sha256:bbb")
    with pytest.raises(PreconditionError) as caught:
        images.guard(made, Engine(), None, accepted=False)  # type: ignore[arg-type]
    assert "2.0.0 (aaa)" in caught.value.message and "1.0.0 (bbb)" in caught.value.message
    assert "--accept-image" in caught.value.hint
    assert "KESTRA_IMAGE=kestra/kestra:v1.0.0" in caught.value.hint


def test_another_image_accepted_is_told(tmp_path: Path) -> None:
    made = record(tmp_path, "sha256:bbb")
    said = images.guard(made, Engine(), None, accepted=True)  # type: ignore[arg-type]
    assert said and "last ran on these data" in said


def test_what_a_person_started_by_hand_counts_before_the_record(tmp_path: Path) -> None:
    made = record(tmp_path, "sha256:aaa")
    with pytest.raises(PreconditionError):
        images.guard(made, Engine(), container(), accepted=False)  # type: ignore[arg-type]


def test_a_container_that_never_ran_says_nothing(tmp_path: Path) -> None:
    made = record(tmp_path, "sha256:aaa")
    never = container(started="")
    assert images.guard(made, Engine(), never, accepted=False) is None  # type: ignore[arg-type]


def test_without_data_any_image_may_start(tmp_path: Path) -> None:
    made = record(tmp_path, "sha256:bbb")
    assert images.guard(made, Engine(volume=None), None, accepted=False) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"image": "x"}'])
def test_a_torn_record_is_no_record(tmp_path: Path, text: str) -> None:
    made = runtime(tmp_path)
    made.storage.mkdir(parents=True)
    (made.storage / images.RECORD).write_text(text)
    assert images.read_record(made) is None


def test_a_record_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    assert not images.write_record(runtime(tmp_path), images.Record())


@pytest.mark.parametrize(
    ("image", "floats"),
    [
        ("kestra/kestra:latest", True),
        ("kestra/kestra", True),
        ("kestra/kestra:latest-lts", True),
        ("kestra/kestra:develop", True),
        ("127.0.0.1:5000/kestra/kestra", True),
        ("kestra/kestra:v1.2.3", False),
        ("127.0.0.1:5000/kestra/kestra:v2.0", False),
        ("kestra/kestra:latest@sha256:0123", False),
    ],
)
def test_floating_tags(image: str, floats: bool) -> None:
    assert images.is_floating(image) is floats


def test_folders_are_made_whatever_the_umask(tmp_path: Path) -> None:
    import os

    made, said = runtime(tmp_path), []
    old = os.umask(0o077)
    try:
        data.ensure_folders(made, said.append, dry_run=False)
    finally:
        os.umask(old)
    assert made.storage.stat().st_mode & 0o777 == 0o755
    assert images.read_record(made) == images.Record(ours=True)
    assert len(said) == 2


def test_a_dry_run_makes_no_folder(tmp_path: Path) -> None:
    said: list[str] = []
    data.ensure_folders(runtime(tmp_path), said.append, dry_run=True)
    assert said[0].startswith("would create") and list(tmp_path.iterdir()) == []


def test_a_storage_elsewhere_with_somebodys_files_is_never_emptied(tmp_path: Path) -> None:
    made = runtime(tmp_path, storage=tmp_path / "shared")
    made.storage.mkdir()
    (made.storage / "theirs").write_text("x")
    data.ensure_folders(made, lambda _line: None, dry_run=False)
    room = data.find(made, Engine())  # type: ignore[arg-type]
    assert made.storage not in room.folders
    assert any("had content before" in why for why in room.left)
    data.remove(made, dataclasses.replace(room, volume=""), Runner(tmp_path))
    assert (made.storage / "theirs").read_text() == "x"


def test_a_volume_of_another_project_is_never_removed(tmp_path: Path) -> None:
    room = data.find(runtime(tmp_path), Engine(volume="somebody"))  # type: ignore[arg-type]
    assert room.volume == "" and "somebody made it" in room.left[0]
    assert not room.any


def test_only_the_servers_own_temporary_files_leave_the_work_folder(tmp_path: Path) -> None:
    made = runtime(tmp_path)
    (made.workdir / "tmp/run").mkdir(parents=True)
    (made.workdir / "mine.txt").write_text("x")
    (made.storage / "main").mkdir(parents=True)
    (made.storage / ".gitkeep").write_text("")
    room = data.find(made, Engine(volume=None))  # type: ignore[arg-type]
    data.remove(made, room, Runner(tmp_path))
    left = sorted(str(p.relative_to(made.kestra_dir)) for p in made.kestra_dir.rglob("*"))
    assert left == ["storage", "storage/.gitkeep", "workdir", "workdir/mine.txt", "workdir/tmp"]


def test_bad_credentials_are_told_all_at_once_and_never_shown(tmp_path: Path) -> None:
    made = runtime(
        tmp_path, db_password="Aa1-${planted}", password="plantedweak", username="nobody"
    )
    found = preflight.Found(tuple(preflight.credentials(made)), ())
    with pytest.raises(PreconditionError) as caught:
        found.refuse()
    for name in ("KESTRA_DB_PASSWORD", "KESTRA_BASICAUTH_PASSWORD", "KESTRA_BASICAUTH_USERNAME"):
        assert name in caught.value.message
    assert "planted" not in caught.value.message + caught.value.hint


def test_a_placeholder_leads_to_the_task_that_draws_secrets(tmp_path: Path) -> None:
    made = runtime(tmp_path, db_password="CHANGE_ME_SECURE_PASSWORD")
    assert [p.hint for p in preflight.credentials(made)] == ["inv kestra.env"]


def started_in(folder: Path, **changes: Any) -> Container:
    return container(labels={"com.docker.compose.project.working_dir": str(folder)}, **changes)


def test_a_name_of_another_project_blocks_and_a_free_one_does_not(tmp_path: Path) -> None:
    engine, made = Engine(), runtime(tmp_path)
    assert list(preflight.names(made, engine)) == []  # type: ignore[arg-type]
    engine.containers["x-kestra"] = started_in(made.root / "tools/compose")
    assert list(preflight.names(made, engine)) == []  # type: ignore[arg-type]
    engine.containers["x-kestra"] = started_in(made.root, project="theirs")
    (problem,) = preflight.names(made, engine)  # type: ignore[arg-type]
    assert problem.level == "block" and "Compose project theirs" in problem.message
    assert "docker inspect x-kestra" in problem.hint


def test_a_container_of_another_monorepo_with_the_same_project_name_blocks(tmp_path: Path) -> None:
    engine, made = Engine(), runtime(tmp_path)
    engine.containers["x-kestra"] = started_in(Path("/other/monorepo/tools/compose"))
    (problem,) = preflight.names(made, engine)  # type: ignore[arg-type]
    assert problem.level == "block" and "/other/monorepo/tools/compose" in problem.message


def test_a_volume_that_another_monorepo_uses_blocks(tmp_path: Path) -> None:
    engine, made = Engine(), runtime(tmp_path)
    theirs = started_in(Path("/other/monorepo"), name="theirs-pg", service="kestra-postgres")
    engine.volume_users = [theirs]
    (problem,) = preflight.names(made, engine)  # type: ignore[arg-type]
    assert problem.level == "block" and "theirs-pg" in problem.message
    assert "KESTRA_POSTGRES_VOLUME" in problem.hint


def test_the_record_is_plain_json(tmp_path: Path) -> None:
    made = record(tmp_path, "sha256:aaa")
    kept = json.loads((made.storage / images.RECORD).read_text())
    assert kept["image_id"] == "sha256:aaa" and "Abcdefg1" not in json.dumps(kept)


def test_a_port_that_our_own_server_is_coming_back_on_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine opens a container's ports before it calls it running."""
    held = [Listener(8180, "tcp", "127.0.0.1", 7, "docker-proxy", "x-kestra")]
    monkeypatch.setattr(listeners, "listeners", lambda _root: held)
    engine = Engine()
    engine.containers["ours"] = container(status="restarting")
    assert not list(preflight.ports(runtime(tmp_path), engine))  # type: ignore[arg-type]
    engine.containers["ours"] = container(name="y-kestra", status="restarting")
    (problem,) = preflight.ports(runtime(tmp_path), engine)  # type: ignore[arg-type]
    assert "port 8180" in problem.message and "x-kestra" in problem.message


@pytest.mark.parametrize(("ago", "state"), [(5, "fail"), (500, "pass"), (-3600, "pass")])
def test_restarts_are_a_loop_only_where_the_last_one_was_just_now(ago: int, state: str) -> None:
    """After a clock that was set back the last start lies ahead."""
    started = (datetime.now(UTC) - timedelta(seconds=ago)).strftime("%Y-%m-%dT%H:%M:%S.1Z")
    found = health._restarts(None, container(restarts=5, started=started))  # type: ignore[arg-type]
    assert found.state == state
    assert "-" not in found.why.replace(started[:19], "")
