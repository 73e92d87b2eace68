"""The launcher's `GET /api/services`: the bare array of what its own aggregate route reports."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kestra_tasks.core.jstext import Script
from kestra_tasks.steps.launcher_entry import ARRAY, UnknownShapeError

ROUTE = "/api/services"
_PATH = re.compile(r"/[\w./-]*")  # nothing that a string or Express takes for more than itself
_PREFERRED = ("/api/status", "/status", "/api/health/services")


@dataclass(frozen=True)
class Aggregate:
    """The host's own route that reports all its services.

    Attributes:
        app: the name that it is registered on.
        path: such as "/api/status".
        position: offset of the line above which our route belongs.
    """

    app: str
    path: str
    position: int


def find_route(script: Script) -> int | None:
    """The line of a route that answers on /api/services, None where there is none."""
    mounted = {
        script.value(number + 2)
        for number in script.named("use")
        if script.words(number - 1, 3) == (".", "use", "(")
    }
    for number, token in enumerate(script.tokens):
        if token.kind not in ("string", "template") or script.word(number - 1) != "(":
            continue
        if script.word(number - 2) not in ("get", "all", "use", "route"):
            continue
        value = (script.value(number) or "").rstrip("/")
        if value == ROUTE or (value == "/services" and "/api" in mounted):
            return script.line(token.start)
    return None


def find_aggregate(script: Script) -> Aggregate:
    """Find the route whose handler goes over all targets.

    Raises:
        UnknownShapeError: none is in this file.
    """
    found: list[tuple[int, Aggregate]] = []
    for number in script.named("get"):
        if script.word(number - 1) != "." or script.word(number + 1) != "(":
            continue
        if script.depth[number] != 0 or script.tokens[number - 2].kind != "name":
            continue
        path = script.value(number + 2) or ""
        closing = script.partner[number + 1]
        inside = {script.word(n) for n in range(number + 2, closing)}
        if not _PATH.fullmatch(path) or ARRAY not in inside or not inside & {"json", "send"}:
            continue
        rank = _PREFERRED.index(path) if path in _PREFERRED else len(_PREFERRED)
        start = script.tokens[number - 2].start
        if script.text[script.text.rfind("\n", 0, start) + 1 : start].strip(" \t\ufeff"):
            continue  # there is no line of its own to stand above
        place = _above(script, number - 2)
        found.append((rank, Aggregate(script.word(number - 2), path, place)))
    if not found:
        raise UnknownShapeError(f"no line begins with an `app.get(` that answers for {ARRAY}")
    return min(found, key=lambda pair: pair[0])[1]


def write(aggregate: Aggregate, quote: str, step: str, end: str) -> str:
    """The route's lines.

    Args:
        quote: the host's own.
        step: one level of the host's indentation.
        end: ";" or "".
    """
    route, path = f"{quote}{ROUTE}{quote}", f"{quote}{aggregate.path}{quote}"
    lines = (
        f"// What {aggregate.path} reports, as a bare array: it answers, this takes the array out.",
        f"{aggregate.app}.get({route}, (req, res, next) => {{",
        f"{step}const answer = res.json.bind(res){end}",
        f"{step}res.json = (body) => {{",
        f"{step}{step}const parts = [body, body?.services, ...Object.values(body || {{}})]{end}",
        f"{step}{step}return answer(parts.find(Array.isArray) || body){end}",
        f"{step}}}{end}",
        f"{step}req.url = {path}{end}",
        f"{step}next(){end}",
        f"}}){end}",
    )
    return "\n".join(lines) + "\n"


def _above(script: Script, number: int) -> int:
    """The start of the statement's line, or of the comment that stands right above it."""
    position = script.tokens[number].start
    for start, end in reversed(script.comments):
        between = script.text[end:position]
        own = not script.text[script.text.rfind("\n", 0, start) + 1 : start].strip()
        if end <= position and own and not between.strip() and between.count("\n") <= 1:
            position = start
    return script.text.rfind("\n", 0, position) + 1
