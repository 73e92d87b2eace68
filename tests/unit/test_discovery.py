"""`kestra.discover` from the outside: on scratch monorepos, with real sockets, both outputs."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kestra_tasks import discovery
from kestra_tasks.core.markers import block
from kestra_tasks.discovery import Discovery, discover, port_verdicts, propose
from kestra_tasks.errors import PreconditionError
from kestra_tasks.render.discovery import document, report
from kestra_tasks.settings import Settings
from tests.helpers.trees import build_tree, listening

# Away from the defaults, which anything may hold on the machine that runs this.
SETTINGS = Settings(
    http_port=19_040,
    management_port=19_041,
    smoke_http_port=19_042,
    smoke_management_port=19_043,
)
CANARIES = ("canary-db-7d1", "canary-url-2b", "canary-example-4", "canary-inline-5")
MESSY = {
    "apps/api/docker-compose.yml": "services:\n  api:\n    image: x\n    ports:\n"
    "      - '${API_PORT}:80'\n      - '127.0.0.1:19040:81'\n",
    "infra/docker-compose.infra.yml": "services:\n  dns:\n    image: x\n    ports:\n"
    "      - '19041:53/udp'\n      - '19042-19044:1-3'\n",
    "broken/docker-compose.yml": "services:\n  x:\n   ports: [\n",
    "fragment/base.yml": "services:\n  base:\n    ports: ['19050:1']\n",
    "needs/compose.yml": "services:\n  n:\n    image: x\n    env_file: absent.env\n"
    "    environment: {TOKEN: '${TOKEN:?canary-inline-5}'}\n    ports: ['19051:1']\n",
    ".env": "POSTGRES_PASSWORD=canary-db-7d1\nPOSTGRES_USER=\nAPI_PORT=19045\n"
    "TIMESCALEDB_URL=postgres://u:canary-url-2b@h/d\nKESTRA_DB_PASSWORD=CHANGE_ME\n",
    ".env.example": "POSTGRES_PASSWORD=canary-example-4\nPOSTGRES_DB=x\nWEB_PORT=19046\n",
    "config/services-manifest.json": '{"services": [{"id": "web", "port": 19047}]}',
    "docs/context/ops/service-port-map.md": "| Service | Port |\n|---|---|\n| Old | 19048 |\n",
    "docs/governance/CONTAINER-NAMING-CONVENTION.md": "# Names\n\n`data-*` and `api-*`\n",
    "legacy/docker-compose.kestra.yml": "services:\n  kestra:\n    image: kestra/kestra:v0.18\n",
    "README.md": "One day we run kestra.\n",
    "scripts/up.sh": "docker compose up -d --remove-orphans\n",
}


def environ(**more: str) -> dict[str, str]:
    """This process's environment, with an engine that isn't there."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("KESTRA_", "COMPOSE_"))}
    return {**plain, "DOCKER_HOST": "unix:///nowhere/docker.sock", **more}


def look(root: Path, settings: Settings = SETTINGS, **more: str) -> Discovery:
    return discover(root, settings, environ(**more))


def verdicts(found: Discovery) -> dict[str, str]:
    return {item.name: item.verdict for item in found.wanted}


def state(root: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(root)): (stat.S_IMODE(path.stat().st_mode), path.read_bytes())
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tree(tmp_path_factory.mktemp("messy repo"), MESSY)


@pytest.fixture(scope="module")
def found(messy: Path) -> Discovery:
    return look(messy)


def keys(value: Mapping[str, Any]) -> list[str]:
    return list(value)


def test_the_document_has_exactly_these_keys(found: Discovery, messy: Path) -> None:
    with listening(port=19_049):
        answer = json.loads(json.dumps(document(look(messy))))
    assert answer["schema"] == "kestra-tasks/discover/1"
    assert answer["root"] == str(messy)
    assert keys(answer) == [
        *["schema", "root", "references", "ports", "resources", "credentials", "conventions"],
        *["docker", "blocking", "warnings"],
    ]
    ports = answer["ports"]
    assert keys(ports) == ["wanted", "claims", "listeners"]
    assert keys(ports["wanted"][0]) == ["name", "port", "verdict", "proposal", "why"]
    claim = ["port", "protocol", "host_ip", "file", "line", "owner", "kind"]
    assert keys(ports["claims"][0]) == claim
    (mine,) = [item for item in ports["listeners"] if item["port"] == 19_049]
    assert mine == {
        "port": 19_049,
        "pid": os.getpid(),
        "process": mine["process"],
        "container": None,
    }
    assert keys(answer["credentials"][0]) == ["name", "file", "state"]
    assert keys(answer["references"][0]) == ["file", "line", "kind"]


def test_every_claim_with_its_place(found: Discovery) -> None:
    claims = [
        (c.port, c.protocol, c.host_ip, c.place, c.owner) for c in found.claims if c.port != 19_051
    ]
    infra, api = "infra/docker-compose.infra.yml", "apps/api/docker-compose.yml"
    assert claims == [
        (19_040, "tcp", "127.0.0.1", f"{api}:6", "api"),
        (19_041, "udp", None, f"{infra}:5", "dns"),
        (19_042, "tcp", None, f"{infra}:6", "dns"),
        (19_043, "tcp", None, f"{infra}:6", "dns"),
        (19_044, "tcp", None, f"{infra}:6", "dns"),
        (19_045, "tcp", None, ".env:3", "API_PORT"),
        (19_045, "tcp", None, f"{api}:5", "api"),
        (19_046, "tcp", None, ".env.example:3", "WEB_PORT"),
        (19_047, "tcp", None, "config/services-manifest.json:1", "web"),
        (19_048, "tcp", None, "docs/context/ops/service-port-map.md:3", "Old"),
        (19_050, "tcp", None, "fragment/base.yml:3", "base"),
    ]
    approximate = {c.file for c in found.claims if c.kind == "compose-approximate"}
    assert {"fragment/base.yml", "needs/compose.yml"} <= approximate


def test_verdicts_from_claims(found: Discovery) -> None:
    assert verdicts(found) == {
        "http": "claimed",
        "management": "free",
        "smoke-http": "claimed",
        "smoke-management": "claimed",
    }
    http, management, *smoke = found.wanted
    assert http.why == "claimed by apps/api/docker-compose.yml:6 (api)"
    assert management.proposal == 19_041
    proposals = [item.proposal for item in (http, *smoke)]
    used = {c.port for c in found.claims} | {item.port for item in found.listeners}
    assert len(set(proposals) - used) == 3


def test_what_blocks_and_what_warns(found: Discovery) -> None:
    blocking = [(p.topic, p.message) for p in found.blocking]
    assert blocking[0] == (
        "docker",
        "/nowhere/docker.sock is absent: the Docker daemon isn't running",
    )
    assert [topic for topic, _ in blocking] == ["docker", "ports"]
    warnings = " ".join(p.message for p in found.warnings)
    for words in (
        "port 19042 (smoke-http)",
        "legacy/docker-compose.kestra.yml:2",
        "doesn't name the pattern tools-*",
        "broken/docker-compose.yml:4 isn't YAML",
        "needs/compose.yml",
        "scripts/up.sh:1 removes orphans",
    ):
        assert words in warnings
    assert all(p.hint for p in found.blocking)


def test_references_by_kind(found: Discovery) -> None:
    kinds = {(r.file, r.kind) for r in found.references}
    assert ("legacy/docker-compose.kestra.yml", "foreign") in kinds
    assert ("README.md", "mention") in kinds
    assert (".env", "foreign") in kinds


def test_no_secret_in_either_output(found: Discovery) -> None:
    outputs = [json.dumps(document(found)), "\n".join(report(found)), repr(found)]
    for output in outputs:
        for canary in CANARIES:
            assert canary not in output
    assert "POSTGRES_PASSWORD" in outputs[0]


def test_the_report_fits_80_columns(found: Discovery) -> None:
    lines = list(report(found))
    # The first line names the root, however long.
    assert max(len(line) for line in lines[1:]) <= 80
    text = "\n".join(lines)
    assert "Blocking (2)" in text
    assert text.rindex("Blocking") > text.rindex("Warnings")
    assert "inv kestra.integrate --ports auto" in text


def test_nothing_is_changed(messy: Path) -> None:
    before = state(messy)
    look(messy)
    assert state(messy) == before


def test_an_empty_folder(tmp_path: Path) -> None:
    found = look(tmp_path)
    assert set(verdicts(found).values()) == {"free"}
    assert (found.references, found.claims) == ([], [])
    assert "none" in "\n".join(report(found))


def test_a_live_listener_takes_a_port(tmp_path: Path) -> None:
    with listening("0.0.0.0", 19_040), listening("127.0.0.1", 19_042):
        found = look(tmp_path)
        http, management = propose(tmp_path, SETTINGS, environ())
    assert http not in {item.port for item in found.listeners}
    assert management == 19_041
    assert verdicts(found)["http"] == "taken"
    assert f"(pid {os.getpid()})" in found.wanted[0].why
    assert [p.topic for p in found.blocking] == ["docker", "ports"]
    assert any("19042 (smoke-http)" in p.message for p in found.warnings)


def test_other_addresses_and_udp_are_not_in_the_way(tmp_path: Path) -> None:
    with listening(port=19_040, udp=True), listening("127.0.0.2", 19_041):
        found = look(tmp_path)
        bound = look(tmp_path, KESTRA_BIND_ADDRESS="0.0.0.0")
    assert verdicts(found)["http"] == "free"
    assert verdicts(found)["management"] == "free"
    assert verdicts(bound)["management"] == "taken"


def test_a_decision_beats_the_settings(tmp_path: Path) -> None:
    build_tree(tmp_path, {".env.example": "KESTRA_HTTP_PORT=19060\n", ".env": "API_PORT=19060\n"})
    http = port_verdicts(tmp_path, SETTINGS, environ())[0]
    assert (http.port, http.source, http.verdict) == (19_060, ".env.example", "claimed")
    http = port_verdicts(tmp_path, SETTINGS.with_(decided_ports=(19_061, 19_062)), environ())[0]
    assert (http.port, http.verdict) == (19_061, "free")


def test_our_own_files_are_no_conflict(tmp_path: Path) -> None:
    ours = "# kestra-tasks:managed 01234567\nservices:\n  kestra:\n    image: kestra/kestra\n"
    ports = "    ports: ['127.0.0.1:${KESTRA_HTTP_PORT:-19040}:8080']\n"
    build_tree(
        tmp_path,
        {
            "tools/kestra/compose.yml": ours + ports,
            "tools/compose/docker-compose.tools.yml": block(
                "compose", "include: [../kestra/compose.yml]\n"
            ),
            ".env": "KESTRA_HTTP_PORT=19040\nKESTRA_MANAGEMENT_PORT=19041\n",
        },
    )
    found = look(tmp_path)
    assert verdicts(found)["http"] == "ours"
    assert verdicts(found)["management"] == "ours"
    assert {r.kind for r in found.references} == {"ours"}
    assert found.next == "up"
    with listening(port=19_040):
        found = look(tmp_path)
    assert verdicts(found)["http"] == "taken"
    assert found.blocking[1].hint == "inv kestra.env --ports auto --here"


def test_no_free_port(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(
        discovery,
        "port_verdicts",
        lambda *_: [
            discovery.Wanted("http", 1, "taken", None, ""),
            discovery.Wanted("management", 2, "free", 2, ""),
        ],
    )
    with pytest.raises(PreconditionError, match="no free port"):
        propose(tmp_path, SETTINGS)


def test_an_exposed_env_and_two_project_names(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    build_tree(
        tmp_path,
        {
            ".env": "COMPOSE_PROJECT_NAME=mono\n",
            "tools/compose/docker-compose.tools.yml": "name: tools\nservices: {a: {image: x}}\n",
        },
    )
    warnings = " ".join(p.message for p in look(tmp_path).warnings)
    assert "git would take .env" in warnings
    assert "COMPOSE_PROJECT_NAME is 'mono' in .env, but" in warnings
    build_tree(tmp_path, {".gitignore": ".env\n", ".env": "COMPOSE_PROJECT_NAME=tools\n"})
    assert not [p for p in look(tmp_path).warnings if p.topic in ("credentials", "compose")]


@pytest.mark.parametrize("file", [".env.shared", "tools/compose/.env", "stacks.env"])
def test_a_second_project_name_in_any_environment_file(tmp_path: Path, file: str) -> None:
    stack = "name: tools\nservices: {a: {image: x}}\n"
    files = {file: "COMPOSE_PROJECT_NAME=mono\n", ".env.example": "COMPOSE_PROJECT_NAME=other\n"}
    build_tree(tmp_path, {**files, "tools/compose/docker-compose.tools.yml": stack})
    said = [p.message for p in look(tmp_path).warnings if p.topic == "compose"]
    assert len(said) == 1
    assert f"COMPOSE_PROJECT_NAME is 'mono' in {file}, but" in said[0]


def test_an_env_that_git_has_needs_another_file(tmp_path: Path) -> None:
    build_tree(tmp_path, {".env": "A=1\n", ".gitignore": ".env\n"})
    for words in (["init", "-q"], ["add", "--force", ".env"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    [warning] = [p for p in look(tmp_path).warnings if p.topic == "credentials"]
    assert "env_file: .env.kestra" in warning.hint


def test_an_env_that_compose_cannot_read_blocks(tmp_path: Path) -> None:
    build_tree(tmp_path, {".env": "A=1\nB='it''s'\n"})
    [problem] = [p for p in look(tmp_path).blocking if p.topic == "credentials"]
    assert problem.message.startswith(".env:2: Compose can't read this file")


def test_services_that_get_all_of_env_are_told_until_kestra_is_integrated(tmp_path: Path) -> None:
    build_tree(
        tmp_path,
        {
            "a/compose.yml": "services:\n  a: {image: x, env_file: ../.env}\n"
            "  b: {image: x, env_file: [{path: ../.env, required: false}]}\n"
            "  c: {image: x, env_file: [own.env]}\n",
            ".env": "A=1\n",
        },
    )
    [warning] = [p for p in look(tmp_path).warnings if p.topic == "credentials"]
    assert warning.message.startswith("a (a/compose.yml:2) and 1 more gets all of .env")
    build_tree(tmp_path, {SETTINGS.kestra_compose: "services: {kestra: {image: x}}\n"})
    assert not [p for p in look(tmp_path).warnings if p.topic == "credentials"]


def test_names_that_are_not_utf8_and_control_characters(tmp_path: Path) -> None:
    name = b"a\x1b[31m\xff.yml".decode("utf-8", "surrogateescape")
    (tmp_path / name).write_text("services: {w: {image: x, ports: ['19040:1']}}\n# kestra\n")
    found = look(tmp_path)
    json.dumps(document(found), ensure_ascii=False).encode()
    text = "\n".join(report(found))
    text.encode()
    assert "\x1b" not in text
    assert verdicts(found)["http"] == "claimed"


def run(root: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "invoke", "kestra.discover", "--root", str(root), *arguments],
        cwd=Path(__file__).parents[2],
        env=environ(**more),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_answers_on_stdout_and_ends_with_3_where_something_blocks(messy: Path) -> None:
    done = run(messy)
    assert done.returncode == 3
    assert done.stdout.startswith(f"What kestra.discover found in {messy}")
    assert done.stderr.startswith("error: ")
    assert max(map(len, done.stdout.splitlines()[1:])) <= 80
    assert not any(canary in done.stdout + done.stderr for canary in CANARIES)


def test_the_command_gives_one_document(messy: Path) -> None:
    done = run(messy, "--json")
    assert done.returncode == 3
    answer = json.loads(done.stdout)
    assert len(answer["blocking"]) >= 1
    assert not any(canary in done.stdout + done.stderr for canary in CANARIES)
