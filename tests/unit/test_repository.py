"""This repository is the first monorepo: what its own tasks wrote is what they would write."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from dev import documents
from kestra_tasks import config, integration
from kestra_tasks.errors import ExitCode
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


def test_the_list_of_tasks_is_the_tasks_own() -> None:
    assert documents.PAGE.read_text(encoding="utf-8") == documents.render()


def test_the_readme_lists_the_exit_codes() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = {int(number) for number in re.findall(r"^\| (\d+) \| ", text, re.MULTILINE)}

    assert listed == {int(code) for code in ExitCode}
