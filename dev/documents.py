"""`inv docs.tasks`: the list of tasks in the development documents, from the tasks themselves."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from invoke import Collection, Context, task

from dev.chores import ROOT, say

PAGE = ROOT / "docs" / "development" / "tasks.md"
_HEAD = "# Tasks\n\nWritten by `inv docs.tasks` from `inv --list`.\n"


@task(auto_shortflags=False)
def tasks(_context: Context) -> None:
    """Write docs/development/tasks.md."""
    PAGE.write_text(render(), encoding="utf-8")
    say(f"wrote {PAGE.relative_to(ROOT)}")


def render() -> str:
    """The page, as the tasks are now."""
    argv = [sys.executable, "-m", "invoke", "--list", "--list-format=json"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True)
    listed = json.loads(done.stdout)
    parts = [_HEAD, _table("", listed["tasks"])]
    for collection in sorted(listed["collections"], key=lambda c: str(c["name"])):
        name = collection["name"]
        parts.append(f"\n## {name}\n\n{_table(f'{name}.', collection['tasks'])}")
    return "\n".join(parts)


def _table(prefix: str, listed: list[dict[str, Any]]) -> str:
    rows = [f"| `{prefix}{item['name']}` | {item['help']} |" for item in listed]
    return "\n".join(["| task | what it does |", "|---|---|", *sorted(rows), ""])


ns = Collection("docs", tasks)
