"""Rows that are answered by the monorepo's files."""

from __future__ import annotations

import os
import re
import shutil

from kestra_tasks.checklist.place import Place, Verdict, failed, last_line, not_applicable, passed
from kestra_tasks.core import envtext, passwords

_FOLDERS = ("scripts", "docs", "tmp")
_SCRIPTS = ("run.sh", "status.sh", "logs.sh", "stop.sh")
_SECTIONS = {
    "en": ("Prerequisites", "Main commands", "Stack integration", "Troubleshooting"),
    "pt-BR": ("Pré-requisitos", "Comandos principais", "Integraç", "Troubleshooting"),
}
_SECURITY = {"en": "Security", "pt-BR": "Segurança"}
_MONITORING = {"en": "Monitoring", "pt-BR": "Monitoramento"}
_VARIABLES = (
    *("KESTRA_HTTP_PORT", "KESTRA_MANAGEMENT_PORT", "KESTRA_DB_", "KESTRA_BASICAUTH_"),
    *("KESTRA_DOCKER_NETWORK", "KESTRA_CONTAINER_NAME"),
)


def references(place: Place) -> Verdict:
    """1.1: nothing that isn't ours runs or configures Kestra."""
    foreign = [r for r in place.discovery.references if r.kind == "foreign"]
    if foreign:
        first = foreign[0]
        return failed(
            f"{len(foreign)} line(s) that aren't ours run or configure Kestra, "
            f"first {first.file}:{first.line}",
            "inv kestra.discover",
        )
    return passed("nothing but ours runs or configures Kestra")


def conventions(place: Place) -> Verdict:
    """1.4: the naming document and the port map are there and agree."""
    settings = place.settings
    absent = [p for p in (settings.naming_document, settings.port_map) if not place.exists(p)]
    if len(absent) == 2:
        return not_applicable(f"the monorepo has neither {absent[0]} nor {absent[1]}")
    warned = [p for p in place.discovery.problems if p.topic == "conventions"]
    if warned:
        return failed(warned[0].message, warned[0].hint or "inv kestra.discover")
    return passed("read: names and ports fit")


def folders(place: Place) -> Verdict:
    """2.1: the folders are there with mode 755."""
    for name in _FOLDERS:
        path = f"{place.settings.kestra_dir}/{name}"
        result = place.run(["stat", "-c", "%a", path])
        if not result.ok:
            return failed(f"{path} is missing", "inv kestra.scaffold")
        if result.out.strip() != "755":
            return failed(f"{path} has mode {result.out.strip()}, not 755", f"chmod 755 {path}")
    return passed("scripts, docs and tmp have mode 755")


def wrapper(place: Place) -> Verdict:
    """2.2: run.sh shows the official command; that it starts is row 5.1."""
    missing = _missing_script(place, "run.sh")
    if missing:
        return missing
    settings = place.settings
    ports = ["--port", str(settings.smoke_http_port)]
    ports += ["--management-port", str(settings.smoke_management_port)]
    result = place.script("run.sh", "--local", "--dry-run", "--detach", *ports)
    words = result.out + result.err
    if not result.ok:
        return failed(f"run.sh --dry-run: {last_line(result)}", "inv kestra.scaffold --force")
    wanted = ("docker run", "--pull=always", "--rm", "--user=root", "docker.sock")
    absent = [word for word in wanted if word not in words]
    if absent:
        return failed(f"run.sh doesn't use {absent[0]}", "inv kestra.scaffold --force")
    return passed("run.sh --dry-run shows docker run --pull=always --rm --user=root ...")


def helpers(place: Place) -> Verdict:
    """2.3: status.sh, logs.sh and stop.sh answer."""
    for name in _SCRIPTS[1:]:
        missing = _missing_script(place, name)
        if missing:
            return missing
        result = place.script(name, "--help")
        if not result.ok:
            return failed(f"{name} --help: {last_line(result)}", "inv kestra.scaffold --force")
    result = place.script("status.sh")
    if not result.ok:
        return failed(f"status.sh: {last_line(result)}", "inv kestra.discover")
    return passed("status.sh, logs.sh and stop.sh are executable and answer")


def readme(place: Place) -> Verdict:
    """2.4: the README has the sections and names the variables."""
    return _readme(place, _SECTIONS[place.settings.language], _VARIABLES)


def security(place: Place) -> Verdict:
    """4.1: the README tells of root and the socket."""
    return _readme(place, (_SECURITY[place.settings.language],), ("root", "docker.sock"))


def monitoring(place: Place) -> Verdict:
    """4.2: the README tells how to watch it."""
    wanted = ("status.sh", "docker stats", "docker inspect", "/health", "/prometheus")
    return _readme(place, (_MONITORING[place.settings.language],), wanted)


def variables(place: Place) -> Verdict:
    """3.2: `.env.example` and `.env` define the same names, and no placeholder is left."""
    settings = place.settings
    example = envtext.values(place.text(settings.env_example))
    names = {name for name in example if name.startswith("KESTRA_")}
    if not names:
        return failed(f"{settings.env_example} lacks Kestra's variables", "inv kestra.env")
    if not place.exists(settings.env_file):
        return failed(f"there is no {settings.env_file}", "inv kestra.env")
    result = place.run(["diff", settings.env_example, settings.env_file])
    if result.code > 1:
        return failed(f"diff: {last_line(result)}", "inv kestra.env")
    values = envtext.values(place.text(settings.env_file))
    missing = sorted(names - set(values))
    if missing:
        return failed(f"{settings.env_file} lacks {missing[0]}", "inv kestra.env")
    wrong = passwords.problems(values)
    if wrong:
        return failed(f"{settings.env_file}: {wrong[0][0]} {wrong[0][1]}", "inv kestra.env")
    return passed(f"{len(names)} variables in both, diff shows values; no placeholder is left")


def manifest(place: Place) -> Verdict:
    """3.3: the manifest has the entry."""
    path = place.settings.manifest
    if not place.exists(path):
        if "manifest" in place.settings.create:
            return failed(f"there is no {path}", "inv kestra.manifest")
        return not_applicable(f"the monorepo has no {path}")
    text = place.text(path)
    found = re.search(r'"kestra-orchestrator"', text) and _jq_finds(place, path, text)
    pending = _pending(place, "manifest")
    if not found or pending:
        return failed(pending or f"{path} has no kestra-orchestrator", "inv kestra.manifest")
    return passed(f"kestra-orchestrator is in {path}")


def _jq_finds(place: Place, path: str, text: str) -> bool:
    """Whether the document's own command prints the entry; where jq is missing, it may."""
    if shutil.which("jq") is None:
        return True
    entries = ".[]" if text.lstrip("\ufeff \t\r\n").startswith("[") else ".services[]"
    # An object of services has the id as the entry's key, an array in the entry.
    chosen = f'{entries} | select(.id=="kestra-orchestrator")'
    return place.run(["jq", "-e", chosen, path]).ok


def documents(place: Place) -> Verdict:
    """5.2: the documents are there, and the monorepo's own validator is content."""
    settings = place.settings
    if "docs" in settings.skip:
        return not_applicable("the settings skip docs")
    pending = _pending(place, "docs")
    if pending:
        return failed(pending, "inv kestra.docs")
    page = f"{settings.ops_docs}/orchestration/kestra.md"
    if not place.exists(page):
        return not_applicable(f"the monorepo has no {settings.ops_docs}")
    if '"validate-docs"' not in place.text("package.json"):
        return passed(f"{page} is there; the monorepo has no npm run validate-docs")
    result = place.run(["npm", "run", "--silent", "validate-docs"], timeout=300)
    if not result.ok:
        return failed(f"npm run validate-docs: {last_line(result)}", "npm run validate-docs")
    return passed("npm run validate-docs is content")


def _readme(place: Place, sections: tuple[str, ...], words: tuple[str, ...]) -> Verdict:
    path = f"{place.settings.kestra_dir}/README.md"
    if not place.exists(path):
        return failed(f"{path} is missing", "inv kestra.scaffold")
    text = place.text(path)
    headings = " ".join(re.findall(r"^#+ .*$", text, re.MULTILINE))
    for section in sections:
        if section.lower() not in headings.lower():
            return failed(f"{path} has no section {section!r}", f"write it into {path}")
    for word in words:
        if word not in text:
            return failed(f"{path} doesn't tell of {word}", f"write it into {path}")
    return passed(f"{path} tells of it")


def _missing_script(place: Place, name: str) -> Verdict | None:
    path = place.root / place.settings.scripts_dir / name
    if not path.is_file():
        return failed(f"{place.settings.scripts_dir}/{name} is missing", "inv kestra.scaffold")
    if not os.access(path, os.X_OK):
        return failed(
            f"{place.settings.scripts_dir}/{name} isn't executable", "inv kestra.scaffold"
        )
    return None


def _pending(place: Place, step: str) -> str:
    """What this step would still change, or why it can't; "" where nothing."""
    from kestra_tasks import integration

    if step in place.settings.skip:
        return ""
    made = integration.plan(place.root, place.settings, [step])
    if made.conflicts:
        return made.conflicts[0].why
    return f"{made.edits[0].path}: {made.edits[0].why}" if made.edits else ""
