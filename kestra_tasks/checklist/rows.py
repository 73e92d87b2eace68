"""The rows of the task list, in its order, and what answers each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kestra_tasks.checklist import files, live
from kestra_tasks.checklist.place import Place, Verdict
from kestra_tasks.settings import Settings


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        number: as in the task list, such as "3.1".
        title: what it asks, in a few words.
        command: what a person types to see the same.
        check: gives the verdict.
    """

    number: str
    title: str
    command: str
    check: Callable[[Place], Verdict]

    def typed(self, settings: Settings) -> str:
        """The command with this monorepo's own paths."""
        own = Settings()
        text = self.command
        for name in ("kestra_dir", "compose_file", "manifest", "start_stacks", "health_check"):
            text = text.replace(getattr(own, name), getattr(settings, name))
        return text


_STACK = Settings.compose_file
_HEALTH = Settings.health_check

ROWS = (
    Row("1.1", "no foreign Kestra", "rg -n kestra .", files.references),
    Row("1.2", "ports and room", "inv kestra.discover", live.resources),
    Row("1.3", "credentials in .env", "grep -cE '^KESTRA_' .env", live.credentials),
    Row("1.4", "conventions", "inv kestra.discover", files.conventions),
    Row("1.5", "Docker", "docker info --format '{{.ServerVersion}}'", live.engine),
    Row("2.1", "folders", "stat -c '%a' tools/kestra/{scripts,docs,tmp}", files.folders),
    Row("2.2", "run.sh", "tools/kestra/scripts/run.sh --local --dry-run", files.wrapper),
    Row("2.3", "status, logs, stop", "tools/kestra/scripts/status.sh", files.helpers),
    Row("2.4", "README", "less tools/kestra/README.md", files.readme),
    Row("3.1", "both services", f"docker compose -f {_STACK} config --services", live.services),
    Row("3.2", ".env and .env.example", "diff .env.example .env", files.variables),
    Row("3.3", "manifest", "jq '.services[].id' config/services-manifest.json", files.manifest),
    Row("3.4", "stack scripts", "./scripts/docker/start-stacks.sh --phase tools", live.stacks),
    Row("3.5", "Service Launcher", "curl http://localhost:3500/api/services", live.launcher),
    Row("3.6", "health checks", f"bash {_HEALTH} --services kestra", live.health_checks),
    Row("4.1", "security in the README", "less tools/kestra/README.md", files.security),
    Row("4.2", "monitoring in the README", "less tools/kestra/README.md", files.monitoring),
    Row("4.3", "logs", "tools/kestra/scripts/logs.sh", live.logs),
    Row("5.1", "smoke test", "inv kestra.smoke", live.smoke),
    Row("5.2", "documents", "npm run validate-docs", files.documents),
    Row("5.3", "manageable", "tools/kestra/scripts/status.sh", live.running),
    Row("5.4", "OpenSpec", "inv kestra.openspec --validate", live.openspec),
)

# The success criteria, each by the rows that prove it.
CRITERIA = (
    ("runs by the official docker run command", ("2.2", "5.1")),
    ("start, stop, status and logs in the stack", ("2.3", "3.1", "3.4", "4.3")),
    ("documents and .env.example guide the setup", ("2.4", "3.2", "4.1", "5.2")),
    ("launcher and operators can watch it", ("3.5", "3.6", "4.2", "5.3")),
    ("OpenSpec is valid", ("5.4",)),
)
