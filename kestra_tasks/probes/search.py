"""One pass of ripgrep over the monorepo: what names Kestra, and what looks like Compose."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from kestra_tasks.core.facts import Note, Unavailable
from kestra_tasks.core.references import Hit, read_hit

# One alternation of plain words: measured, each further pattern of another form costs more
# than a tenth of the whole search.
_PATTERN = r"[kK]estra|KESTRA|^services:|^include:|remove-orphans"
_SKIPPED = (".git", ".hg", ".svn", "node_modules", ".venv", ".tox", ".terraform", ".next")
_MOST = 10_000
_COLUMNS = 400  # of a line; minified files have one of megabytes
_SCRIPT = re.compile(
    r"\.(?:sh|bash|zsh|ps1|py|js|mjs|ts|json|ya?ml|mk)\Z|(?:^|/)(?:[Mm]akefile|justfile)\Z"
)
_FILES = re.compile(r"(?<![\w-])(?:-f|--file)[ =]+[\"']?([^\s\"']+\.ya?ml)")
_COMMENT = re.compile(r"\s*(?:#|//)")


@dataclass
class Found:
    """What the pass found.

    Attributes:
        hits: lines that name Kestra, at most 10,000.
        more: how many further ones there were.
        composes: YAML files with a top-level `services:` or `include:`, relative, sorted.
        notes: scripts that remove orphans, or read the stack's file from another folder.
    """

    hits: list[Hit] = field(default_factory=list)
    more: int = 0
    composes: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def find_ripgrep() -> str | None:
    """PyPI's `rg` beside this interpreter, else the one on PATH, else None."""
    beside = Path(sys.executable).parent / "rg"
    return str(beside) if beside.is_file() else shutil.which("rg")


def search(
    root: Path, *, ignore: Iterable[str] = (), env_file: str = ".env", stack: str = ""
) -> Found | Unavailable:
    """Search the tree as ripgrep does by default, hidden files too.

    Args:
        ignore: globs, relative to the root, of what isn't looked at.
        env_file: left out; it is read by itself, since git usually ignores it.
        stack: the stack's compose file, whose users are looked at.
    """
    program = find_ripgrep()
    if program is None:
        return Unavailable("ripgrep (rg) isn't installed: pip install ripgrep==14.1.0")
    globs = [f"!{name}" for name in _SKIPPED] + [f"!/{env_file}"]
    globs += [f"!/{pattern.strip('/')}" for pattern in ignore]
    argv = [program, "--no-config", "--line-number", "--no-heading", "--with-filename", "--null"]
    argv += ["--color=never", "--no-messages", "--hidden", f"--max-columns={_COLUMNS}"]
    name = stack.rpartition("/")[2]
    pattern = f"{_PATTERN}|{re.escape(name)}" if name else _PATTERN
    argv += ["--max-columns-preview", *(f"--glob={glob}" for glob in globs), "--", pattern, "."]
    try:
        return _read(argv, root, name)
    except OSError as error:
        return Unavailable(f"{program} can't be run: {error.strerror}")


def _read(argv: list[str], root: Path, stack: str) -> Found:
    found = Found()
    composes: set[str] = set()
    with subprocess.Popen(
        argv, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        assert child.stdout is not None
        for raw in child.stdout:
            name, separator, rest = raw.partition(b"\0")
            number, _, line = rest.partition(b":")
            if not separator or not number.isdigit():
                continue
            file = name.decode("utf-8", "surrogateescape").removeprefix("./")
            _take(found, composes, file, int(number), line, stack)
    found.composes = sorted(composes)
    return found


def _take(
    found: Found, composes: set[str], file: str, number: int, line: bytes, stack: str
) -> None:
    if line.startswith((b"services:", b"include:")) and file.endswith((".yml", ".yaml")):
        composes.add(file)
    text = line.decode("utf-8", "replace").rstrip("\r\n")
    if "remove-orphans" in text and _SCRIPT.search(file) and not _COMMENT.match(text):
        found.notes.append(
            Note(
                "scripts",
                f"{file}:{number} removes orphans: where its project name is Kestra's but its "
                "compose file isn't, it removes Kestra's containers",
                "give it the stack's own compose file, or drop --remove-orphans",
            )
        )
    if _SCRIPT.search(file) and not _COMMENT.match(text) and _reads_elsewhere(text, stack):
        found.notes.append(
            Note(
                "scripts",
                f"{file}:{number} has Compose read {stack} from another folder, where it doesn't "
                "find what Kestra's include names",
                "give Compose that file alone or first, or name another `compose_file:` under "
                "`kestra:` in invoke.yaml",
            )
        )
    # What a cut line matched may lie behind the cut.
    if "kestra" not in text.lower() and len(line) <= _COLUMNS:
        return
    if len(found.hits) < _MOST:
        found.hits.append(read_hit(file, number, text))
    else:
        found.more += 1


def _reads_elsewhere(text: str, stack: str) -> bool:
    """Whether Compose takes the paths in the stack's file from another folder than its own."""
    if not stack or stack not in text or "compose" not in text.replace(stack, ""):
        return False
    if "--project-directory" in text:
        return True
    files = _FILES.findall(text)
    if not any(file.rpartition("/")[2] == stack for file in files[1:]):
        return False
    return len({file.rpartition("/")[0].removeprefix("./") for file in files}) > 1
