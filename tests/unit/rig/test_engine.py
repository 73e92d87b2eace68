"""Versions, plugin choice, and the settings of an engine that the rig starts."""

from __future__ import annotations

import json

import pytest

from rig import engine_setup
from rig.engine import Engine, version_tuple


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("2.26.1-4", (2, 26, 1)), ("v2.20.0", (2, 20, 0)), ("20.10.24+dfsg1", (20, 10, 24)), ("", ())],
)
def test_a_version_is_read_by_its_numbers(text: str, numbers: tuple[int, ...]) -> None:
    assert version_tuple(text) == numbers


@pytest.mark.parametrize(
    ("compose", "good"), [("2.20.0", True), ("2.19.9", False), ("", False), ("5.0.1", True)]
)
def test_compose_from_2_20_on_will_do(compose: str, good: bool) -> None:
    assert Engine(found=True, running=True, ours=False, compose=compose).compose_ok is good


@pytest.mark.parametrize(
    ("candidates", "wanted", "side"),
    [
        ({"docker-compose": "1.29.2-3"}, [], ["docker-compose", "docker-buildx"]),
        (
            {"docker-compose": "2.26.1-4", "docker-buildx": "0.13.1"},
            ["docker-compose", "docker-buildx"],
            [],
        ),
        (
            {
                "docker-compose": "1.29.2-6",
                "docker-compose-v2": "2.24.6",
                "docker-buildx": "0.12.1",
            },
            ["docker-compose-v2", "docker-buildx"],
            [],
        ),
    ],
    ids=["bookworm", "trixie", "noble"],
)
def test_plugins_come_from_the_release_where_it_has_them_new_enough(
    candidates: dict[str, str | None], wanted: list[str], side: list[str]
) -> None:
    assert engine_setup.choose_plugins(candidates) == (wanted, side)


def test_the_machines_own_engine_settings_are_kept() -> None:
    own = {"log-driver": "local", "registry-mirrors": ["http://mine.test"]}
    settings = engine_setup.engine_config(json.dumps(own))
    assert settings["log-driver"] == "local"
    assert settings["registry-mirrors"] == ["http://127.0.0.1:5000", "http://mine.test"]
    assert settings["insecure-registries"] == ["127.0.0.1:5000"]


@pytest.mark.parametrize("text", ["", "  \n", "{broken", "[]"])
def test_settings_that_say_nothing_are_no_trouble(text: str) -> None:
    assert set(engine_setup.engine_config(text)) == {"registry-mirrors", "insecure-registries"}
