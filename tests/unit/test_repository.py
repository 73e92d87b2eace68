"""This repository is the first monorepo: what its own tasks wrote is what they would write."""

from __future__ import annotations

from pathlib import Path

import yaml

from kestra_tasks import config, integration
from kestra_tasks.settings import NAMES, Settings

ROOT = Path(__file__).resolve().parents[2]


def test_the_repository_is_integrated_as_its_settings_ask() -> None:
    plan = integration.pending(ROOT, config.load(ROOT))

    assert [f"{edit.verb} {edit.path}: {edit.why}" for edit in plan.edits] == []
    assert [conflict.why for conflict in plan.conflicts] == []


def test_the_packages_defaults_are_the_settings_own() -> None:
    plain = Settings()
    defaults = config.defaults()

    assert set(defaults) == set(NAMES)
    for name, value in defaults.items():
        own = getattr(plain, name)
        assert (tuple(value) if isinstance(value, list) else value) == own, name


def test_the_repositorys_settings_name_every_one_there_is() -> None:
    text = (ROOT / "invoke.yaml").read_text(encoding="utf-8")

    assert list(yaml.safe_load(text)["kestra"]) == list(config.defaults())
