"""`kestra.init`: a monorepo's own settings file, and the tasks in its own tasks.py."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from kestra_tasks.core.edit import Change, Changes, Conflict, Edit, Noop
from kestra_tasks.core.markers import block, find
from kestra_tasks.core.plan import Planner
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.core.yamloutline import YamlRefusedError, outline
from kestra_tasks.core.yamltext import newline_of, scalar
from kestra_tasks.settings import Settings

SETTINGS_FILE = "invoke.yaml"
TASKS_FILE = "tasks.py"
SETTINGS_MARK = "settings"
TASKS_MARK = "tasks"
CREATED = "created"
EOL = "eol"

_IMPORT = "from kestra_tasks import ns as kestra  # noqa: E402"
_ADD = '.add_collection(kestra, name="kestra")'
# Invoke takes these names for the root collection, the first one first.
_ROOTS = ("ns", "namespace")


def planner(found: Mapping[str, str]) -> Planner:
    """A step that writes both files; `found` are settings that differ from the defaults."""

    def plan(tree: Tree, _settings: Settings) -> Changes:
        yield _plan_settings(tree, found)
        yield _plan_tasks(tree)

    return plan


def undo(tree: Tree, _settings: Settings) -> Changes:
    """Take both blocks out, and the files that they made."""
    for path, mark in ((TASKS_FILE, TASKS_MARK), (SETTINGS_FILE, SETTINGS_MARK)):
        yield _undo(tree, path, mark)


def _plan_settings(tree: Tree, found: Mapping[str, str]) -> Change:
    path = SETTINGS_FILE
    file = tree.read(path)
    lines = "".join(f"  {name}: {scalar(value)}\n" for name, value in found.items())
    body = f"kestra:\n{lines}" if lines else "kestra: {}\n"
    if file is None:
        text = block(SETTINGS_MARK, body, flags=(CREATED,))
        return Edit(path, None, File.of(text), "absent")
    if find(file.text, SETTINGS_MARK, path):
        return Noop(path, "has settings of Kestra; they are the team's now")
    snippet = f"add by hand:\n{body}"
    try:
        seen = outline(file.text, path)
    except YamlRefusedError as error:
        return Conflict(path, error.message, snippet)
    own = seen.all(("kestra",))
    if own:
        return Noop(path, f"has kestra: already, line {own[0].line}")
    top = [document for document in seen.documents if not document.empty]
    if len(top) > 1 or any(d.flow or d.kind != "mapping" or d.indent for d in top):
        return Conflict(path, f"{path} isn't a plain mapping, so no section fits in", snippet)
    after = _append(file.text, SETTINGS_MARK, body)
    try:
        whole = bool(outline(after, path).all(("kestra",)))
    except YamlRefusedError:
        whole = False
    if not whole:
        return Conflict(path, f"{path} can't be added to safely", snippet)
    return Edit(path, file, File.of(after, file.mode), "lacks settings of Kestra")


def _plan_tasks(tree: Tree) -> Change:
    path = TASKS_FILE
    file = tree.read(path)
    if file is None:
        body = (
            "from invoke import Collection\n"
            "from kestra_tasks import ns as kestra\n\n"
            "ns = Collection(kestra=kestra)\n"
        )
        return Edit(path, None, File.of(block(TASKS_MARK, body, flags=(CREATED,))), "absent")
    text = file.text
    if find(text, TASKS_MARK, path):
        return Noop(path, "offers the tasks already")
    try:
        module = ast.parse(text.removeprefix("\ufeff"))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        return Conflict(path, f"{path}:{line}: isn't valid Python", "mend it, then run this again")
    if _imports_ours(module):
        return Noop(path, "imports kestra_tasks already")
    root = next((name for name in _ROOTS if _assigns(module, name)), None)
    body = f"{_IMPORT}\n\n{root}{_ADD}\n" if root else _implicit()
    return Edit(path, file, File.of(_append(text, TASKS_MARK, body), file.mode), "lacks the tasks")


def _implicit() -> str:
    """For a tasks.py without a collection of its own: make the one that Invoke would make."""
    return (
        "import sys  # noqa: E402\n\n"
        "from invoke import Collection  # noqa: E402\n\n"
        f"{_IMPORT}\n\n"
        "namespace = Collection.from_module(sys.modules[__name__])\n"
        f"namespace{_ADD}\n"
    )


def _undo(tree: Tree, path: str, mark: str) -> Change:
    file = tree.read(path)
    found = find(file.text, mark, path) if file else None
    if file is None or found is None:
        return Noop(path, "has nothing of ours")
    start = found.start
    if EOL in found.flags:
        start -= len(newline_of(file.text))
    text = file.text[:start] + file.text[found.end :]
    after = None if CREATED in found.flags and not text.strip() else File.of(text, file.mode)
    return Edit(path, file, after, "written by us")


def _append(text: str, mark: str, body: str) -> str:
    newline = newline_of(text)
    open_end = bool(text.removeprefix("\ufeff")) and not text.endswith("\n")
    flags = (EOL,) if open_end else ()
    return text + (newline if open_end else "") + block(mark, body, newline=newline, flags=flags)


def _assigns(module: ast.Module, name: str) -> bool:
    for node in module.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            targets = [node.target]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return True
    return False


def _imports_ours(module: ast.Module) -> bool:
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module == "kestra_tasks":
            return True
        if isinstance(node, ast.Import) and any(a.name == "kestra_tasks" for a in node.names):
            return True
    return False
