"""`kestra.discover` with the real engine and the real Compose."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from kestra_tasks.core.checks import check_engine
from kestra_tasks.core.facts import Claim, EngineFacts
from kestra_tasks.discovery import discover
from kestra_tasks.probes.composefiles import compose_command, read_composes
from kestra_tasks.probes.engine import probe
from kestra_tasks.probes.listeners import listeners, owner_of
from kestra_tasks.settings import Settings
from tests.helpers.trees import build_tree

pytestmark = pytest.mark.integration

SETTINGS = Settings(
    http_port=19_070,
    management_port=19_071,
    smoke_http_port=19_072,
    smoke_management_port=19_073,
)
Start = Callable[..., str]
# What the Postgres image has to listen with.
LISTEN = """
use IO::Socket::INET;
my $plug = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$ARGV[0]", Listen => 1) or die;
sleep 120;
"""


@pytest.fixture
def start(images: Mapping[str, str]) -> Iterator[Start]:
    """Start containers that do nothing but hold what they are given."""
    names: list[str] = []

    def run(*options: str, command: tuple[str, ...] = ("sleep", "120")) -> str:
        name = f"h5-discover-{os.getpid()}-{len(names)}"
        names.append(name)
        argv = ["docker", "run", "-d", "--rm", "--init", "--name", name, *options]
        image = images["KESTRA_POSTGRES_IMAGE"]
        entrypoint = ["--entrypoint", command[0]]
        done = subprocess.run(
            [*argv, *entrypoint, image, *command[1:]], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return name

    yield run
    for name in names:
        subprocess.run(["docker", "rm", "-f", name], capture_output=True, check=False)


def test_the_engine_here_is_good(images: Mapping[str, str], tmp_path: Path) -> None:
    facts = probe(tmp_path)
    assert isinstance(facts, EngineFacts)
    assert facts.client and facts.server and facts.api_version and facts.data_root
    assert [p for p in check_engine(facts) if p.level == "block"] == []


def test_a_container_holds_a_port(start: Start, tmp_path: Path) -> None:
    name = start("-p", "127.0.0.1:19070:80", "-p", "19072:81", "-p", "127.0.0.1:19071:82/udp")
    found = discover(tmp_path, SETTINGS)
    http, management, smoke, _ = found.wanted
    assert (http.verdict, http.why) == ("taken", f"container {name} listens on it")
    assert http.proposal not in {item.port for item in found.listeners}
    assert management.verdict == "free"
    assert (smoke.verdict, name in smoke.why) == ("taken", True)
    assert any(p.level == "block" and name in p.message for p in found.problems)
    assert owner_of(19_071, protocol="udp").container == name  # type: ignore[union-attr]
    assert not any(item.ours for item in found.listeners)


def test_our_own_container_is_ours_here_and_nowhere_else(start: Start, tmp_path: Path) -> None:
    root, other = tmp_path / "mine", tmp_path / "other"
    for folder in (root / "tools/kestra/storage", other):
        folder.mkdir(parents=True)
    label = ("--label", "dev.kestra-tasks.role=server")
    folder = f"com.docker.compose.project.working_dir={root}/tools/compose"
    start(*label, "--label", folder, "-p", "127.0.0.1:19070:80")
    start(*label, "-v", f"{root}/tools/kestra/storage:/app/storage", "-p", "127.0.0.1:19071:80")
    assert [w.verdict for w in discover(root, SETTINGS).wanted[:2]] == ["ours", "ours"]
    assert [w.verdict for w in discover(other, SETTINGS).wanted[:2]] == ["taken", "taken"]


def test_a_container_on_the_hosts_network_is_named(start: Start) -> None:
    name = start("--network", "host", command=("perl", "-e", LISTEN, "19074"))
    for _ in range(100):
        if owner := owner_of(19_074, among=listeners()):
            break
    assert owner is not None
    assert owner.container == name or owner.process == "perl"
    if "docker" in Path(f"/proc/{owner.pid}/cgroup").read_text():
        assert owner.container == name


def claims(root: Path, files: Mapping[str, str], **environ: str) -> list[Claim]:
    if compose_command() is None:
        pytest.skip("docker compose isn't installed")
    build_tree(root, files)
    found = read_composes(
        root,
        sorted(name for name in files if name.endswith((".yml", ".yaml"))),
        ours="tools/kestra/compose.yml",
        env_file=".env",
        example={},
        environ={**os.environ, **environ},
    )
    return sorted(found.claims, key=lambda c: (c.port, c.protocol))


def short(found: list[Claim]) -> list[tuple[int, str, str, str]]:
    return [(c.port, c.protocol, c.place, c.kind) for c in found]


def test_compose_resolves_variables_extends_profiles_and_ranges(tmp_path: Path) -> None:
    base = "services:\n  base:\n    image: x\n    ports: ['19080:1']\n"
    text = """services:
  web:
    extends: {file: base.yml, service: base}
    profiles: [never]
  api:
    image: x
    ports:
      - "${A:?}-19083:1-2/udp"
      - {target: 3, published: "$B", host_ip: "::1"}
"""
    files = {"s/base.yml": base, "s/c.yml": text, ".env": "A=19082\nB=19084\n"}
    assert short(claims(tmp_path, files)) == [
        (19_080, "tcp", "s/base.yml:4", "compose"),
        (19_080, "tcp", "s/c.yml:2", "compose"),
        (19_082, "udp", "s/c.yml:8", "compose"),
        (19_083, "udp", "s/c.yml:8", "compose"),
        (19_084, "tcp", "s/c.yml:9", "compose"),
    ]
    assert claims(tmp_path, files)[-1].host_ip == "::1"
    (tmp_path / "s/.env").write_text("A=19082\nB=19085\n")
    assert claims(tmp_path, files)[-1].port == 19_085


def test_compose_resolves_includes_and_overrides(tmp_path: Path) -> None:
    kestra = "services:\n  kestra:\n    image: x\n    ports: ['127.0.0.1:${P:-19086}:8080']\n"
    files = {
        "tools/kestra/compose.yml": kestra,
        "tools/compose/docker-compose.tools.yml": "include:\n  - path: ../kestra/compose.yml\n"
        "    project_directory: .\n    env_file: ../../.env\n",
        ".env": "P=19087\n",
        "x/compose.yml": "services:\n  a:\n    image: x\n    ports: ['19088:1']\n",
        "x/compose.override.yml": "services:\n  a:\n    ports: ['19089:2']\n",
    }
    found = claims(tmp_path, files)
    assert short(found) == [
        (19_087, "tcp", "tools/kestra/compose.yml:4", "compose"),
        (19_088, "tcp", "x/compose.yml:4", "compose"),
        (19_089, "tcp", "x/compose.override.yml:3", "compose"),
    ]
    assert [c.ours for c in found] == [True, False, False]


@pytest.mark.parametrize(
    "text",
    [
        "services: {a: {ports: ['19090:1']}}",
        "services: {a: {image: x, env_file: gone.env, ports: ['19090:1']}}",
        "services: {a: {image: '${NEEDED:?}', extends: {service: b}, ports: ['19090:1']}}",
        "services: {a: {image: x, extends: {file: gone.yml, service: b}, ports: ['19090:1']}}",
    ],
)
def test_what_compose_refuses_is_approximate(tmp_path: Path, text: str) -> None:
    assert short(claims(tmp_path, {"c.yml": text})) == [
        (19_090, "tcp", "c.yml:1", "compose-approximate")
    ]
