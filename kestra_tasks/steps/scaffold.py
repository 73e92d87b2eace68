"""Rows 2.1-2.4 and 4.1-4.3: Kestra's folder with its scripts, its README and its ignore rules."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Mapping

from kestra_tasks.core.edit import Changes
from kestra_tasks.core.owned import plan_managed, plan_seeded, undo_owned
from kestra_tasks.core.template import render
from kestra_tasks.core.tree import Tree
from kestra_tasks.settings import Settings
from kestra_tasks.templates import load

README = "README.md"
# Path below kestra_dir: template and permission bits.
_MANAGED = {
    ".gitignore": ("gitignore", 0o644),
    "docs/.gitkeep": ("gitkeep", 0o644),
    "tmp/.gitkeep": ("gitkeep", 0o644),
    "scripts/lib/common.sh": ("lib/common.sh", 0o644),
    "scripts/lib/env.sh": ("lib/env.sh", 0o644),
    "scripts/lib/checks.sh": ("lib/checks.sh", 0o644),
    "scripts/run.sh": ("run.sh", 0o755),
    "scripts/status.sh": ("status.sh", 0o755),
    "scripts/logs.sh": ("logs.sh", 0o755),
    "scripts/stop.sh": ("stop.sh", 0o755),
}


def plan(tree: Tree, settings: Settings) -> Changes:
    """Write what is absent or an older version of ours; a hand's edit is a conflict."""
    values = _values(settings)
    for name, (template, mode) in _MANAGED.items():
        text = render(load(f"managed/{template}"), values, {settings.database})
        yield plan_managed(
            tree, f"{settings.kestra_dir}/{name}", text, mode=mode, force=settings.force
        )
    text = render(load(f"seeded/kestra-readme.{settings.language}.md"), values, {settings.database})
    yield plan_seeded(tree, f"{settings.kestra_dir}/{README}", text)


def undo(tree: Tree, settings: Settings) -> Changes:
    """Delete what `plan` wrote and nobody changed since."""
    for name in (README, *reversed(_MANAGED)):
        yield undo_owned(tree, f"{settings.kestra_dir}/{name}", force=settings.force)


def _values(settings: Settings) -> Mapping[str, str]:
    # In a document a path stands in commands that are copied into a shell: quoted if need be.
    return {
        "root_from_scripts": settings.relative(".", settings.scripts_dir),
        "kestra_dir": settings.kestra_dir,
        "compose_file": settings.compose_file,
        "env_file": settings.env_file,
        "env_example": settings.env_example,
        "scripts": shlex.quote(settings.scripts_dir),
        "compose": f"docker compose -f {shlex.quote(settings.compose_file)}",
        "kestra_path": shlex.quote(settings.kestra_dir),
        "kestra_dir_from_stack": settings.relative(
            settings.kestra_dir, posixpath.dirname(settings.compose_file)
        ),
        "image": settings.image,
        "postgres_image": settings.postgres_image,
        "container": settings.container,
        "wrapper_container": settings.wrapper_container,
        "postgres_container": settings.postgres_container,
        "volume": settings.volume,
        "network": settings.network,
        "stack": settings.stack,
        "prefix": settings.prefix,
        "username": settings.username,
        "http_port": str(settings.http_port),
        "management_port": str(settings.management_port),
        "smoke_http_port": str(settings.smoke_http_port),
        "smoke_management_port": str(settings.smoke_management_port),
        "memory": settings.memory,
        "postgres_memory": settings.postgres_memory,
    }
