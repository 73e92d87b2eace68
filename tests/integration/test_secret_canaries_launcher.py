"""`status.serve` where secrets stand in every place: none in an answer, in its log, in a file."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.helpers.canaries import BROKEN, ENVIRONMENT, canaries, files, lay, spilled
from tests.helpers.task_calls import NO_ENGINE
from tests.integration.monorepo import is_free

pytestmark = pytest.mark.integration  # a real process, though no engine

ROOT = Path(__file__).resolve().parents[2]
PATHS = ("/", "/?lang=pt-BR", "/api/services", "/health", "/metrics", "/api/services/nothing")
# The broken files that the launcher reads.
READ = ("env line", "env quote", "env name", "settings", "a setting", "manifest", "hand-made entry")


@contextmanager
def serving(root: Path, folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    argv = [sys.executable, "-m", "invoke", "status.serve", "--root", str(root)]
    with (folder / "said").open("wb") as said:
        child = subprocess.Popen(
            [*argv, "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, **ENVIRONMENT, **NO_ENGINE},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
    try:
        yield child
    finally:
        child.terminate()
        child.wait(20)


def answers(child: subprocess.Popen[bytes], port: int) -> Iterator[tuple[str, str]]:
    """Each page with its headers, once it serves; none where it ended instead."""
    session = requests.Session()
    session.trust_env = False
    base, end = f"http://localhost:{port}", time.monotonic() + 60
    while child.poll() is None and time.monotonic() < end:
        try:
            services = session.get(f"{base}/api/services", timeout=10).json()
            break
        except (requests.RequestException, ValueError):
            time.sleep(0.2)
    if child.poll() is not None:
        return
    for path in (*PATHS, *(f"/api/services/{service['id']}" for service in services)):
        answer = session.get(base + path, timeout=10)
        yield path, answer.text + str(answer.headers)


@pytest.fixture
def port() -> int:
    numbers = range(19_580, 19_640)
    return next(n for n in random.sample(numbers, len(numbers)) if is_free(n))


@pytest.mark.parametrize("name", ["", *READ])
def test_no_secret_in_an_answer_or_in_what_it_says(tmp_path: Path, port: int, name: str) -> None:
    root = tmp_path / "a monorepo"
    lay(root, BROKEN.get(name, {}))
    before = files(root)
    with serving(root, tmp_path, port) as child:
        pages = dict(answers(child, port))
        served = child.poll() is None
    assert served or name in ("settings", "a setting"), (tmp_path / "said").read_text()
    assert name or "/api/services/one" in pages
    assert {path: found for path, text in pages.items() if (found := canaries(text))} == {}
    assert not canaries((tmp_path / "said").read_bytes())
    assert not spilled(before, files(root))


def test_a_taken_port_tells_no_secret(tmp_path: Path, port: int) -> None:
    root = tmp_path / "a monorepo"
    lay(root)
    with serving(root, tmp_path, port) as first:
        assert list(answers(first, port))
        second = tmp_path / "second"
        second.mkdir()
        with serving(root, second, port) as rival:
            assert rival.wait(60) != 0
    said = (second / "said").read_text()
    assert str(port) in said and "Traceback" not in said
    assert not canaries(said)
