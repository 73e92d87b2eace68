"""Tasks that write the monorepo's files: one a step, and all of them together."""

from __future__ import annotations

from kestra_tasks.rim import Rim, kestra_task

_FORCE = {"force": "Replace what was edited by hand."}
_CHECK = {"validate": "Run the monorepo's own `npm run validate-docs`, without and with them."}
_STRICT = {"validate": "Run `openspec validate --strict` and keep its report."}
_PORTS = {"ports": "Decide the ports: `auto`, or two such as 8180,8685."}
_HERE = "The ports are for this machine only: .env, not .env.example."
_FROM = "Take the database of variables such as TIMESCALE_HOST: the prefix, TIMESCALE."


@kestra_task(json=True, dry_run=True, help=_FORCE)
def scaffold(rim: Rim, force: bool = False) -> None:
    """Write Kestra's folder: scripts, README, ignored data folders (2.1-2.4)."""
    from kestra_tasks import integration

    integration.carry_out(rim, ["scaffold"], force=force)


@kestra_task(json=True, dry_run=True, help=_FORCE)
def compose(rim: Rim, force: bool = False) -> None:
    """Write Kestra's services and include them in the stack (3.1)."""
    from kestra_tasks import integration

    integration.carry_out(rim, ["compose"], force=force)


@kestra_task(json=True, dry_run=True, help=_FORCE)
def manifest(rim: Rim, force: bool = False) -> None:
    """Add Kestra to the services manifest (3.3)."""
    from kestra_tasks import integration

    integration.carry_out(rim, ["manifest"], force=force)


@kestra_task(json=True, dry_run=True, help=_FORCE)
def stacks(rim: Rim, force: bool = False) -> None:
    """Start and stop Kestra with the monorepo's stacks (3.4)."""
    from kestra_tasks import integration

    integration.carry_out(rim, ["stacks"], force=force)


@kestra_task(json=True, dry_run=True, help=_FORCE)
def healthcheck(rim: Rim, force: bool = False) -> None:
    """Add Kestra to the health check of all services (3.6)."""
    from kestra_tasks import integration

    integration.carry_out(rim, ["scaffold", "healthcheck"], force=force)


@kestra_task(json=True, dry_run=True, help=_FORCE)
def launcher(rim: Rim, force: bool = False) -> None:
    """Add Kestra to the Express service launcher (3.5)."""
    from kestra_tasks import integration

    integration.carry_out(rim, ["launcher"], force=force)


@kestra_task(
    json=True, dry_run=True, help={**_FORCE, **_PORTS, "here": _HERE, "database-from": _FROM}
)
def env(
    rim: Rim, ports: str = "", here: bool = False, database_from: str = "", force: bool = False
) -> None:
    """Write Kestra's variables, and draw its secrets once (3.2)."""
    from kestra_tasks import integration

    overrides = {"database_from": database_from, "ports_here": here}
    integration.carry_out(rim, ["env"], ports=ports, force=force, overrides=overrides)


@kestra_task(json=True, dry_run=True, help={**_FORCE, **_CHECK})
def docs(rim: Rim, force: bool = False, validate: bool = False) -> None:
    """Add Kestra to the port map and naming document; write the operators' documents (5.2)."""
    from kestra_tasks.ops import hostdocs

    hostdocs.docs(rim, force=force, validate=validate)


@kestra_task(json=True, dry_run=True, help={**_FORCE, **_STRICT})
def openspec(rim: Rim, force: bool = False, validate: bool = False) -> None:
    """Write the OpenSpec change for Kestra (5.4)."""
    from kestra_tasks.ops import openspec as tool

    tool.openspec(rim, force=force, validate=validate)


@kestra_task(json=True, dry_run=True, help={**_FORCE, **_PORTS})
def integrate(rim: Rim, ports: str = "", force: bool = False) -> None:
    """Integrate Kestra: every step, in one plan."""
    from kestra_tasks import integration

    integration.carry_out(rim, ports=ports, force=force)


@kestra_task(json=True)
def check(rim: Rim) -> None:
    """Say whether the committed files are as the settings ask; exit 2 if not."""
    from kestra_tasks import integration

    integration.check(rim)


@kestra_task(
    json=True,
    dry_run=True,
    help={
        "data": "Remove the database, its credentials and the storage as well (asks).",
        "yes": "Answer yes where --data asks.",
        "force": "Delete files of ours that were edited by hand.",
    },
)
def remove(rim: Rim, data: bool = False, yes: bool = False, force: bool = False) -> None:
    """Take the integration back, byte for byte; data stay unless --data."""
    from kestra_tasks import removal

    removal.remove(rim, data=data, yes=yes, force=force)


@kestra_task(
    json=True,
    dry_run=True,
    help={"remove": "Take both blocks out again."},
)
def init(rim: Rim, remove: bool = False) -> None:
    """Write the settings that fit this monorepo, and the tasks into its tasks.py."""
    from kestra_tasks import adoption

    adoption.init(rim, remove=remove)
