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
        try:
            lay(repo, images, "internal")
            docker("network", "create", f"{repo.name}-net")
            bodies = {
                "ours": lambda: _ours(repo, telling),
                "bare": lambda: _after_stop(repo, lambda: _bare(repo)),
            }
            # The first start makes the database.
            _bare(repo)
            taken = interleave(bodies, 1 if small else 5, warm=not small)
        finally:
            repo.clean()
    told = statistics.median(telling) * 1000
    return Measured(
        [
            over("up: over docker compose up -d --wait", "s", taken["ours"], taken["bare"], OVER_S),
            Row(
                "up: from the first healthy answer to telling it",
                "ms",
                told,
                None,
                told,
                TELLING_MS,
                "{:.0f}",
            ),
        ]
    )


def _after_stop(repo: Monorepo, body: Callable[[], None]) -> float:
    subprocess.run(["docker", *repo.compose, "stop"], capture_output=True, check=True)
    begun = time.perf_counter()
    body()
    return time.perf_counter() - begun


def _bare(repo: Monorepo) -> None:
    argv = ["docker", *repo.compose, "up", "-d", "--wait", "kestra"]
    subprocess.run(argv, capture_output=True, check=True)


def _ours(repo: Monorepo, telling: list[float]) -> float:
    """Seconds until it is told; adds to `telling` how long that took after the first answer."""
    told: list[float] = []
    answered: list[float] = []
    over_now = threading.Event()

    def ask() -> None:
        while not over_now.is_set() and not answered:
            connection = http.client.HTTPConnection("127.0.0.1", repo.management, timeout=2)
            try:
                connection.request("GET", "/health/readiness")
                if connection.getresponse().status == 200:
                    answered.append(time.perf_counter())
            except (OSError, http.client.HTTPException):
                pass
            finally:
                connection.close()
            over_now.wait(0.01)

    def body() -> None:
        argv = [sys.executable, "-m", "invoke", "kestra.up", "--root", str(repo.root)]
        with subprocess.Popen(
            argv, cwd=repo.driver, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as child:
            for line in child.stderr or ():
                if _TOLD in line:
                    told.append(time.perf_counter())
        if not told:
            raise RuntimeError(f"kestra.up ended with code {child.returncode}")

    asking = threading.Thread(target=ask)
    subprocess.run(["docker", *repo.compose, "stop"], capture_output=True, check=False)
    asking.start()
    try:
        begun = time.perf_counter()
        body()
    finally:
        over_now.set()
        asking.join()
    if answered:
        # The poll may see the same answer a moment later than `kestra.up` does.
        telling.append(max(0.0, told[0] - answered[0]))
    return told[0] - begun
