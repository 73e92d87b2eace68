"""The smoke test of the wrapper (row 5.1): run.sh on a throwaway database, a flow, stop.sh.

Everything that it starts or writes is its own and is gone afterwards, however it ends; a running
stack isn't touched.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from kestra_tasks.errors import KestraTasksError, PreconditionError, UsageError
from kestra_tasks.ops import smoke_clean, smoke_guard, smoke_work
from kestra_tasks.ops.masking import Mask
from kestra_tasks.ops.preflight import engine_ready
from kestra_tasks.ops.smoke_place import Place, choose
from kestra_tasks.ops.smoke_stages import Stages
from kestra_tasks.ops.smoke_work import Smoke
from kestra_tasks.rim import Rim
from kestra_tasks.settings import parse_ports

SCHEMA = "kestra-tasks/smoke/1"


def run(rim: Rim, *, ports: str = "", timeout: int = 0) -> None:
    """Carry out the smoke test and answer with its stages.

    Args:
        ports: HTTP and management port, such as "8190,8750"; empty takes the settings'.
        timeout: seconds to wait for a healthy server; 0 takes the setting.

    Raises:
        PreconditionError: a port is taken, run.sh isn't there, or another smoke is running.
        UnhealthyError: the server isn't as it should be; names the evidence.
        ChildError: docker failed.
    """
    settings = rim.settings
    if timeout < 0:
        raise UsageError(f"--timeout {timeout} isn't a number of seconds")
    if ports:
        wanted = parse_ports(ports)
    else:
        wanted = (settings.smoke_http_port, settings.smoke_management_port)
    place = choose(rim.root, settings, wanted)
    if not (place.scripts / "run.sh").is_file():
        raise PreconditionError(f"{settings.scripts_dir}/run.sh isn't there", "inv kestra.scaffold")
    if rim.dry_run:
        _show(rim, place)
        return
    engine_ready(rim.root, rim.say, place.socket)
    mask = Mask(place.secrets)
    smoke = Smoke(rim, place, timeout or settings.timeout, Stages(rim.say, mask))
    with smoke_guard.alone(place):
        _carry_out(smoke, mask)


def _carry_out(smoke: Smoke, mask: Mask) -> None:
    rim, place = smoke.rim, smoke.place
    if left := smoke_clean.remains(place, rim.runner):
        rim.say(f"removing what an interrupted smoke left: {', '.join(left)}")
        smoke_clean.remove(place, rim.runner)
    smoke_guard.ports_free(place)
    failure: BaseException | None = None
    evidence: Path | None = None
    with smoke_guard.ended_by_signals():
        try:
            smoke_work.work(smoke)
        except BaseException as error:
            failure = error
        with smoke_guard.uninterrupted():
            if failure is not None:
                evidence = smoke_clean.keep_evidence(place, _known(smoke, mask))
            try:
                smoke_work.leave_nothing(smoke)
            except KestraTasksError as error:
                failure = failure or error
    rim.answer(_document(smoke, evidence), lambda: _report(smoke, evidence))
    if isinstance(failure, KestraTasksError) and evidence is not None:
        failure.hint = f"{failure.hint}; evidence: {evidence}".lstrip("; ")
    if failure is not None:
        raise failure


def _known(smoke: Smoke, mask: Mask) -> dict[str, list[str]]:
    place = smoke.place
    logs = smoke.rim.runner.query(place.logs(place.database))
    parts = {
        "stages": [stage.line for stage in smoke.stages.done],
        "commands and what they printed": smoke.story,
        place.name: smoke.server_lines,
        place.database: [*logs.out.splitlines(), *logs.err.splitlines()],
    }
    return {heading: [mask(line) for line in lines] for heading, lines in parts.items()}


def _show(rim: Rim, place: Place) -> None:
    argvs = [place.create_network(), place.start_database(), place.start(), place.status()]
    argvs += [place.stop(), place.remove_container(place.database), place.remove_network()]
    for argv in argvs:
        rim.say(f"$ {shlex.join(argv)}")
    rim.answer({"schema": SCHEMA, "dry_run": True, "ok": None, "stages": []})


def _document(smoke: Smoke, evidence: Path | None) -> dict[str, Any]:
    place = smoke.place
    return {
        "schema": SCHEMA,
        "ok": smoke.stages.ok,
        "container": place.name,
        "ports": {"http": place.http_port, "management": place.management_port},
        "stages": [stage.document() for stage in smoke.stages.done],
        "evidence": str(evidence) if evidence else None,
    }


def _report(smoke: Smoke, evidence: Path | None) -> None:
    from kestra_tasks.render.tables import table

    rows = [
        ("pass" if stage.ok else "FAIL", stage.name, f"{stage.seconds:.1f} s", stage.detail)
        for stage in smoke.stages.done
    ]
    print(table(("", "STAGE", "TOOK", "SHOWN"), rows))
    if evidence:
        print(f"evidence: {evidence}")
