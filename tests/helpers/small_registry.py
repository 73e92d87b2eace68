"""A registry with one image, which can break off or stand still in the middle of a layer."""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
_PIECE = 1 << 16


class SmallRegistry:
    """Serves `image` of the machine's engine at a socket, by any name, until closed.

    Attributes:
        mode: "whole"; "cut": the largest layer breaks off half-way; "stall": it stands still
            there, which `stalled` tells.
    """

    def __init__(self, image: str, listening: socket.socket, folder: Path) -> None:
        self.mode = "whole"
        self.stalled = threading.Event()
        self._over = threading.Event()
        self.port: int = listening.getsockname()[1]
        self.manifest, self.blobs, self.largest = _lay_out(image, folder)
        self._server = _Server(self, listening)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def wait(self) -> None:
        """Stand still: until this is closed."""
        self.stalled.set()
        self._over.wait()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, registry: SmallRegistry, listening: socket.socket) -> None:
        super().__init__(("127.0.0.1", 0), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.registry = registry

    def handle_error(self, *_arguments: Any) -> None:
        """A client that left is no news here."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        registry = self.server.registry
        what, _, name = self.path.partition("/v2/")[2].rpartition("/")
        if what.endswith("/blobs") and name in registry.blobs:
            self._blob(registry, name)
        elif what.endswith("/manifests"):
            digest = f"sha256:{hashlib.sha256(registry.manifest).hexdigest()}"
            self._head(200, len(registry.manifest), _MANIFEST, digest)
            if self.command == "GET":
                self.wfile.write(registry.manifest)
        else:
            self._head(200 if not what else 404, 0, "application/json")

    do_HEAD = do_GET

    def _blob(self, registry: SmallRegistry, name: str) -> None:
        place = registry.blobs[name]
        # A client that was cut off goes on where it was: `Range: bytes=N-`.
        begin = int(self.headers.get("Range", "bytes=0-")[6:].partition("-")[0])
        size = left = place.stat().st_size - begin
        self._head(206 if begin else 200, size, "application/octet-stream", name, begin)
        if self.command == "HEAD":
            return
        broken = registry.mode != "whole" and name == registry.largest
        with place.open("rb") as file:
            file.seek(begin)
            while left > (size // 2 if broken else 0):
                left -= self.wfile.write(file.read(_PIECE))
        if broken and registry.mode == "stall":
            registry.wait()

    def _head(self, code: int, size: int, kind: str, digest: str = "", begin: int = 0) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size))
        if begin:
            end = begin + size
            self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{end}")
        if digest:
            self.send_header("Docker-Content-Digest", digest)
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None: ...


def _lay_out(image: str, folder: Path) -> tuple[bytes, dict[str, Path], str]:
    """The image's manifest, its blobs' files by digest, and the largest layer's digest."""
    archive = folder / "image.tar"
    subprocess.run(["docker", "save", "--output", str(archive), image], check=True)
    # Python's own has no safe way to unpack before 3.11.4, and Debian 12 has 3.11.2.
    subprocess.run(["tar", "-xf", str(archive), "-C", str(folder)], check=True)
    archive.unlink()
    listed = json.loads((folder / "manifest.json").read_bytes())[0]
    config = folder / listed["Config"]
    # Another image with the same layers: one that an engine has is never pulled.
    document = json.loads(config.read_bytes())
    document["config"]["Labels"] = {"pulled": "from a small registry"}
    data = json.dumps(document).encode()
    config.write_bytes(data)
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    # Saved layers aren't compressed, so the config knows their digests already.
    ids = document["rootfs"]["diff_ids"]
    layers = {name: folder / path for name, path in zip(ids, listed["Layers"], strict=True)}
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": {"mediaType": _CONFIG, "size": len(data), "digest": digest},
        "layers": [
            {"mediaType": _LAYER, "size": layers[name].stat().st_size, "digest": name}
            for name in ids
        ],
    }
    largest = max(layers, key=lambda name: layers[name].stat().st_size)
    return json.dumps(manifest).encode(), {**layers, digest: config}, largest
