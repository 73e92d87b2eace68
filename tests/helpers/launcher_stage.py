"""A launcher inside the test's own process, with a past hour and containers put on for show."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvicorn

from kestra_tasks.core.reasons import part
from kestra_tasks.core.verdict import ContainerState, Status, Verdict
from kestra_tasks.settings import Settings
from launcher.app import create_app
from launcher.history import SLOT_SECONDS, SLOTS
from launcher.monitor import Change, Monitor, Record
from launcher.sources import Reader
from tests.helpers.launcher_world import FakeServices, Manner, free_ports


class Containers:
    """An engine that says what it is told."""

    def __init__(self, *states: ContainerState) -> None:
        self.states: Sequence[ContainerState] = states

    def look(self) -> Sequence[ContainerState]:
        return list(self.states)


class Stage:
    """Serves `root` from a thread; `monitor` is at hand."""

    def __init__(self, root: Path, *states: ContainerState, names: Sequence[str] = ()) -> None:
        self.containers = Containers(*states)
        root = root.resolve()
        reader = Reader(root, Settings(), {})
        self.monitor = Monitor(root, reader, states=self.containers)
        plug = _plug()
        self.url = f"http://localhost:{plug.getsockname()[1]}"
        settings = uvicorn.Config(
            create_app(self.monitor, names), log_level="warning", access_log=False, loop="asyncio"
        )
        self._server = uvicorn.Server(settings)
        self._thread = threading.Thread(target=self._run, args=(plug,), daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.02)

    def _run(self, plug: socket.socket) -> None:
        asyncio.run(self._server.serve(sockets=[plug]))

    def wait_asked(self) -> None:
        end = time.monotonic() + 15
        while not all(record.looks for record in list(self.monitor.records.values())):
            assert time.monotonic() < end
            time.sleep(0.05)

    def close(self) -> None:
        self.monitor.closing = True
        self._server.should_exit = True
        self._thread.join(10)


def _plug() -> socket.socket:
    for port in free_ports():
        plug = socket.socket()
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            plug.bind(("127.0.0.1", port))
        except OSError:
            plug.close()
            continue
        return plug
    raise AssertionError("no free port")


def give_past(stage: Stage, seed: int = 7) -> None:
    """An hour that ends in each service's present state, with a spell of trouble here and there."""
    chance = random.Random(seed)
    now = time.time()
    for index, record in enumerate(stage.monitor.records.values()):
        _give_past(record, chance, now, spell=index % 5 == 1)
    for record in stage.monitor.records.values():
        record.kept.clear()
        stage.monitor.version += 1
        record.version = stage.monitor.version


def _give_past(record: Record, chance: random.Random, now: float, spell: bool) -> None:
    present = record.verdict.status
    current = record.history
    record.history = type(current)()
    fresh = present in (Status.DOWN, Status.DEGRADED)
    turn = chance.randint(4, 30) if fresh else 0
    trouble = range(0)
    if spell:
        first = chance.randint(20, 80)
        trouble = range(first, first + chance.randint(2, 6))
    level = chance.uniform(3, 60)
    for number in range(SLOTS - 1):
        at = now - (SLOTS - 1 - number) * SLOT_SECONDS
        level = max(1.5, level * chance.uniform(0.9, 1.12))
        status = Status.UP if fresh and number < SLOTS - turn else present
        status = Status.DOWN if number in trouble and present is Status.UP else status
        measured = status in (Status.UP, Status.DEGRADED) and record.answer is not None
        burst = 4 if chance.random() < 0.03 else 1
        record.history.add(at, status, level * burst if measured else None)
    answer = record.answer
    record.history.add(now, present, answer.ms if answer and not answer.trouble else None)
    if fresh:
        record.since = now - turn * SLOT_SECONDS
        record.changes.append(Change(record.since, Status.UP, record.verdict))
    elif trouble:
        for number, verdict in (
            (trouble.start, Verdict(Status.DOWN, (part("error_code", code=503),))),
            (trouble.stop, record.verdict),
        ):
            at = now - (SLOTS - 1 - number) * SLOT_SECONDS
            before = Status.UP if verdict.status is Status.DOWN else Status.DOWN
            record.changes.append(Change(at, before, verdict))
            record.since = at
    else:
        record.since = now - chance.randint(4000, 300_000)


def trading_system(fake: FakeServices) -> tuple[list[dict[str, Any]], list[ContainerState]]:
    """Twenty services of a trading monorepo in every state, and their containers."""
    containers: list[ContainerState] = []

    def entry(ident: str, name: str, stack: str, type_: str, port: int, **more: Any) -> Any:
        file = f"tools/compose/docker-compose.{stack}.yml"
        found = {
            "id": ident,
            "name": name,
            "stack": stack,
            "type": type_,
            "port": port,
            "path": f"{stack}/{ident}",
            "start": f"docker compose -f {file} up -d {ident}",
            "stop": f"docker compose -f {file} stop {ident}",
            "managed": "docker-compose",
            "container": f"ts-{ident}",
            **more,
        }
        return {key: value for key, value in found.items() if value is not None}

    def runs(ident: str, image: str, hours: float, **more: Any) -> None:
        _, _, version = image.partition(":")
        state = {"state": "running", "health": "healthy", "version": version, **more}
        name = f"{'tools' if 'kestra' in ident else 'ts'}-{ident.removesuffix('-orchestrator')}"
        containers.append(
            ContainerState(
                name, ident, image, started=time.time() - hours * 3600, service=ident, **state
            )
        )

    def well(name: str, ms: float = 6, **more: Any) -> str:
        return fake.url(name, Manner(delay=ms / 2000, jitter=ms / 2000, **more))

    kestra_file = "tools/compose/docker-compose.tools.yml"
    services = [
        entry(
            *("workspace-api", "Workspace API", "apps", "api", 3200),
            healthUrl=well("workspace-api", 20),
            uiUrl="http://localhost:3200",
            description="Items and categories, and what the dashboard reads.",
        ),
        entry(
            *("tp-capital", "TP Capital signals", "apps", "api", 4005),
            healthUrl=well("tp-capital", 45),
        ),
        entry(
            *("dashboard", "Dashboard", "apps", "frontend", 3103),
            healthUrl=well("dashboard", 12, body="<html>"),
            uiUrl="http://localhost:3103",
        ),
        entry(
            *("documentation-hub", "Documentation hub", "apps", "frontend", 3400),
            healthUrl=well("documentation-hub", 5, code=404),
            uiUrl="http://localhost:3400",
        ),
        entry(
            *("service-launcher", "Service Launcher", "apps", "tool", 3500),
            healthUrl=well("service-launcher", 3),
            start="./inv status.serve",
            stop=None,
            managed=None,
        ),
        {
            "id": "kestra-orchestrator",
            "type": "tools",
            "path": "tools/kestra",
            "start": f"docker compose -f {kestra_file} up -d kestra",
            "stop": f"docker compose -f {kestra_file} stop kestra",
            "status": "tools/kestra/scripts/status.sh",
            "stack": "tools",
            "managed": "docker-compose",
            "workspace": True,
            "container": "tools-kestra",
            "healthUrl": well("kestra-orchestrator", 18),
            "uiUrl": "http://localhost:8080",
        },
        entry(
            *("langgraph", "LangGraph", "tools", "ai", 8111),
            healthUrl=fake.url(
                "langgraph",
                Manner(503, '{"status":"DOWN","details":{"jdbc":{"status":"DOWN"}}}', 0.02),
            ),
        ),
        entry(
            *("agno-agents", "Agno agents", "tools", "ai", 8200),
            healthUrl=well("agno-agents", 30, body='{"status":"degraded"}'),
        ),
        entry(*("flowise", "Flowise", "tools", "ai", 3000)),
        entry(
            *("llama-index", "LlamaIndex query", "tools", "ai", 8202),
            healthUrl=fake.url("llama-index", Manner(delay=2.3)),
        ),
        entry(
            *("ollama", "Ollama", "tools", "ai", 11434),
            healthUrl=well("ollama", 420),
            uiUrl="http://localhost:11434",
        ),
        entry(
            *("questdb", "QuestDB", "data", "database", 9000),
            healthUrl=well("questdb"),
            uiUrl="http://localhost:9000",
        ),
        entry(
            *("timescaledb", "TimescaleDB", "data", "database", 5433),
            healthCheck={"type": "tcp", "port": fake.port},
        ),
        entry(
            *("qdrant", "Qdrant", "data", "database", 6333),
            healthUrl=well("qdrant"),
            uiUrl="http://localhost:6333/dashboard",
        ),
        entry(*("redis", "Redis", "data", "database", 6379)),
        entry(
            *("prometheus", "Prometheus", "monitoring", "metrics", 9090),
            healthUrl=well("prometheus", body="Prometheus Server is Healthy."),
            uiUrl="http://localhost:9090",
        ),
        entry(
            *("grafana", "Grafana", "monitoring", "metrics", 3100),
            healthUrl=well("grafana", code=401),
            uiUrl="http://localhost:3100",
        ),
        entry(
            *("alertmanager", "Alertmanager", "monitoring", "metrics", 9093),
            healthUrl="http://localhost:1/-/healthy",
        ),
        entry(
            *("node-exporter", "Node exporter", "monitoring", "metrics", 9100),
            healthUrl=well("node-exporter"),
        ),
        {
            "id": "nightly-backup",
            "name": "Nightly backup",
            "stack": "operations",
            "type": "job",
            "start": "scripts/backup/nightly.sh",
        },
    ]
    runs("kestra-orchestrator", "kestra/kestra:2.0.3", 76)
    runs("workspace-api", "workspace-api:1.14.0", 30.5)
    runs("tp-capital", "tp-capital:3.2.1", 30.5)
    runs("dashboard", "dashboard:1.8.0", 30.4)
    runs("langgraph", "langgraph:0.6.2", 5.1, restarts=3)
    runs("agno-agents", "agno:1.4", 76)
    runs("ollama", "ollama/ollama:0.12.3", 76)
    runs("questdb", "questdb/questdb:9.0.1", 410, health="")
    runs("timescaledb", "timescale/timescaledb:2.17-pg15", 410)
    runs("qdrant", "qdrant/qdrant:v1.12.4", 410, health="")
    runs("redis", "redis:7.4-alpine", 0, state="exited", health="", exit_code=0)
    runs("prometheus", "prom/prometheus:v3.1.0", 122, health="")
    runs("grafana", "grafana/grafana:11.4.0", 122, health="")
    runs("alertmanager", "prom/alertmanager:v0.28", 0.002, state="running", health="starting")
    runs("node-exporter", "prom/node-exporter:v1.8", 122, health="")
    return services, containers
