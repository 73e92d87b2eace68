"""Where settings come from, and what a malformed file says for itself."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from kestra_tasks import config
from kestra_tasks.errors import UsageError
from kestra_tasks.settings import NAMES, Settings, from_mapping


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("INVOKE_"):
            monkeypatch.delenv(name)


def write(root: Path, text: str, name: str = "invoke.yaml") -> None:
    (root / name).write_text(text, encoding="utf-8")


def test_the_documented_defaults_are_those_of_the_code() -> None:
    assert list(config.defaults()) == list(NAMES)
    assert from_mapping(config.defaults(), "defaults.yaml") == Settings()


def test_every_field_is_a_setting_or_of_one_run() -> None:
    ours = {field.name for field in fields(Settings)}
    assert set(NAMES) <= ours
    plain = Settings()
    for name in ours - set(NAMES):
        assert not getattr(plain, name), f"{name} has a default that no file documents"


def test_a_monorepo_without_a_file_has_the_defaults(tmp_path: Path) -> None:
    assert config.load(tmp_path) == Settings()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("invoke.yaml", "kestra:\n  prefix: ops\n  http_port: 9180\n"),
        ("invoke.yml", "kestra: {prefix: ops, http_port: '9180'}\n"),
        ("invoke.json", '{"kestra": {"prefix": "ops", "http_port": 9180}}'),
        ("invoke.yaml", "other: 1\nkestra: {prefix: ops, http_port: 9180}\nrun: {echo: true}\n"),
    ],
)
def test_the_monorepos_own_file_beats_the_defaults(tmp_path: Path, name: str, text: str) -> None:
    write(tmp_path, text, name)
    assert config.load(tmp_path) == Settings(prefix="ops", http_port=9180)


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "other: {a: 1}\n", "kestra:\n", "kestra: {}\n"]
)
def test_a_file_that_says_nothing_of_kestra_leaves_the_defaults(tmp_path: Path, text: str) -> None:
    write(tmp_path, text)
    assert config.load(tmp_path) == Settings()


def test_the_environment_beats_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "kestra: {http_port: 9180, prefix: ops}\n")
    monkeypatch.setenv("INVOKE_KESTRA_HTTP_PORT", "9280")
    monkeypatch.setenv("INVOKE_KESTRA_LANGUAGE", "pt-BR")
    assert config.load(tmp_path) == Settings(prefix="ops", http_port=9280, language="pt-BR")


@pytest.mark.parametrize(
    ("name", "value"),
    [("INVOKE_KESTRA_HTTP_PORT", "soon"), ("INVOKE_KESTRA_PREFIX", "$(id)")],
)
def test_a_bad_value_in_the_environment_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError) as caught:
        config.load(tmp_path)
    assert name.removeprefix("INVOKE_KESTRA_").lower() in caught.value.message.lower()


def test_a_port_of_the_file_and_one_of_the_environment_may_cross_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "kestra: {management_port: 9000}\n")
    monkeypatch.setenv("INVOKE_KESTRA_HTTP_PORT", "8081")
    settings = config.load(tmp_path)
    assert (settings.http_port, settings.management_port) == (8081, 9000)
    monkeypatch.setenv("INVOKE_KESTRA_HTTP_PORT", "9000")
    with pytest.raises(UsageError) as caught:
        config.load(tmp_path)
    assert "invoke.yaml and INVOKE_KESTRA_HTTP_PORT" in caught.value.message


def test_a_list_can_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INVOKE_KESTRA_SKIP", "manifest, compose")
    assert config.load(tmp_path).skip == ("manifest", "compose")


MALFORMED = {
    "broken YAML": "kestra: {prefix: [\n",
    "a tab": "kestra:\n\tprefix: ops\n",
    "a list instead of a mapping": "- kestra\n",
    "a text instead of a mapping": "just words\n",
    "a list below kestra": "kestra: [a, b]\n",
    "a text below kestra": "kestra: yes please\n",
    "a number below kestra": "kestra: 8080\n",
    "an unknown setting": "kestra: {http_prot: 8080}\n",
    "a nested mapping": "kestra: {prefix: {a: b}}\n",
    "a wrong type": "kestra: {http_port: soon}\n",
    "a number for a text": "kestra: {prefix: 7}\n",
    "a text for a list": "kestra: {skip: {a: 1}}\n",
    "two documents": "kestra: {prefix: a}\n---\nkestra: {prefix: b}\n",
    "an unknown tag": "kestra: {prefix: !!python/object:os.system x}\n",
    "a circle": "kestra: &a {prefix: *a}\n",
    "a control character": "kestra: {prefix: \x07}\n",
    "a number as a name": "kestra: {1: 2}\n",
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=list(MALFORMED))
def test_a_malformed_file_is_told_in_one_line_with_its_name(tmp_path: Path, text: str) -> None:
    write(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        config.load(tmp_path)
    assert "invoke.yaml" in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "invoke.yaml").write_bytes(b"kestra: {prefix: \xff\xfe}\n")
    with pytest.raises(UsageError, match=r"invoke\.yaml"):
        config.load(tmp_path)


def test_a_folder_of_that_name_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "invoke.yaml").mkdir()
    try:
        assert config.load(tmp_path) == Settings()
    except UsageError as error:
        assert "invoke.yaml" in error.message


def test_loading_runs_no_code_of_the_monorepo(tmp_path: Path) -> None:
    write(tmp_path, "raise SystemExit('ran')\n", "invoke.py")
    write(tmp_path, "raise SystemExit('ran')\n", "tasks.py")
    try:
        config.load(tmp_path)
    except UsageError as error:
        assert "invoke.py" in error.message


def test_defaults_yaml_explains_every_setting() -> None:
    text = (Path(config.__file__).parent / "defaults.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["kestra"] == config.defaults()
    commented = 0
    for line in text.splitlines():
        commented = commented + 1 if line.strip().startswith("#") else commented
    assert commented >= 15
