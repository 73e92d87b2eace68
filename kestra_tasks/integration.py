"""From a request to a plan, from a plan to files, and a look afterwards that it is so."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from kestra_tasks.apply import apply
from kestra_tasks.core.edit import Noop
from kestra_tasks.core.plan import Plan, make_plan
from kestra_tasks.errors import ExitCode, KestraTasksError, PreconditionError
from kestra_tasks.ports import decide
from kestra_tasks.probes.tree import read_tree
from kestra_tasks.rim import Rim
from kestra_tasks.settings import Settings
from kestra_tasks.steps import select


def plan(
    root: Path, settings: Settings, only: Iterable[str] | None = None, *, undo: bool = False
) -> Plan:
    """Plan the steps of `only` (all by default) that the settings don't skip.

    What a step wrote before it was skipped is taken back as well.

    Raises:
        UsageError: a name that is no step.
        PreconditionError: a file that can't be read.
    """
    # Only a document that isn't there yet gets the date; it never makes a plan pending.
    settings = settings.with_(today=settings.today or date.today().isoformat())
    skip = () if undo else settings.skip
    return make_plan(read_tree(root), settings, select(only, skip), undo=undo)


def pending(root: Path, settings: Settings) -> Plan:
    """Plan what is committed: the local `.env` differs from person to person."""
    made = plan(root, settings)
    local = settings.env_file
    outcomes = tuple(
        replace(
            outcome,
            edits=tuple(edit for edit in outcome.edits if edit.path != local),
            noops=(
                *outcome.noops,
                *(
                    Noop(local, f"isn't committed, so it isn't checked; inv kestra.env: {edit.why}")
                    for edit in outcome.edits
                    if edit.path == local
                ),
            ),
        )
        for outcome in made.outcomes
    )
    return Plan(outcomes, tuple(edit for edit in made.edits if edit.path != local), made.tree)


def carry_out(
    rim: Rim,
    only: Iterable[str] | None = None,
    *,
    ports: str = "",
    force: bool = False,
    overrides: dict[str, Any] | None = None,
) -> None:
    """Plan, show, apply and look again; the body of every task that writes files.

    Args:
        only: names of steps; None for all.
        ports: "", "auto" or "8180,8685".
        force: replace what a hand changed.
        overrides: further run-only settings.

    Raises:
        PreconditionError: a decision is needed; what needs none was applied.
    """
    settings = rim.settings.with_(force=force, **(overrides or {}))
    writes_env = only is None or "env" in only
    undecided = None
    if writes_env:
        settings, undecided = decide(rim, settings, ports)
        settings = _with_secrets(rim, settings)
    made = plan(rim.root, settings, only)
    _validate(rim, made, settings)
    show(rim, made, settings, applied=not rim.dry_run)
    if undecided:
        raise undecided
    if not rim.dry_run:
        apply(rim.root, made)
        _look_again(rim.root, settings, only)
        _warn_of_secrets(rim, settings)
        _tell_of_network(rim, made, settings)
    settle(made)
    if only is None and made.edits and not rim.dry_run:
        rim.say("next: inv kestra.up")


def _warn_of_secrets(rim: Rim, settings: Settings) -> None:
    from kestra_tasks.probes.git import keep_out, would_take

    if would_take(rim.root, settings.env_file):
        rim.say(f"warning: git would take {settings.env_file}, which has the passwords")
        rim.say(f"  -> {keep_out(rim.root, settings.env_file)}")


def take_back(rim: Rim, *, force: bool, keep_credentials: bool) -> None:
    """Undo every step; leave credentials that open existing data, and say so."""
    settings = rim.settings.with_(force=force, keep_credentials=keep_credentials)
    made = plan(rim.root, settings, undo=True)
    show(rim, made, settings, applied=not rim.dry_run)
    if not rim.dry_run:
        apply(rim.root, made)
    settle(made)


def show(rim: Rim, made: Plan, settings: Settings, *, applied: bool, whole: bool = False) -> None:
    """Print the plan: a diff where nothing is written, otherwise verbs and changed lines.

    Args:
        whole: what is written is shown as well where the file is new.
    """
    from kestra_tasks.render.diff import PlanRenderer, write

    renderer = PlanRenderer(settings, full=whole or not applied)
    if not rim.json:
        write(renderer.lines(made), sys.stderr if applied else sys.stdout)
        if not made.edits:
            rim.say("nothing to do" if not made.conflicts else "nothing else to do")
    rim.answer(
        {
            "schema": "kestra-tasks/plan/1",
            "root": str(rim.root),
            "applied": applied,
            **renderer.document(made),
        }
    )


def settle(made: Plan) -> None:
    """Stop with exit 3 where a person has to decide.

    Raises:
        PreconditionError: the plan has conflicts.
    """
    if made.conflicts:
        first = made.conflicts[0]
        more = f" (and {len(made.conflicts) - 1} more)" if len(made.conflicts) > 1 else ""
        raise PreconditionError(f"left as it is: {first.why}{more}", first.hint)


def check(rim: Rim) -> None:
    """Show what is pending in the committed files; exit 2 if anything is."""
    made = pending(rim.root, rim.settings)
    show(rim, made, rim.settings, applied=False)
    if made.pending:
        raise KestraTasksError(
            f"{len(made.edits)} file(s) aren't as the settings ask",
            "inv kestra.integrate",
            ExitCode.PENDING,
        )
    settle(made)


def _with_secrets(rim: Rim, settings: Settings) -> Settings:
    from kestra_tasks import secrets
    from kestra_tasks.ops.containers import database_exists

    return secrets.draw(rim.root, settings, database_exists)


def _validate(rim: Rim, made: Plan, settings: Settings) -> None:
    from kestra_tasks.probes.validate import validate

    if not any(e.path in (settings.compose_file, settings.kestra_compose) for e in made.edits):
        return
    problems, warnings = validate(rim.root, made, settings)
    for warning in warnings:
        rim.say(f"warning: {warning}")
    if problems:
        unread = [c for c in made.conflicts if c.path == settings.env_file]
        if unread:
            raise PreconditionError(f"nothing was written: {unread[0].why}", unread[0].hint)
        raise PreconditionError(
            f"Compose refuses the planned files, so nothing was written: {problems[0]}",
            "mend that file, or leave the step out with `skip: [compose]` in invoke.yaml",
        )


def _tell_of_network(rim: Rim, made: Plan, settings: Settings) -> None:
    """Without its external network Compose starts no service of the stack, not even others'."""
    if not any(edit.path == settings.compose_file for edit in made.edits):
        return
    from kestra_tasks.core import envtext
    from kestra_tasks.ops.containers import connect

    file = read_tree(rim.root).read(settings.env_file)
    values = envtext.values(file.text if file else "")
    name = values.get("KESTRA_DOCKER_NETWORK") or settings.network
    try:
        absent = connect().network(name) is None
    except PreconditionError:
        return
    if absent:
        rim.say(
            f"note: no service of {settings.compose_file} starts before the network {name} is "
            f"there; inv kestra.up creates it, or: docker network create {name}"
        )


def _look_again(root: Path, settings: Settings, only: Iterable[str] | None) -> None:
    left = plan(root, settings, only)
    if left.pending:
        raise KestraTasksError(
            f"written, but {left.edits[0].path} still isn't as planned: {left.edits[0].why}",
            "something else writes there; stop it, then run this again",
        )
