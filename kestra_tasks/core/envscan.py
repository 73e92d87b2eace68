"""Read `.env` text as Docker Compose reads it, keeping where every byte stands.

Compose's own rules differ from a shell's and from python-dotenv's in small ways (`A= # x` has
the value `# x`, two quoted values may share a line), and a second reading would be a second
truth; so this follows Compose's parser, and the tests hold it against `docker compose config`.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

BOM = "\ufeff"
Quoting = Literal["plain", "single", "double", "none"]

# Go's notion of white space; Python's also has the separators 1c to 1f.
_BLANK = "\t\v\f\r \x85\xa0"
_SPACE = _BLANK + "\n\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_SKIP = re.compile(rf"(?:[{_SPACE}]|\#[^\n]*)*")
_EXPORT = re.compile(rf"export(?=[\t\n\f\r ])[{_BLANK}]*")
_BLANKS = re.compile(rf"[{_BLANK}]*")
_TRAILING = re.compile(rf"[{_SPACE}]*\Z")
_ESCAPE = re.compile(r'\\([abcfnrtv$"\\]|0\d{0,3})')
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPED |= {"\\": "\\", '"': '"', "$": "$$"}
# Compose wants exactly three octal digits behind the 0, up to 377.
_OCTAL = re.compile(r"0[0-3][0-7][0-7]")
_NAME = re.compile(r"[_A-Za-z][_A-Za-z0-9]*")


@dataclass(frozen=True)
class Binding:
    """One `KEY=value`.

    Attributes:
        key: its name.
        value: as Compose reads it; None for a `KEY` without "=", or where it can't be expanded.
        line: 1-based number of the line that it begins on.
        start, end: offsets of the statement, `export` included, without the line's end.
        value_start, value_end: offsets of the value, quotes included.
        quoting: how the value is written; "none" for a `KEY` without "=".
    """

    key: str
    value: str | None
    line: int
    start: int
    end: int
    value_start: int
    value_end: int
    quoting: Quoting


@dataclass(frozen=True)
class Problem:
    """A line that Compose refuses, and the whole file with it."""

    line: int
    why: str
    start: int
    end: int


class _Refused(Exception):
    pass


def scan(
    text: str, environ: Mapping[str, str] | None = None
) -> tuple[list[Binding], list[Problem]]:
    """Read all bindings of `text`, in order, and what Compose would refuse.

    Args:
        environ: variables of the environment, which beat the file's own in `${NAME}`.
    """
    bindings: list[Binding] = []
    problems: list[Problem] = []
    known: dict[str, str] = {}
    names = ChainMap(dict(environ or {}), known)
    position = len(BOM) if text.startswith(BOM) else 0
    line, counted = 1, 0
    while True:
        position = _past(_SKIP, text, position)
        if position >= len(text):
            return bindings, problems
        line, counted = line + text.count("\n", counted, position), position
        try:
            binding, after, why = _statement(text, position, line, names)
        except _Refused as refused:
            end = _line_end(text, position)
            problems.append(Problem(line, str(refused), position, end))
            position = end
            continue
        if why:
            problems.append(Problem(line, why, binding.start, binding.end))
        bindings.append(binding)
        if binding.value is not None:
            known[binding.key] = binding.value
        position = after


def _past(what: re.Pattern[str], text: str, position: int) -> int:
    """The offset behind `what`; `position` where it doesn't stand there."""
    found = what.match(text, position)
    return found.end() if found else position


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def _statement(
    text: str, start: int, line: int, known: Mapping[str, str]
) -> tuple[Binding, int, str]:
    """Read the statement at `start`; return it, the offset behind it, and what is wrong."""
    key_start = _past(_EXPORT, text, start)
    key_end, sign = _key_end(text, key_start)
    key = _trimmed(text[key_start:key_end])
    if " " in key:
        raise _Refused("the name has a space in it")
    if not key:
        raise _Refused("the name is missing")
    if sign == "\n":
        end = key_start + len(key)
        return Binding(key, None, line, start, end, end, end, "none"), key_end + 1, ""
    value_start = _past(_BLANKS, text, key_end + 1)
    quote = text[value_start : value_start + 1]
    if quote in ("'", '"'):
        raw, end = _quoted(text, value_start, quote)
        after, quoting = end, "single" if quote == "'" else "double"
        value_end = end
        written = unescape(raw) if quote == '"' else raw
    else:
        end = _line_end(text, value_start)
        written = _trimmed(text[value_start:end].partition(" #")[0])
        value_end, after, quoting = value_start + len(written), end, "plain"
        end -= text[value_start:end].endswith("\r")
    why, value = "", None
    try:
        value = written if quoting == "single" else expand(written, known)
        if "\0" in value:
            raise ValueError("the value has the control character 00 in it")
    except ValueError as error:
        why = str(error)
    found: Quoting = quoting  # type: ignore[assignment]
    return Binding(key, value, line, start, end, value_start, value_end, found), after, why


def _key_end(text: str, start: int) -> tuple[int, str]:
    for position in range(start, len(text)):
        char = text[position]
        if char in "=:\n":
            return position, char
        if not (char in "_.-[]" or char in _BLANK or char.isalpha() or char.isnumeric()):
            raise _Refused(f"{char!r} can't be in a name")
    raise _Refused("a name without '=' can't end the file")


def _quoted(text: str, start: int, quote: str) -> tuple[str, int]:
    """The text between quotes, escaped quotes resolved, and the offset behind the second one."""
    found = re.compile(rf"(?:[^{quote}\\]|\\.)*{quote}", re.S).match(text, start + 1)
    if found is None:
        raise _Refused("a quote isn't closed")
    inside = re.sub(r"\\(.)", lambda m: quote if m[1] == quote else m[0], found[0][:-1])
    return inside, found.end()


def _trimmed(text: str) -> str:
    return _TRAILING.sub("", text)


def unescape(text: str) -> str:
    """Resolve the escapes of a double-quoted value; a `\\$` becomes `$$`, for `expand`."""

    def one(match: re.Match[str]) -> str:
        code = match[1]
        if code in _ESCAPED:
            return _ESCAPED[code]
        if code == "c":  # among Compose's escapes, but it stands for nothing
            return match[0]
        if _OCTAL.fullmatch(code):
            return chr(int(code, 8))
        return f"\\{code[1:]}"

    return _ESCAPE.sub(one, text)


def expand(text: str, known: Mapping[str, str]) -> str:
    """Fill in `$NAME` and `${NAME...}` as Compose does; `$$` is a dollar sign.

    Raises:
        ValueError: a form that Compose refuses; the message has nothing of the text in it.
    """
    out: list[str] = []
    position = 0
    while (dollar := text.find("$", position)) >= 0:
        out.append(text[position:dollar])
        position = dollar + 1
        if text.startswith("$", position):
            out.append("$")
            position += 1
        elif text.startswith("{", position):
            end = _closing(text, position)
            out.append(_braced(text[position + 1 : end], known))
            position = end + 1
        elif name := _NAME.match(text, position):
            out.append(known.get(name[0], ""))
            position = name.end()
        else:
            out.append("$")
    return "".join((*out, text[position:]))


def _closing(text: str, start: int) -> int:
    depth = 0
    for position in range(start, len(text)):
        if text[position] == "{" and (position == start or text[position - 1] == "$"):
            depth += 1
        elif text[position] == "}":
            depth -= 1
            if depth == 0:
                return position
    raise ValueError("'${' isn't closed")


def _braced(inside: str, known: Mapping[str, str]) -> str:
    name = _NAME.match(inside)
    if name is None:
        raise ValueError("'${' isn't followed by a name")
    value, rest = known.get(name[0]), inside[name.end() :]
    if not rest:
        return value or ""
    operator = rest[:2] if rest.startswith(":") else rest[:1]
    word = rest[len(operator) :]
    given = bool(value) if operator.startswith(":") else value is not None
    match operator[-1:]:
        case "-":
            return (value or "") if given else expand(word, known)
        case "+":
            return expand(word, known) if given else ""
        case "?":
            if given:
                return value or ""
            raise ValueError("it needs a variable that isn't set")
    raise ValueError("'${' has an operator that Compose doesn't know")
