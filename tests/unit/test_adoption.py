"""`kestra.init`: a monorepo's own settings and tasks, found, written and taken back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kestra_tasks import config
from kestra_tasks.adoption import find_settings
from tests.helpers.trees import build_tree

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "cases"
NETWORK = "services: {a: {image: b}}\nnetworks:\n  x:\n    name: shop_net\n    external: true\n"
TASKS = {
    "implicit": "from invoke import task\n\n\n@task\ndef hello(c):\n    print('hi')\n",
    "explicit": (
        "from invoke import Collection, task\n\n\n@task\ndef hello(c):\n    print('hi')\n\n\n"
        "ns = Collection(hello)"
    ),
    "annotated": (
        "from invoke import Collection, task\n\n\n@task\ndef hello(c):\n    print('hi')\n\n\n"
        "namespace: Collection = Collection(hello)\n"
    ),
    "imported": "from ops import ns\n",
    "star": "from ops import *  # noqa: F403\n",
    "condition": (
        "from invoke import Collection, task\n\n\n@task\ndef hello(c):\n    print('hi')\n\n\n"
        "try:\n    import nowhere\nexcept ImportError:\n    ns = Collection(hello)\n"
    ),
}


def run(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "invoke", *words],
        cwd=root,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80"},
        check=False,
    )


def snapshot(root: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(root)): p.read_bytes()
        for p in sorted(root.rglob("*"))
        if p.is_file() and "__pycache__" not in p.parts
    }


@pytest.mark.parametrize("name", TASKS)
def test_a_tasks_py_keeps_its_own_tasks_and_offers_ours(tmp_path: Path, name: str) -> None:
    files = {"tasks.py": TASKS[name], "invoke.yaml": "run: {}\n", "ops.py": TASKS["explicit"]}
    root = build_tree(tmp_path / "my shop", files)
    before = snapshot(root)

    made = run(ROOT, "kestra.init", "--root", str(root))
    listed = run(root, "--list", "--list-format=json")

    assert made.returncode == 0, made.stderr
    offered = json.loads(listed.stdout)
    assert [task["name"] for task in offered["tasks"]] == ["hello"]
    assert [c["name"] for c in offered["collections"]] == ["kestra"]
    assert run(root, "hello").stdout == "hi\n"
    assert "nothing to do" in run(root, "kestra.init").stderr
    assert run(root, "kestra.init", "--remove").returncode == 0
    assert snapshot(root) == before


@pytest.mark.parametrize("name", ["implicit", "explicit"])
def test_tasks_in_a_package_stay_the_hosts_tasks(tmp_path: Path, name: str) -> None:
    root = build_tree(tmp_path / "r", {"tasks/__init__.py": TASKS[name]})
    before = snapshot(root)

    made = run(ROOT, "kestra.init", "--root", str(root))

    assert made.returncode == 0, made.stderr
    assert not (root / "tasks.py").exists(), "Invoke would no longer see the package"
    assert run(root, "hello").stdout == "hi\n"
    assert "kestra.up" in run(root, "--list").stdout
    assert "nothing to do" in run(root, "kestra.init").stderr
    assert run(root, "kestra.init", "--remove").returncode == 0
    assert snapshot(root) == before


@pytest.mark.parametrize("name", ["implicit", "explicit", "star"])
def test_a_colleague_without_the_package_keeps_the_hosts_tasks(tmp_path: Path, name: str) -> None:
    files = {"tasks.py": TASKS[name], "ops.py": TASKS["explicit"]}
    root = build_tree(tmp_path / "r", files)
    assert run(ROOT, "kestra.init", "--root", str(root)).returncode == 0
    hidden = "import sys; sys.modules['kestra_tasks'] = None; import invoke.main as m; "
    argv = [sys.executable, "-c", f"{hidden}sys.exit(m.program.run(['inv', 'hello']))"]
    done = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "hi\n"), done.stderr


@pytest.mark.parametrize(
    "line", ["@task\ndef kestra(c):\n    print('mine')\n", "import kestra\n", "kestra = 1\n"]
)
def test_a_kestra_of_the_hosts_own_is_told_and_kept(tmp_path: Path, line: str) -> None:
    text = f"from invoke import task\n\n{line}"
    root = build_tree(tmp_path / "r", {"tasks.py": text})

    made = run(ROOT, "kestra.init", "--root", str(root))

    assert made.returncode == 3
    assert "has a kestra of its own" in made.stderr
    assert "add_collection" in made.stderr
    assert (root / "tasks.py").read_text() == text


def test_a_monorepo_without_any_gets_both_files_and_loses_them_again(tmp_path: Path) -> None:
    root = build_tree(tmp_path / "shop", {"a/docker-compose.yml": NETWORK})

    assert run(ROOT, "kestra.init", "--root", str(root)).returncode == 0
    settings = config.load(root)

    assert (settings.network, settings.email_domain) == ("shop_net", "shop.local")
    assert run(root, "kestra.check").returncode == 2
    assert run(ROOT, "kestra.init", "--root", str(root), "--remove").returncode == 0
    assert list(snapshot(root)) == ["a/docker-compose.yml"]


def test_what_differs_from_the_defaults_is_found(tmp_path: Path) -> None:
    root = build_tree(
        tmp_path / "Loja São",
        {
            "ops/docker-compose.tools.yml": NETWORK,
            "ops/other.yml": NETWORK.replace("shop_net", "else_net"),
            "etc/services-manifest.json": "{}",
            "wiki/port-map.md": "# Portas\n\nServiços e portas; não mude sem avisar.\n",
            "bin/start-stacks.sh": "#!/bin/sh\n",
            "node_modules/services-manifest.json": "{}",
        },
    )

    assert find_settings(root) == {
        "compose_file": "ops/docker-compose.tools.yml",
        "network": "shop_net",
        "manifest": "etc/services-manifest.json",
        "port_map": "wiki/port-map.md",
        "start_stacks": "bin/start-stacks.sh",
        "language": "pt-BR",
        "email_domain": "loja-sao.local",
    }


def test_the_large_monorepo_needs_little(tmp_path: Path) -> None:
    root = Path(shutil.copytree(CASES / "large-messy" / "before", tmp_path / "trading"))

    assert find_settings(root) == {"language": "pt-BR", "email_domain": "trading.local"}


def test_the_teams_own_names_for_example_documents_and_network_are_found(tmp_path: Path) -> None:
    root = build_tree(
        tmp_path / "padaria",
        {
            "compose.yaml": "services: {a: {image: b}}\n",
            ".env.exemplo": "A=1\n",
            "docs/infra/nomenclatura.md": "# Nomes\n",
            "docs/infra/ops/a.md": "",
            "docs/plataforma/runbooks/a.md": "",
        },
    )

    assert find_settings(root) == {
        "network": "padaria_backend",
        "env_example": ".env.exemplo",
        "naming_document": "docs/infra/nomenclatura.md",
        "ops_docs": "docs/plataforma",
        "email_domain": "padaria.local",
    }


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["stacks/apps/compose.yml", "stacks/tools/compose.yml"], "stacks/tools/compose.yml"),
        (["a/ferramentas/docker-compose.yml"], "a/ferramentas/docker-compose.yml"),
        (["tools/docker-compose.yml", "b/c/compose.tools.yml"], "b/c/compose.tools.yml"),
        (["tools/apps.yml", "devtools/compose.yml"], None),
    ],
)
def test_the_stack_is_known_by_its_file_or_by_its_folder(
    tmp_path: Path, files: list[str], found: str | None
) -> None:
    root = build_tree(tmp_path / "r", dict.fromkeys(files, NETWORK))
    settings = find_settings(root)
    assert settings.get("compose_file") == found
    assert settings.get("stack") == ("ferramentas" if found and "ferramentas" in found else None)


def test_the_stacks_own_prefix_and_word_are_found(tmp_path: Path) -> None:
    file = "services: {a: {image: b, container_name: fer-a}, c: {image: d, container_name: fer-c}}"
    root = build_tree(tmp_path / "loja", {"infra/docker-compose.ferramentas.yml": f"{file}\n"})

    found = find_settings(root)

    assert (found["stack"], found["prefix"]) == ("ferramentas", "fer")
    assert found["compose_file"] == "infra/docker-compose.ferramentas.yml"


def test_secrets_go_beside_a_env_that_git_has(tmp_path: Path) -> None:
    root = build_tree(tmp_path / "demo", {".env": "PORT=1\n"})
    for words in (["init", "-q"], ["add", ".env"]):
        subprocess.run(["git", *words], cwd=root, check=True)

    assert find_settings(root)["env_file"] == ".env.kestra"


def test_what_was_found_is_shown(tmp_path: Path) -> None:
    root = build_tree(tmp_path / "demo", {"README.md": ""})

    assert "+  network: demo_backend" in run(ROOT, "kestra.init", "--root", str(root)).stderr


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{run: {}}\n", "plain mapping"),
        ("- a\n", "plain mapping"),
        ("a: 1\n---\nb: 2\n", "plain mapping"),
        ("a: [\n", "invoke.yaml:"),
    ],
)
def test_settings_that_cannot_be_added_to_are_told(tmp_path: Path, text: str, word: str) -> None:
    root = build_tree(tmp_path / "r", {"invoke.yaml": text})

    made = run(ROOT, "kestra.init", "--root", str(root))

    assert made.returncode == 3
    assert word in made.stderr
    assert "kestra:" in made.stderr
    assert (root / "invoke.yaml").read_text() == text


def test_a_section_by_hand_stays(tmp_path: Path) -> None:
    text = "kestra:\n  network: mine\n"
    root = build_tree(tmp_path / "r", {"invoke.yaml": text})

    made = run(ROOT, "kestra.init", "--root", str(root))

    assert made.returncode == 0
    assert "has kestra: already, line 1" in made.stderr
    assert (root / "invoke.yaml").read_text() == text


def test_broken_python_is_told_and_kept(tmp_path: Path) -> None:
    root = build_tree(tmp_path / "r", {"tasks.py": "def (:\n"})

    made = run(ROOT, "kestra.init", "--root", str(root))

    assert made.returncode == 3
    assert "tasks.py:1" in made.stderr
    assert (root / "tasks.py").read_text() == "def (:\n"


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "end"])
def test_both_files_come_back_to_the_byte(tmp_path: Path, ends: str, last: str) -> None:
    files = {
        "tasks.py": ends.join(["import os", "x = 1  # ç", last]).encode(),
        "invoke.yaml": ends.join(["# mine", "run:", "  echo: true", last and "tasks: {}"]).encode(),
    }
    root = build_tree(tmp_path / "r", files)

    assert run(ROOT, "kestra.init", "--root", str(root)).returncode == 0
    assert snapshot(root) != files
    assert run(ROOT, "kestra.init", "--root", str(root), "--remove").returncode == 0
    assert snapshot(root) == dict(sorted(files.items()))


def test_the_wheel_alone_is_enough_where_tasks_py_lacks_the_tasks(tmp_path: Path) -> None:
    settings = "kestra: {prefix: shop, skip: [env, compose]}\n"
    root = build_tree(tmp_path / "shop", {"tasks.py": TASKS["explicit"], "invoke.yaml": settings})
    module = [sys.executable, "-m", "kestra_tasks"]

    def typed(*words: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run([*module, *words], cwd=root, capture_output=True, text=True, env=env)

    pending = typed("kestra.check")
    assert pending.returncode == 2
    assert "-> python -m kestra_tasks kestra.integrate" in pending.stderr
    assert "shop-kestra" in pending.stdout
    made = typed("kestra.init")
    assert made.returncode == 0, made.stderr
    assert "kestra.up" in run(root, "--list").stdout
