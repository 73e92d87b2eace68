"""A small flow that proves the whole server: stored, scheduled, worked off, logged."""

from __future__ import annotations

from dataclasses import dataclass

from kestra_tasks.ops.api import Api, ApiError

NAMESPACE = "kestra.tasks"
_SOURCE = """\
id: {flow}
namespace: {namespace}
description: Written by kestra-tasks to prove that this server works; deleted after the run.
tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: {message}
"""


@dataclass(frozen=True)
class Run:
    """What became of a run: the execution's id and state, and the line it was to log."""

    execution: str
    state: str
    line: str


def source(flow: str, message: str, namespace: str = NAMESPACE) -> str:
    """The flow's YAML; `message` must be plain text without quotes or colons."""
    return _SOURCE.format(flow=flow, namespace=namespace, message=message)


def prove(api: Api, flow: str, seconds: float = 60, namespace: str = NAMESPACE) -> Run:
    """Store the flow, run it to SUCCESS, read its log line back, delete it.

    Args:
        flow: id of the flow, which must be ours alone: it is overwritten and deleted.
        seconds: that the run may take.

    Raises:
        ApiError: any of it went otherwise.
    """
    message = f"kestra-tasks was here with {flow}"
    api.put_flow(namespace, flow, source(flow, message, namespace))
    try:
        started = api.execute(namespace, flow)
        ended = api.wait(started.id, seconds)
        if ended.state != "SUCCESS":
            raise ApiError(
                f"execution {ended.id} of {namespace}.{flow} is {ended.state} after {seconds:g} s"
                if not ended.ended
                else f"execution {ended.id} of {namespace}.{flow} ended {ended.state}",
                "inv kestra.logs",
            )
        lines = [line for line in api.logs(ended.id) if message in line]
        if not lines:
            raise ApiError(f"execution {ended.id} succeeded but its log line is missing")
        api.delete_execution(ended.id)
        return Run(ended.id, ended.state, lines[0])
    finally:
        api.delete_flow(namespace, flow)
