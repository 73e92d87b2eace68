"""Kestra's descriptor in a launcher's own idiom: the keys and the spelling of its neighbours."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kestra_tasks.core.jstext import Script, Span
from kestra_tasks.settings import Settings

ID = "kestra-orchestrator"
ARRAY = "SERVICE_TARGETS"
FACTORY = "createServiceTarget"
_HEALTH = ("healthUrl", "healthURL", "health_url", "health", "healthCheck", "endpoint", "url")
_UI = ("uiUrl", "uiURL", "ui_url", "ui", "link", "href")
_CATEGORIES = ("orchestration", "tools", "ai-tools", "automation", "infra", "infrastructure")
_DESCRIPTIONS = {"en": "Workflow orchestrator", "pt-BR": "Orquestrador de workflows"}


class UnknownShapeError(ValueError):
    """A launcher whose shape isn't known; `line` from 1, 0 where no line shows it."""

    def __init__(self, why: str, line: int = 0) -> None:
        super().__init__(why)
        self.why = why
        self.line = line


@dataclass(frozen=True)
class Targets:
    """The array of descriptors.

    Attributes:
        opening, closing: token numbers of its brackets.
        items: its elements.
    """

    opening: int
    closing: int
    items: tuple[Span, ...]


def find_targets(script: Script) -> Targets:
    """Find `const SERVICE_TARGETS = [ … ]`.

    Raises:
        UnknownShapeError: absent, there twice, empty, or written in another way.
        JsTextError: an array with a hole.
    """
    declared = [
        number
        for number in script.named(ARRAY)
        if script.word(number - 1) in ("const", "let", "var") and script.depth[number] == 0
    ]
    if not declared:
        raise UnknownShapeError(f"no `const {ARRAY} = [` at its outermost level")
    if len(declared) > 1:
        line = script.line(script.tokens[declared[1]].start)
        raise UnknownShapeError(f"{ARRAY} is declared a second time", line)
    name = declared[0]
    line = script.line(script.tokens[name].start)
    opening = name + 2
    if script.words(name + 1, 6) == ("=", "Object", ".", "freeze", "(", "["):
        opening = name + 6
    elif script.words(name + 1, 2) != ("=", "["):
        raise UnknownShapeError(f"{ARRAY} isn't a plain array of JavaScript", line)
    closing = script.partner[opening]
    if script.word(closing + 1) in ("as", "satisfies", ".", "?.", "["):
        raise UnknownShapeError(f"{ARRAY} goes on behind its bracket", line)
    items = tuple(script.items(opening))
    if not items:
        raise UnknownShapeError(f"{ARRAY} is empty: there is no neighbour to go by", line)
    return Targets(opening, closing, items)


def object_of(script: Script, item: Span) -> tuple[int, str] | None:
    """The opening brace of an element's object, and the function that it is given to, or ""."""
    if script.word(item.first) == "{" and script.partner[item.first] == item.last:
        return item.first, ""
    called = script.tokens[item.first].kind == "name" and script.words(item.first + 1, 2)
    if called != ("(", "{") or script.partner[item.first + 1] != item.last:
        return None
    if script.partner[item.first + 2] != item.last - 1:
        return None
    return item.first + 2, script.word(item.first)


def find_ours(script: Script, targets: Targets) -> Span | None:
    """The element whose id is Kestra's, whoever wrote it."""
    for item in targets.items:
        if (place := object_of(script, item)) is None:
            continue
        ident = script.members(place[0]).get("id")
        if ident and ident.first == ident.last and script.value(ident.first) == ID:
            return item
    return None


def write(script: Script, targets: Targets, settings: Settings, indent: str, step: str) -> str:
    """The lines of the entry, ending in a comma: what a person adds below leaves ours untouched.

    Raises:
        UnknownShapeError: no element is an object or a call with one, or none says where to
            ask for health.
    """
    places = [place for item in targets.items if (place := object_of(script, item)) is not None]
    factories = [name for _, name in places if name]
    factory = max(factories, key=factories.count, default="")
    if FACTORY in factories:
        factory = FACTORY
    if not places:
        line = script.line(script.tokens[targets.opening].start)
        raise UnknownShapeError(f"no element of {ARRAY} is an object, or a call with one", line)
    neighbours = [script.members(brace) for brace, name in places if name == factory]
    keys = list(dict.fromkeys(key for members in neighbours for key in members))
    fields = dict(_fields(script, keys, neighbours, factory, settings))
    if not fields.keys() & {"portEnv", "urlEnv", *_HEALTH}:
        line = script.line(script.tokens[places[0][0]].start)
        raise UnknownShapeError(f"nothing in {ARRAY} says where health is asked for", line)
    quote = quote_of(script)
    rows = [f"{indent}{step}{key}: {_quoted(value, quote)}," for key, value in fields.items()]
    opening, closing = (f"{factory}({{", "})") if factory else ("{", "}")
    return "\n".join((f"{indent}{opening}", *rows, f"{indent}{closing},\n"))


def _fields(
    script: Script,
    keys: list[str],
    neighbours: list[dict[str, Span]],
    factory: str,
    settings: Settings,
) -> Iterator[tuple[str, str]]:
    """Each key that the neighbours have and its JavaScript value, strings in double quotes."""
    http = f"process.env.KESTRA_HTTP_PORT || {settings.http_port}"
    management = f"process.env.KESTRA_MANAGEMENT_PORT || {settings.management_port}"
    page = f"`http://localhost:${{{http}}}`"
    health = f"`http://localhost:${{{management}}}/health`"
    known: Mapping[str, str] = {
        "id": f'"{ID}"',
        "name": '"Kestra"',
        "title": '"Kestra"',
        "label": '"Kestra"',
        "description": f'"{_DESCRIPTIONS[settings.language]}"',
        "category": f'"{_category(script, neighbours, settings)}"',
        "type": '"tools"',
        "stack": f'"{settings.stack}"',
        "group": f'"{settings.stack}"',
        "defaultPort": str(settings.management_port),
        "port": f"Number({management})",
        "internalPort": "8081",
        "frontendPort": f"Number({http})",
        "frontendPath": '"/"',
        "portEnv": '"KESTRA_MANAGEMENT_PORT"',
        "urlEnv": f'"{_url_variable(script, neighbours)}"',
        "path": '"/health"',
        "healthPath": '"/health"',
        "method": '"GET"',
        "container": f'"{settings.container}"',
        "containerName": f'"{settings.container}"',
        "links": f'[{{ label: "UI", url: {page} }}]',
    }
    named = () if {"title", "label"} & set(keys) else ("name",)
    wanted = list(dict.fromkeys(("id", *named, *keys)))
    if factory and _factory_reads(script, factory, "path"):
        wanted.append("path")
    asked = next((key for key in _HEALTH if key in wanted), "")
    for key in wanted:
        if key == asked:
            yield key, health
        elif key in _UI:
            yield key, page
        elif key in known:
            yield key, known[key]


def _category(script: Script, neighbours: list[dict[str, Span]], settings: Settings) -> str:
    """One that the launcher has already: its page may group by them."""
    found = Counter(_strings(script, neighbours, "category"))
    for category in (settings.stack, *_CATEGORIES):
        if category in found:
            return category
    return found.most_common(1)[0][0] if found else settings.stack


def _url_variable(script: Script, neighbours: list[dict[str, Span]]) -> str:
    """A variable that overrides the address, named like the neighbours' ones."""
    names = _strings(script, neighbours, "urlEnv")
    prefixes = Counter(m[1] for name in names if (m := re.match(r"((?:[A-Z0-9]+_){2})", name)))
    common = [prefix for prefix, count in prefixes.items() if count == len(names) > 1]
    return f"{common[0]}KESTRA_URL" if common else "KESTRA_HEALTH_URL"


def _strings(script: Script, neighbours: list[dict[str, Span]], key: str) -> list[str]:
    found = []
    for members in neighbours:
        span = members.get(key)
        value = script.value(span.first) if span and span.first == span.last else None
        if value is not None and re.fullmatch(r"[\w .-]{1,60}", value):
            found.append(value)
    return found


def _factory_reads(script: Script, factory: str, key: str) -> bool:
    """Whether the function itself, in this file, has that name in it."""
    for number in script.named(factory):
        if script.word(number - 1) == "function" and script.word(number + 1) == "(":
            body = script.partner[number + 1] + 1
            if script.word(body) == "{":
                end = script.partner[body]
                return any(number < found < end for found in script.named(key))
    return False


def quote_of(script: Script) -> str:
    """The quote that most strings of the file have."""
    quotes = Counter(token.text[0] for token in script.tokens if token.kind == "string")
    return "'" if quotes["'"] >= quotes['"'] else '"'


def _quoted(value: str, quote: str) -> str:
    return value.replace('"', quote)
