"""Read and splice `.env` text: only the bytes of a value change, and secrets can be masked."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping

from kestra_tasks.core.envscan import BOM, Binding, Problem, scan
from kestra_tasks.core.passwords import is_placeholder
from kestra_tasks.errors import UsageError

__all__ = [
    "BOM",
    "MASK",
    "Binding",
    "Problem",
    "UnquotableError",
    "bindings",
    "get",
    "looks_secret",
    "mask",
    "newline_of",
    "problems",
    "quote",
    "set_value",
    "unreadable",
    "values",
]

MASK = "********"
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,-][A-Za-z0-9_./:@%+,=~-]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
WORDS = (
    r"PASS|PWD|SECRET|TOKEN|KEY|CREDENTIAL|PRIVATE|SALT|DSN|SIGNATURE|COOKIE|SESSION"
    r"|CERT|BEARER|JWT|WEBHOOK|SEED|HASH|(?<![A-Z])PIN(?![A-Z])|SENHA|SEGREDO|CHAVE"
)
# Kestra's variables that show what they are; its passwords have telling names.
_OURS = {
    f"KESTRA_{name}"
    for name in (
        *("HTTP_PORT", "MANAGEMENT_PORT", "DB_HOST", "DB_PORT", "DB_NAME", "DB_USER"),
        *("BASICAUTH_USERNAME", "BIND_ADDRESS", "URL", "IMAGE", "DOCKER_NETWORK"),
        *("CONTAINER_NAME", "STORAGE_DIR", "WORKDIR_DIR"),
        *("POSTGRES_IMAGE", "POSTGRES_CONTAINER_NAME", "POSTGRES_VOLUME", "DOCKER_SOCKET"),
    )
}
_TELLING = re.compile(WORDS, re.I)
USERINFO = re.compile(r"(://[^:/\s@]*:)(\S+)@")
# What an unknown variable may show: numbers as short as a port, switches, nothing.
_HARMLESS = re.compile(r"\d{0,5}|true|false|yes|no|on|off", re.I)
_COMMENTED = re.compile(rf"^(\s*#.*?(?:{WORDS})\w*\s*[=:]\s*)(\S.*?)(\s*)$", re.I)


class UnquotableError(UsageError):
    """A value that `.env` can't carry; the message names the reason, never the value."""


def bindings(text: str, environ: Mapping[str, str] | None = None) -> list[Binding]:
    """All bindings in order, as Compose reads them; lines that it refuses are left out.

    Args:
        environ: variables of the environment, which beat the file's own in `${NAME}`.
    """
    return scan(text, environ)[0]


def problems(text: str) -> list[Problem]:
    """What makes Compose refuse the text, in order."""
    return scan(text)[1]


def unreadable(file: str, problem: Problem) -> str:
    """What is told of a line that Compose refuses."""
    return f"{file}:{problem.line}: Compose can't read this file: {problem.why}"


def values(text: str, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Name to value; the last of a name's bindings counts, and a `KEY` without "=" is none."""
    return {b.key: b.value for b in bindings(text, environ) if b.value is not None}


def get(text: str, key: str, environ: Mapping[str, str] | None = None) -> str | None:
    """The value of `key`, or None where there is none."""
    return values(text, environ).get(key)


def newline_of(text: str) -> str:
    """The line end that most of the text's lines have."""
    return "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"


def set_value(text: str, key: str, value: str) -> str:
    """Give every binding of `key` that has another value this one; no other byte changes.

    The quotes that stand there stay where they can hold the value.

    Raises:
        KeyError: there is no binding of `key`.
        UnquotableError: `value` can't be written.
    """
    found = [b for b in bindings(text) if b.key == key]
    if not found:
        raise KeyError(key)
    for binding in reversed(found):
        if binding.value == value:
            continue
        written = _like(binding, value)
        text = text[: binding.value_start] + written + text[binding.value_end :]
    return text


def _like(binding: Binding, value: str) -> str:
    written = quote(value)
    if written == value and binding.quoting in ("single", "double"):
        mark = "'" if binding.quoting == "single" else '"'
        return f"{mark}{value}{mark}"
    return f"={written}" if binding.quoting == "none" else written


def quote(value: str) -> str:
    """Write `value` so that Compose, run.sh and python-dotenv read it back alike.

    One sort of value only Compose and run.sh read alike: a "$" together with a backslash
    before a quote, a backslash or the end. python-dotenv knows no escape for that "$".

    Raises:
        UnquotableError: a line end, another control character, or no UTF-8.
    """
    if control := _CONTROL.search(value):
        what = "a line end" if control[0] in "\r\n" else f"the control character {control[0]!r}"
        raise UnquotableError(f"it has {what}, which not every reader of .env takes")
    if any(0xD800 <= ord(char) <= 0xDFFF for char in value):
        raise UnquotableError("it isn't UTF-8")
    if _PLAIN.fullmatch(value):
        return value
    literal = not re.search(r"\\(?:[\\']|\Z)", value)
    if literal and "'" not in value:
        return f"'{value}'"
    if literal and "$" in value:
        return "'" + value.replace("'", "\\'") + "'"
    return '"' + re.sub(r'([\\"$])', r"\\\1", value) + '"'


def looks_secret(key: str) -> bool:
    """Whether a variable of that name probably holds a secret."""
    return bool(_TELLING.search(key))


def mask(text: str) -> str:
    """Replace what may be a secret by asterisks; placeholders and empty values stay.

    Every value of a variable that isn't Kestra's is taken for one unless it is a short number
    or a switch, and so is every line that Compose can't read.
    """
    found, refused = scan(text)
    begins = sorted([*(b.start for b in found), *(p.start for p in refused), len(text)])
    spans = [(p.start, p.end, MASK) for p in refused]
    for binding in found:
        if binding.value != "":
            # Compose takes a second variable on the line, behind a closed quote.
            behind = begins[bisect_left(begins, binding.value_end)]
            end = min(_line_end(text, binding.value_end), behind)
            spans.append((binding.value_start, end, _masked(binding, text, end)))
    out: list[str] = []
    position = 0
    for start, end, shown in sorted(spans):
        out += [_mask_comments(text[position:start]), shown]
        position = end
    return "".join((*out, _mask_comments(text[position:])))


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    end = len(text) if end < 0 else end
    return end - 1 if end > position and text[end - 1] == "\r" else end


def _masked(binding: Binding, text: str, end: int) -> str:
    """What is shown of a value and of what follows it up to `end`."""
    value, rest = text[binding.value_start : binding.value_end], text[binding.value_end : end]
    if binding.quoting == "none":
        return value + rest
    if binding.value is not None and is_placeholder(binding.value):
        return value
    known = binding.key in _OURS or _HARMLESS.fullmatch(binding.value or "x")
    if looks_secret(binding.key) or not known:
        return MASK
    return USERINFO.sub(rf"\1{MASK}@", value) + _mask_comments(rest)


def _mask_comments(text: str) -> str:
    lines = text.split("\n")
    for number, line in enumerate(lines):
        hit = _COMMENTED.match(line)
        if hit and not is_placeholder(hit[2].strip("\"'")):
            line = f"{hit[1]}{MASK}{hit[3]}"
        lines[number] = USERINFO.sub(rf"\1{MASK}@", line)
    return "\n".join(lines)
