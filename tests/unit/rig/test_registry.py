"""Whose registry holds the rig's port."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from rig import registry
from rig.errors import RigError


class Serving(BaseHTTPRequestHandler):
    """Somebody's registry, which serves the images of `held`."""

    held: frozenset[str] = frozenset()

    def do_GET(self) -> None:
        known = self.path == "/v2/" or self.path.removeprefix("/v2/") in self.held
        body = json.dumps({"config": {"digest": "sha256:1"}}).encode() if known else b"{}"
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("KESTRA_RIG_STATE", str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), Serving) as listening:
        monkeypatch.setattr(registry, "PORT", listening.server_port)
        Thread(target=listening.serve_forever, daemon=True).start()
        yield
        listening.shutdown()


def test_a_strangers_registry_is_refused(server: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Serving, "held", frozenset({"kestra/kestra/manifests/latest"}))
    with pytest.raises(RigError) as refused:
        registry.ensure(print)
    assert "taken by another program" in refused.value.message


def test_the_rigs_registry_of_another_user_is_used(
    server: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Serving, "held", frozenset({"kestra/kestra/manifests/rig-previous"}))
    registry.ensure(print)
    assert not (tmp_path / "run").exists()
