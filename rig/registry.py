"""The loopback registry: Debian's docker-registry, unpacked beside its data."""

from __future__ import annotations

import http.client
import json
import os
import shutil
from pathlib import Path
from typing import Any

from . import apt
from .daemons import Daemon
from .errors import RigError, commands
from .places import HERE, folder, state_dir
from .shell import Say, work

HOST, PORT = "127.0.0.1", 5000
ADDRESS = f"{HOST}:{PORT}"
CONFIG = HERE / "registry.yml"
TELLTALE = ("kestra/kestra", "rig-previous")  # nobody else has an image of that name
MANIFESTS = ", ".join(
    (
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
    )
)


def daemon() -> Daemon:
    """The registry's daemon as the rig starts it."""
    state = state_dir()
    return Daemon(
        "docker-registry", state / "run" / "registry.json", state / "log" / "registry.log"
    )


def status() -> bool:
    """Whether the rig's own registry runs and answers."""
    return daemon().pid() is not None and answers()


def answers() -> bool:
    """Whether any registry answers on the port."""
    return _get("/v2/")[0] == 200


def is_a_colleagues() -> bool:
    """Whether what answers is the registry of another user's rig: it serves an image of its own."""
    return daemon().pid() is None and bool(image_ids(*TELLTALE))


def ensure(say: Say) -> None:
    """Have the registry running, or use a colleague's; RigError where its port is a stranger's."""
    if status() or is_a_colleagues():
        return
    ours = daemon()
    if ours.pid() is None and _taken():
        raise RigError(
            f"Port {PORT} on {HOST}, the rig's registry's, is taken by another program.",
            hint="See whose it is, and stop it or set KESTRA_RIG=off:\n"
            + commands([f"ss -ltnp sport = :{PORT}"]),
        )
    if ours.pid() is None:
        program = _program(say)
        say(f"Registry: starting it on {ADDRESS} (log: {ours.log})")
        data = folder("registry")
        ours.start(
            ["env", f"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY={data}", program, "serve", CONFIG]
        )
    ours.await_ready(answers, 20)


def down(say: Say) -> bool:
    """Stop the registry that the rig started; its images stay on disk."""
    stopped = daemon().stop()
    say("Registry: stopped." if stopped else "Registry: not running.")
    return stopped


def image_ids(repository: str, tag: str) -> set[str]:
    """The digests (manifest, configuration) of an image as it is served; empty if it isn't."""
    code, body, digest = _get(f"/v2/{repository}/manifests/{tag}", {"Accept": MANIFESTS})
    if code != 200:
        return set()
    try:
        manifest: dict[str, Any] = json.loads(body)
        config = str(manifest["config"]["digest"])
    except (ValueError, KeyError, TypeError):
        return set()
    return {config, digest} - {""}


def _get(path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes, str]:
    connection = http.client.HTTPConnection(HOST, PORT, timeout=5)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.getheader("Docker-Content-Digest") or ""
    except (OSError, http.client.HTTPException):
        return 0, b"", ""
    finally:
        connection.close()


def _taken() -> bool:
    import socket

    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((HOST, PORT)) == 0


def _program(say: Say) -> Path:
    """The registry's program, unpacked from its Debian package: no service is touched."""
    target = folder("registry-program")
    program = target / "usr" / "bin" / "docker-registry"
    if os.access(program, os.X_OK):
        return program
    if not apt.is_supported(apt.os_release()) or not shutil.which("dpkg-deb"):
        raise RigError(
            "The rig's registry comes from Debian's or Ubuntu's packages, and this is neither.",
            hint="Use the official images:\n" + commands(["export KESTRA_RIG=off"]),
        )
    say("Registry: fetching Debian's docker-registry (unpacked, not installed)")
    if apt.candidate("docker-registry") is None and apt.can_be_root():
        apt.update(say)
    for file in apt.fetch(["docker-registry"], target):
        work(["dpkg-deb", "-x", file, target], what="unpacking docker-registry")
        file.unlink()
    return program
