"""The front matter of a new document: the keys that its neighbours have."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from kestra_tasks.core.markers import DIGEST
from kestra_tasks.core.tree import Tree
from kestra_tasks.settings import Settings

_FRONT = re.compile(r"\ufeff?---[^\S\n]*\r?\n(.*?)^---[^\S\n]*\r?$\n?", re.S | re.M)
_KEY = re.compile(r"([A-Za-z_][\w-]*):(?:[^\S\n]+(.*))?")
_SEAL = f"kestra-tasks:seeded {DIGEST}"
# A seal has to stand in the first lines of its file.
_ROOM = 10
_DEFAULT = "title: x\ntags: [x]\ndomain: ops\ntype: x\nlast_review: 2000-01-01\n"
_ENDED = re.compile(r"deprecated|archived|obsolete|retired|draft|obsolet|arquivad|rascunho", re.I)


@dataclass(frozen=True)
class About:
    """What a document says of itself.

    Attributes:
        path: where it is to be written, relative to the root.
        title, summary: one line each.
        kind: such as runbook or guide.
        tags: words that it is found by.
    """

    path: str
    title: str
    summary: str
    kind: str
    tags: tuple[str, ...]


def head(tree: Tree, settings: Settings, about: About, ours: Collection[str]) -> str:
    """Front matter as the neighbours have it, and the seal; ends in an empty line.

    Args:
        ours: paths that we write ourselves: they are nobody's model.
    """
    models = [path for path in _neighbours(tree, settings, about.path) if path not in ours]
    front = _default(settings, about)
    for path in models:
        file = tree.read(path)
        assert file is not None
        if found := _FRONT.match(file.text):
            front = _like(found[1].replace("\r\n", "\n"), path, settings, about)
            break
    else:
        if models:  # none of them has any
            front = ""
    if front.count("\n") + 4 > _ROOM:
        return f"---\n# {_SEAL}\n{front}---\n\n"
    fenced = f"---\n{front}---\n\n" if front else ""
    return f"{fenced}<!-- {_SEAL} -->\n\n"


def _neighbours(tree: Tree, settings: Settings, path: str) -> Iterator[str]:
    """Documents near `path`, the nearest first, a folder's README last."""
    folders = (posixpath.dirname(path), settings.ops_docs, f"{settings.ops_docs}/runbooks")
    for folder in dict.fromkeys(folders):
        names = [n for n in tree.names(folder) or () if n.endswith((".md", ".mdx"))]
        for name in sorted(names, key=lambda n: n.lower().startswith(("readme", "index"))):
            if tree.names(f"{folder}/{name}") is None:
                yield f"{folder}/{name}"
    for document in (settings.port_map, settings.naming_document):
        if tree.read(document) is not None:
            yield document


def _default(settings: Settings, about: About) -> str:
    model = _DEFAULT.replace("ops", "governance") if about.kind == "policy" else _DEFAULT
    return _like(model, "x.md", settings, about)


def _like(model: str, path: str, settings: Settings, about: About) -> str:
    """`model`'s keys in their order and notation, with values of our own."""
    lines: list[str] = []
    for key, value, more in _entries(model):
        if told := _entry(key, value, more, path, settings, about):
            lines.append(told)
    return "".join(lines)


def _entries(model: str) -> Iterator[tuple[str, str, str]]:
    """Key, the rest of its line, and the lines that belong to it."""
    found: list[tuple[str, str, str]] = []
    for line in model.splitlines(keepends=True):
        if key := _KEY.fullmatch(line.rstrip()):
            found.append((key[1], key[2] or "", ""))
        elif found and not line.startswith("#"):
            found[-1] = (*found[-1][:2], found[-1][2] + line)
    yield from found


def _entry(
    key: str, value: str, more: str, path: str, settings: Settings, about: About
) -> str | None:
    name = key.lower().replace("-", "_")
    texts = {
        **dict.fromkeys(("title", "sidebar_label", "name"), about.title),
        **dict.fromkeys(
            ("summary", "description", "purpose", "resumo", "descricao"), about.summary
        ),
        **dict.fromkeys(("type", "kind", "tipo", "doc_type"), about.kind),
    }
    if name in texts:
        return f"{key}: {_quoted(texts[name], value)}\n"
    if name in ("tags", "keywords", "labels", "categories", "topics"):
        return _list(key, value, more, about.tags)
    if (day := _dated(value, settings.today)) is not None:
        return f"{key}: {day}\n" if day else None
    if more.strip():
        return f"{key}: {value}".rstrip() + f"\n{more.rstrip()}\n"
    stem = posixpath.splitext(posixpath.basename(path))[0]
    if name in ("slug", "id", "permalink", "aliases", "redirect_from", "sidebar_position"):
        # They must be unlike anyone else's.
        if name in ("slug", "id", "permalink") and stem in value:
            own = posixpath.splitext(posixpath.basename(about.path))[0]
            return f"{key}: {value.replace(stem, own)}\n"
        return None
    if name in ("status", "state", "estado") and _ENDED.search(value):
        return f"{key}: {_quoted('active', value)}\n"
    return f"{key}: {value}".rstrip() + "\n"


def _quoted(text: str, model: str) -> str:
    """A text as a YAML scalar, in the model's quotes where that is possible."""
    quote = model[:1]
    if quote == "'":
        return "'" + text.replace("'", "''") + "'"
    if quote == '"' or re.search(r": |:$| #|^[\W\d]", text):
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return text


def _list(key: str, value: str, more: str, tags: tuple[str, ...]) -> str:
    if item := re.match(r"\s*-\s+(.*)", more):
        indent = more[: more.index("-")]
        return f"{key}:\n" + "".join(f"{indent}- {_quoted(tag, item[1])}\n" for tag in tags)
    if value.startswith("["):
        model = value[1:].lstrip()
        return f"{key}: [{', '.join(_quoted(tag, model) for tag in tags)}]\n"
    return f"{key}: {', '.join(tags)}\n"


def _dated(value: str, today: str) -> str | None:
    """Today in the notation of `value`; None where that isn't a date, "" where there's no today."""
    match = re.fullmatch(r"""(["']?)(\d{4}-\d{2}-\d{2}|\d{2}/\d{2}/\d{4})(.*?)\1""", value.strip())
    if match is None:
        return None
    if not today:
        return ""
    year, month, day = today.split("-")
    written = f"{day}/{month}/{year}" if "/" in match[2] else today
    return f"{match[1]}{written}{match[1]}"
