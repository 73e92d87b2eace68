"""The smoke test of the wrapper."""

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
