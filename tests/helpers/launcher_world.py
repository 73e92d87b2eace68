"""A monorepo, services that answer as they are told, and a launcher that watches them."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import requests

from dev.status import command

FIRST_PORT, LAST_PORT = 19300, 19399
NO_DOCKER = "unix:///nonexistent/docker.sock"


@dataclass
class Manner:
    """How a service answers: after `delay` seconds, with a code, a type and a body."""

    code: int = 200
    body: str = '{"status":"UP"}'
    delay: float = 0.0
    jitter: float = 0.0
    raw: bytes | None = None


class FakeServices:
    """One port of this machine on which `/NAME/health` is the health of service NAME."""

    def __init__(self) -> None:
        self.manners: dict[str, Manner] = {}
        self.asked: dict[str, list[float]] = {}
        self.port = 0
        # Its own: this thread mustn't disturb those who seed the shared one.
        self._chance = random.Random(1)
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    def url(self, name: str, manner: Manner | None = None) -> str:
        """The health address of a service that answers so (well, by default)."""
        self.manners[name] = manner or Manner()
        return f"http://localhost:{self.port}/{name}/health"

    def close(self) -> None:
        def end() -> None:
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.call_soon(self._loop.stop)

        self._loop.call_soon_threadsafe(end)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(self._listen())
        self._ready.set()
        self._loop.run_forever()

    async def _listen(self) -> asyncio.Server:
        for port in free_ports():
            try:
                server = await asyncio.start_server(self._answer, "127.0.0.1", port, backlog=512)
            except OSError:
                continue
            self.port = port
            return server
        raise AssertionError("no free port")

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            name = head.split()[1].decode().split("/")[1]
            self.asked.setdefault(name, []).append(time.monotonic())
            manner = self.manners.get(name, Manner(404, "{}"))
            await asyncio.sleep(manner.delay + self._chance.random() * manner.jitter)
            body = manner.body.encode()
            whole = f"HTTP/1.1 {manner.code} X\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            writer.write(manner.raw if manner.raw is not None else whole + body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


class Launcher:
    """A launcher in a process of its own.

    Args:
        root: the monorepo; made by `write_root`.
        docker: DOCKER_HOST; by default there is no engine.
        port: TCP port; a free one by default.
    """

    def __init__(
        self,
        root: Path,
        *arguments: str,
        docker: str | None = NO_DOCKER,
        port: int | None = None,
        **env: str,
    ) -> None:
        self.root = root
        for number in [port] if port else free_ports():
            argv, base = command(["--root", str(root), "--port", str(number), *arguments])
            added = {**env, **({"DOCKER_HOST": docker} if docker else {})}
            self.log = root / ".launcher.log"
            with self.log.open("w") as log:
                self.process = subprocess.Popen(
                    argv, env={**base, **added}, stdout=log, stderr=log, stdin=subprocess.DEVNULL
                )
            self.port = number
            self.url = f"http://localhost:{number}"
            if self._begun():
                return
            self.process.kill()
        raise AssertionError(f"the launcher didn't start: {self.log.read_text()}")

    def _begun(self) -> bool:
        for _ in range(200):
            if self.process.poll() is not None:
                return False
            try:
                # It says so once the port is its own, and not another launcher's.
                ours = "Service Launcher: " in self.log.read_text()
                if ours and requests.get(f"{self.url}/health", timeout=2).ok:
                    return True
            except requests.RequestException:
                pass
            time.sleep(0.05)
        return False

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(f"{self.url}{path}", timeout=10, **options)

    def services(self) -> dict[str, dict[str, Any]]:
        return {one["id"]: one for one in self.get("/api/services").json()}

    def wait(
        self, what: Callable[[dict[str, dict[str, Any]]], bool], seconds: float = 15
    ) -> dict[str, dict[str, Any]]:
        """Services, once `what` holds for them."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.services()
            if what(found):
                return found
            time.sleep(0.1)
        raise AssertionError(f"not within {seconds} s: {json.dumps(self.services(), indent=1)}")

    def wait_asked(self, seconds: float = 15) -> dict[str, dict[str, Any]]:
        """Services, once each was looked at."""
        return self.wait(lambda found: all(one["updatedAt"] for one in found.values()), seconds)

    def usage(self) -> psutil.Process:
        return psutil.Process(self.process.pid)

    def stop(self) -> int:
        self.process.terminate()
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def write_root(
    root: Path, services: Sequence[Mapping[str, Any]] | str, env: str = "", **settings: str
) -> Path:
    """A monorepo with this manifest (or this text in its place) and `.env`."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "config").mkdir(exist_ok=True)
    write_manifest(root, services)
    (root / ".env").write_text(env)
    return root


def write_manifest(root: Path, services: Sequence[Mapping[str, Any]] | str) -> None:
    """Put a manifest in place as an editor does: at once."""
    text = services if isinstance(services, str) else json.dumps({"services": services}, indent=2)
    fresh = root / "config" / ".fresh"
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(root / "config" / "services-manifest.json")


def free_ports() -> list[int]:
    """Ports to try, in an order of this process's own."""
    ports = list(range(FIRST_PORT, LAST_PORT + 1))
    random.Random(os.getpid() ^ time.monotonic_ns()).shuffle(ports)
    return ports


def many(fake: FakeServices, number: int) -> list[dict[str, Any]]:
    """A manifest of `number` services in ten stacks, all well but a few that hang or fail."""
    made = []
    for i in range(number):
        manner = Manner(jitter=0.02)
        if i % 40 == 17:
            manner = Manner(delay=60)
        elif i % 40 == 29:
            manner = Manner(503, '{"status":"DOWN"}')
        name = f"service-{i:03}"
        made.append(
            {
                "id": name,
                "type": "api",
                "stack": f"stack-{i % 10}",
                "healthUrl": fake.url(name, manner),
                "uiUrl": f"http://localhost:{3000 + i}",
                "start": f"docker compose -f tools/compose/{i % 10}.yml up -d {name}",
                "stop": f"docker compose -f tools/compose/{i % 10}.yml stop {name}",
            }
        )
    return made
