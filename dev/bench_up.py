"""`kestra.up` from stopped to told healthy, beside Compose's own `up --wait`; needs an engine."""

from __future__ import annotations

import http.client
import os
import secrets
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from dev.bench_report import Measured, Row, interleave, over

if TYPE_CHECKING:
    from tests.integration.monorepo import Monorepo

OVER_S, TELLING_MS = 1.0, 250
_IMAGES = {"KESTRA_IMAGE": "kestra/kestra:latest", "KESTRA_POSTGRES_IMAGE": "postgres:15-alpine"}
_PORTS = range(19_570, 19_600)
_TOLD = "healthy after"


class Skipped(Exception):
    """Why there is nothing to measure."""


def measure(*, small: bool) -> Measured:
    """A stack of its own, removed afterwards.

    Raises:
        Skipped: there is no engine with the images.
    """
    # Scratch monorepos belong to the tests; they are imported where they are used.
    from tests.integration.monorepo import Monorepo, docker, is_free, lay, missing

    images = {variable: os.environ.get(variable, name) for variable, name in _IMAGES.items()}
    if reason := missing(images.values()):
        raise Skipped(reason)
    free = [port for port in _PORTS if is_free(port)]
    with TemporaryDirectory(prefix="kestra-bench-") as made:
        root = Path(made) / "monorepo"
        root.mkdir()
        repo = Monorepo(root, f"ktb-{secrets.token_hex(3)}", free[0], free[1])
        telling: list[float] = []
        by_compose: list[float] = []
        try:
            lay(repo, images, "internal")
            docker("network", "create", f"{repo.name}-net")
            bodies = {
                "ours": lambda: _after_stop(repo, lambda: _ours(repo), telling),
                "bare": lambda: _after_stop(repo, lambda: _bare(repo), by_compose),
            }
            # The first start makes the database.
            _bare(repo)
            taken = interleave(bodies, 1 if small else 5, warm=not small)
        finally:
            repo.clean()
    told, bare = (statistics.median(times) * 1000 for times in (telling, by_compose))
    name = "up: from the first healthy answer to telling it"
    return Measured(
        [
            over("up: over docker compose up -d --wait", "s", taken["ours"], taken["bare"], OVER_S),
            Row(name, "ms", told, bare, told, TELLING_MS, "{:.0f}"),
        ]
    )


class _Asking(threading.Thread):
    """Asks for readiness until the first yes, whose time it keeps; for both, as it costs time."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port, self.answered, self.over = port, 0.0, threading.Event()

    def run(self) -> None:
        while not self.over.is_set() and not self.answered:
            # Docker's proxy takes a connection long before anybody answers behind it.
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=0.3)
            try:
                connection.request("GET", "/health/readiness")
                if connection.getresponse().status == 200:
                    self.answered = time.perf_counter()
            except (OSError, http.client.HTTPException):
                pass
            finally:
                connection.close()
            self.over.wait(0.02)


def _after_stop(repo: Monorepo, body: Callable[[], float], telling: list[float]) -> float:
    """Seconds from the call of `body` to the moment that it gives; adds to `telling`."""
    subprocess.run(["docker", *repo.compose, "stop"], capture_output=True, check=True)
    asking = _Asking(repo.management)
    asking.start()
    try:
        begun = time.perf_counter()
        told = body()
    finally:
        asking.over.set()
        asking.join()
    # `kestra.up` may hear it first: then it told at once.
    telling.append(max(0.0, told - asking.answered) if asking.answered else 0.0)
    return told - begun


def _bare(repo: Monorepo) -> float:
    argv = ["docker", *repo.compose, "up", "-d", "--wait", "kestra"]
    subprocess.run(argv, capture_output=True, check=True)
    return time.perf_counter()


def _ours(repo: Monorepo) -> float:
    told = 0.0
    argv = [sys.executable, "-m", "invoke", "kestra.up", "--root", str(repo.root)]
    with subprocess.Popen(
        argv, cwd=repo.driver, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as child:
        for line in child.stderr or ():
            if _TOLD in line:
                told = time.perf_counter()
    if not told:
        raise RuntimeError(f"kestra.up ended with code {child.returncode}")
    return told
