"""Secrets inline in others' files: hidden where a diff shows them, and nothing else is."""

from __future__ import annotations

import pytest

from kestra_tasks.core.inline import hide, hide_quoted

M = "********"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("# password: abc", f"# password: {M}"),
        ("- token=abc,d\r", f"- token={M}\r"),
        ("export DB_PASSWORD=abc def", f"export DB_PASSWORD={M}"),
        ("API_TOKEN = 'abc';", f"API_TOKEN = '{M}';"),
        ("password='a''b'", f"password='{M}'"),
        ('{"token":"a\\"b", "x": 1, "apiKey": "k"}', f'{{"token":"{M}", "x": 1, "apiKey": "{M}"}}'),
        ("environment: {KESTRA_TOKEN: abc}", f"environment: {{KESTRA_TOKEN: {M}}}"),
        ('["PORT=1", "DB_PASSWORD=abc"]', f'["PORT=1", "DB_PASSWORD={M}"]'),
        ("url: http://me:abc@localhost/", f"url: http://me:{M}@localhost/"),
        ('curl -H "Authorization: Bearer abcdef99"', f'curl -H "Authorization: Bearer {M}"'),
        ("X: ${A_SECRET:-abc}", f"X: ${{A_SECRET:-{M}}}"),
        ("SECRET: ${X:-abc}", f"SECRET: ${{X:-{M}}}"),
        ("API_KEY=XabcX", f"API_KEY={M}"),
        ("API_KEY=Xa,b", f"API_KEY={M}"),
        ('x: {"key": X, "a": 1}', f'x: {{"key": {M}, "a": 1}}'),
        ("KEY: |\r\n  ab\r\n\r\n  cd\r\nx: 1", f"KEY: |\r\n  {M}\r\n\r\n  {M}\r\nx: 1"),
        ("PRIVATE_KEY: |\n  ab\n\n  cd\nother: 1", f"PRIVATE_KEY: |\n  {M}\n\n  {M}\nother: 1"),
        (
            "-----BEGIN PRIVATE KEY-----\nab\n-----END PRIVATE KEY-----\ncd",
            f"-----BEGIN PRIVATE KEY-----\n{M}\n-----END PRIVATE KEY-----\ncd",
        ),
    ],
)
def test_a_secret_is_hidden(line: str, shown: str) -> None:
    assert hide(line) == shown
    assert hide(shown) == shown


@pytest.mark.parametrize(
    "line",
    [
        "PASSWORD: ${KESTRA_DB_PASSWORD:?set it in .env}",
        "PASSWORD: ${KESTRA_DB_PASSWORD}",
        "DB_PASSWORD=CHANGE_ME_SECURE_PASSWORD",
        "DB_PASSWORD=",
        'token: ""',
        "keep: true",
        "    indented: from the start\n  less: so",
        "x: ${A_SECRET:-CHANGE_ME_SECRET} ${A_TOKEN:-8080} ${A_KEY:-}",
        "SECRET: ${X:-CHANGE_ME_SECRET}",
        "SESSION_PORT=8080",
        "the password of the first user is in .env",
        "see http://localhost:8080/keys",
        "image: postgres:15-alpine",
        "const token = process.env.TOKEN;",
        'secret="$(cat file)"',
    ],
)
def test_what_is_no_secret_is_shown(line: str) -> None:
    assert hide(line) == line


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (
            'service "a" refers to undefined network "b": invalid',
            'service "a" refers to undefined network "b": invalid',
        ),
        ('failed to read .env: line 3: unterminated quoted value "abc', '"..."'),
        (
            "line 5: cannot unmarshal !!str `abc` into int",
            'line 5: cannot unmarshal !!str "..." into',
        ),
        (
            "invalid interpolation format.\nYou may need to escape any $ with another $.\nabc${",
            "escape any $ with another $.",
        ),
    ],
)
def test_composes_words_lose_the_values(message: str, shown: str) -> None:
    told = hide_quoted(message)
    assert shown in told and "abc" not in told


def test_what_compose_prints_behind_its_advice_is_dropped() -> None:
    advice = "invalid interpolation format.\nYou may need to escape any $ with another $."
    assert hide_quoted(f"{advice}\nabc${{\nabc") == advice
