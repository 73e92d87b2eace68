"""Ask Compose about planned compose files before anything is written."""

from __future__ import annotations

import json
import posixpath
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from kestra_tasks.core import envtext
from kestra_tasks.core.inline import hide_quoted
from kestra_tasks.core.markers import find
from kestra_tasks.core.plan import Plan
from kestra_tasks.core.tree import Tree
from kestra_tasks.core.yamloutline import YamlRefusedError, outline
from kestra_tasks.errors import PreconditionError
from kestra_tasks.ops.runner import Runner
from kestra_tasks.probes.git import links
from kestra_tasks.probes.mirror import mirrored
from kestra_tasks.settings import Settings
from kestra_tasks.steps.compose import MARK

_SECRET = ("PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL")


class Validation(NamedTuple):
    """What Compose says of the planned files: what our edits break, and what else is to know."""

    problems: list[str]
    warnings: list[str]


class _Answer(NamedTuple):
    """Compose's model of a file, or why there is none."""

    model: dict[str, Any] | None
    error: str
    unavailable: bool = False


def validate(root: Path, plan: Plan, settings: Settings) -> Validation:
    """Resolve the planned stack file by `docker compose config`, without writing in the root.

    A file that Compose refused before as well is no problem of ours: a warning. No daemon is
    needed; where Compose is missing, a warning says that nothing could be checked.
    """
    stack = settings.compose_file
    planned = plan.tree.read(stack)
    if planned is None:
        return Validation([], [])
    if plan.tree.read(settings.env_file) is None and _is_included(plan.tree, settings):
        missing = f"{settings.env_file} isn't there, and the include names it: inv kestra.env"
        return Validation([missing], [])
    root = root.resolve()
    if _is_included(plan.tree, settings) and (lost := _lost_links(root, settings)):
        return Validation(lost, [])
    files = {edit.path: edit.after for edit in plan.edits}
    secrets = _secrets(plan.tree, root, settings)
    with mirrored(root, files) as top, ThreadPoolExecutor(2) as pool:
        planned_stack = top / root.relative_to(root.anchor) / stack
        asked = pool.submit(_ask, root, planned_stack, top, secrets)
        exists = (root / stack).is_file()
        now = pool.submit(_ask, root, root / stack, None, secrets) if exists else None
        after, before = asked.result(), now.result() if now else None
    if after.unavailable:
        return Validation([], [f"{stack} couldn't be checked: {after.error}"])
    if after.model is None:
        if before is not None and before.model is None:
            why = f"Compose refuses {stack} as it is now, so the plan couldn't be checked"
            return Validation([], [f"{why}: {before.error}"])
        return Validation([f"{stack}: {after.error}"], [])
    was = before.model if before and before.model else {}
    known = _torn_networks(was, settings)
    torn = _torn_networks(after.model, settings)
    return Validation(
        _missing(was, after.model, plan.tree, settings) + [t for t in torn if t not in known],
        known,
    )


def _lost_links(root: Path, settings: Settings) -> list[str]:
    """Links to the stack's file in whose folder Compose wouldn't find what the include names."""
    stack = settings.compose_file
    named = posixpath.relpath(settings.kestra_compose, posixpath.dirname(stack) or ".")
    lost = []
    for link in links(root):
        found = posixpath.normpath(posixpath.join(posixpath.dirname(link), named))
        if found != settings.kestra_compose and (root / link).resolve() == (root / stack).resolve():
            lost.append(
                f"{link} is a link to {stack}, and Compose would look for {found} there; name "
                "another `compose_file:` under `kestra:`"
            )
    return lost


def _ask(root: Path, stack: Path, top: Path | None, secrets: list[str]) -> _Answer:
    """Compose's model of the file at `stack`; messages name files relative to the root."""
    runner = Runner(root)
    argv = ["docker", "compose", "-f", str(stack), "config", "--format", "json"]
    try:
        # So short a run needs no garbage collector: a fifth less time.
        result = runner.query(argv, env={"GOGC": "off"})
        if result.ok:
            return _Answer(json.loads(result.out), "")
        version = runner.query(["docker", "compose", "version", "--short"])
    except PreconditionError as error:
        return _Answer(None, error.message, unavailable=True)
    if not version.ok:
        return _Answer(None, "there is no `docker compose` here", unavailable=True)
    lines = [line for line in result.err.splitlines() if line and "level=warning" not in line]
    text = "\n".join(lines) or f"exit code {result.code}"
    if top is not None and f"open {stack}: no such file" in text:
        return _Answer(None, "this `docker` can't see the temporary folder", unavailable=True)
    if top is not None:
        text = text.replace(str(top), "")
    text = text.replace(f"{root}/", "")
    for secret in secrets:
        text = text.replace(secret, "***")
    return _Answer(None, hide_quoted(text))


def _missing(
    before: dict[str, Any], model: dict[str, Any], tree: Tree, settings: Settings
) -> list[str]:
    """Services that were there, or that our file declares, and aren't in the model."""
    names = set(model.get("services") or {})
    wanted = set(before.get("services") or {})
    own = tree.read(settings.kestra_compose)
    if own is not None and _is_included(tree, settings):
        try:
            seen = outline(own.text, settings.kestra_compose, depth=2)
        except YamlRefusedError as error:
            return [error.message]
        wanted |= {str(entry.path[-1]) for entry in seen.below(("services",))}
    return [
        f"Compose reads {settings.compose_file} without the service {name}"
        for name in sorted(wanted - names)
    ]


def _is_included(tree: Tree, settings: Settings) -> bool:
    stack = tree.read(settings.compose_file)
    return stack is not None and find(stack.text, MARK, settings.compose_file) is not None


def _torn_networks(model: dict[str, Any], settings: Settings) -> list[str]:
    """Networks declared both as external and as the stack's own.

    Compose then starts nothing while the network is absent, and refuses one that others made.
    """
    networks = model.get("networks") or {}
    external = {n.get("name") for n in networks.values() if n.get("external")}
    return [
        f"{settings.compose_file}: the network {network['name']} is declared as the stack's own "
        f"under networks: {key}, and as external elsewhere: it must be external in both"
        for key, network in networks.items()
        if not network.get("external") and network.get("name") in external
    ]


def _secrets(tree: Tree, root: Path, settings: Settings) -> list[str]:
    """Values that Compose's messages must not show."""
    now = root / settings.env_file
    planned = tree.read(settings.env_file)
    texts = [planned.text] if planned else []
    if now.is_file():
        texts.append(now.read_text(encoding="utf-8", errors="surrogateescape"))
    values = {
        value
        for text in texts
        for name, value in envtext.values(text).items()
        if len(value) > 3 and any(word in name.upper() for word in _SECRET)
    }
    return sorted(values, key=len, reverse=True)
