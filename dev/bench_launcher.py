"""The launcher under a bounded load on loopback: 200 services, some of them hung."""

from __future__ import annotations

import http.client
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlsplit

from dev.bench_report import Measured, Row

SERVICES = 200
_REQUESTS = 2000
_CLIENTS = 4
_REST = 10.0


def measure(*, small: bool) -> Measured:
    """Figures that are only told: a launcher has no bare tool to stand beside."""
    taken = load(rest=4 if small else _REST, requests=800 if small else _REQUESTS)
    names = {
        "requests_per_second": ("requests/s of GET /api/services, 4 clients", ""),
        "p99_ms": ("99 of 100 answered within", "ms"),
        "page_ms": ("the whole page", "ms"),
        "cpu_percent_at_rest": ("CPU at rest, of one core", "%"),
        "memory_mib": ("memory", "MiB"),
    }
    return Measured(
        [
            Row(f"launcher, {SERVICES} services: {words}", unit, taken[key], None, taken[key], None)
            for key, (words, unit) in names.items()
        ]
    )


def load(*, rest: float = _REST, requests: int = _REQUESTS) -> dict[str, float]:
    """Run it; takes about 15 s and `rest`.

    Returns:
        `requests_per_second` and `p99_ms` of GET /api/services by four clients that keep their
        connections, `requests` in all; `page_ms`, one whole page; `cpu_percent_at_rest` of
        one core while it watches (no client), `memory_mib` (RSS) at the end.
    """
    # The world of fakes belongs to the tests; it is imported where it is used.
    from tests.helpers.launcher_world import FakeServices, Launcher, many, write_root

    fake = FakeServices()
    with tempfile.TemporaryDirectory() as folder:
        launcher = Launcher(write_root(Path(folder) / "root", many(fake, SERVICES)))
        try:
            launcher.wait_asked(30)
            process = launcher.usage()
            process.cpu_percent()
            time.sleep(rest)
            at_rest = process.cpu_percent()
            begun = time.perf_counter()
            launcher.get("/")
            page = time.perf_counter() - begun
            begun = time.perf_counter()
            with ThreadPoolExecutor(_CLIENTS) as pool:
                runs = pool.map(
                    _client, [launcher.url] * _CLIENTS, [requests // _CLIENTS] * _CLIENTS
                )
                times = [one for run in runs for one in run]
            took = time.perf_counter() - begun
            return {
                "requests_per_second": len(times) / took,
                "p99_ms": quantiles(times, n=100)[98] * 1000,
                "page_ms": page * 1000,
                "cpu_percent_at_rest": at_rest,
                "memory_mib": process.memory_info().rss / 2**20,
            }
        finally:
            launcher.stop()
            fake.close()


def _client(url: str, requests: int) -> list[float]:
    """Seconds that each request took."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    times = []
    for _ in range(requests):
        begun = time.perf_counter()
        connection.request("GET", "/api/services")
        answer = connection.getresponse()
        body = answer.read()
        times.append(time.perf_counter() - begun)
        assert answer.status == 200 and body[-1:] == b"]"
    connection.close()
    return times
