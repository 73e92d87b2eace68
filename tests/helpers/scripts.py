"""The wrapper's scripts laid into a scratch monorepo, and a `docker` that only records."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from kestra_tasks.apply import apply
from kestra_tasks.core.plan import Step, make_plan
from kestra_tasks.probes.tree import read_tree
from kestra_tasks.settings import Settings
from kestra_tasks.steps import scaffold

LOGIN = "KESTRA_DB_PASSWORD=Db1-password\nKESTRA_BASICAUTH_PASSWORD=Ui1-password\n"
_RECORDER = """\
#!/usr/bin/env bash
{{ printf '%s\\0' "$@"; printf '\\1\\0'; }} >>{folder}/argv
[[ $1 != run ]] || printf '%s\\0' "${{ORCHESTRATOR_DB_PASSWORD_GIVEN-}}" \\
  "${{ORCHESTRATOR_BASICAUTH_PASSWORD_GIVEN-}}" "${{KESTRA_CONFIGURATION-}}" >{folder}/env
case "$*" in
{answers}
esac
exit 0
"""


def lay_scripts(root: Path, settings: Settings | None = None) -> Path:
    """Write the scaffold below `root`; return the scripts' folder."""
    settings = settings or Settings()
    root.mkdir(parents=True, exist_ok=True)
    step = Step("scaffold", "2", scaffold.plan, scaffold.undo)
    apply(root, make_plan(read_tree(root), settings, [step]))
    return root / settings.scripts_dir


@dataclass
class Shell:
    """A scratch monorepo whose scripts meet a recording `docker`.

    Attributes:
        answers: shell pattern over docker's joined argv -> (what it prints, exit code); the
            first that fits counts, anything else prints nothing and succeeds.
    """

    root: Path
    scripts: Path
    folder: Path
    answers: dict[str, tuple[str, int]] = field(default_factory=dict)

    def env(self, text: str) -> None:
        (self.root / ".env").write_bytes(text.encode("utf-8", "surrogateescape"))

    def __call__(
        self, script: str, *arguments: str, cwd: Path | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a script with the recorder first on PATH and no KESTRA_ variable but `env`'s."""
        self._write()
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("KESTRA_", "DOCKER_"))}
        return subprocess.run(
            [str(self.scripts / script), *arguments],
            cwd=cwd or "/",
            env={**kept, "PATH": f"{self.folder}:{kept['PATH']}", **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=60,
            check=False,
        )

    @property
    def calls(self) -> list[list[str]]:
        """Every call of docker so far, its arguments."""
        place = self.folder / "argv"
        if not place.exists():
            return []
        text = place.read_text(encoding="utf-8", errors="surrogateescape")
        return [call.split("\0")[:-1] for call in text.split("\1\0")[:-1]]

    @property
    def run(self) -> list[str]:
        """The arguments of the one `docker run`."""
        found = [call for call in self.calls if call[0] == "run"]
        assert len(found) == 1, self.calls
        return found[0]

    @property
    def given(self) -> tuple[str, str, str]:
        """What `docker run` had in its environment: both passwords and the configuration."""
        text = (self.folder / "env").read_text(encoding="utf-8", errors="surrogateescape")
        database, login, configuration = text.split("\0")[:3]
        return database, login, configuration

    def options(self, name: str) -> list[str]:
        """The values of an option of that `docker run`."""
        return [value for key, value in zip(self.run, self.run[1:], strict=False) if key == name]

    def _write(self) -> None:
        self.folder.mkdir(exist_ok=True)
        answers = [
            f"  {pattern}) printf '%s' {shlex.quote(out)}; exit {code} ;;"
            for pattern, (out, code) in self.answers.items()
        ]
        place = self.folder / "docker"
        place.write_text(
            _RECORDER.format(folder=shlex.quote(str(self.folder)), answers="\n".join(answers))
        )
        place.chmod(0o755)
