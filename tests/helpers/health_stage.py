"""A monorepo with Kestra's scripts; a docker and a curl on PATH that note what they are asked."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from kestra_tasks.apply import apply
from kestra_tasks.core.plan import Plan, make_plan
from kestra_tasks.probes.tree import read_tree
from kestra_tasks.settings import Settings
from kestra_tasks.steps import select

DOCKER = r"""#!/usr/bin/env bash
printf 'docker %s\n' "$*" >>"$STAGE/calls"
[[ -z ${DOCKER_DEAD:-} ]] || { echo "Cannot connect to the Docker daemon" >&2; exit 1; }
s=$'\x1f'
row="abc123456789${s}tools-kestra${s}server${s}"
case "$*" in
  version*) echo 27.5 ;;
  'port '*'8081/tcp') [[ -z ${KESTRA_PORT:-} ]] || echo "0.0.0.0:$KESTRA_PORT" ;;
  'port '*) echo "127.0.0.1:19499" ;;
  *status=created*role=server*) [[ -z ${KESTRA_STOPPED:-} ]] ||
    echo "$row${s}$ROOT/tools/compose${s}$KESTRA_STOPPED${s}${s}kestra" ;;
  *role=server*) [[ -z ${KESTRA_STATUS:-} ]] ||
    echo "$row${s}${KESTRA_HOME:-$ROOT}/tools/compose${s}$KESTRA_STATUS${s}${s}kestra" ;;
  *role=wrapper* | *ancestor=*) ;;
  *role=database*) [[ -z ${DB_STATUS:-} ]] ||
    echo "tools-kestra-postgres${s}$DB_STATUS${s}$ROOT/tools/compose" ;;
  *publish=*) echo "${PORT_OWNER:-}" ;;
  ps\ -a*) [[ -z ${OTHERS:-} ]] || printf '%b\n' "$OTHERS" ;;
  *'{{.Names}}'*) printf 'cache-redis\ndata-timescale\n' ;;
  *'{{.Status}}'*) echo 'Up 3 hours' ;;
  inspect*) echo running ;;
  *) exit 64 ;;
esac
"""
CURL = r"""#!/usr/bin/env bash
printf 'curl %s\n' "$*" >>"$STAGE/calls"
[[ -z ${SLOW:-} ]] || { sleep "$SLOW" && echo answered >>"$STAGE/calls"; }
url=${*: -1}
for down in ${DOWN:-}; do
  [[ $url != *":$down"* ]] || { [[ "$*" != *http_code* ]] || printf '\n000'; exit 7; }
done
case $url in
  *:19499/*) code=404 body='' ;;
  *:${KESTRA_PORT:-none}/*) code=${KESTRA_CODE:-200} body="{\"status\":\"${KESTRA_WORD:-UP}\"}" ;;
  *:8081/*) [[ -n ${FOREIGN:-} ]] || { printf '\n000'; exit 7; }; code=200 body='hello' ;;
  *) code=${OTHER_CODE:-200} body='{"status":"ok"}' ;;
esac
[[ "$*" != *http_code* ]] || printf '%s\n%s' "$body" "$code"
[[ $code != 5* || "$*" == *http_code* ]]
"""
UP = {"KESTRA_STATUS": "Up 2 hours (healthy)", "KESTRA_PORT": "19470"}
SICK = {
    **UP,
    "KESTRA_STATUS": "Up 2 hours (unhealthy)",
    "KESTRA_CODE": "503",
    "KESTRA_WORD": "DOWN",
}


@dataclass(frozen=True)
class Answer:
    """What a script printed, and its exit code."""

    out: str
    err: str
    code: int


class Stage:
    """A scratch monorepo below `folder`; its path has a space and an accent."""

    def __init__(self, folder: Path, **changes: object) -> None:
        self.root = folder / "môno repo"
        self.bin = folder / "bin"
        self.settings = Settings().with_(**changes)
        self.script = self.root / self.settings.health_check
        self.script.parent.mkdir(parents=True)
        (self.root / "tools" / "compose").mkdir(parents=True)
        self.bin.mkdir()
        for name, text in (("docker", DOCKER), ("curl", CURL)):
            (self.bin / name).write_text(text)
            (self.bin / name).chmod(0o755)

    def host(self, text: str) -> None:
        self.script.write_bytes(text.encode())
        self.script.chmod(0o755)

    def plan(self, *, undo: bool = False) -> Plan:
        steps = select(["scaffold", "healthcheck"])
        return make_plan(read_tree(self.root), self.settings, steps, undo=undo)

    def integrate(self, *, undo: bool = False) -> Plan:
        made = self.plan(undo=undo)
        apply(self.root, made)
        return made

    @property
    def health(self) -> Path:
        return self.root / self.settings.scripts_dir / "health.sh"

    def calls(self) -> list[str]:
        noted = self.bin / "calls"
        lines = noted.read_text().splitlines() if noted.exists() else []
        noted.unlink(missing_ok=True)
        return lines

    def run(self, script: Path, *arguments: str, **world: str) -> Answer:
        """Run a script by its path, from another folder, with the stand-ins first on PATH."""
        env = {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(self.root),
            "STAGE": str(self.bin),
            "ROOT": str(self.root.resolve()),
            **world,
        }
        done = subprocess.run(
            [str(script), *arguments],
            env=env,
            cwd="/",
            capture_output=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )
        return Answer(done.stdout.decode(), done.stderr.decode(), done.returncode)
