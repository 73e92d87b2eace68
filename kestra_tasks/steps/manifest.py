"""Row 3.3: Kestra's entry in the manifest of services.

JSON has no comments to mark what is ours, and a key of our own would be an eleventh that a
strict reader of the manifest refuses. So an entry is ours where it is what we write: for these
settings, or for others, which can be read back from the entry itself. Anything else of that id
was made by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kestra_tasks.core import jsontext
from kestra_tasks.core.edit import Change, Changes, Conflict, Edit, Noop
from kestra_tasks.core.jsontext import Container, Item, JsonTextError
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.settings import Settings
from kestra_tasks.steps.decisions import ports

ID = "kestra-orchestrator"
_TARGET = "manifest"
_OTHER_SHAPE = 'there is no "services"'
_CREATED = "Services of this monorepo; file created by kestra-tasks."


def entry(settings: Settings, decided: tuple[int, int] | None = None) -> dict[str, Any]:
    """The entry: the task list's nine keys, and where to look at Kestra.

    Args:
        decided: the ports that the team decided, for readers that don't know `.env`.
    """
    http, management = decided or (settings.http_port, settings.management_port)
    return _entry(
        path=settings.kestra_dir,
        compose=settings.compose_file,
        stack=settings.stack,
        http=http,
        management=management,
    )


def _entry(
    *, path: str, compose: str, stack: str, http: object, management: object
) -> dict[str, Any]:
    # A path with a space has to stay one word of the command.
    file = f"'{compose}'" if " " in compose else compose
    script = f"{path}/scripts/status.sh"
    return {
        "id": ID,
        "type": "tools",
        "path": path,
        "start": f"docker compose -f {file} up -d kestra",
        "stop": f"docker compose -f {file} stop kestra",
        "status": f"'{script}'" if " " in script else script,
        "stack": stack,
        "managed": "docker-compose",
        "workspace": True,
        "healthUrl": f"http://localhost:${{KESTRA_MANAGEMENT_PORT:-{management}}}/health",
        "uiUrl": f"http://localhost:${{KESTRA_HTTP_PORT:-{http}}}",
    }


def is_ours(value: Any) -> bool:
    """Whether an entry is what we write, for whatever settings."""
    if not isinstance(value, dict):
        return False
    start = re.fullmatch(r"docker compose -f '?(.+?)'? up -d kestra", str(value.get("start")))
    health = re.search(r":-(\d{1,5})\}/health\Z", str(value.get("healthUrl")))
    page = re.search(r":-(\d{1,5})\}\Z", str(value.get("uiUrl")))
    if not (start and health and page):
        return False
    path, stack = str(value.get("path")), str(value.get("stack"))
    ours = _entry(path=path, compose=start[1], stack=stack, http=page[1], management=health[1])
    return bool(value == ours)


def plan(tree: Tree, settings: Settings) -> Changes:
    """Append the entry to the manifest's services, or bring ours up to date."""
    path, wanted = settings.manifest, entry(settings, ports(tree, settings))
    file = tree.read(path)
    if file is None:
        yield _create(path, wanted, settings)
        return
    text = file.text
    try:
        services = find_services(text)
        found = _of_id(text, services)
    except JsonTextError as error:
        yield _unreadable(path, error)
        return
    if found is None:
        style = jsontext.style_of(text, services)
        item = jsontext.write(wanted, style)
        if text[services.start] == "{":
            item = f"{json.dumps(ID)}{style.colon}{item}"
        new = jsontext.append(text, services, item, style)
        yield Edit(path, file, File.of(new, file.mode), f"lacks the entry {ID}")
    elif found.value == wanted:
        yield Noop(path, "up to date")
    elif is_ours(found.value) or settings.force:
        style = jsontext.style_of(text, replace(services, items=(found,)))
        new = text[: found.value_start] + jsontext.write(wanted, style) + text[found.end :]
        why = "our entry for other settings" if is_ours(found.value) else "forced"
        yield Edit(path, file, File.of(new, file.mode), why)
    else:
        yield _by_hand(path, text, found, wanted, "add --force to replace it, or change it there")


def undo(tree: Tree, settings: Settings) -> Changes:
    """Take the entry out; a file that we created and nobody added to goes as well."""
    path = settings.manifest
    file = tree.read(path)
    if file is None:
        yield Noop(path, "absent")
        return
    text = file.text
    try:
        document, _ = jsontext.parse(text)
        services = find_services(text)
        found = _of_id(text, services)
    except JsonTextError as error:
        nothing = f'"{ID}"' not in text
        yield Noop(path, f"has no entry {ID}") if nothing else _unreadable(path, error)
        return
    if found is None:
        yield Noop(path, f"has no entry {ID}")
    elif not is_ours(found.value) and not settings.force:
        wanted = entry(settings, ports(tree, settings))
        hint = "take it out by hand, or add --force to delete it"
        yield _by_hand(path, text, found, wanted, hint)
    elif document == {"$comment": _CREATED, "services": [found.value]}:
        yield Edit(path, file, None, "written by us")
    else:
        new = jsontext.remove(text, services, found)
        yield Edit(path, file, File.of(new, file.mode), "the entry was written by us")


def find_services(text: str) -> Container:
    """The array or object that holds the services.

    Raises:
        JsonTextError: the text isn't JSON, or has no services.
    """
    document, start = jsontext.parse(text)
    if isinstance(document, list):
        return jsontext.container(text, start)
    if not isinstance(document, dict):
        raise JsonTextError(text, start, "neither an object nor an array")
    named = [item for item in jsontext.container(text, start).items if item.key == "services"]
    if not named:
        raise JsonTextError(text, start, _OTHER_SHAPE)
    if len(named) > 1:
        raise JsonTextError(text, named[1].start, '"services" is there twice')
    if not isinstance(named[0].value, list | dict):
        raise JsonTextError(text, named[0].value_start, '"services" is neither array nor object')
    return jsontext.container(text, named[0].value_start)


def _of_id(text: str, services: Container) -> Item | None:
    found = [
        item
        for item in services.items
        if item.key == ID or (isinstance(item.value, dict) and item.value.get("id") == ID)
    ]
    if len(found) > 1:
        raise JsonTextError(text, found[1].start, f"a second entry of the id {ID}")
    return found[0] if found else None


def _create(path: str, wanted: Mapping[str, Any], settings: Settings) -> Change:
    if _TARGET not in settings.create:
        return Noop(path, f"absent; `create: [{_TARGET}]` in invoke.yaml would write one")
    document = {"$comment": _CREATED, "services": [wanted]}
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return Edit(path, None, File.of(f"{text}\n"), "absent")


def _unreadable(path: str, error: JsonTextError) -> Conflict:
    first = "mend that file by hand"
    if error.why == _OTHER_SHAPE:
        first = "name the manifest that has them: `manifest: PATH`"
    hint = f"{first}, or leave the step out: `skip: [manifest]` in invoke.yaml"
    return Conflict(path, f"{path}:{error.line}:{error.column}: {error.why}", hint)


def _by_hand(path: str, text: str, found: Item, wanted: Mapping[str, Any], hint: str) -> Conflict:
    """Show an entry that isn't ours field by field, with the line of each."""
    line = jsontext.place(text, found.start)[0]
    if not isinstance(found.value, dict):
        why = f"{path}:{line}: the entry {ID} isn't an object; it is kept"
        return Conflict(path, why, hint)
    members = {m.key: m for m in jsontext.container(text, found.value_start).items}
    differing = []
    for key in dict.fromkeys((*wanted, *found.value)):
        if key not in members:
            differing.append(f"{key} (missing)")
        elif key not in wanted or found.value[key] != wanted[key]:
            number = jsontext.place(text, members[key].start)[0]
            differing.append(f"{key} (line {number}{'' if key in wanted else ', not ours'})")
    return Conflict(
        path,
        f"{path}:{line}: the entry {ID} was made by hand and is kept; "
        f"it differs in {', '.join(differing)}",
        hint,
        theirs=_fields(found.value),
        ours=_fields({**wanted}),
    )


def _fields(value: Mapping[str, Any]) -> str:
    return "".join(f"{key}: {json.dumps(v, ensure_ascii=False)}\n" for key, v in value.items())
