"""Compose files with a stand-in for Compose: who is asked what, and what happens when it refuses.

The real Compose is asked in tests/integration/test_discover.py.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from kestra_tasks.core.composeclaims import Composed
from kestra_tasks.probes import composefiles as module
from kestra_tasks.probes.composefiles import compose_command, read_composes
from tests.helpers.trees import build_tree

OURS = "tools/kestra/compose.yml"
# Answers with what lies beside the compose file, and writes down how it was called.
PLUGIN = """#!/bin/sh
while [ "$1" != config ]; do
  case $1 in -f) file=$2 ;; esac
  printf '%s ' "$1" >>"$CALLS"
  shift
done
echo "in $PWD" >>"$CALLS"
[ ! -f "$file.err" ] || { cat "$file.err" >&2; exit 1; }
cat "$file.json"
"""


class World:
    """A tree, a folder with a stand-in for Compose, and the calls it saw."""

    def __init__(self, root: Path, home: Path) -> None:
        self.root, self.home = root, home
        self.calls = home / "calls"
        build_tree(
            home, {"bin/docker": "#!/bin/sh\nexit 1\n", "cli-plugins/docker-compose": PLUGIN}
        )
        for program in ("bin/docker", "cli-plugins/docker-compose"):
            (home / program).chmod(0o755)
        self.environ = {
            "PATH": f"{home}/bin:{os.environ['PATH']}",
            "DOCKER_CONFIG": str(home),
            "CALLS": str(self.calls),
        }

    def read(self, files: dict[str, str], *names: str, example: str = "") -> Composed:
        build_tree(self.root, files)
        composes = names or [n for n in files if n.endswith((".yml", ".yaml"))]
        values = dict(pair.split("=") for pair in example.split())
        return read_composes(
            self.root,
            sorted(composes),
            ours=OURS,
            env_file=".env",
            example=values,
            environ=self.environ,
        )

    def asked(self) -> list[str]:
        text = self.calls.read_text() if self.calls.exists() else ""
        return sorted(text.replace(f"{self.root}/", "").splitlines())


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "root").mkdir()
    return World(tmp_path / "root", tmp_path / "home")


def claims(found: Composed) -> list[tuple[int, str, str]]:
    return [(c.port, c.place, c.kind) for c in found.claims]


def answer(**services: object) -> str:
    return json.dumps({"services": services})


def published(*ports: str, **rest: object) -> dict[str, object]:
    return {"ports": [{"published": p, "target": 80, "protocol": "tcp"} for p in ports], **rest}


def test_a_file_that_reads_alike_is_not_asked_for(world: World) -> None:
    found = world.read({"a/c.yml": "services:\n  web:\n    image: x\n    ports:\n      - 80:80\n"})
    assert claims(found) == [(80, "a/c.yml:5", "compose")]
    assert world.asked() == []


def test_compose_knows_better_and_the_text_gives_the_lines(world: World) -> None:
    text = """services:
  web:
    image: x
    ports:
      - "${A}:80"
  lean:
    extends: {file: base.yml, service: b}
"""
    resolved = answer(web=published("8080"), lean=published("9000", container_name="data-lean"))
    found = world.read({"a/c.yml": text, "a/c.yml.json": resolved, "a/.env": "A=8080\n"})
    assert claims(found) == [(8080, "a/c.yml:5", "compose"), (9000, "a/c.yml:6", "compose")]
    assert [(n.container, n.line) for n in found.containers] == [("data-lean", 6)]
    assert world.asked() == ["--profile * --env-file a/.env -f a/c.yml in a"]


@pytest.mark.parametrize(
    ("there", "expected"), [((".env", "a/.env"), "a/.env"), ((".env",), ".env"), ((), None)]
)
def test_the_env_file_beside_or_the_roots(
    world: World, there: tuple[str, ...], expected: str | None
) -> None:
    text = "services: {web: {image: x, ports: ['$A:80']}}\n"
    world.read({"a/c.yml": text, "a/c.yml.json": answer(), **dict.fromkeys(there, "A=1\n")})
    (call,) = world.asked()
    assert (f"--env-file {expected} " in call) is bool(expected)


def test_a_refused_file_is_read_as_it_stands(world: World) -> None:
    text = "services:\n  web: {image: x, ports: ['$A:80', '8:8'], env_file: gone}\n"
    files = {"c.yml": text, "c.yml.err": "env file /x/canary-1 not found", ".env": "A=7\n"}
    found = world.read(files)
    assert claims(found) == [
        (7, "c.yml:2", "compose-approximate"),
        (8, "c.yml:2", "compose-approximate"),
    ]
    assert found.refused == {"c.yml": "an env_file of it is missing"}


def test_a_clone_without_an_env_file_yet_is_no_refusal_of_ours(world: World) -> None:
    files = {
        "tools/compose/tools.yml": "name: tools\ninclude:\n  - path: ../kestra/compose.yml\n",
        "tools/compose/tools.yml.err": "stat /x/.env: no such file or directory",
        OURS: "services: {kestra: {image: x, ports: ['${KESTRA_HTTP_PORT:-8080}:8080']}}\n",
        OURS + ".json": answer(),
    }
    found = world.read(files, *(name for name in files if name.endswith(".yml")))
    assert found.refused == {}
    found = world.read({**files, ".env": "A=1\n"}, *(n for n in files if n.endswith(".yml")))
    assert found.refused == {"tools/compose/tools.yml": "a file that it names is missing"}


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        ("required variable TOKEN is missing a value: canary", "it needs TOKEN"),
        ("yaml: line 7: did not find canary", "line 7 isn't valid"),
        ("yaml: unmarshal errors:\n  line 3: cannot unmarshal canary", "line 3 isn't valid"),
        ('service "x" depends on undefined service "canary"', "an undefined service"),
        ("open /a/canary: no such file or directory", "a file that it names is missing"),
        ("invalid hostPort: canary", "Compose refuses it"),
    ],
)
def test_a_refusal_is_told_without_what_it_quotes(world: World, stderr: str, reason: str) -> None:
    found = world.read({"c.yml": "services: {w: {image: $X}}", "c.yml.err": stderr})
    assert found.refused in ({"c.yml": reason}, {})
    found = world.read({"d.yml": "services: {w: {ports: ['1:1']}}", "d.yml.err": stderr})
    assert found.refused == {"d.yml": reason}


def test_the_example_stands_in_only_where_nothing_is_set(world: World) -> None:
    text = "services: {w: {image: x, env_file: e, ports: ['$A:80', '$B:81', '$C:82']}}"
    world.environ["C"] = "3"
    files = {"c.yml": text, "c.yml.err": "env file e not found", ".env": "A=1\nC=9\n"}
    found = world.read(files, example="A=8 B=2")
    assert [c.port for c in found.claims] == [1, 2, 3]


def test_an_included_file_is_asked_for_with_its_includer(world: World) -> None:
    kestra = 'services:\n  kestra:\n    image: x\n    ports:\n      - "${P:-1}:80"\n'
    main = "name: tools\ninclude:\n  - path: ../kestra/compose.yml\n"
    resolved = answer(kestra=published("8180", labels={"dev.kestra-tasks.role": "server"}))
    files = {"tools/compose/c.yml": main, OURS: kestra, "tools/compose/c.yml.json": resolved}
    found = world.read(files)
    assert claims(found) == [(8180, f"{OURS}:5", "compose")]
    assert [c.ours for c in found.claims] == [True]
    assert len(world.asked()) == 1
    assert found.names == {"tools/compose/c.yml": "tools"}


def test_what_a_refused_file_includes_is_asked_for_by_itself(world: World) -> None:
    part = 'services:\n  web:\n    image: x\n    ports: ["${P:-1}:80"]\n'
    files = {
        "a.yml": "include: [b.yml]\nservices: {x: {image: y}}",
        "a.yml.err": "?",
        "b.yml": part,
    }
    found = world.read({**files, "b.yml.json": answer(web=published("5"))})
    assert claims(found) == [(5, "b.yml:4", "compose")]
    assert found.refused == {"a.yml": "Compose refuses it"}


def test_an_override_comes_with_its_base(world: World) -> None:
    base = "services:\n  web:\n    image: x\n    ports:\n      - $A:80\n"
    over = "services:\n  web:\n    ports:\n      - 9:90\n"
    files = {"docker-compose.yml": base, "docker-compose.override.yml": over}
    two = {"ports": [{"published": "5", "target": 80}, {"published": "9", "target": 90}]}
    found = world.read({**files, "docker-compose.override.yml.json": answer(web=two)})
    assert len(world.asked()) == 1
    assert "-f docker-compose.yml -f docker-compose.override.yml" in world.asked()[0]
    assert claims(found)[1] == (9, "docker-compose.override.yml:4", "compose")


def test_services_that_an_older_compose_leaves_out(world: World) -> None:
    text = """services:
  a: {image: $X, ports: ['$P:1']}
  b: {image: x, profiles: [p], ports: ['6:6']}
"""
    found = world.read({"c.yml": text, "c.yml.json": answer(a=published("5"))})
    assert claims(found) == [(5, "c.yml:2", "compose"), (6, "c.yml:3", "compose-approximate")]


def test_the_hosts_network(world: World) -> None:
    text = """services:
  a:
    image: x
    network_mode: ${NET:-host}
    expose: ["7"]
  b: {image: x, network_mode: host}
"""
    host = {"network_mode": "host"}
    resolved = answer(
        a={**host, "expose": ["7"], "environment": {"PORT": "8", "DB_PORT": "9"}}, b=host
    )
    found = world.read({"c.yml": text, "c.yml.json": resolved})
    assert claims(found) == [(7, "c.yml:5", "compose-host"), (8, "c.yml:2", "compose-host")]
    (note,) = found.notes
    assert note.message.startswith("c.yml:6 (b) uses the host's network")


def test_without_compose_everything_is_approximate(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.home / "cli-plugins/docker-compose").unlink()
    monkeypatch.setattr(module, "_PLUGINS", ())
    files = {"a.yml": "include: [b.yml]", "b.yml": "services: {w: {image: x, ports: ['5:5']}}"}
    found = world.read(files)
    assert claims(found) == [(5, "b.yml:1", "compose-approximate")]
    assert set(found.refused.values()) == {"docker compose is missing"}


def test_the_way_to_compose(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = world.home / "cli-plugins/docker-compose"
    assert compose_command(world.environ) == [str(plugin)]
    assert compose_command({**world.environ, "PATH": "/nowhere"}) is None
    monkeypatch.setattr(module, "_PLUGINS", ())
    plugin.unlink()
    (world.home / "bin/docker").write_text("#!/bin/sh\nexit 0\n")
    assert compose_command(world.environ) == ["docker", "compose"]


def test_broken_unreadable_and_huge_files_are_told(world: World) -> None:
    files = {
        "docker-compose.yml": "services:\n  web:\n   ports: [\n",
        "huge.yml": "services:\n" + "#" * 1_000_001,
        "other.yml": "services: [a]\n",
    }
    found = world.read(files, *files, "gone.yml")
    assert found.claims == []
    messages = [note.message for note in found.notes]
    assert messages[0].startswith("docker-compose.yml:4 isn't YAML")
    assert messages[1] == "gone.yml can't be read: No such file or directory"
    assert len(messages) == 2
    assert found.refused == {"huge.yml": "it is larger than 1 MB"}


def test_an_answer_that_is_no_json(world: World) -> None:
    found = world.read(
        {"c.yml": "services: {w: {image: x, ports: ['$A:1']}}", "c.yml.json": "oops"}
    )
    assert found.refused == {"c.yml": "Compose's answer isn't JSON"}
