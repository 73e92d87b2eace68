#!/usr/bin/env python3
"""Check the monorepo's documents: front matter, relative links, anchors, commands.

    npm run validate-docs [-- FILE...]

Each finding is one line, `file:line: what`. Exit codes: 0 none, 1 some, 3 can't run.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote

try:
    import yaml
except ImportError:
    own = Path(__file__).resolve().parents[2] / ".venv/bin/python"
    if not own.exists() or sys.prefix == str(own.parents[1]):
        sys.exit("error: PyYAML is missing\n  -> ./inv --list   # makes .venv, which has it")
    os.execv(own, [str(own), *sys.argv])  # noqa: S606

# Golden cases and templates are other monorepos' documents.
SKIPPED = ("tests/", "kestra_tasks/templates/")
# Operators' documents say what they are and when they were last looked at.
FRONTED = ("docs/context/", "docs/governance/")
KEYS = ("title", "tags", "last_review")
SHELLS = {"bash", "sh", "shell"}
_FRONT = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*$", re.S | re.M)
_FENCE = re.compile(r"( *)(`{3,}|~{3,})\s*([\w+-]*)[^\n]*")
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_REFERENCE = re.compile(r" {0,3}\[[^\]]+\]:\s*<?(\S+?)>?\s*(?:\"[^\"]*\")?")
_HEADING = re.compile(r" {0,3}#{1,6}\s+(.+?)\s*#*\s*")
_SCRIPT = re.compile(r"(?<![\w./$~{}-])((?:\./)?(?:[\w.-]+/)+[\w.-]+\.(?:sh|py|mjs|js))(?![\w/])")
_NPM = re.compile(r"\bnpm run (?:--?[\w-]+ )*([\w:.-]+)")


@dataclass(frozen=True)
class Block:
    """A code block: its language, first line's number (1-based) and text without its indent."""

    language: str
    line: int
    text: str


@dataclass(frozen=True)
class Page:
    """A Markdown document, cut into front matter, prose lines and code blocks."""

    front: str | None
    prose: tuple[tuple[int, str], ...]
    blocks: tuple[Block, ...]
    unclosed: int = 0


def read(text: str) -> Page:
    """Cut a document up; line ends may be CRLF."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    front = _FRONT.match(text)
    skip = text[: front.end()].count("\n") + 1 if front else 0
    prose: list[tuple[int, str]] = []
    blocks: list[Block] = []
    fence: tuple[str, str, str, int] | None = None
    inside: list[str] = []
    comment = False
    for number, line in enumerate(text.split("\n"), 1):
        if number <= skip:
            continue
        mark = _FENCE.fullmatch(line)
        if fence is not None:
            indent, opening, language, start = fence
            if mark and mark[2].startswith(opening) and not mark[3]:
                blocks.append(Block(language, start + 1, "\n".join(inside) + "\n"))
                fence, inside = None, []
            else:
                inside.append(line.removeprefix(indent) if line.strip() else "")
        elif comment or line.lstrip().startswith("<!--"):
            comment = "-->" not in line
        elif mark:
            fence = (mark[1], mark[2], mark[3].lower(), number)
        else:
            prose.append((number, line))
    return Page(front[1] if front else None, tuple(prose), tuple(blocks), fence[3] if fence else 0)


def slugs(page: Page) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    seen: dict[str, int] = {}
    found = set()
    for _, line in page.prose:
        heading = _HEADING.fullmatch(line)
        if heading:
            words = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).lower()
            words = unicodedata.normalize("NFC", words.replace("`", ""))
            slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
            times = seen.get(slug, 0)
            seen[slug] = times + 1
            found.add(f"{slug}-{times}" if times else slug)
        found.update(re.findall(r"<a\s+(?:id|name)=\"([^\"]+)\"", line))
    return found


class Checker:
    """Checks the documents below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.page = cache(self._page)

    def _page(self, path: Path) -> Page:
        return read(path.read_text(encoding="utf-8", errors="replace"))

    def check(self, name: str) -> Iterator[str]:
        """Give the findings of the document `name`, relative to the root."""
        page = self.page(self.root / name)
        findings = [*self._front(name, page), *self._links(name, page), *self._commands(page)]
        if page.unclosed:
            findings.append((page.unclosed, "this code block isn't closed"))
        for line, what in sorted(findings):
            yield f"{name}:{line}: {what}"

    def _front(self, name: str, page: Page) -> Iterator[tuple[int, str]]:
        if page.front is None:
            if name.startswith(FRONTED):
                yield 1, f"no front matter; it needs {', '.join(KEYS)}"
            return
        try:
            values = yaml.safe_load(page.front)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            yield (mark.line + 2 if mark else 1), f"front matter isn't YAML: {_words(error)}"
            return
        if not isinstance(values, dict):
            yield 1, "front matter isn't a mapping"
            return
        lines = {line.split(":")[0]: n for n, line in enumerate(page.front.split("\n"), 2)}
        for key in KEYS if name.startswith(FRONTED) else ():
            if values.get(key) in (None, "", []):
                yield lines.get(key, 1), f"front matter lacks {key}"
        day = values.get("last_review")
        if day is not None and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(day)):
            yield lines.get("last_review", 1), f"last_review is {day!r}, not a date like 2026-01-31"

    def _links(self, name: str, page: Page) -> Iterator[tuple[int, str]]:
        for number, line in page.prose:
            bare = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", lambda code: " " * len(code[0]), line)
            targets = [match[1] for match in _LINK.finditer(bare)]
            if reference := _REFERENCE.fullmatch(bare):
                targets.append(reference[1])
            for target in targets:
                if what := self._target(name, target):
                    yield number, what

    def _target(self, name: str, target: str) -> str | None:
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|//", target):
            return None
        path, _, anchor = unquote(target).partition("#")
        place = self.root / name
        if path:
            place = (self.root / path.lstrip("/")) if path.startswith("/") else place.parent / path
        if not Path(os.path.abspath(place)).is_relative_to(self.root):  # noqa: PTH100
            return f"{target} leads out of the repository"
        if not place.exists():
            return f"{target}: there is no such file"
        if anchor and place.suffix == ".md":
            wanted = unicodedata.normalize("NFC", anchor)
            if wanted not in slugs(self.page(place.resolve())):
                return f"{target}: no heading makes the anchor #{anchor}"
        return None

    def _commands(self, page: Page) -> Iterator[tuple[int, str]]:
        for block in page.blocks:
            if block.language not in SHELLS:
                continue
            yield from _syntax(block)
            for offset, line in enumerate(block.text.split("\n")):
                for what in self._named(line.split(" #")[0]):
                    yield block.line + offset, what

    def _named(self, line: str) -> Iterator[str]:
        for script in _SCRIPT.findall(line):
            place = self.root / script
            if (self.root / script.removeprefix("./").split("/")[0]).is_dir():
                if not place.is_file():
                    yield f"{script}: there is no such script"
                elif re.match(rf"\s*{re.escape(script)}(\s|$)", line) and not os.access(
                    place, os.X_OK
                ):
                    yield f"{script} isn't executable"
        for script in _NPM.findall(line):
            if script not in _npm_scripts(self.root):
                yield f"package.json has no script {script}"


def _syntax(block: Block) -> Iterator[tuple[int, str]]:
    done = subprocess.run(
        ["bash", "-n"], input=block.text, capture_output=True, text=True, check=False
    )
    if done.returncode or done.stderr:
        words = done.stderr.strip().splitlines() or ["bash refuses it"]
        place = re.search(r"line (\d+): (.*)", words[0])
        line, what = (int(place[1]), place[2]) if place else (1, words[0])
        yield block.line + line - 1, f"not bash: {what}"


def _npm_scripts(root: Path) -> set[str]:
    package = root / "package.json"
    return set(json.loads(package.read_text()).get("scripts", {})) if package.is_file() else set()


def _words(error: Exception) -> str:
    return " ".join(str(getattr(error, "problem", None) or error).split())


def documents(root: Path) -> list[str]:
    """The repository's Markdown files, tracked or new, but those of other monorepos."""
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        names = [name for name in listed.stdout.split("\0") if name and (root / name).is_file()]
    else:
        names = [path.relative_to(root).as_posix() for path in root.rglob("*.md")]
    left = (*SKIPPED, ".venv/", "node_modules/")
    return sorted(name for name in set(names) if not name.startswith(left))


def main(arguments: list[str], root: Path) -> int:
    """Check the given documents, or all; print the findings."""
    names = [
        Path(os.path.relpath(argument, root)).as_posix() for argument in arguments
    ] or documents(root)
    missing = [name for name in names if not (root / name).is_file()]
    for name in missing:
        print(f"{name}: there is no such file")
    checker = Checker(root)
    findings = [line for name in names if name not in missing for line in checker.check(name)]
    for line in findings:
        print(line)
    count = len(findings) + len(missing)
    print(f"{len(names)} documents, {count} findings", file=sys.stderr)
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path.cwd().resolve()))
