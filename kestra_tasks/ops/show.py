"""What a person, or a program, is told of the stack."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kestra_tasks.ops.containers import Container
from kestra_tasks.ops.environment import SERVER
from kestra_tasks.ops.images import describe
from kestra_tasks.ops.stack import Stack


def document(stack: Stack, schema: str) -> dict[str, Any]:
    """The stack's state as JSON: containers, URLs, where the password is; no secret."""
    runtime = stack.runtime
    containers = stack.containers()
    server = containers[SERVER]
    return {
        "schema": schema,
        "root": str(runtime.root),
        "project": runtime.project,
        "ready": stack.is_ready(server),
        "services": [
            {"service": service, **_container(stack, item)}
            if item
            else {"service": service, "container": runtime.containers[service], "status": "absent"}
            for service, item in containers.items()
        ],
        "urls": urls(stack),
        "user": runtime.username,
        "password": f"KESTRA_BASICAUTH_PASSWORD in {runtime.env_file}",
        "network": runtime.network,
        "volume": runtime.volume,
        "storage": str(runtime.storage),
    }


def urls(stack: Stack) -> dict[str, str]:
    runtime = stack.runtime
    return {
        "ui": f"{runtime.http_base}/ui/",
        "api": f"{runtime.http_base}/api/v1/",
        "health": f"{runtime.management_base}/health",
        "metrics": f"{runtime.management_base}/prometheus",
    }


def print_state(state: dict[str, Any]) -> None:
    """Print a `document` for a person."""
    rows = [("SERVICE", "CONTAINER", "STATE", "RESTARTS", "IMAGE")]
    for item in state["services"]:
        ready = state["ready"] and item["service"] == SERVER
        rows.append(
            (item["service"], item["container"], "ready" if ready else _state(item), *_rest(item))
        )
    print_table(rows)
    print()
    rows2 = [(f"{name}:", url) for name, url in state["urls"].items()]
    rows2 += [("user:", state["user"]), ("password:", state["password"])]
    print_table(rows2)


def print_next(state: dict[str, Any]) -> None:
    """Print what to type next."""
    ready = state["ready"]
    commands = (
        ["inv kestra.health --deep", "inv kestra.logs -f", "inv kestra.down"]
        if ready
        else ["inv kestra.status", "inv kestra.logs -f"]
    )
    print(f"\nnext: {'   '.join(commands)}")


def print_table(rows: Iterable[Sequence[str]]) -> None:
    """Print columns as wide as they need, two spaces apart."""
    rows = [tuple(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        line = "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        print(line.rstrip())


def _container(stack: Stack, item: Container) -> dict[str, Any]:
    return {
        "container": item.name,
        "status": item.status,
        "health": item.health,
        "started": item.started,
        "restarts": item.restarts,
        "exit_code": None if item.running else item.exit_code,
        "out_of_memory": item.oom,
        "image": describe(stack.engine.image(item.image_id), item),
    }


def _state(item: dict[str, Any]) -> str:
    if item["status"] == "running":
        return item["health"] or "running"
    code = item.get("exit_code")
    memory = ", out of memory" if item.get("out_of_memory") else ""
    return f"{item['status']} ({code}{memory})" if item["status"] == "exited" else item["status"]


def _rest(item: dict[str, Any]) -> tuple[str, str]:
    if "image" not in item:
        return "", ""
    image = item["image"]
    version = f" {image['version']}" if image["version"] else ""
    short = (image["digest"] or image["id"]).removeprefix("sha256:")[:12]
    return str(item["restarts"]), f"{image['name']}{version} ({short})"
