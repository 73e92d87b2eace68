"""Scratch monorepos with stack scripts, run with a `docker` that only records what it is told."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from kestra_tasks.core.plan import Plan, make_plan
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.settings import Secrets, Settings
from kestra_tasks.steps import select

CORPUS = Path(__file__).resolve().parents[1] / "corpus/bash"
SETTINGS = Settings(secrets=Secrets("Db-secret-0123456789", "Ui-secret-0123456789A"))
STACK = SETTINGS.compose_file
SCRIPTS = {"start": SETTINGS.start_stacks, "stop": SETTINGS.stop_stacks}

# It fails, as the real one does, on a compose file that doesn't exist.
_DOCKER = r"""#!/usr/bin/env bash
printf '%s\x1f' "$@" >>"$DOCKER_LOG"
printf '\n' >>"$DOCKER_LOG"
case $1 in
  compose) ;;
  network) [[ $2 != inspect || -z ${NO_NETWORK:-} ]]; exit ;;
  container) exit 1 ;;
  version) echo 20.10.24; exit ;;
  *) exit 0 ;;
esac
shift
file=''
while (($#)); do
  case $1 in
    -f) file=$2
      [[ -f $file ]] || { echo "open $file: no such file or directory" >&2; exit 14; }
      shift ;;
    -p | --project-name | --env-file | --profile) shift ;;
    -*) ;;
    *) break ;;
  esac
  shift
done
if [[ "$*" == 'config --services' ]]; then
  sed -n '/^services:/,/^[^ ]/s/^  \([a-z-]*\):.*/\1/p' "$file"
  ! grep -q kestra/compose.yml "$file" || printf 'kestra\nkestra-postgres\n'
elif [[ "$*" == 'ps -q kestra' ]]; then
  echo "${SERVER:-}"
elif [[ -n ${SLOW:-} && "$*" == stop* ]]; then
  sleep "$SLOW"
elif [[ -n ${DOCKER_FAILS:-} && " $* " == *" $DOCKER_FAILS "* ]]; then
  echo "driver failed programming external connectivity" >&2
  exit 1
fi
"""


@dataclass(frozen=True)
class Ran:
    """What a script did.

    Attributes:
        calls: docker's arguments, call by call, the root as "ROOT".
    """

    code: int
    out: str
    err: str
    calls: list[str]

    @property
    def changes(self) -> list[str]:
        """The calls that start, stop or make something."""
        asks = ("config", "inspect", "version", "ps", "context")
        return [call for call in self.calls if not any(f" {a} " in f" {call} " for a in asks)]


@dataclass
class Stacks:
    """A monorepo with start and stop scripts.

    Attributes:
        root: its folder.
        others: compose files below tools/compose by phase, beside the stack's own; with a "/"
            in it, a path from there without its ".yml".
    """

    root: Path
    others: tuple[str, ...] = ()
    settings: Settings = SETTINGS
    written: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, name: str, folder: Path, *others: str, tools: str = "") -> Stacks:
        """Lay out a fixture of the corpus; `tools` are services of the stack's own file."""
        made = cls(folder / "a mono repo", others)
        for path in SCRIPTS.values():
            (made.root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CORPUS / name / Path(path).name, made.root / path)
        made.compose(tools)
        return made

    def compose(self, tools: str = "") -> None:
        folder = (self.root / self.settings.compose_file).parent
        folder.mkdir(parents=True, exist_ok=True)
        for phase in self.others:
            place = folder / (f"{phase}.yml" if "/" in phase else f"docker-compose.{phase}.yml")
            place.parent.mkdir(exist_ok=True)
            place.write_text("services:\n  one: {}\n")
        if tools:
            body = "".join(f"  {name}: {{image: busybox}}\n" for name in tools.split())
            (self.root / self.settings.compose_file).write_text(f"services:\n{body}")

    def tree(self) -> Tree:
        files = {
            path.relative_to(self.root).as_posix(): File(path.read_bytes(), path.stat().st_mode)
            for path in self.root.rglob("*")
            if path.is_file()
        }
        return Tree(files)

    def integrate(self, *, http: int = 19401, management: int = 19402, undo: bool = False) -> Plan:
        """Carry out every step; gives the plan."""
        settings = self.settings.with_(decided_ports=(http, management))
        plan = make_plan(self.tree(), settings, select(skip=self.settings.skip), undo=undo)
        for edit in plan.edits:
            place = self.root / edit.path
            if edit.after is None:
                place.unlink()
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(edit.after.data)
                place.chmod(edit.after.mode)
        return plan

    def run(self, script: str, *arguments: str, cwd: Path | None = None, **env: str) -> Ran:
        """Run a script of the monorepo, from elsewhere unless told."""
        bin_folder = self.root.parent / "bin"
        bin_folder.mkdir(exist_ok=True)
        docker = bin_folder / "docker"
        if not docker.exists():
            docker.write_text(_DOCKER)
            docker.chmod(0o755)
        log = self.root.parent / "docker.log"
        log.write_text("")
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("KESTRA_", "SKIP_"))}
        done = subprocess.run(
            ["bash", str(self.root / script), *arguments],
            cwd=cwd or self.root.parent,
            env={**clean, "PATH": f"{bin_folder}:{clean['PATH']}", "DOCKER_LOG": str(log), **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        calls = [
            self._readable(line.rstrip("\x1f")) for line in log.read_text().splitlines() if line
        ]
        return Ran(done.returncode, done.stdout, done.stderr, calls)

    def _readable(self, line: str) -> str:
        words = [os.path.normpath(word) if "/" in word else word for word in line.split("\x1f")]
        return " ".join(words).replace(str(self.root), "ROOT")


UP = f"compose -f ROOT/{STACK} up -d kestra"
STOP = f"compose -f ROOT/{STACK} stop kestra kestra-postgres"
