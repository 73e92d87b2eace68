"""Where a call can stand in a person's shell script: above its first command, if it is one."""

from __future__ import annotations

import re

_SHELLS = re.compile(r"#!\s*(?:/usr/bin/env\s+(?:-S\s+)?)?(?:\S*/)?(?:ba|da|k)?sh\b")
# Scripts that read themselves, by a program or by '<': lines above would change what they find.
_OWN_TEXT = re.compile(
    r"(?:\b(?:sed|awk|gawk|grep|head|tail|cat|source|exec|python3?|node|perl|ruby|php)\b[^\n|;&]*"
    r"[\s\"']|(?<!<)<\s*[\"']?)"
    r"(?:\$0|\$\{0\}|\$\{?BASH_SOURCE(?:\[0\])?\}?)(?:[\"'\s)`;|&]|$)"
)
_FOLDER = re.compile(r"\b(?:dirname|basename|realpath|readlink)\b[^\n()`]*")
_FIRST_LINES = re.compile(r"\bsed\s+-n\s+[\"']?\d+,(\d+)\s*p")


class NoPlaceError(ValueError):
    """A script that nothing can be put into; `line` from 1."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


def find_place(text: str) -> int:
    """The offset of the first command's line.

    Raises:
        NoPlaceError: no script of sh or bash, one that no shell runs, or one that reads its own
            lines.
    """
    # Not splitlines(): a form feed or U+2028 in a comment ends no line for a shell.
    lines = text.split("\n")
    if text.startswith("#!") and not _SHELLS.match(text):
        raise NoPlaceError(
            1, f"it isn't a script of sh or bash, but one for {lines[0][2:].strip()}"
        )
    for number, line in enumerate(lines[:-1], start=1):
        if line.endswith("\r"):
            raise NoPlaceError(number, "it has line ends that no shell runs (CRLF)")
    if text.startswith("\ufeff"):
        raise NoPlaceError(1, "it begins with a byte order mark, which no shell runs")
    above = 0
    while above < len(lines) and _is_no_command(lines[above]):
        above += 1
    if above == len(lines):
        raise NoPlaceError(1, "it has no command")
    for number, line in enumerate(lines[above:], start=above + 1):
        if _reads_itself(line, above):
            raise NoPlaceError(number, "it reads its own lines, which a line more would shift")
    return sum(len(line) + 1 for line in lines[:above])


def _is_no_command(line: str) -> bool:
    return line.strip(" \t")[:1] in ("", "#")


def _reads_itself(line: str, above: int) -> bool:
    if _is_no_command(line) or not _OWN_TEXT.search(_FOLDER.sub("", line)):
        return False
    # The comment at its head, shown as help, stays where it was.
    shown = _FIRST_LINES.search(line)
    return shown is None or int(shown[1]) > above
