"""Our block in a `.env`: its layout, its signature, how it goes in and comes out again.

The signature is over names and comments, never values, so that a person's value is no
conflict and the block of `.env` differs from that of `.env.example` in value lines only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kestra_tasks.core import envtext, markers

NAME = "env"
# Flags of the first mark. The common case has none, for `diff .env.example .env`.
JOINED = "joined"  # the text had no final newline
TIGHT = "tight"  # the text ended in an empty line already
KEPT = "kept"  # the file existed and was empty
REDUCED = "credentials"  # what an undo left for existing data

_COMMENTED = re.compile(r"[^\S\n]*#[^\S\n]*(?:export[^\S\n]+)?([A-Za-z_]\w*)[^\S\n]*=")
_MARK = re.compile(r"[^\S\n]*\S+ >>> kestra-tasks:\S+ ([0-9a-f]{8})")


@dataclass(frozen=True)
class Layout:
    """What the block has: comments, names with the text behind "=", optional ones commented.

    Attributes:
        heading: comment lines above, without "# ".
        required: name to value as written, in order.
        note: comment lines above the optional ones.
        optional: name to value as written, in order.
    """

    heading: tuple[str, ...]
    required: Mapping[str, str]
    note: tuple[str, ...] = ()
    optional: Mapping[str, str] = field(default_factory=dict)

    def without(self, names: Iterable[str]) -> Layout:
        """The layout without the required `names`."""
        dropped = set(names)
        required = {k: v for k, v in self.required.items() if k not in dropped}
        return Layout(self.heading, required, self.note, self.optional)


@dataclass(frozen=True)
class Line:
    """A logical line of a block's body: a binding may run over several physical ones.

    Attributes:
        text: as it stands, without its last newline.
        key: the variable that it sets, or shows as a comment; "" for other lines.
        active: whether it sets the variable.
    """

    text: str
    key: str = ""
    active: bool = False


def read(body: str, optional: Iterable[str]) -> list[Line]:
    """Cut a block's body (LF) into lines; only `optional` names count in comments."""
    names = set(optional)
    begins: dict[int, tuple[str, int]] = {}
    for binding in envtext.bindings(body):
        start = body.rfind("\n", 0, binding.start) + 1
        end = body.find("\n", max(binding.value_end, binding.end))
        begins.setdefault(start, (binding.key, len(body) if end < 0 else end))
    lines: list[Line] = []
    position = 0
    while position < len(body):
        key, end = begins.get(position, ("", body.find("\n", position)))
        end = len(body) if end < 0 else end
        text = body[position:end]
        if key:
            lines.append(Line(text, key, active=True))
        else:
            hit = _COMMENTED.match(text)
            lines.append(Line(text, hit[1] if hit and hit[1] in names else ""))
        position = end + 1
    return lines


def signature(lines: Iterable[Line], known: Iterable[str]) -> str:
    """What a block's digest is taken of: its comments, and which of the `known` names it has."""
    lines, names = list(lines), set(known)
    keys = sorted({line.key for line in lines if line.key in names})
    comments = [line.text.strip() for line in lines if not line.key and line.text.strip()]
    return "\n".join((*comments, *keys))


def render(layout: Layout, lines: Iterable[Line] = ()) -> list[Line]:
    """Lay the block out; lines that a person gave a value in `lines` are carried over."""
    given: dict[str, list[Line]] = {}
    for line in lines:
        if line.active:
            given.setdefault(line.key, []).append(line)
    out = [Line(f"# {text}") for text in layout.heading]
    for key, value in layout.required.items():
        out += given.pop(key, [Line(f"{key}={value}", key, active=True)])
    out += [Line(f"# {text}") for text in layout.note]
    for key, value in layout.optional.items():
        out += given.pop(key, [Line(f"# {key}={value}", key)])
    return out + [line for rest in given.values() for line in rest]


def refresh(layout: Layout, lines: Iterable[Line]) -> list[Line]:
    """Bring the defaults that comments show up to date; all else stays as it is."""
    optional = layout.optional
    return [
        Line(f"# {line.key}={optional[line.key]}", line.key)
        if line.key in optional and not line.active
        else line
        for line in lines
    ]


def marked(lines: Iterable[Line], known: Iterable[str], newline: str, flags: Iterable[str]) -> str:
    """The block with its marks."""
    lines = list(lines)
    body = "".join(f"{line.text}\n" for line in lines)
    signed = signature(lines, known)
    return markers.block(NAME, body, newline=newline, flags=tuple(flags), signed=signed)


def signed_with(text: str, block: markers.Block) -> str:
    """The digest that the block's first mark carries."""
    found = _MARK.match(text, block.start)
    return found[1] if found else ""


def insert(text: str | None, lines: Iterable[Line], known: Iterable[str]) -> str:
    """Append the block to `text` (None: there is no file), an empty line between."""
    if text is None:
        return marked(lines, known, "\n", ())
    newline = envtext.newline_of(text)
    if not text:
        return marked(lines, known, newline, (KEPT,))
    flags = []
    if not text.endswith("\n"):
        flags.append(JOINED)
        text += newline
    if text.endswith(("\n\n", "\n\r\n")):
        flags.append(TIGHT)
    else:
        text += newline
    return text + marked(lines, known, newline, flags)


def replace(text: str, block: markers.Block, lines: Iterable[Line], known: Iterable[str]) -> str:
    """Put `lines` in the place of the block; its flags stay."""
    first = text[block.start : block.end].partition("\n")[0]
    newline = "\r\n" if first.endswith("\r") else "\n"
    flags = [flag for flag in block.flags if flag != REDUCED]
    return text[: block.start] + marked(lines, known, newline, flags) + text[block.end :]


def reduce(text: str, block: markers.Block, lines: Iterable[Line], known: Iterable[str]) -> str:
    """Leave only `lines` in the block, and mark it as such."""
    first = text[block.start : block.end].partition("\n")[0]
    newline = "\r\n" if first.endswith("\r") else "\n"
    flags = dict.fromkeys((*block.flags, REDUCED))
    return text[: block.start] + marked(lines, known, newline, flags) + text[block.end :]


def remove(text: str, block: markers.Block, extras: Iterable[Line]) -> str | None:
    """Take the block out, but for a person's own lines in it; None where the file was ours."""
    before, after = text[: block.start], text[block.end :]
    first = text[block.start : block.end].partition("\n")[0]
    newline = "\r\n" if first.endswith("\r") else "\n"
    kept = "".join(f"{line.text}\n" for line in extras).replace("\n", newline)
    if not before and not after and not kept and KEPT not in block.flags:
        return None
    if before and TIGHT not in block.flags and _ends_blank(before):
        before = before[: -len(newline)]
    if JOINED in block.flags and not after and not kept:
        before = before.removesuffix(newline)
    return before + kept + after


def _ends_blank(text: str) -> bool:
    return text in ("\n", "\r\n") or text.endswith(("\n\n", "\n\r\n"))
