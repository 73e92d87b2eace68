"""Names, volume and folders of its own for the rig's stand-in: a marked block in `.env`.

It stays in the stack's own Compose project: every command that is typed afterwards, ours or
Docker's, must find it.
"""

from __future__ import annotations

import contextlib
import posixpath
from collections.abc import Mapping

from kestra_tasks.core.edit import Changes, Edit, Noop
from kestra_tasks.core.markers import block, find
from kestra_tasks.core.plan import Step, make_plan
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.rim import Rim
from kestra_tasks.settings import Settings

_MARK = "rig-standin"
_EOL = "eol"


def enter(rim: Rim, images: Mapping[str, str]) -> None:
    """Write the block; `images` are the variables that name the stand-in's images."""
    _apply(rim, _values(rim.settings, images))


def remove(rim: Rim) -> None:
    """Remove the stand-in's containers and data, then its block."""
    from kestra_tasks.ops import stop as stopping
    from kestra_tasks.ops.stack import open_stack
    from kestra_tasks.probes.tree import read_tree

    env = read_tree(rim.root).read(rim.settings.env_file)
    if env is None or find(env.text, _MARK, rim.settings.env_file) is None:
        rim.say(f"{rim.settings.env_file} names no stand-in; nothing to do")
        return
    stack = open_stack(rim)
    stopping.down(rim, stack, remove_data=True, yes=True)
    for folder in (stack.runtime.storage, stack.runtime.workdir, stack.runtime.storage.parent):
        with contextlib.suppress(OSError):
            folder.rmdir()
    _apply(rim, None)


def _values(settings: Settings, images: Mapping[str, str]) -> dict[str, str]:
    folder = posixpath.dirname(settings.compose_file)
    home = settings.relative(f"{settings.kestra_dir}/tmp/standin", folder)  # noqa: S108 - ours, in the monorepo
    return {
        "KESTRA_CONTAINER_NAME": "standin-kestra",
        "KESTRA_POSTGRES_CONTAINER_NAME": "standin-kestra-postgres",
        "KESTRA_POSTGRES_VOLUME": "standin-kestra-postgres-data",
        "KESTRA_STORAGE_DIR": f"{home}/storage",
        "KESTRA_WORKDIR_DIR": f"{home}/workdir",
        **images,
    }


def _apply(rim: Rim, values: Mapping[str, str] | None) -> None:
    from kestra_tasks.apply import apply
    from kestra_tasks.probes.tree import read_tree

    def plan(tree: Tree, settings: Settings) -> Changes:
        yield _change(tree, settings.env_file, values)

    made = make_plan(read_tree(rim.root), rim.settings, [Step(_MARK, "", plan, plan)])
    apply(rim.root, made)


def _change(tree: Tree, path: str, values: Mapping[str, str] | None) -> Edit | Noop:
    file = tree.read(path) or File(b"", 0o600)
    text = _without(file.text, path)
    if values is not None:
        lines = ["# The rig's stand-in, never mixed with data of the official image.\n"]
        lines += [f"{name}={value}\n" for name, value in values.items()]
        open_end = bool(text) and not text.endswith("\n")
        flags = (_EOL,) if open_end else ()
        text += ("\n" if open_end else "") + block(_MARK, "".join(lines), flags=flags)
    return Edit(path, tree.read(path), File.of(text, file.mode), "the rig's stand-in")


def _without(text: str, path: str) -> str:
    found = find(text, _MARK, path)
    if found is None:
        return text
    start = found.start - 1 if _EOL in found.flags else found.start
    return text[:start] + text[found.end :]
