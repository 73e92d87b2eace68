"""Credentials by name and state, and which could open an external database."""

from __future__ import annotations

from kestra_tasks.core.credentials import Database, credentials, databases


def test_states() -> None:
    env = {
        "POSTGRES_PASSWORD": "s3cret",
        "POSTGRES_USER": "",
        "TIMESCALEDB_PASSWORD": "CHANGE_ME",
        "KESTRA_DB_USER": "kestra",
        "OTHER_PASSWORD": "x",
    }
    found = credentials(env, {"POSTGRES_DB": "x", "KESTRA_URL": ""}, ".env")
    states = {item.name: item.state for item in found}
    assert states["POSTGRES_PASSWORD"] == "present"
    assert states["POSTGRES_USER"] == "empty"
    assert states["TIMESCALEDB_PASSWORD"] == "placeholder"
    assert states["POSTGRES_DB"] == "missing"
    assert states["KESTRA_DB_PASSWORD"] == "missing"
    assert states["KESTRA_URL"] == "missing"
    assert "OTHER_PASSWORD" not in states
    assert {item.file for item in found} == {".env"}
    assert "s3cret" not in repr(found)


def test_databases() -> None:
    env = {
        "TIMESCALEDB_HOST": "db",
        "TIMESCALEDB_USER": "u",
        "TIMESCALEDB_PASSWORD": "p",
        "TIMESCALEDB_PORT": "5433",
        "POSTGRES_PASSWORD": "CHANGE_ME",
        "POSTGRES_USER": "u",
        "KESTRA_DB_HOST": "x",
        "MYSQL_HOST": "x",
    }
    assert databases(env) == [
        Database("TIMESCALEDB", ()),
        Database("POSTGRES", ("HOST", "PASSWORD")),
    ]
