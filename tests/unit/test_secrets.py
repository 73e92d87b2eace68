"""Secrets: drawn once, only where nothing depends on them yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from kestra_tasks import secrets
from kestra_tasks.core import envtext
from kestra_tasks.core.passwords import problems
from kestra_tasks.errors import PreconditionError
from kestra_tasks.settings import Settings


def never(_volume: str) -> bool:
    raise AssertionError("the database was asked for")


def write(root: Path, text: str) -> Path:
    (root / ".env").write_text(text)
    return root


def test_both_are_drawn_where_there_is_no_file(tmp_path: Path) -> None:
    drawn = secrets.draw(tmp_path, Settings(), lambda _volume: False).secrets
    assert drawn is not None
    assert drawn.database_password != drawn.basic_auth_password
    assert drawn.database_password not in repr(drawn)


def test_a_drawn_password_is_taken_by_kestra_and_by_every_reader() -> None:
    seen = {secrets.password() for _ in range(300)}
    assert len(seen) == 300
    for password in seen:
        env = {"KESTRA_DB_PASSWORD": password, "KESTRA_BASICAUTH_USERNAME": "a@b"}
        assert problems({**env, "KESTRA_BASICAUTH_PASSWORD": password}) == []
        assert envtext.quote(password) == password
        assert len(password) == 32


def test_real_values_are_kept(tmp_path: Path) -> None:
    root = write(tmp_path, "KESTRA_DB_PASSWORD='mine'\nKESTRA_BASICAUTH_PASSWORD=Mine1234\n")
    assert secrets.draw(root, Settings(), never).secrets is None


def test_only_what_lacks_is_drawn(tmp_path: Path) -> None:
    root = write(tmp_path, 'KESTRA_DB_PASSWORD=mine\nKESTRA_BASICAUTH_PASSWORD="ChangeMe123!"\n')
    drawn = secrets.draw(root, Settings(), never).secrets
    assert drawn is not None
    assert drawn.database_password == ""
    assert drawn.basic_auth_password


@pytest.mark.parametrize("text", ["", "KESTRA_DB_PASSWORD=CHANGE_ME_SECURE_PASSWORD\n"])
def test_none_is_drawn_for_data_that_another_password_opens(tmp_path: Path, text: str) -> None:
    with pytest.raises(PreconditionError) as caught:
        secrets.draw(write(tmp_path, text), Settings(), lambda _volume: True)
    assert "kestra-postgres-data" in caught.value.message
    assert "KESTRA_POSTGRES_VOLUME" in caught.value.hint


def test_the_volume_asked_for_is_the_one_that_env_names(tmp_path: Path) -> None:
    asked = []
    root = write(tmp_path, "KESTRA_POSTGRES_VOLUME=mine\n")
    secrets.draw(root, Settings(), lambda volume: bool(asked.append(volume)))
    assert asked == ["mine"]


def test_an_external_databases_password_is_its_owners_to_give(tmp_path: Path) -> None:
    drawn = secrets.draw(tmp_path, Settings(database="external"), never).secrets
    assert drawn is not None
    assert (drawn.database_password, bool(drawn.basic_auth_password)) == ("", True)


def test_the_last_of_two_values_counts(tmp_path: Path) -> None:
    text = "KESTRA_DB_PASSWORD=CHANGE_ME\nKESTRA_DB_PASSWORD=real\n"
    text += "KESTRA_BASICAUTH_PASSWORD=Real1234\n"
    assert secrets.draw(write(tmp_path, text), Settings(), never).secrets is None
