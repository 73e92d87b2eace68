"""Settings take what they mean, and refuse by name everything else, hostile values included."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kestra_tasks.errors import UsageError
from kestra_tasks.settings import _PATHS, NAMES, Secrets, Settings, from_mapping, parse_ports

PATHS = tuple(_PATHS)
TEXTS = tuple(name for name in NAMES if isinstance(getattr(Settings, name), str))
PORTS = ("http_port", "management_port", "smoke_http_port", "smoke_management_port")
LISTS = ("skip", "create")

# What each would do where it landed unescaped: shell, YAML, Compose, Markdown, the file system.
HOSTILE = {
    "a command substitution": "x$(touch pwned)",
    "backquotes": "x`id`",
    "a second command": "x; rm -rf ~",
    "a pipe": "x | sh",
    "a background job": "x & y",
    "a redirection": "x > y",
    "a glob": "x*",
    "a variable": "$HOME",
    "an interpolation": "${KESTRA_DB_PASSWORD}",
    "an interpolation with a default": "${X:-y}",
    "a flow template": "{{ envs.x }}",
    "a double quote": 'x"y',
    "a single quote": "x'y",
    "a backslash": "x\\y",
    "a new line": "x\ny: z",
    "a trailing new line": "x\n",
    "a carriage return": "x\ry",
    "a tab": "x\ty",
    "a nul": "x\0y",
    "an escape sequence": "x\x1b[31m",
    "a YAML mapping": "x: y",
    "a YAML comment": "x #y",
    "a YAML anchor": "&a x",
    "a YAML tag": "!!python/object x",
    "a Markdown link": "[x](http://evil.example)<script>",
    "a table cell": "x | y",
    "a template's name": "@@digest@@",
    "a right-to-left override": "x\u202ey",
    "a line separator": "x\u2028y",
    "a next-line mark": "x\x85y",
    "a lone surrogate": "x\udc80y",
}
LEAVING = ("/etc/passwd", "../x", "a/../../x", "..", ".", "-rf", "~/x", "./-x/../-y", "")


def defaults() -> dict[str, Any]:
    plain = Settings()
    return {name: getattr(plain, name) for name in NAMES}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=list(HOSTILE))
@pytest.mark.parametrize("name", TEXTS)
def test_hostile_texts_are_refused_by_the_settings_name(name: str, value: str) -> None:
    with pytest.raises(UsageError) as caught:
        from_mapping({name: value}, "invoke.yaml")
    assert f"invoke.yaml: kestra.{name} is " in caught.value.message
    assert caught.value.hint
    assert "\n" not in caught.value.message
    assert "\x1b" not in caught.value.message


@pytest.mark.parametrize("value", LEAVING)
@pytest.mark.parametrize("name", PATHS)
def test_paths_that_leave_the_monorepo_are_refused(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=re.escape(f"kestra.{name}")):
        from_mapping({name: value}, "invoke.yaml")


@pytest.mark.parametrize("value", [0, -1, 65_536, "8080 ", "80a", "٨٠٨٠", "", None, True, 80.5, []])
@pytest.mark.parametrize("name", PORTS)
def test_what_is_no_port_is_refused(name: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"kestra.{name}"):
        from_mapping({name: value}, "invoke.yaml")


@pytest.mark.parametrize("value", [0, -5, "soon", "1.5", 1.5, True, None, 86_401, "٣٠"])
def test_what_is_no_timeout_is_refused(value: object) -> None:
    with pytest.raises(UsageError, match=r"kestra\.timeout"):
        from_mapping({"timeout": value}, "invoke.yaml")


@pytest.mark.parametrize("value", [3, None, {"a": 1}, [1], [["a"]], [None], True])
@pytest.mark.parametrize("name", LISTS)
def test_what_is_no_list_of_names_is_refused(name: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"kestra.{name}"):
        from_mapping({name: value}, "invoke.yaml")


@pytest.mark.parametrize("value", [None, 3, [], {}, True, ""])
@pytest.mark.parametrize("name", TEXTS)
def test_what_is_no_text_is_refused(name: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"kestra.{name}"):
        from_mapping({name: value}, "invoke.yaml")


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        from_mapping({"http_prot": 1}, "invoke.yaml")
    assert caught.value.message == "invoke.yaml: unknown setting kestra.http_prot"
    assert "http_port" in caught.value.hint


@pytest.mark.parametrize("name", ["decided_ports", "secrets", "force"])
def test_what_belongs_to_one_run_is_no_setting(name: str) -> None:
    with pytest.raises(UsageError, match="unknown setting"):
        from_mapping({name: "x"}, "invoke.yaml")


@pytest.mark.parametrize("one", PORTS)
@pytest.mark.parametrize("other", PORTS)
def test_two_ports_may_not_be_one(one: str, other: str) -> None:
    if one == other:
        assert getattr(from_mapping({one: 7777}, "invoke.yaml"), one) == 7777
        return
    with pytest.raises(UsageError) as caught:
        from_mapping({one: 7777, other: 7777}, "invoke.yaml")
    assert f"kestra.{one}" in caught.value.message
    assert f"kestra.{other}" in caught.value.message
    assert "7777" in caught.value.message


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"env_file": "x", "env_example": "./x"}, ("env_file", "env_example")),
        ({"manifest": "tools/kestra"}, ("kestra_dir", "manifest")),
        ({"compose_file": "tools/kestra/compose.yml"}, ("kestra_dir", "compose_file")),
    ],
)
def test_two_paths_may_not_be_one(values: dict[str, str], named: tuple[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        from_mapping(values, "invoke.yaml")
    for name in named:
        assert f"kestra.{name}" in caught.value.message


def test_the_defaults_are_settings_themselves() -> None:
    assert from_mapping(defaults(), "defaults") == Settings()


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("http_port", "9180", 9180),
        ("timeout", "60", 60),
        ("skip", "compose, manifest", ("compose", "manifest")),
        ("skip", ["env"], ("env",)),
        ("skip", "", ()),
        ("language", "pt-BR", "pt-BR"),
        ("database", "external", "external"),
        (
            "image",
            "reg.example:5443/kestra/kestra@sha256:abc",
            "reg.example:5443/kestra/kestra@sha256:abc",
        ),
        ("memory", "512m", "512m"),
        ("kestra_dir", "ferramentas/o kestra ção/", "ferramentas/o kestra ção"),
        ("kestra_dir", "./tools//kestra", "tools/kestra"),
        ("compose_file", "a/../docker-compose.yml", "docker-compose.yml"),
    ],
)
def test_what_is_meant_is_taken(name: str, value: object, taken: object) -> None:
    assert getattr(from_mapping({name: value}, "invoke.yaml"), name) == taken


def test_names_follow_from_prefix_domain_and_folder() -> None:
    settings = from_mapping(
        {"prefix": "ops", "email_domain": "example.org", "kestra_dir": "ops/k"}, "invoke.yaml"
    )
    assert settings.container == "ops-kestra"
    assert settings.postgres_container == "ops-kestra-postgres"
    assert settings.wrapper_container not in (settings.container, settings.postgres_container)
    assert settings.username == "admin@example.org"
    assert settings.scripts_dir == "ops/k/scripts"
    assert settings.kestra_compose == "ops/k/compose.yml"


@pytest.mark.parametrize(
    ("compose_file", "seen"),
    [
        ("tools/compose/x.yml", "../kestra"),
        ("x.yml", "./tools/kestra"),
        ("tools/x.yml", "./kestra"),
        ("tools/kestra/x.yml", "."),
    ],
)
def test_a_bind_mounts_source_is_never_a_volumes_name(compose_file: str, seen: str) -> None:
    assert Settings(compose_file=compose_file).kestra_dir_from_stack == seen


@pytest.mark.parametrize(
    ("path", "start", "relative"),
    [
        ("tools/kestra", "tools/compose", "../kestra"),
        (".env", "tools/compose", "../../.env"),
        ("tools/kestra", "", "tools/kestra"),
    ],
)
def test_relative_paths(path: str, start: str, relative: str) -> None:
    assert Settings().relative(path, start) == relative


@pytest.mark.parametrize("text", ["8180,8685", " 8180 , 8685 "])
def test_ports_are_read(text: str) -> None:
    assert parse_ports(text) == (8180, 8685)


@pytest.mark.parametrize(
    "text",
    ["", "8180", "8180,", "8180,8180", "1,2,3", "0,1", "1,65536", "a,b", "-1,2", "8180;8685"],
)
def test_what_isnt_two_ports_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_ports(text)
    assert "--ports" in caught.value.message
    assert "--ports auto" in caught.value.hint


def test_secrets_dont_show_in_a_repr() -> None:
    secrets = Secrets("planted-db-secret", "planted-ui-secret")
    assert "planted" not in repr(secrets)
    assert "planted" not in repr(Settings(secrets=secrets))
    assert "planted" not in f"{Settings(secrets=secrets)}"


@given(st.sampled_from(TEXTS), st.text(max_size=40))
def test_an_accepted_text_is_harmless_everywhere(name: str, value: str) -> None:
    try:
        taken = getattr(from_mapping({name: value}, "invoke.yaml"), name)
    except UsageError:
        return
    assert not set(taken) & set("\"'`$\\{}<>|*?;&\n\r\t\0!")
    assert not taken.startswith(("-", "/", "~", "..")) or name not in PATHS
    assert taken.isprintable()


@given(
    st.sampled_from(NAMES),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        ),
        max_leaves=5,
    ),
)
def test_whatever_yaml_gives_is_taken_or_refused_by_name(name: str, value: object) -> None:
    try:
        from_mapping({name: value}, "invoke.yaml")
    except UsageError as error:
        assert f"kestra.{name}" in error.message
