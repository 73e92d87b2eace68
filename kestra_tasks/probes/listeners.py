"""Live listening sockets and who holds them: a container, or a process."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from kestra_tasks.core.facts import ListedContainer, Listener, Unavailable
from kestra_tasks.core.ports import overlap
from kestra_tasks.probes.containers import is_ours, list_containers

# Processes that hold a port for a container: Docker, rootless Docker, Docker Desktop, Podman.
_PROXIES = {"docker-proxy", "rootlesskit", "com.docker.backend", "rootlessport", "conmon"}
_PROTOCOLS = {socket.SOCK_STREAM: "tcp", socket.SOCK_DGRAM: "udp"}
_IDENT = re.compile(r"[0-9a-f]{64}")
_MODULE = re.compile(r"[A-Za-z_][\w.]*")
_INTERPRETERS = re.compile(r"(python|node|ruby|perl|php|bash|sh|deno|bun)[\d.]*")


def listeners(
    root: Path | None = None, containers: Sequence[ListedContainer] | Unavailable | None = None
) -> list[Listener]:
    """Every TCP listener and bound UDP socket of this machine, ordered by port.

    Ports that the engine publishes without a process of its own are there as well.

    Args:
        root: the monorepo; its own Kestra's listeners are then marked `ours`.
        containers: as `list_containers` gives them; None asks the engine.
    """
    found = list_containers() if containers is None else containers
    known = [] if isinstance(found, Unavailable) else list(found)
    by_ident = {container.ident: container for container in known}
    published = {
        (item.port, item.protocol): container for container in known for item in container.ports
    }
    result = []
    for number, protocol, address, pid in _sockets():
        process = _process(pid)
        holder = _holder(pid, by_ident)
        if holder is None and (process is None or process in _PROXIES):
            holder = published.get((number, protocol))
        result.append(_listener(root, number, protocol, address, pid, process, holder))
    seen = {(one.port, one.protocol) for one in result}
    for container in known:
        for port in container.ports:
            if (port.port, port.protocol) not in seen:
                result.append(
                    _listener(root, port.port, port.protocol, port.address, None, None, container)
                )
    return sorted(
        set(result), key=lambda item: (item.port, item.protocol, item.address, item.pid or 0)
    )


def owner_of(
    port: int,
    *,
    protocol: str = "tcp",
    address: str = "",
    among: Sequence[Listener] | None = None,
    root: Path | None = None,
) -> Listener | None:
    """Who holds `port`; None where nobody does.

    Args:
        address: only listeners that a socket bound to it would collide with; empty for all.
        among: listeners taken before; None takes them now.
        root: as for `listeners`.
    """
    for item in listeners(root) if among is None else among:
        if item.port == port and item.protocol == protocol and overlap(item.address, address):
            return item
    return None


def _listener(
    root: Path | None,
    port: int,
    protocol: str,
    address: str,
    pid: int | None,
    process: str | None,
    holder: ListedContainer | None,
) -> Listener:
    return Listener(
        port,
        protocol,
        address,
        pid,
        process,
        holder.name if holder else None,
        bool(holder and root and is_ours(holder, root)),
    )


def _sockets() -> list[tuple[int, str, str, int | None]]:
    """Port, protocol, address and pid of every listening socket that this user may see."""
    import psutil

    try:
        connections = psutil.net_connections(kind="inet")
    except (psutil.AccessDenied, OSError):
        # macOS: the whole table is root's; what this user's own processes hold is not.
        return _own_sockets()
    return [_row(item, item.pid) for item in connections if _listens(item)]


def _own_sockets() -> list[tuple[int, str, str, int | None]]:
    import psutil

    result: list[tuple[int, str, str, int | None]] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            held = process.net_connections(kind="inet")
            result += [_row(item, process.pid) for item in held if _listens(item)]
    return result


def _row(item: Any, pid: int | None) -> tuple[int, str, str, int | None]:
    return item.laddr.port, _PROTOCOLS[item.type], item.laddr.ip, pid


def _listens(item: Any) -> bool:
    """Whether one of psutil's connections waits for others to connect."""
    if not item.laddr:
        return False
    return item.status == "LISTEN" if item.type == socket.SOCK_STREAM else not item.raddr


def _holder(pid: int | None, by_ident: dict[str, ListedContainer]) -> ListedContainer | None:
    """The container that a process runs in (network_mode: host), by its control group."""
    if pid is None or not by_ident:
        return None
    try:
        text = Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8")
    except OSError:
        return None
    return next((by_ident[i] for i in _IDENT.findall(text) if i in by_ident), None)


def _process(pid: int | None) -> str | None:
    """The command's name, with an interpreter's script or module; no other argument."""
    import psutil

    if pid is None:
        return None
    try:
        process = psutil.Process(pid)
        name = process.name()
        if not _INTERPRETERS.fullmatch(name):
            return name
        arguments = process.cmdline()[1:]
    except psutil.Error:
        return None
    if len(arguments) > 1 and arguments[0] == "-m" and _MODULE.fullmatch(arguments[1]):
        return f"{name} -m {arguments[1]}"
    script = arguments[0] if arguments else ""
    if script.endswith((".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".pl", ".php", ".sh")):
        return f"{name} {Path(script).name}"
    return name
