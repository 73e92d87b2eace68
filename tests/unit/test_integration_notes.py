"""What `integrate` tells beside its plan."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from invoke import Context

from kestra_tasks import integration, removal
from kestra_tasks.errors import PreconditionError, UsageError
from kestra_tasks.ops import containers
from kestra_tasks.rim import Rim


@pytest.fixture
def rim(tmp_path: Path) -> Rim:
    (tmp_path / ".env").touch()
    return Rim(tmp_path, Context(), explicit_root=True)


def engine(networks: set[str]) -> SimpleNamespace:
    return SimpleNamespace(
        network=lambda name: name if name in networks else None,
        volume_project=lambda name: None,
    )


def test_an_absent_network_is_told_once_with_what_makes_it(
    rim: Rim, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(containers, "connect", lambda: engine(set()))
    integration.carry_out(rim, ["compose"])
    told = capsys.readouterr().err
    assert "docker network create " + rim.settings.network in told
    integration.carry_out(rim, ["compose"])
    assert "docker network create" not in capsys.readouterr().err


def test_the_network_that_env_names_is_looked_for(
    rim: Rim, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (rim.root / ".env").write_text("KESTRA_DOCKER_NETWORK=own-net\n")
    monkeypatch.setattr(containers, "connect", lambda: engine({"own-net"}))
    integration.carry_out(rim, ["compose"])
    assert "docker network create" not in capsys.readouterr().err


def test_without_an_engine_nothing_is_said_of_networks(
    rim: Rim, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise PreconditionError("no engine", "start it")

    monkeypatch.setattr(containers, "connect", refuse)
    integration.carry_out(rim, ["compose"])
    assert "docker network create" not in capsys.readouterr().err


def test_a_env_that_compose_refuses_is_told_before_the_files_that_include_it(
    rim: Rim, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(containers, "connect", lambda: engine(set()))
    (rim.root / ".env").write_text("A=1\nTOKEN='it''s-canary'\n")
    with pytest.raises(PreconditionError) as told:
        integration.carry_out(rim)
    assert told.value.message.startswith("nothing was written: .env:2: Compose can't read")
    assert "mend that line" in told.value.hint
    assert "canary" not in capsys.readouterr().err + told.value.message
    assert not (rim.root / "tools").exists()


def test_the_whole_integration_ends_with_what_to_type_next(
    rim: Rim, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(containers, "connect", lambda: engine({rim.settings.network}))
    (rim.root / "invoke.yaml").write_text(
        "kestra: {http_port: 19840, management_port: 19841, smoke_http_port: 19842}\n"
    )
    integration.carry_out(rim)
    assert capsys.readouterr().err.endswith("\nnext: inv kestra.up\n")
    integration.carry_out(rim)
    assert "next:" not in capsys.readouterr().err


def test_ports_for_one_machine_need_the_teams_own_first(rim: Rim) -> None:
    here = {"ports_here": True}
    with pytest.raises(UsageError, match=r"\.env\.example has no ports"):
        integration.carry_out(rim, ["env"], ports="19840,19841", overrides=here)
    with pytest.raises(UsageError, match="--here goes with --ports"):
        integration.carry_out(rim, ["env"], overrides=here)


def test_data_that_could_not_be_removed_any_more_are_no_success(
    rim: Rim, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(removal, "_stack", lambda rim: None)
    (rim.root / "tools/kestra/storage/main").mkdir(parents=True)
    with pytest.raises(PreconditionError, match="storage is still there") as told:
        removal.remove(rim, data=True, yes=True, force=False)
    assert told.value.hint == "inv kestra.integrate, then inv kestra.remove --data"
    removal.remove(rim, data=False, yes=False, force=False)
    assert "to remove these as well: inv kestra.integrate" in capsys.readouterr().err
