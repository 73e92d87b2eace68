"""Row 3.5: Kestra's descriptor, and a route of all services, in a foreign Express launcher."""

from __future__ import annotations

import posixpath
from itertools import pairwise

from kestra_tasks.core.edit import Change, Changes, Conflict, Edit, Noop
from kestra_tasks.core.jstext import JsTextError, Script, read, tokens
from kestra_tasks.core.markers import SLASH, Block, block, find
from kestra_tasks.core.owned import edited_block
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.settings import Settings
from kestra_tasks.steps import launcher_entry as entry
from kestra_tasks.steps import launcher_route as route
from kestra_tasks.steps.decisions import ports
from kestra_tasks.steps.launcher_entry import UnknownShapeError

ENTRY = "launcher"
ROUTE = "launcher-route"
# What undo takes away besides the block: a comma before it; the line end that begins its line.
COMMA = "comma"
EOL = "eol"
_SKIP = "or leave the step out: `skip: [launcher]` in invoke.yaml"


def plan(tree: Tree, settings: Settings) -> Changes:
    """Bring the descriptor and the route up to date; a shape that isn't known is a conflict."""
    path = settings.launcher
    found = tree.read(path)
    if found is None:
        yield Noop(path, _absent(tree, path))
        return
    # A launcher that doesn't read .env falls back to these.
    http, management = ports(tree, settings)
    settings = settings.with_(http_port=http, management_port=management)
    blocks = [b for name in (ENTRY, ROUTE) if (b := find(found.text, name, path))]
    if edited := [b for b in blocks if not b.intact and not settings.force]:
        yield edited_block(path, edited[0], "lines", ours="")
        return
    try:
        text = _with_ours(without(found.text, path), settings)
        # Where a person added an element below ours, ours stays where it is.
        same = text == found.text or _bodies(text, path) == [b.body for b in blocks]
        line = _line_of_ours(found.text) if same else None
    except (JsTextError, UnknownShapeError) as error:
        yield _unknown(path, error, settings)
        return
    if line is not None:
        yield Noop(path, f"has {entry.ID}, line {line}, and answers on {route.ROUTE}")
        return
    why = f"lacks {entry.ID}"
    if same:
        why = f"our lines don't stand in {entry.ARRAY}"
    elif blocks:
        why = "an older version of our lines" if all(b.intact for b in blocks) else "forced"
    elif text.count(f">>> kestra-tasks:{ENTRY} ") == 0:
        why = f"doesn't answer on {route.ROUTE}"
    yield Edit(path, found, File.of(text, found.mode), why)


def undo(tree: Tree, settings: Settings) -> Changes:
    """Take our lines out, and a comma that they needed."""
    path = settings.launcher
    found = tree.read(path)
    if found is None:
        yield Noop(path, "absent")
        return
    blocks = [b for name in (ENTRY, ROUTE) if (b := find(found.text, name, path))]
    if not blocks:
        yield Noop(path, "has nothing of ours")
    elif edited := [b for b in blocks if not b.intact and not settings.force]:
        yield edited_block(path, edited[0], "lines")
    else:
        try:
            text = without(found.text, path)
        except JsTextError as error:
            why = f"{path}:{error.line}: {error.why}, so our lines weren't taken out"
            yield Conflict(path, why, "mend it, or delete the marked lines by hand")
            return
        yield Edit(path, found, File.of(text, found.mode), "the lines were written by us")


def without(text: str, path: str) -> str:
    """The text before our blocks were put in.

    Raises:
        BrokenMarkError: a mark without its partner.
        JsTextError: nobody can tell whether a comma is to go as well.
    """
    for name in (ROUTE, ENTRY):
        if (ours := find(text, name, path)) is not None:
            text = _cut(text, ours)
    return text


def _bodies(text: str, path: str) -> list[str]:
    return [b.body for name in (ENTRY, ROUTE) if (b := find(text, name, path)) is not None]


def _line_of_ours(text: str) -> int | None:
    """The line of the descriptor, None where it isn't in the array."""
    script = read(text)
    ours = entry.find_ours(script, entry.find_targets(script))
    return script.line(script.tokens[ours.first].start) if ours else None


def _cut(text: str, ours: Block) -> str:
    before, after = text[: ours.start], text[ours.end :]
    if EOL in ours.flags:
        before = before.removesuffix("\n").removesuffix("\r")
    if COMMA not in ours.flags:
        return before + after
    last, behind = tokens(before)[-1:], tokens(after)[:1]
    # Somebody may have added an element since: then the comma is theirs as well.
    if [token.text for token in (*last, *behind)] == [",", "]"]:
        before = before[: last[0].start] + before[last[0].end :]
    return before + after


def _with_ours(text: str, settings: Settings) -> str:
    """The text with the descriptor, and the route where there is none.

    Raises:
        JsTextError, UnknownShapeError: nothing can be put in.
    """
    script = read(text)
    targets = entry.find_targets(script)
    if route.find_route(script) is None:
        aggregate = route.find_aggregate(script)
        step, end = _style(script)
        body = route.write(aggregate, entry.quote_of(script), step, end)
        lines = block(ROUTE, body, SLASH, newline=_newline(text))
        text = text[: aggregate.position] + lines + text[aggregate.position :]
        script = read(text)
        targets = entry.find_targets(script)
    if entry.find_ours(script, targets) is not None:
        return text
    return _insert(text, script, targets, settings)


def _insert(text: str, script: Script, targets: entry.Targets, settings: Settings) -> str:
    """Put the descriptor behind the last element."""
    newline = _newline(text)
    last = script.tokens[targets.items[-1].last].end
    closing = script.tokens[targets.closing].start
    comma = script.word(targets.items[-1].last + 1) == ","
    place = script.tokens[targets.items[-1].last + 1].end if comma else last
    step, _ = _style(script)
    indent = _indent(script, targets) or step
    body = entry.write(script, targets, settings, indent, step)
    flags = () if comma else (COMMA,)
    behind = _line_end(script, place)
    if behind is None or behind > closing:
        lines = block(ENTRY, body, SLASH, indent=indent, newline=newline, flags=(*flags, EOL))
        return f"{text[:place]}{'' if comma else ','}{newline}{lines}{text[place:]}"
    lines = block(ENTRY, body, SLASH, indent=indent, newline=newline, flags=flags)
    head = text[:place] + ("" if comma else ",") + text[place:behind]
    return head + lines + text[behind:]


def _line_end(script: Script, place: int) -> int | None:
    """The start of the next line, behind comments that begin on this one."""
    end = script.text.find("\n", place)
    if end < 0:
        return None
    for start, stop in script.comments:
        if start < end < stop:  # a comment of several lines goes with what is above it
            return _line_end(script, stop)
    return end + 1


def _indent(script: Script, targets: entry.Targets) -> str:
    """The white space in front of the last element that begins a line."""
    for item in reversed(targets.items):
        start = script.tokens[item.first].start
        head = script.text[script.text.rfind("\n", 0, start) + 1 : start]
        if not head.strip():
            return head
    return ""


def _style(script: Script) -> tuple[str, str]:
    """One level of indentation, and what ends a statement."""
    gaps = {script.text[one.end : next_.start] for one, next_ in pairwise(script.tokens)}
    heads = [gap.rpartition("\n")[2] for gap in gaps if "\n" in gap]
    steps = [head for head in heads if head and not head.strip(" \t")]
    step = min(steps, default="  ")  # tabs come before spaces, and what is shorter first
    top = [script.word(n) for n, depth in enumerate(script.depth) if depth == 0]
    return step, ";" if 3 * top.count(";") >= max(1, top.count("const")) else ""


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _absent(tree: Tree, path: str) -> str:
    folder = posixpath.dirname(path)
    if tree.read(f"{folder}/launcher/__init__.py") is not None:
        return f"absent: {folder} is the Python launcher, which reads the manifest itself"
    return "absent; there is no Express launcher to add Kestra to"


def _unknown(path: str, error: JsTextError | UnknownShapeError, settings: Settings) -> Change:
    place = f"{path}:{error.line}" if error.line else path
    snippet = (
        f"// an element of {entry.ARRAY}\n"
        "{\n"
        f"  id: '{entry.ID}',\n"
        "  name: 'Kestra',\n"
        f"  healthUrl: `http://localhost:${{process.env.KESTRA_MANAGEMENT_PORT || "
        f"{settings.management_port}}}/health`,\n"
        f"  uiUrl: `http://localhost:${{process.env.KESTRA_HTTP_PORT || {settings.http_port}}}`,\n"
        "},\n"
    )
    return Conflict(
        path,
        f"{place}: {error.why}, so {entry.ID} wasn't added",
        f"add the shown entry by hand in the file's own shape, {_SKIP}",
        ours=snippet,
    )
