"""Fill in a template: `@@name@@` for values, `#@if name` ... `#@end` for optional lines."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from kestra_tasks.core.markers import DIGEST

_NAME = re.compile(r"@@([a-z_]+)@@")
_IF = re.compile(r"[^\S\n]*#@if ([a-z_]+)\n?")
_END = re.compile(r"[^\S\n]*#@end\n?")


def render(text: str, values: Mapping[str, str], keep: Collection[str] = ()) -> str:
    """Return `text` with its names filled in and its conditions decided.

    Args:
        values: for each `@@name@@`; `@@digest@@` is left for `markers.seal`.
        keep: names whose `#@if name` lines stay.

    Raises:
        KeyError: the template has a name without a value.
        ValueError: an `#@if` inside another, or without its `#@end`.
    """
    lines: list[str] = []
    inside: str | None = None
    for line in text.splitlines(keepends=True):
        if opening := _IF.fullmatch(line):
            if inside is not None:
                raise ValueError(f"#@if {opening[1]} inside #@if {inside}")
            inside = opening[1]
        elif _END.fullmatch(line):
            if inside is None:
                raise ValueError("#@end without #@if")
            inside = None
        elif inside is None or inside in keep:
            lines.append(line)
    if inside is not None:
        raise ValueError(f"#@if {inside} without #@end")
    known = {DIGEST.strip("@"): DIGEST, **values}
    return _NAME.sub(lambda match: known[match[1]], "".join(lines))
