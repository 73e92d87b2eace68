"""Where a call can stand in a person's shell script: above its first command, if it is one."""

from __future__ import annotations

import re

_SHELLS = re.compile(r"#!\s*(?:/usr/bin/env\s+(?:-S\s+)?)?(?:\S*/)?(?:ba|da|k)?sh\b")
# Scripts that read themselves: lines above would change what they find.
_OWN_TEXT = re.compile(
    r"\b(sed|awk|gawk|grep|head|tail|cat|source|exec|python3?|node|perl|ruby|php)\b[^\n|;&]*"
    r"[\s\"'](?:\$0|\$\{0\}|\$\{?BASH_SOURCE(?:\[0\])?\}?)[\"'\s)]"
)
_FOLDER = re.compile(r"\b(?:dirname|basename|realpath|readlink)\b[^\n()`]*")
_FIRST_LINES = re.compile(r"\bsed\s+-n\s+[\"']?\d+,(\d+)\s*p")


class NoPlaceError(ValueError):
    """A script that nothing can be put into; `line` from 1."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line
        self.why = why


def find_place(text: str) -> int:
    """The offset of the first command's line.

    Raises:
        NoPlaceError: no shell script, one that no shell runs, or one that reads its own lines.
    """
    if text.startswith("#!") and not _SHELLS.match(text):
        first = text.splitlines()[0]
        raise NoPlaceError(1, f"it isn't a shell script, but one for {first[2:].strip()}")
    if "\r" in text:
        number = text.count("\n", 0, text.index("\r")) + 1
        raise NoPlaceError(number, "it has line ends that no shell runs (CRLF)")
    if text.startswith("\ufeff"):
        raise NoPlaceError(1, "it begins with a byte order mark, which no shell runs")
    place = 0
    for line in text.splitlines(keepends=True):
        if line.strip() and not line.lstrip().startswith("#"):
            break
        place += len(line)
    else:
        raise NoPlaceError(1, "it has no command")
    _leaves_itself_alone(text, text.count("\n", 0, place))
    return place


def _leaves_itself_alone(text: str, above: int) -> None:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("#") or not _OWN_TEXT.search(_FOLDER.sub("", line)):
            continue
        # The comment at its head, shown as help, stays where it was.
        shown = _FIRST_LINES.search(line)
        if shown is None or int(shown[1]) > above:
            raise NoPlaceError(number, "it reads its own lines, which a line more would shift")
