"""What Kestra takes as credentials, and what is only a placeholder."""

from __future__ import annotations

import pytest

from kestra_tasks.core.passwords import is_placeholder, problems

GOOD = {
    "KESTRA_DB_PASSWORD": "any thing'",
    "KESTRA_BASICAUTH_USERNAME": "admin@x.local",
    "KESTRA_BASICAUTH_PASSWORD": "Abcdefg1",
}


def why(**changes: str | None) -> list[tuple[str, str]]:
    env = {**GOOD, **{f"KESTRA_{name}": value for name, value in changes.items()}}
    return problems({name: value for name, value in env.items() if value is not None})


def test_good_credentials_have_no_problem() -> None:
    assert why() == []


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "  ",
        "CHANGE_ME_SECURE_PASSWORD",
        "ChangeMe123!",
        "changeme",
        "CHANGE_ME",
        "<password>",
        "change-me-please",
        "your_password_here",
        "sua_senha",
        "REPLACE_ME",
        "xxxx",
        "********",
    ],
)
def test_placeholders(value: str | None) -> None:
    assert is_placeholder(value)
    assert [name for name, _ in why(DB_PASSWORD=value)] == ["KESTRA_DB_PASSWORD"]


@pytest.mark.parametrize("value", ["x", "changes", "Change4Good", "xyz", "p<a>", "kestra"])
def test_real_values(value: str) -> None:
    assert not is_placeholder(value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("Abcdef1", "needs at least 8 characters, as Kestra requires"),
        ("abcdefg1", "needs at least an upper-case letter, as Kestra requires"),
        ("ABCDEFG1", "needs at least a lower-case letter, as Kestra requires"),
        ("Abcdefgh", "needs at least a digit, as Kestra requires"),
        ("abc", "needs at least 8 characters, an upper-case letter, a digit, as Kestra requires"),
        ("A${b}cdefg1", 'has "${" in it, which the server would resolve once more'),
        ("Abcd\nefg1", "has a line end or another control character in it"),
        ("Abcdefg1\udcff", "isn't UTF-8"),
        ("Abcdefg1\ud800", "isn't UTF-8"),
        ("Abcdefg1\udfff", "isn't UTF-8"),
        ("Aa1" + "b" * 254, "has more than 256 characters"),
    ],
)
def test_what_kestra_refuses_is_refused_by_name(value: str, words: str) -> None:
    ((name, reason),) = why(BASICAUTH_PASSWORD=value)
    assert name == "KESTRA_BASICAUTH_PASSWORD"
    assert reason == words
    assert value not in reason


@pytest.mark.parametrize("value", ["admin", "a@", "@b", "a b@c", "a@b c", "ü@x.de"])
def test_username_must_be_an_address(value: str) -> None:
    ((name, reason),) = why(BASICAUTH_USERNAME=value)
    assert name == "KESTRA_BASICAUTH_USERNAME"
    assert reason == "isn't an e-mail address, as Kestra requires"


@pytest.mark.parametrize(
    "value",
    [
        "Aa1" + "b" * 253,
        "Aabcde1 \ud7ff\ue000",
        'O\'Brien "q"1',
        "A1a: #$\\{{ x }}",
        "Ação123x",
        "  Aa1 spaces  ",
    ],
)
def test_awkward_characters_are_fine(value: str) -> None:
    assert why(DB_PASSWORD=value, BASICAUTH_PASSWORD=value) == []


def test_several_problems_come_in_a_fixed_order_without_values() -> None:
    found = why(DB_HOST="CHANGE_ME_DATABASE_HOST", DB_PASSWORD="", BASICAUTH_USERNAME="hunter2")
    assert found == [
        ("KESTRA_DB_HOST", "is still a placeholder"),
        ("KESTRA_DB_PASSWORD", "is empty"),
        ("KESTRA_BASICAUTH_USERNAME", "isn't an e-mail address, as Kestra requires"),
    ]
    assert why(DB_HOST="db.example.org", BASICAUTH_PASSWORD=None) == [
        ("KESTRA_BASICAUTH_PASSWORD", "is missing")
    ]
