"""The Docker client, Compose and the engine, asked once; nothing here is judged."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from kestra_tasks.core.facts import EngineFacts, Socket, Unavailable
from kestra_tasks.probes.endpoint import DEFAULT_SOCKET, find_endpoint, inspect_socket

_SECONDS = 10


def probe(
    root: Path,
    *,
    environ: Mapping[str, str] = os.environ,
    mount_source: str = DEFAULT_SOCKET,
) -> EngineFacts | Unavailable:
    """Ask the client, Compose and the engine side by side; 0.1 to 0.3 s.

    Args:
        root: working folder of the client.
        mount_source: the host's socket that Kestra's container mounts (KESTRA_DOCKER_SOCKET).

    Returns:
        Facts, with `server` None where the engine didn't answer (`trouble` says why); or
        Unavailable where there is neither a client nor an engine.
    """
    with ThreadPoolExecutor(3) as pool:
        client = pool.submit(_run, ["docker", "--version"], root, environ)
        compose = pool.submit(_run, ["docker", "compose", "version", "--short"], root, environ)
        facts = _engine(environ, mount_source)
        printed = client.result()
        version = re.search(r"(\d+(?:\.\d+)+\S*?),?(?:\s|$)", printed or "")
        numbers = parse_version(compose.result() or "")
    if printed is None and facts.server is None:
        return Unavailable("the docker command isn't installed or not on PATH")
    return replace(
        facts,
        client=None if printed is None else (version[1] if version else printed.strip()),
        compose=numbers,
        compose_text=(compose.result() or "").strip() if numbers else "",
    )


def parse_version(text: str) -> tuple[int, ...] | None:
    """`v2.26.1-4` as (2, 26, 1); None where there is no such number."""
    found = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(int(part) for part in found[0].split(".")) if found else None


def connect(endpoint: str) -> Any:
    """Docker SDK's low-level client for a local endpoint, version negotiated.

    Raises:
        docker.errors.DockerException: the engine doesn't answer.
    """
    import docker

    return docker.APIClient(base_url=endpoint, version="auto", timeout=_SECONDS)


def _engine(environ: Mapping[str, str], mount_source: str) -> EngineFacts:
    endpoint, context = find_endpoint(environ)
    facts = EngineFacts(client=None, compose=None, endpoint=endpoint, context=context)
    if not endpoint:
        return replace(facts, trouble=f"the Docker context {context!r} can't be read")
    if not endpoint.startswith("unix://"):
        # Named pipes are this machine's too, but nothing here can look into them.
        local = endpoint.startswith("npipe://")
        shown = re.sub(r"//[^/@]*@", "//", endpoint)  # no user, no password
        return replace(facts, endpoint=shown, remote=not local, trouble="not asked")
    socket, trouble = inspect_socket(endpoint.removeprefix("unix://"))
    mountable = os.path.realpath(socket.path) == os.path.realpath(mount_source)
    socket = replace(socket, mountable=socket.is_socket and mountable)
    facts = replace(facts, socket=socket, trouble=trouble)
    return facts if trouble else _ask(facts, socket)


def _ask(facts: EngineFacts, socket: Socket) -> EngineFacts:
    from docker.errors import DockerException
    from requests import RequestException

    try:
        client = connect(facts.endpoint)
        version, info = client.version(), client.info()
        client.close()
    except (DockerException, RequestException) as error:
        return replace(facts, trouble=why(error))
    components = [str(part.get("Name", "")) for part in version.get("Components") or []]
    options = [str(option) for option in info.get("SecurityOptions") or []]
    system = str(info.get("OperatingSystem", ""))
    return replace(
        facts,
        server=str(version.get("Version", "")),
        api_version=version.get("ApiVersion"),
        min_api_version=version.get("MinAPIVersion"),
        podman=any("podman" in name.lower() for name in components),
        rootless=any("name=rootless" in option for option in options),
        data_root=info.get("DockerRootDir"),
        memory=info.get("MemTotal"),
        system=system,
        # Docker Desktop's engine sees its own machine, where the socket always is.
        socket=replace(socket, mountable=socket.mountable or system == "Docker Desktop"),
    )


def why(error: Exception) -> str:
    """Why the engine didn't answer, in one line: the system's own words where it has some."""
    seen: list[BaseException] = [error]
    for one in seen:
        if isinstance(one, FileNotFoundError):
            return "its socket isn't there"
        if isinstance(one, OSError) and one.strerror:
            return one.strerror
        inner = [*one.args, one.__cause__, one.__context__]
        seen += [each for each in inner if isinstance(each, BaseException) and each not in seen]
    return (str(error) or type(error).__name__).splitlines()[0]


def _run(argv: list[str], root: Path, environ: Mapping[str, str]) -> str | None:
    """What a command prints; None where there is none or it fails."""
    try:
        done = subprocess.run(
            argv,
            cwd=root,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
