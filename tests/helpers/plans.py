"""Plans made by hand, for tests of what carries them out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kestra_tasks.core.edit import Changes, Edit, Noop
from kestra_tasks.core.plan import Plan, Step, make_plan, same
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.probes.tree import read_tree
from kestra_tasks.settings import Settings


def plan_to(root: Path, wanted: Mapping[str, File | str | None]) -> Plan:
    """The plan that leaves `wanted` below `root`; None stands for "no such file"."""

    def plan(tree: Tree, _settings: Settings) -> Changes:
        for path, state in wanted.items():
            before, after = tree.read(path), File.of(state) if isinstance(state, str) else state
            yield Noop(path, "so") if same(before, after) else Edit(path, before, after, "wanted")

    step = Step("wanted", "0.0", plan, plan)
    return make_plan(read_tree(root), Settings(), [step])
