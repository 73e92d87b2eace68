"""Secrets that stand in files which aren't `.env`: compose files, scripts, JSON, documents.

They are others' and committed, but a diff of ours must not carry them into logs.
"""

from __future__ import annotations

import re

from kestra_tasks.core.envtext import MASK, USERINFO, WORDS
from kestra_tasks.core.passwords import is_placeholder

_NAMED = re.compile(
    rf"""(?P<name>[\w.-]*(?:{WORDS})[\w.-]*["']?\s*(?:=|:(?![/?+=\w-]))\s*)
        (?P<value>"(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*'|[^\s"'].*?(?=["']?\s*(?:$|[,}}\]])))""",
    re.IGNORECASE | re.VERBOSE,
)
_BEARER = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE)
# A secret's place rather than a secret: a reference, code, a number, a switch.
_HARMLESS = re.compile(
    r"\$|\||>|[{\[(&*!]|\d{0,5}$|(?:true|false|null|none|yes|no|on|off)\b|(?:process\.env|os\.env)",
    re.IGNORECASE,
)
_DEFAULT = re.compile(r"(\$\{\w+:?[-+])([^}$]+)\}")
_OWN_DEFAULT = re.compile(rf"(\$\{{\w*(?:{WORDS})\w*:?[-+])([^}}$]+)\}}", re.IGNORECASE)
# What Compose quotes that is no value: names, which help to find the place.
_QUOTED = re.compile(
    r"""(?P<name>\b(?:service|network|volume|secret|config|file|project|container|variable)\s)?
        (?P<text>"[^"]*(?:"|\Z)|`[^`]*(?:`|\Z))""",
    re.VERBOSE,
)
# Behind it Compose prints the whole value on lines of its own.
_ESCAPE = re.compile(r"(You may need to escape any \$ with another \$\.?).*", re.DOTALL)
_OPENER = re.compile(r"[{\[(\"']")
_BLOCK = re.compile(
    rf"(?P<indent>\s*)(?:-\s+)?[\"']?[\w.-]*(?:{WORDS})[\w.-]*[\"']?\s*:\s*[|>][\d+-]*\s*", re.I
)
_PEM = re.compile(r"-----(BEGIN|END) [A-Z ]*PRIVATE KEY-----")


def hide(text: str) -> str:
    """Replace what a telling name is given, and the passwords of URLs; lines stay lines.

    References such as `${NAME}`, placeholders, numbers of a port's length and switches stay.
    """
    out = []
    indent, pem = -1, False
    for line in text.split("\n"):
        lead = len(line) - len(line.lstrip())
        if indent >= 0 and line.strip() and lead <= indent:
            indent = -1
        if pem_mark := _PEM.search(line):
            pem = pem_mark[1] == "BEGIN"
        elif (indent >= 0 or pem) and line.strip():
            end = "\r" if line.endswith("\r") else ""
            out.append(line[:lead] + MASK + end)
            continue
        if block := _BLOCK.fullmatch(line):
            indent = len(block["indent"])
        out.append(_hide_line(line))
    return "\n".join(out)


def hide_quoted(message: str) -> str:
    """Drop what Compose quotes of a file's values from its message; names of things stay."""
    message = _ESCAPE.sub(r"\1", message)
    return _QUOTED.sub(lambda hit: hit[0] if hit["name"] else '"..."', message)


def _hide_line(line: str) -> str:
    if ":" not in line and "=" not in line:
        return line
    line = USERINFO.sub(rf"\1{MASK}@", _BEARER.sub(rf"\1 {MASK}", line))
    line = _OWN_DEFAULT.sub(_shown_default, line)
    hit = _NAMED.search(line)
    if hit is None:
        return line
    if hit["value"][0] not in "\"'" and not _OPENER.search(line[: hit.start()]):
        # Nothing but the line's end closes it.
        value = line[hit.start("value") :].rstrip()
        return line[: hit.start("value")] + _shown(value) + line[len(line.rstrip()) :]
    return _NAMED.sub(lambda hit: hit["name"] + _shown(hit["value"]), line)


def _shown(value: str) -> str:
    mark = value[0] if value[0] in "\"'" else ""
    bare = value.strip(mark) if mark else value
    if is_placeholder(bare):
        return value
    if _HARMLESS.match(bare):
        return _DEFAULT.sub(_shown_default, value)
    return f"{mark}{MASK}{mark}"


def _shown_default(hit: re.Match[str]) -> str:
    harmless = is_placeholder(hit[2]) or _HARMLESS.match(hit[2])
    return hit[0] if harmless else f"{hit[1]}{MASK}}}"
