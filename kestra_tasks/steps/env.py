"""Row 3.2: Kestra's variables in `.env.example` (placeholders) and `.env` (values)."""

from __future__ import annotations

from collections.abc import Iterable

from kestra_tasks.core import envblock, envtext, markers
from kestra_tasks.core.edit import Change, Changes, Conflict, Edit, Noop
from kestra_tasks.core.passwords import DB_PASSWORD, PASSWORD, is_placeholder
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.settings import Settings
from kestra_tasks.steps.env_source import adopt

# What opens the data that a removal leaves behind.
_OPENERS = ("KESTRA_DB_NAME", "KESTRA_DB_USER", DB_PASSWORD)
_SECRET_MODE = 0o600
_NOTES = {
    "en": 'Optional: defaults or examples; take the "# " away to change one.',
    "pt-BR": 'Opcionais: valores padrão ou exemplos; retire o "# " para mudar um deles.',
}
_REDUCED = "Kestra: the credentials of data that still exist"


def layout(settings: Settings) -> envblock.Layout:
    """The block as the task list gives it, placeholders for the secrets."""
    external = settings.database == "external"
    http, management = settings.decided_ports or (settings.http_port, settings.management_port)
    optional = {
        "KESTRA_BIND_ADDRESS": "127.0.0.1",
        "KESTRA_URL": "https://kestra.example.org/",
        "KESTRA_IMAGE": settings.image,
        "KESTRA_POSTGRES_IMAGE": settings.postgres_image,
        "KESTRA_DOCKER_NETWORK": settings.network,
        "KESTRA_CONTAINER_NAME": settings.container,
        "KESTRA_STORAGE_DIR": f"{settings.kestra_dir_from_stack}/storage",
        "KESTRA_WORKDIR_DIR": f"{settings.kestra_dir_from_stack}/workdir",
    }
    if external:
        del optional["KESTRA_POSTGRES_IMAGE"]
    return envblock.Layout(
        heading=("Kestra Orchestrator",),
        required={
            "KESTRA_HTTP_PORT": str(http),
            "KESTRA_MANAGEMENT_PORT": str(management),
            "KESTRA_DB_HOST": "CHANGE_ME_DATABASE_HOST" if external else "kestra-postgres",
            "KESTRA_DB_PORT": "5432",
            "KESTRA_DB_NAME": "kestra",
            "KESTRA_DB_USER": "kestra",
            DB_PASSWORD: '"CHANGE_ME_SECURE_PASSWORD"',
            "KESTRA_BASICAUTH_USERNAME": settings.username,
            PASSWORD: '"ChangeMe123!"',
        },
        note=(_NOTES[settings.language],),
        optional=optional,
    )


def plan(tree: Tree, settings: Settings) -> Changes:
    """Write the block to `.env.example`, then to `.env` with the secrets that were drawn."""
    wanted = layout(settings)
    example = tree.read(settings.env_example)
    planned = list(_plan_file(settings.env_example, example, wanted, settings))
    yield from planned
    for change in planned:
        if isinstance(change, Edit):
            example = change.after
    found = tree.read(settings.env_file)
    if found is None and settings.secrets is None:
        yield Noop(settings.env_file, "absent; `inv kestra.env` writes it, with secrets of its own")
        return
    wanted = _following(wanted, example)
    yield from _plan_file(settings.env_file, found, wanted, settings)


def undo(tree: Tree, settings: Settings) -> Changes:
    """Take the block out of both files; credentials of existing data stay where asked."""
    wanted = layout(settings)
    for path in (settings.env_file, settings.env_example):
        yield from _undo_file(path, tree.read(path), wanted, settings)


def _following(wanted: envblock.Layout, example: File | None) -> envblock.Layout:
    """The layout for `.env`: what the team decided in `.env.example`, secrets aside."""
    if example is None:
        return wanted
    text = example.text
    decided = {b.key: b for b in envtext.bindings(text) if b.quoting != "none"}
    required = dict(wanted.required)
    for key in required:
        if key in decided and key not in (DB_PASSWORD, PASSWORD):
            required[key] = text[decided[key].value_start : decided[key].value_end]
    return envblock.Layout(wanted.heading, required, wanted.note, wanted.optional)


def _plan_file(
    path: str, file: File | None, wanted: envblock.Layout, settings: Settings
) -> Iterable[Change]:
    text = file.text if file else ""
    for problem in envtext.problems(text):
        yield Conflict(
            path,
            envtext.unreadable(path, problem),
            "mend that line, then run this again",
        )
        return
    block = markers.find(text, envblock.NAME, path)
    outside = _outside(text, block, wanted.required)
    known = (*wanted.required, *wanted.optional)
    lines = envblock.read(block.body, wanted.optional) if block else []
    if twice := _twice(path, lines, outside):
        yield twice
        return
    if outside:
        named = ", ".join(f"{key} ({path}:{number})" for key, number in outside.items())
        yield Noop(path, f"yours already: {named}")
    mine = wanted.without(outside)
    if block is None:
        into = text if file else None
        new = envblock.insert(into, envblock.render(mine), known) if mine.required else text
        why = f"lacks {_count(mine.required)} of Kestra"
    else:
        laid = _relaid(text, block, lines, mine, settings)
        if laid is None:
            yield _edited(path, block, lines, mine)
            return
        new = text if laid == lines else envblock.replace(text, block, laid, known)
        signed = markers.digest(envblock.signature(lines, known))
        ours = signed == envblock.signed_with(text, block)
        why = "an older version of ours" if ours else "forced"
    reasons = [why] if new != text else []
    new = _decide(path, new, settings, reasons)
    if path == settings.env_file and settings.database_from:
        adopted = adopt(path, new, settings)
        if isinstance(adopted, Conflict):
            yield adopted
            return
        new, told = adopted
        reasons.append(told)
        yield Noop(path, told)
    if new == text:
        yield Noop(path, "up to date")
        return
    mode = file.mode if file else (_SECRET_MODE if path == settings.env_file else 0o644)
    yield Edit(path, file, File.of(new, mode), "; ".join(reasons) if file else "absent")


def _relaid(
    text: str,
    block: markers.Block,
    lines: list[envblock.Line],
    wanted: envblock.Layout,
    settings: Settings,
) -> list[envblock.Line] | None:
    """The block's lines as they should be; None where a hand changed names or comments."""
    known = (*layout(settings).required, *wanted.optional)
    now = markers.digest(envblock.signature(lines, known))
    if now == markers.digest(envblock.signature(envblock.render(wanted), known)):
        return envblock.refresh(wanted, lines)
    if now == envblock.signed_with(text, block) or settings.force:
        return envblock.render(wanted, lines)
    return None


def _decide(path: str, text: str, settings: Settings, reasons: list[str]) -> str:
    """Write the ports that were decided and the secrets that were drawn, where they stand."""
    before = text
    # A choice for one machine leaves the team's decision alone.
    if settings.decided_ports and (path == settings.env_file or not settings.ports_here):
        http, management = settings.decided_ports
        for key, port in {"KESTRA_HTTP_PORT": http, "KESTRA_MANAGEMENT_PORT": management}.items():
            if envtext.get(text, key) is not None:
                text = envtext.set_value(text, key, str(port))
    if text != before:
        reasons.append("the ports that were decided")
    if path == settings.env_file and settings.secrets is not None:
        drawn = {
            DB_PASSWORD: settings.secrets.database_password,
            PASSWORD: settings.secrets.basic_auth_password,
        }
        before = text
        for key, value in drawn.items():
            found = [b for b in envtext.bindings(text) if b.key == key]
            if value and found and is_placeholder(found[-1].value):
                text = envtext.set_value(text, key, value)
        if text != before:
            reasons.append("secrets were drawn")
    return text


def _undo_file(
    path: str, file: File | None, wanted: envblock.Layout, settings: Settings
) -> Iterable[Change]:
    block = markers.find(file.text, envblock.NAME, path) if file else None
    if file is None or block is None:
        yield Noop(path, "has no block of ours" if file else "absent")
        return
    text = file.text
    known = (*wanted.required, *wanted.optional)
    lines = envblock.read(block.body, wanted.optional)
    mine = wanted.without(_outside(text, block, wanted.required))
    if envblock.REDUCED not in block.flags and _relaid(text, block, lines, mine, settings) is None:
        yield _edited(path, block, lines, mine)
        return
    if path == settings.env_file and settings.keep_credentials:
        kept = [line for line in lines if line.active and line.key in _OPENERS]
        if kept:
            names = ", ".join(dict.fromkeys(line.key for line in kept))
            yield Noop(path, f"keeps {names}: they open data that still exist")
            new = envblock.reduce(
                text, block, [envblock.Line(f"# {_REDUCED}"), *kept, *_extras(lines, known)], known
            )
            if new != text:
                yield Edit(path, file, File.of(new, file.mode), "all but what opens the data")
            return
    left = envblock.remove(text, block, _extras(lines, known))
    after = None if left is None else File.of(left, file.mode)
    yield Edit(path, file, after, "written by us")


def _extras(lines: list[envblock.Line], known: Iterable[str]) -> list[envblock.Line]:
    """What a person put between the marks."""
    names = set(known)
    return [line for line in lines if line.active and line.key not in names]


def _outside(text: str, block: markers.Block | None, keys: Iterable[str]) -> dict[str, int]:
    """Line number by name, of `keys` that are set outside the block."""
    names, inside = set(keys), range(block.start, block.end) if block else ()
    return {
        b.key: b.line for b in envtext.bindings(text) if b.key in names and b.start not in inside
    }


def _twice(path: str, lines: list[envblock.Line], outside: dict[str, int]) -> Conflict | None:
    for line in lines:
        if line.active and line.key in outside:
            return Conflict(
                path,
                f"{path}:{outside[line.key]}: {line.key} is set there and in the block of ours; "
                "the last one counts",
                "delete one of the two lines",
            )
    return None


def _edited(
    path: str, block: markers.Block, lines: list[envblock.Line], wanted: envblock.Layout
) -> Conflict:
    ours = "".join(f"{line.text}\n" for line in envblock.render(wanted, lines))
    return Conflict(
        path,
        f"{path}:{block.line}: names or comments of the block were edited by hand; it is kept",
        "add --force to lay it out anew; the values in it stay",
        theirs=envtext.mask(block.body),
        ours=envtext.mask(ours),
    )


def _count(names: Iterable[str]) -> str:
    number = len(list(names))
    return f"{number} variable{'s' if number != 1 else ''}"
