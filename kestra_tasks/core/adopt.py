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
TASKS_PACKAGE = "tasks/__init__.py"
SETTINGS_MARK = "settings"
TASKS_MARK = "tasks"
CREATED = "created"
EOL = "eol"

# Where the package isn't installed, the host's own tasks go on.
_OFFER = """\
try:
    from kestra_tasks import ns as kestra
except ModuleNotFoundError as error:
    if error.name != "kestra_tasks":
        raise
else:
    {root}.add_collection(kestra, name="kestra")
"""
# Invoke takes these names for the root collection, the first one first.
_ROOTS = ("ns", "namespace")
# What is bound in them isn't the module's.
_SCOPES = ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def planner(found: Mapping[str, str]) -> Planner:
    """A step that writes both files; `found` are settings that differ from the defaults."""

    def plan(tree: Tree, _settings: Settings) -> Changes:
        yield _plan_settings(tree, found)
        yield _plan_tasks(tree)

    return plan


def undo(tree: Tree, _settings: Settings) -> Changes:
    """Take both blocks out, and the files that they made."""
    for path in (TASKS_FILE, TASKS_PACKAGE):
        if path == TASKS_FILE or tree.read(path):
            yield _undo(tree, path, TASKS_MARK)
    yield _undo(tree, SETTINGS_FILE, SETTINGS_MARK)


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
    path, file = TASKS_FILE, tree.read(TASKS_FILE)
    if file is None and (package := tree.read(TASKS_PACKAGE)):
        path, file = TASKS_PACKAGE, package  # Invoke would no longer see it beside a tasks.py
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
    names = _bound(module)
    if "kestra" in names:
        return Conflict(
            path,
            f"{path}:{names['kestra']}: has a kestra of its own, which ours would hide",
            "rename it there, or add by hand, under another name:\n"
            "from kestra_tasks import ns as orchestrator\n"
            'ns.add_collection(orchestrator, name="orchestrator")',
        )
    sure = {name for node in module.body for name in _assigned(node)}
    root = next((name for name in _ROOTS if name in sure), None)
    # Whatever else may bind the name is known only when it runs.
    body = _OFFER.format(root=root) if root else _implicit({"*", *_ROOTS} & set(names) != set())
    return Edit(path, file, File.of(_append(text, TASKS_MARK, body), file.mode), "lacks the tasks")


def _implicit(maybe: bool) -> str:
    """For a tasks.py without a collection: make the one that Invoke would make.

    Args:
        maybe: it may have one, by an import or a condition.
    """
    made = "Collection.from_module(sys.modules[__name__])"
    if maybe:
        own = " or ".join(f'globals().get("{name}")' for name in _ROOTS)
        made = f"(\n    {own} or {made}\n)"
    return (
        "import sys  # noqa: E402\n\n"
        "from invoke import Collection  # noqa: E402\n\n"
        f"namespace = {made}\n{_OFFER.format(root='namespace')}"
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


def _assigned(node: ast.stmt) -> list[str]:
    """Names that a statement sets by an assignment."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        targets = [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _bound(module: ast.Module) -> dict[str, int]:
    """Names that the module may have, with their lines; "*" for an import of whatever there is."""
    found: dict[str, int] = {}
    nodes: list[ast.AST] = [module]
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [(alias.asname or alias.name).split(".")[0] for alias in node.names]
            found |= dict.fromkeys(names, node.lineno)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found[node.name] = node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found[node.id] = node.lineno
        elif isinstance(node, _SCOPES) or (isinstance(node, ast.AnnAssign) and not node.value):
            continue  # `ns: Collection` alone binds nothing
        else:
            nodes += ast.iter_child_nodes(node)
    return found


def _imports_ours(module: ast.Module) -> bool:
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module == "kestra_tasks":
            return True
        if isinstance(node, ast.Import) and any(a.name == "kestra_tasks" for a in node.names):
            return True
    return False
