"""Scratch monorepos out of a mapping, and sockets that really listen."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def build_tree(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write `files` (path relative to `root` to content) and return `root`."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


@contextmanager
def listening(address: str = "127.0.0.1", port: int = 0, *, udp: bool = False) -> Iterator[int]:
    """Hold a port of this machine; gives its number."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kind = socket.SOCK_DGRAM if udp else socket.SOCK_STREAM
    with socket.socket(family, kind) as plug:
        if not udp:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        plug.bind((address, port))
        if not udp:
            plug.listen()
        yield plug.getsockname()[1]
