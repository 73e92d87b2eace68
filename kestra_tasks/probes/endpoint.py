"""Where the `docker` command goes: DOCKER_HOST, else its context, else the default socket."""

from __future__ import annotations

import grp
import hashlib
import json
import os
import pwd
import socket
import stat
from collections.abc import Mapping
from pathlib import Path

from kestra_tasks.core.facts import Socket

DEFAULT_SOCKET = "/var/run/docker.sock"


def find_endpoint(environ: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """The engine's URL and the context that names it ("DOCKER_HOST" where that variable does).

    A context that is named but can't be read gives an empty URL.
    """
    if host := environ.get("DOCKER_HOST"):
        return host, "DOCKER_HOST"
    folder = Path(environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    name = environ.get("DOCKER_CONTEXT") or _current_context(folder)
    if name == "default":
        return f"unix://{DEFAULT_SOCKET}", name
    # Docker's own layout: a context's folder is called by the SHA-256 of its name.
    ident = hashlib.sha256(name.encode()).hexdigest()
    try:
        meta = json.loads((folder / "contexts" / "meta" / ident / "meta.json").read_bytes())
        return str(meta["Endpoints"]["docker"]["Host"]), name
    except (OSError, ValueError, KeyError, TypeError):
        return "", name


def _current_context(folder: Path) -> str:
    try:
        config = json.loads((folder / "config.json").read_bytes())
    except (OSError, ValueError):
        return "default"
    name = config.get("currentContext") if isinstance(config, dict) else None
    return name if isinstance(name, str) and name else "default"


def inspect_socket(path: str) -> tuple[Socket, str]:
    """The socket's facts, and why it can't be connected to (empty where it can)."""
    try:
        status = Path(path).stat()
    except PermissionError as error:
        return Socket(path, exists=True, is_socket=True), error.strerror or "no permission"
    except OSError as error:
        return Socket(path), error.strerror or str(error)
    found = Socket(
        path,
        exists=True,
        is_socket=stat.S_ISSOCK(status.st_mode),
        owner=f"{_user(status.st_uid)}:{_group(status.st_gid)}",
        mode=f"{stat.S_IMODE(status.st_mode):o}",
    )
    if not found.is_socket:
        return found, "it isn't a socket"
    trouble, permitted = _connect(path)
    return Socket(found.path, True, True, found.owner, found.mode, permitted), trouble


def _connect(path: str) -> tuple[str, bool]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as plug:
        plug.settimeout(5)
        try:
            plug.connect(path)
        except PermissionError as error:
            return error.strerror or "no permission", False
        except ConnectionRefusedError:
            return "nobody listens on its socket", True
        except OSError as error:
            return error.strerror or str(error), True
    return "", True


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
