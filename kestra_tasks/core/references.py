"""Lines that name Kestra: ours by our marks, foreign where they run or configure it, or mentions.

A line's text is looked at once and never kept: it may hold a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from posixpath import basename, splitext

from kestra_tasks.core.facts import Reference

OURS, FOREIGN, MENTION = "ours", "foreign", "mention"

_DOCUMENTS = {".md", ".mdx", ".markdown", ".rst", ".txt", ".adoc", ".html", ".svg", ".csv", ".log"}
_CONFIGURATION = {
    ".yml",
    ".yaml",
    ".json",
    ".toml",
    ".env",
    ".conf",
    ".ini",
    ".tf",
    ".hcl",
    ".j2",
    ".dockerfile",
}
_SCRIPTS = {".sh", ".bash", ".zsh", ".ps1", ".mk", ""}
_COMMENT = re.compile(r"\s*(?:#|//|--|;|<!--|\*|/\*)")
_IMAGE = re.compile(r"\bkestra/kestra\b")
_VARIABLE = re.compile(r"\bKESTRA_[A-Z][A-Z0-9_]*")
# A service, container or id of that name.
_NAMED = re.compile(
    r"""^\s*["']?[\w.-]*kestra[\w.-]*["']?\s*:\s*(?:$|[&{])  # a key with a block of its own
        |["']?(?:id|name|container_name|hostname)["']?\s*:\s*["']?[\w.-]*kestra""",
    re.VERBOSE | re.IGNORECASE,
)
# With their digests: a document that explains the marks isn't ours for that.
_MARKS = {
    "seal": re.compile(r"kestra-tasks:(?:managed|seeded) [0-9a-f]{8}\b"),
    "open": re.compile(r">>> kestra-tasks:[\w.-]+ [0-9a-f]{8}\b"),
    "close": re.compile(r"<<< kestra-tasks:[\w.-]+"),
}
_SETTINGS = {"invoke.yaml", "invoke.yml", "invoke.json"}


@dataclass(frozen=True, slots=True)
class Hit:
    """What one line that names Kestra is, as far as the line itself tells.

    Attributes:
        mark: "seal", "open" or "close" of ours, or "".
        runs: the line runs or configures Kestra, if its file is no document.
    """

    file: str
    line: int
    mark: str
    runs: bool


def read_hit(file: str, line: int, text: str) -> Hit:
    """Look at one line of `file`; the text may be cut off at its end."""
    mark = next((name for name, shape in _MARKS.items() if shape.search(text)), "")
    return Hit(file, line, mark, not mark and _runs(file, text))


def _runs(file: str, text: str) -> bool:
    name = basename(file).lower()
    kind = splitext(name)[1]
    if kind in _DOCUMENTS or _COMMENT.match(text):
        return False
    if _IMAGE.search(text):
        return True
    if kind in _CONFIGURATION or name.startswith((".env", "dockerfile")):
        return bool(_VARIABLE.search(text) or _NAMED.search(text))
    # In a program's source the variables only tell that it talks to a Kestra.
    return kind in _SCRIPTS and bool(_VARIABLE.search(text))


def classify(
    hits: Iterable[Hit], *, kestra_dir: str, adopted: Iterable[str] = ()
) -> list[Reference]:
    """Give each hit its kind, ordered by file and line.

    Args:
        kestra_dir: our folder; all in it is ours once one of its files bears our seal.
        adopted: files that hold lines of ours without marks (JSON, `.env`), which are ours
            as well once that folder is.
    """
    by_file: dict[str, list[Hit]] = {}
    for hit in hits:
        by_file.setdefault(hit.file, []).append(hit)
    home = f"{kestra_dir}/"
    integrated = any(
        file.startswith(home) and any(hit.mark == "seal" for hit in found)
        for file, found in by_file.items()
    )
    ours = _SETTINGS | set(adopted) if integrated else _SETTINGS
    result = []
    for file in sorted(by_file):
        found = sorted(by_file[file], key=lambda hit: hit.line)
        whole = file in ours or any(hit.mark == "seal" for hit in found)
        whole = whole or (integrated and file.startswith(home))
        inside = False
        for hit in found:
            inside = inside or hit.mark == "open"
            kind = OURS if whole or inside or hit.mark else FOREIGN if hit.runs else MENTION
            result.append(Reference(file, hit.line, kind))
            inside = inside and hit.mark != "close"
    return result
