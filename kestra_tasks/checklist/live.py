"""Rows that are answered by the engine, the running stack and the network."""

from __future__ import annotations

import json
import sys

from kestra_tasks.checklist.place import Place, Verdict, failed, last_line, not_applicable, passed
from kestra_tasks.errors import KestraTasksError
from kestra_tasks.ops.environment import DATABASE, SERVER
from kestra_tasks.ops.runner import Result

_SMOKE_SECONDS = 900.0


def resources(place: Place) -> Verdict:
    """1.2: the ports are free or ours, and there is room."""
    topics = ("ports", "disk", "memory")
    blocking = [p for p in place.discovery.blocking if p.topic in topics]
    if blocking:
        return failed(blocking[0].message, blocking[0].hint or "inv kestra.discover")
    ports = ", ".join(f"{w.port} {w.verdict}" for w in place.discovery.wanted[:2])
    return passed(f"{ports}; 5 GB and more are free")


def credentials(place: Place) -> Verdict:
    """1.3: `.env` has what the server needs."""
    file = place.settings.env_file
    result = place.run(["grep", "-cE", "POSTGRES_|TIMESCALE|KESTRA_", file])
    if not result.ok:
        return failed(f"grep finds no credentials in {file}", "inv kestra.env")
    names = [c for c in place.discovery.credentials if c.name.startswith("KESTRA_")]
    lacking = [c for c in names if c.state != "present"]
    if lacking:
        return failed(f"{lacking[0].name} is {lacking[0].state}", "inv kestra.env")
    return passed(f"{len(names)} variables of Kestra have values")


def engine(place: Place) -> Verdict:
    """1.5: Docker is installed, answers, and its socket can be mounted."""
    client = place.run(["docker", "--version"])
    if not client.ok:
        return failed(f"docker --version: {last_line(client)}", "install Docker Engine")
    server = place.run(["docker", "info", "--format", "{{.ServerVersion}}"])
    blocking = [p for p in place.discovery.blocking if p.topic == "docker"]
    if blocking:
        return failed(blocking[0].message, blocking[0].hint)
    if not server.ok or not server.out.strip():
        return failed(f"docker info: {last_line(server)}", "sudo systemctl start docker")
    return passed(f"{client.out.strip()}; engine {server.out.strip()}")


def services(place: Place) -> Verdict:
    """3.1: Compose lists both services."""
    settings = place.settings
    argv = ["docker", "compose", "-f", settings.compose_file, "config", "--services"]
    result = place.run(argv)
    if not result.ok:
        return failed(f"Compose refuses the file: {last_line(result)}", "inv kestra.compose")
    wanted = {SERVER} if settings.database == "external" else {SERVER, DATABASE}
    missing = sorted(wanted - set(result.out.split()))
    if missing:
        return failed(f"{settings.compose_file} has no {missing[0]}", "inv kestra.compose")
    return passed(f"{' and '.join(sorted(wanted))} are in {settings.compose_file}")


def stacks(place: Place) -> Verdict:
    """3.4: the stack scripts know Kestra, and it runs."""
    from kestra_tasks import integration

    settings = place.settings
    made = integration.plan(place.root, settings, ["stacks"])
    if "stacks" in settings.skip:
        return not_applicable("the settings skip stacks")
    if made.conflicts or made.edits:
        why = made.conflicts[0].why if made.conflicts else made.edits[0].path
        return failed(f"{why} isn't as planned", "inv kestra.stacks")
    if not place.exists(settings.start_stacks):
        return not_applicable(f"the monorepo has no {settings.start_stacks}")
    result = place.run(["bash", "-n", settings.start_stacks])
    if not result.ok:
        return failed(f"bash -n: {last_line(result)}", "inv kestra.stacks")
    return _running(place, f"./{settings.start_stacks} --phase {settings.stack}")


def launcher(place: Place) -> Verdict:
    """3.5: the Service Launcher answers with the entry."""
    url = f"http://localhost:{place.launcher_port}/api/services"
    own = (place.root / "apps" / "status").is_dir()
    if not own:
        return not_applicable("the monorepo has no apps/status")
    text = _fetch(url)
    if text is None:
        script = place.settings.launcher
        start = f"node {script}" if (place.root / script).is_file() else "inv status.serve"
        return failed(f"{url} doesn't answer", f"start the launcher: {start}")
    try:
        entry = next(item for item in json.loads(text) if item.get("id") == "kestra-orchestrator")
    except (ValueError, StopIteration, AttributeError, TypeError):
        return failed(f"{url} lists no kestra-orchestrator", "inv kestra.manifest")
    status = str(entry.get("status", "unknown"))
    if status.lower() not in ("up", "ok", "healthy", "online"):
        return failed(f"the launcher says kestra-orchestrator is {status}", "inv kestra.health")
    return passed(f"kestra-orchestrator is {status}")


def health_checks(place: Place) -> Verdict:
    """3.6: health-check-all.sh checks Kestra."""
    path = place.settings.health_check
    if not place.exists(path):
        return not_applicable(f"the monorepo has no {path}")
    result = place.run(["bash", path, "--services", "kestra"])
    if "kestra" not in (result.out + result.err).lower():
        return failed(f"{path} doesn't tell of Kestra", "inv kestra.healthcheck")
    if not result.ok:
        return failed(f"{path}: {last_line(result)}", "inv kestra.health")
    return passed(f"{path} --services kestra ends with 0")


def logs(place: Place) -> Verdict:
    """4.3: logs.sh shows the container's lines."""
    verdict = _running(place, "inv kestra.up")
    if verdict.mend:
        return verdict
    name = place.stack.runtime.container
    result = place.script("logs.sh", "--tail", "5", "--no-follow", name)
    if not result.ok:
        return failed(f"logs.sh: {last_line(result)}", "inv kestra.up")
    if not (result.out + result.err).strip():
        return failed("logs.sh shows no line", "inv kestra.logs")
    return passed(f"logs.sh shows the lines of {name}")


def smoke(place: Place) -> Verdict:
    """5.1: the wrapper runs on ports of its own, from start to stop."""
    if place.quick:
        return not_applicable("left out by --quick")
    # Not by `inv`: the monorepo's own tasks.py need not offer the tasks.
    argv = [sys.executable, "-m", "kestra_tasks", "kestra.smoke", "--root", str(place.root)]
    result = place.run([*argv, "--json"], timeout=_SMOKE_SECONDS)
    if not result.ok:
        return failed(f"kestra.smoke: {_smoke_failure(result)}", "inv kestra.smoke")
    return passed("run.sh, status.sh, health, a flow, stop.sh; nothing is left")


def _smoke_failure(result: Result) -> str:
    """What the smoke test's own answer says of its failure."""
    try:
        answer = json.loads(result.out)
        if "error" in answer:
            return str(answer["error"]["message"])
        stage = next(stage for stage in answer["stages"] if not stage["ok"])
        return f"{stage['name']}: {stage['detail']}"
    except (ValueError, KeyError, TypeError, StopIteration):
        return last_line(result)


def running(place: Place) -> Verdict:
    """5.3: status.sh and `docker ps` show the server."""
    result = place.script("status.sh")
    if not result.ok:
        return failed(f"status.sh: {last_line(result)}", "inv kestra.up")
    argv = ["docker", "ps", "--filter", f"ancestor={place.settings.image}"]
    listed = place.run([*argv, "--format", "table {{.ID}}\t{{.Status}}\t{{.RunningFor}}"])
    if not listed.ok:
        return failed(f"docker ps: {last_line(listed)}", "inv kestra.discover")
    verdict = _running(place, "inv kestra.up")
    if verdict.mend:
        return verdict
    if place.stack.runtime.container not in result.out:
        return failed(f"status.sh doesn't list {place.stack.runtime.container}", "inv kestra.up")
    return verdict


def openspec(place: Place) -> Verdict:
    """5.4: openspec validate --strict is content."""
    from kestra_tasks.ops import openspec as tool

    settings = place.settings
    if "openspec" in settings.skip:
        return not_applicable("the settings skip openspec")
    try:
        report = tool.check(place.root, settings, place.runner)
    except KestraTasksError as error:
        return failed(error.message, error.hint or "inv kestra.openspec")
    if report is None:
        return not_applicable("the monorepo keeps no OpenSpec changes")
    if not report.valid:
        return failed("openspec validate finds faults", "inv kestra.openspec --validate")
    return passed("openspec validate add-kestra-orchestrator --strict is content")


def _fetch(url: str) -> str | None:
    import requests

    session = requests.Session()
    session.trust_env = False
    try:
        answer = session.get(url, timeout=10)
    except requests.RequestException:
        return None
    return answer.text if answer.ok else None


def _running(place: Place, mend: str) -> Verdict:
    try:
        server = place.stack.container(SERVER)
        ready = place.stack.is_ready(server)
    except KestraTasksError as error:
        return failed(error.message, error.hint or mend)
    if server is None or not server.running:
        return failed("Kestra's container doesn't run", mend)
    if not ready:
        return failed(f"{server.name} runs, but isn't ready", "inv kestra.health")
    return passed(f"{server.name} runs and is ready")
