"""`python -m launcher --root MONOREPO`: serve the page until interrupted."""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kestra_tasks import config
from kestra_tasks.errors import ExitCode, KestraTasksError, PreconditionError, UsageError

PORT = 3500
PORT_VARIABLE = "SERVICE_LAUNCHER_PORT"


def main(argv: Sequence[str] | None = None) -> int:
    """Serve; return the exit code."""
    options = _parser().parse_args(argv)
    try:
        return _serve(options)
    except KestraTasksError as error:
        print(f"error: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"  -> {error.hint}", file=sys.stderr)
        return int(error.code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="launcher", description=__doc__)
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the monorepo's top folder")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", help=f"TCP port (else {PORT_VARIABLE}, else {PORT})")
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="host name by which the page may be opened, besides localhost; may be repeated",
    )
    return parser


def _serve(options: argparse.Namespace) -> int:
    import uvicorn

    from launcher.app import create_app
    from launcher.monitor import Monitor
    from launcher.sources import Reader

    if not options.root.is_dir():
        raise UsageError(f"--root {options.root}: no such folder")
    root = options.root.resolve()
    reader = Reader(root, config.load(root))
    given = ("--port", options.port) if options.port else (PORT_VARIABLE, "")
    port = _port(given[0], given[1] or reader.variable(PORT_VARIABLE))
    plug = _listen(options.host, port)
    monitor = Monitor(root, reader)

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: Any) -> None:
            monitor.closing = True  # event streams end by themselves
            super().handle_exit(sig, frame)

    settings = uvicorn.Config(
        create_app(monitor, options.allow_host),
        log_level="warning",
        access_log=False,
        server_header=False,
        loop="asyncio",
        http="h11",
        ws="none",
        limit_concurrency=500,
        timeout_graceful_shutdown=3,
    )
    shown = f"[{options.host}]" if ":" in options.host else options.host
    shown = "localhost" if shown == "127.0.0.1" else shown
    print(f"Service Launcher: http://{shown}:{port}/  ({reader.file} of {root})", flush=True)
    try:
        Server(settings).run(sockets=[plug])
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    return 0


def _port(name: str, text: str) -> int:
    if not text:
        return PORT
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:6]) <= 65_535):
        raise UsageError(f"{name} is {text!r}, which is no port", "use 1 to 65535")
    return int(text)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    plug = socket.socket(family, socket.SOCK_STREAM)
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        plug.bind((host, port))
    except (OSError, OverflowError) as error:
        plug.close()
        why = getattr(error, "strerror", None) or str(error)
        raise PreconditionError(
            f"can't listen on {host}:{port}: {why}{_owner(port)}",
            f"choose another port: --port N, or {PORT_VARIABLE} in .env",
        ) from error
    return plug


def _owner(port: int) -> str:
    from kestra_tasks.probes.listeners import listeners

    for one in listeners():
        if one.port == port and one.protocol == "tcp":
            return f" (held by {one.container or one.process or f'pid {one.pid}'})"
    return ""


if __name__ == "__main__":
    sys.exit(main())
