"""Tasks that prove the whole: the wrapper's smoke test and the checklist."""

from __future__ import annotations

from kestra_tasks.rim import Rim, kestra_task

_HELP = {
    "ports": "HTTP and management port, such as 8190,8750 (default: the settings').",
    "timeout": "Seconds to wait for a healthy server (default: kestra.timeout).",
}


@kestra_task(json=True, dry_run=True, help=_HELP)
def smoke(rim: Rim, ports: str = "", timeout: int = 0) -> None:
    """Run the wrapper from start to stop on a throwaway database (5.1); exit 4 if it fails."""
    from kestra_tasks.ops import smoke as smoking

    smoking.run(rim, ports=ports, timeout=timeout)


@kestra_task(
    json=True,
    help={
        "quick": "Leave out the smoke test, which takes a minute.",
        "markdown": "Answer in Markdown, for a pull request.",
    },
)
def checklist(rim: Rim, quick: bool = False, markdown: bool = False) -> None:
    """Check every row of the task list (5.3); exit 4 if one fails."""
    from kestra_tasks.checklist import report

    report.checklist(rim, quick=quick, markdown=markdown)
