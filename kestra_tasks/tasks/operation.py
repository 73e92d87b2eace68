"""Tasks that operate the running stack."""

from __future__ import annotations

from kestra_tasks.rim import Rim, kestra_task

_UP = {
    "timeout": "Seconds to wait for a healthy server (default: kestra.timeout).",
    "wait": "Don't wait for it (--no-wait).",
    "yes": "Start although files are pending.",
    "accept-image": "Run another image than the one that last ran on these data.",
}


@kestra_task(json=True, dry_run=True, help=_UP)
def up(
    rim: Rim, timeout: int = 0, wait: bool = True, yes: bool = False, accept_image: bool = False
) -> None:
    """Start Kestra and its database, and wait until both are healthy."""
    from kestra_tasks.ops import operate

    operate.up(rim, timeout=timeout, wait=wait, yes=yes, accept_image=accept_image)


@kestra_task(
    json=True,
    dry_run=True,
    help={"data": "Delete the database and the storage as well (asks).", "yes": "Don't ask."},
)
def down(rim: Rim, data: bool = False, yes: bool = False) -> None:
    """Stop and remove Kestra's containers; data stay unless --data."""
    from kestra_tasks.ops import operate

    operate.down(rim, data=data, yes=yes)


@kestra_task(
    json=True,
    dry_run=True,
    help={**_UP, "database": "Restart the database as well."},
)
def restart(
    rim: Rim,
    timeout: int = 0,
    wait: bool = True,
    database: bool = False,
    yes: bool = False,
    accept_image: bool = False,
) -> None:
    """Stop the server, start it as it is configured now, and wait until it is healthy."""
    from kestra_tasks.ops import operate

    operate.restart(rim, database, timeout=timeout, wait=wait, yes=yes, accept_image=accept_image)


@kestra_task(json=True, dry_run=True)
def stop(rim: Rim) -> None:
    """Stop Kestra's containers; they stay, and `kestra.up` goes on with them."""
    from kestra_tasks.ops import operate

    operate.stop(rim)


@kestra_task(json=True)
def status(rim: Rim) -> None:
    """Show Kestra's containers, images and addresses."""
    from kestra_tasks.ops import operate

    operate.status(rim)


@kestra_task(
    short={"follow": "f"},
    help={
        "follow": "Go on as lines come.",
        "since": "From a time on, such as 10m or 2026-01-31T12:00:00.",
        "tail": "Only the last lines of each service (default: all).",
    },
)
def logs(rim: Rim, follow: bool = False, since: str = "", tail: str = "") -> None:
    """Show what Kestra and its database print, secrets masked."""
    from kestra_tasks.ops import operate

    operate.logs(rim, follow=follow, since=since, tail=tail)


@kestra_task(
    json=True,
    help={
        "deep": "Run a small flow as well.",
        "watch": "Look again every few seconds until interrupted; with --json, a line each.",
        "interval": "Seconds between two looks of --watch.",
    },
)
def health(rim: Rim, deep: bool = False, watch: bool = False, interval: int = 5) -> None:
    """Check each part of the running stack; exit 4 if one fails."""
    from kestra_tasks.ops import operate

    operate.health(rim, deep=deep, watch=watch, interval=interval)
