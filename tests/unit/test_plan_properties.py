"""Whole plans on generated monorepos: idempotent, reversible, a function of the tree."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from kestra_tasks import integration
from kestra_tasks.apply import apply
from kestra_tasks.core.markers import find
from kestra_tasks.core.plan import Plan
from kestra_tasks.settings import Secrets, Settings
from tests.helpers.cases import describe, shoot

SECRETS = Secrets("Db-secret-0123456789", "Ui-secret-0123456789A")
ORDINARY = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# --- fragments: pieces of files that people write; each list is joined in any order -----------

COMPOSE_HEADS = (
    "",
    "# Stack\n",
    "---\n",
    "name: tools\n",
    "version: '3.8'\n\n",
    "%YAML 1.1\n---\n",
)
COMPOSE_PARTS = {
    "x": "x-log: &log\n  driver: json-file\n  options: {max-size: 10m}\n",
    "services": (
        "services:\n  web:   # the site\n    image: nginx\n    logging: {driver: none}\n",
        "services:\n    web:\n        image: 'nginx'\n        ports:\n        - \"8080:80\"\n",
        "services: {web: {image: nginx}}\n",
        "services:\n  web:\n    image: nginx\n    command: |\n      # not a comment\n\n",
        "services:\n  web:\n    image: nginx\n    # trailing thought\n\n\n",
    ),
    "include": (
        "include:\n  - extra.yml\n",
        "include:\n- extra.yml   # ours\n# behind\n",
        "include: [extra.yml]\n",
        "include:\n  - path: extra.yml\n    project_directory: .\n",
        "include: []\n",
        "include:\n",
    ),
    "networks": "networks:\n  default: {}\n",
    "volumes": "volumes:\n  data:\n",
}
COMPOSE_TAILS = ("", "# end", "\n", "   \n", "...\n", "# vim: set ft=yaml :\n")
ENV_LINES = (
    "A=1",
    "export B='two words'",
    'C="with ${A} and # no comment"   # a comment',
    "# KESTRA_HTTP_PORT=1",
    "",
    "   ",
    "D = spaced ",
    'E="several\nlines"',
    "KESTRA_HTTP_PORT=9180",
    "KESTRA_DB_PASSWORD='planted \"own\" #1'",
    "KESTRA_FOREIGN=x",
    "POSTGRES_PASSWORD=planted",
    "ÇÃO=é",
    "LAST=no newline",
)
MANIFESTS = (
    '{"services": []}',
    '{"services":[{"id":"a"}]}',
    '{\n  "services": [\n    {\n      "id": "a",\n      "x": "}]"\n    }\n  ],\n  "z": {}\n}\n',
    '{\n\t"a": [1, 2],\n\t"services": [\n\t\t{"id": "a"},\n\n\t\t{"id": "b"}\n\t]\n}\n',
    '{"version": 1}',
    "[]",
    "{}",
    "not json",
    '{"services": {"a": {}}}',
    '{"services": [{"id": "kestra-orchestrator"}]}',
)

STACK_SCRIPTS = (
    "#!/usr/bin/env bash\nset -e\ndocker compose -f tools/compose/docker-compose.tools.yml up -d\n",
    "#!/bin/bash\ncase $1 in\n  tools) docker compose -f tools/compose/x.yml up ;;\nesac\n",
    "#!/bin/sh\nexit 0\n",
    "echo no shebang; exit\n",
    "",
    "#!/usr/bin/env bash\nif true; then\n",
)
LAUNCHERS = (
    "const SERVICE_TARGETS = [\n  { id: 'a', healthUrl: 'http://x/' }\n];\n"
    "app.get('/api/status', (q, r) => r.json(SERVICE_TARGETS));\n",
    'const SERVICE_TARGETS = [{ "id": "a", "url": "http://x/" }]\n'
    'app.get("/api/services", f)\nexport { SERVICE_TARGETS }\n',
    "const SERVICE_TARGETS = load();\n",
    "'not closed\n",
)
# Port map, naming document and the list of runbooks: pieces of any of them, in any order.
PAGES = (
    "---\ntitle: x\ntags: [ops]\nowner: Platform\n---\n",
    "# Ports and names\n",
    "## History\n",
    "## Tools\n",
    "| Service | Port |\n|---|---|\n| Web | 3000 |\n| API | 4000 |\n",
    "| Serviço | Porta | Contêiner |\n|:---|---:|---|\n| Painel | 3005 | `tools-painel` |\n",
    "|a|Port|Name|\n|-|-|-|\n",
    "Service | Port | Notes\n:--- | :---: | ---\nOne | 1000 |\nTwo | 9000 | x \\| y |\n",
    "| Date | Port | Service |\n|---|---|---|\n| 2025-01-01 | 1 | x |\n",
    "| Right | Wrong |\n|---|---|\n| `tools-x` | x |\n",
    "| Service | Port |\n|---|---|\n| Kestra of Ana | 9180 |\n",
    "| Secret | Port |\n|---|---|\n| password=planted | 1 |\n",
    "- [A](a.md)\n- [B](b.md)\n",
    "* [Restart](kestra-restart.md)\n",
    "```text\n| Service | Port |\n|---|---|\n```\n",
    "<!--\n| Service | Port |\n|---|---|\n-->\n",
    "words | with | pipes\n",
    "\n",
)
CREATED = ((), ("manifest",), ("manifest", "stacks", "healthcheck"), ("docs",))
CORPUS = Path(__file__).resolve().parents[1] / "corpus"


def _awkward(pattern: str) -> st.SearchStrategy[bytes]:
    """A file of the corpus, written by hand, as it is."""
    found = sorted(path for path in CORPUS.glob(pattern) if path.is_file())
    assert found, pattern
    return st.sampled_from(found).map(Path.read_bytes)


def _choice(piece: str | tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.just(piece) if isinstance(piece, str) else st.sampled_from(piece)


@st.composite
def composes(draw: st.DrawFn) -> str:
    names = draw(st.lists(st.sampled_from(sorted(COMPOSE_PARTS)), unique=True))
    body = "".join(draw(_choice(COMPOSE_PARTS[name])) for name in names)
    return draw(st.sampled_from(COMPOSE_HEADS)) + body + draw(st.sampled_from(COMPOSE_TAILS))


envs = st.lists(st.sampled_from(ENV_LINES), max_size=12, unique=True).map(
    lambda lines: "".join(f"{line}\n" for line in lines)
)


@st.composite
def written(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> bytes:
    """A text as an editor may have left it: line ends, final newline, byte order mark."""
    text = draw(texts)
    if draw(st.booleans()):
        text = text.rstrip("\n")
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    if draw(st.integers(0, 3)) == 0:
        text = "\ufeff" + text
    return text.encode()


pages = st.lists(st.sampled_from(PAGES), max_size=6).map("\n".join)
SCRIPTS = written(st.sampled_from(STACK_SCRIPTS))
MARKDOWN = written(pages) | _awkward("markdown/*.md")
FILES = {
    "tools/compose/docker-compose.tools.yml": written(composes()) | _awkward("yaml/*/*"),
    "tools/compose/extra.yml": st.just(b"services: {extra: {image: nginx}}\n"),
    ".env": written(envs) | _awkward("env/*.env"),
    ".env.example": written(envs) | _awkward("env/*.env"),
    "config/services-manifest.json": written(st.sampled_from(MANIFESTS)) | _awkward("json/*"),
    "docs/context/ops/service-port-map.md": MARKDOWN,
    "docs/governance/CONTAINER-NAMING-CONVENTION.md": MARKDOWN,
    "docs/context/ops/README.md": written(pages),
    "docs/context/ops/runbooks/README.md": written(pages),
    "scripts/docker/start-stacks.sh": SCRIPTS | _awkward("bash/*/start-stacks.sh"),
    "scripts/docker/stop-stacks.sh": SCRIPTS | _awkward("bash/*/stop-stacks.sh"),
    "scripts/maintenance/health-check-all.sh": SCRIPTS | _awkward("health/**/*.sh"),
    "apps/status/server.js": written(st.sampled_from(LAUNCHERS)) | _awkward("js/**/*.js"),
    "tools/kestra/README.md": st.just(b"# theirs\n"),
    "tools/kestra/scripts/run.sh": st.just(b"#!/bin/sh\n"),
    "tools/kestra/compose.yml": st.just(b"services: {}\n"),
    "README.md": st.binary(max_size=20),
}


@st.composite
def monorepos(draw: st.DrawFn) -> dict[str, tuple[bytes, int]]:
    """Path to content and mode."""
    files = {}
    for path, content in FILES.items():
        rare = path.startswith("tools/kestra/")
        if draw(st.integers(0, 9)) < (1 if rare else 7):
            files[path] = (draw(content), draw(st.sampled_from([0o644, 0o600, 0o664, 0o755])))
    return files


@st.composite
def choices(draw: st.DrawFn) -> Settings:
    return Settings(
        secrets=SECRETS,
        language=draw(st.sampled_from(["en", "pt-BR"])),
        database=draw(st.sampled_from(["internal", "internal", "external"])),
        decided_ports=draw(st.sampled_from([None, (8180, 8685)])),
        create=draw(st.sampled_from(CREATED)),
    )


@contextlib.contextmanager
def laid_out(files: Mapping[str, tuple[bytes, int]]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="plan properties ") as folder:
        for path, (data, mode) in files.items():
            target = Path(folder) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            target.chmod(mode)
        for path in Path(folder).rglob("*"):
            if path.is_dir():
                path.chmod(0o755)
        yield Path(folder)


def plan(root: Path, chosen: Settings, *, undo: bool = False) -> Plan:
    made = integration.plan(root, chosen, undo=undo)
    for line in describe(made):
        note(line)
    return made


@ORDINARY
@given(monorepos(), choices())
def test_after_an_apply_nothing_is_left_to_do(
    files: dict[str, tuple[bytes, int]], chosen: Settings
) -> None:
    with laid_out(files) as root:
        apply(root, plan(root, chosen))
        assert [(edit.path, edit.why) for edit in plan(root, chosen).edits] == []


@ORDINARY
@given(monorepos(), choices())
def test_undo_brings_every_byte_mode_and_folder_back(
    files: dict[str, tuple[bytes, int]], chosen: Settings
) -> None:
    if any(b"KESTRA_HTTP_PORT=" in data for data, _ in files.values()):
        chosen = chosen.with_(decided_ports=None)  # a decision overwrites a person's own line
    with laid_out(files) as root:
        before = shoot(root)
        apply(root, plan(root, chosen))
        apply(root, plan(root, chosen, undo=True))
        assert shoot(root) == before


@ORDINARY
@given(monorepos(), choices())
def test_undo_of_nothing_is_nothing(files: dict[str, tuple[bytes, int]], chosen: Settings) -> None:
    with laid_out(files) as root:
        assert plan(root, chosen, undo=True).edits == ()


@ORDINARY
@given(monorepos(), choices())
def test_a_plan_is_a_function_of_tree_and_settings(
    files: dict[str, tuple[bytes, int]], chosen: Settings
) -> None:
    with laid_out(files) as one, laid_out(files) as other:
        assert integration.plan(one, chosen).outcomes == integration.plan(other, chosen).outcomes


@ORDINARY
@given(monorepos(), choices())
def test_apply_touches_only_the_paths_of_the_plan(
    files: dict[str, tuple[bytes, int]], chosen: Settings
) -> None:
    with laid_out(files) as root:
        before = shoot(root)
        made = plan(root, chosen)
        apply(root, made)
        after = shoot(root)
        touched = {
            name
            for name in {*before.files, *after.files}
            if before.files.get(name) != after.files.get(name)
        }
        assert touched == {edit.path for edit in made.edits}
        for edit in made.edits:
            assert edit.after is not None, "an integration deletes nothing"
            assert after.files[edit.path][0] == edit.after.data
        for name, (_, mode) in before.files.items():
            if name in touched and not name.endswith(".sh"):
                assert after.files[name][1] == mode


@ORDINARY
@given(monorepos(), choices())
def test_without_our_block_a_file_is_what_it_was_but_for_a_line_break(
    files: dict[str, tuple[bytes, int]], chosen: Settings
) -> None:
    chosen = chosen.with_(decided_ports=None)
    with laid_out(files) as root:
        for edit in plan(root, chosen).edits:
            if edit.before is None or edit.after is None:
                continue
            name = {chosen.compose_file: "compose", chosen.env_example: "env"}.get(edit.path)
            if name is not None:
                block = find(edit.after.text, name, edit.path)
                assert block is not None
                left = edit.after.text[: block.start] + edit.after.text[block.end :]
                assert "".join(left.split()) == "".join(edit.before.text.split())


@ORDINARY
@given(monorepos(), choices())
def test_the_manifest_says_what_it_said_and_one_entry_more(
    files: dict[str, tuple[bytes, int]], chosen: Settings
) -> None:
    with laid_out(files) as root:
        for edit in plan(root, chosen).edits:
            if edit.path != chosen.manifest or edit.before is None or edit.after is None:
                continue
            before = json.loads(edit.before.text.removeprefix("\ufeff"))
            after = json.loads(edit.after.text.removeprefix("\ufeff"))
            entries = after["services"] if isinstance(after, dict) else after
            if isinstance(entries, dict):
                assert entries.pop("kestra-orchestrator")
            else:
                named = [entry for entry in entries if isinstance(entry, dict)]
                ours = [entry for entry in named if entry.get("id") == "kestra-orchestrator"]
                assert len(ours) == 1
                entries.remove(ours[0])
            if isinstance(before, dict):
                before.setdefault("services", [])
            assert after == before


@ORDINARY
@given(monorepos(), choices())
def test_no_secret_is_in_a_plan_but_in_the_env_files_content(
    files: dict[str, tuple[bytes, int]], chosen: Settings
) -> None:
    with laid_out(files) as root:
        made = plan(root, chosen)
        for edit in made.edits:
            if edit.path != chosen.env_file and edit.after is not None:
                assert SECRETS.database_password.encode() not in edit.after.data
                assert SECRETS.basic_auth_password.encode() not in edit.after.data
        told = "\n".join(describe(made)) + "".join(c.theirs + c.ours for c in made.conflicts)
        assert "planted" not in told
        assert SECRETS.database_password not in told
        assert SECRETS.basic_auth_password not in told


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(monorepos(), choices(), st.sampled_from(["env", "compose", "manifest", "scaffold"]))
def test_step_by_step_gives_what_all_at_once_gives(
    files: dict[str, tuple[bytes, int]], chosen: Settings, first: str
) -> None:
    with laid_out(files) as one, laid_out(files) as other:
        apply(one, integration.plan(one, chosen, [first]))
        apply(one, plan(one, chosen))
        apply(other, integration.plan(other, chosen))
        assert shoot(one) == shoot(other)
