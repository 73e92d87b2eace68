"""Health of many services that are all slow: side by side, so that they cost what one does."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from dev.bench_report import Measured, interleave, ratio
from dev.chores import ROOT

SIZES, SMALL, GOAL_SIZE, GOAL = (1, 10, 50, 200, 500), (1, 50, 200), 200, 1.5
_FAKE = """
import asyncio
async def answer(reader, writer):
    if await reader.readline():
        await asyncio.sleep(0.2)
        head = b"HTTP/1.1 200 OK\\r\\nContent-Length: 15\\r\\nConnection: close\\r\\n\\r\\n"
        writer.write(head + b'{"status":"UP"}')
        await writer.drain()
    writer.close()
async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", PORT, backlog=1024)
    async with server:
        await server.serve_forever()
asyncio.run(main())
"""


def measure(*, small: bool) -> Measured:
    """`survey`, which the launcher and the scripts ask, with answers that take 200 ms each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = _FAKE.replace("PORT", str(port))
    with (
        TemporaryDirectory(prefix="kestra-bench-") as made,
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) as fake,
    ):
        try:
            _wait(port)
            sizes = SMALL if small else SIZES
            bodies = {}
            for size in sizes:
                root = Path(made) / str(size)
                write(root, size, port)
                bodies[str(size)] = lambda root=root, size=size: look(root, size)
            taken = interleave(bodies, 7)
        finally:
            fake.terminate()
    ms = {size: taken[str(size)] * 1000 for size in sizes}
    rows = [
        ratio(
            f"health of {size} services / of one (200 ms each)",
            "ms",
            ms[size],
            ms[1],
            GOAL if size == GOAL_SIZE else None,
        )
        for size in sizes[1:]
    ]
    curves = {"all services": [(float(size), taken[str(size)]) for size in sizes]}
    return Measured(rows, "Health of services that take 200 ms each", "services", curves)


def write(root: Path, size: int, port: int) -> None:
    services = [
        {"id": f"service-{n}", "port": port, "healthUrl": f"http://127.0.0.1:{port}/{n}"}
        for n in range(size)
    ]
    (root / "config").mkdir(parents=True)
    text = json.dumps({"services": services})
    (root / "config/services-manifest.json").write_text(text, encoding="utf-8")


def look(root: Path, size: int) -> float:
    from kestra_tasks.core.verdict import Status
    from kestra_tasks.probes.survey import survey
    from kestra_tasks.settings import Settings

    begun = time.perf_counter()
    found = survey(root, Settings())
    taken = time.perf_counter() - begun
    seen = sum(verdict.status is Status.UP for _, verdict in found.found)
    if seen != size:
        raise RuntimeError(f"{seen} of {size} services were seen as up")
    return taken


def _wait(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the fake services didn't start")
