"""What we plan for compose files, asked of the real Compose; no daemon is needed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from kestra_tasks.apply import apply
from kestra_tasks.core.plan import Step, make_plan
from kestra_tasks.core.yamltext import add_item, remove_item
from kestra_tasks.probes.tree import read_tree
from kestra_tasks.probes.validate import Validation, validate
from kestra_tasks.settings import Settings
from kestra_tasks.steps import compose
from tests.helpers.composelike import texts

pytestmark = pytest.mark.integration

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "yaml"
BASE = Settings()
STACK = BASE.compose_file
STEP = Step("compose", "3.1", compose.plan, compose.undo)
PLAIN = "services:\n  web:\n    image: nginx\n"
# Of the corpus: what Compose itself refuses, before and after.
BROKEN = {"services-null": "services must be a mapping"}
EMPTY = {"blank-lines-only", "bom-only", "comments-only", "empty", "explicit-start-empty"}


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    return root


def config(stack: Path, folder: Path) -> dict[str, Any] | str:
    """Compose's model of `stack`, or what it says against it."""
    done = subprocess.run(
        ["docker", "compose", "-f", str(stack), "config", "--format", "json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return done.stderr
    model: dict[str, Any] = json.loads(done.stdout)
    networks = model.pop("networks", {})  # ours bring the project's default one along
    networks.pop("default", None)
    return {**model, "networks": networks}


def before_and_after(root: Path, text: str) -> tuple[Any, Any]:
    """Compose's model of `text` as it is, and with our include less our services."""
    lay(
        root,
        {
            ".env": "A=1\n",
            "kestra/compose.yml": "services: {kestra: {image: k}, kestra-postgres: {image: p}}\n",
            "stack/other.yml": "services: {other: {image: o}}\n",
            "stack/third.yml": "services: {third: {image: o}}\n",
            "stack/a.yml": "services: {other: {image: o}}\n",
            "stack/b.yml": "services: {third: {image: o}}\n",
            "stack/x.env": "",
            "stack/x": "",
            "stack/s.yml": text,
        },
    )
    stack = root / "stack/s.yml"
    before = config(stack, root)
    item = {"path": "../kestra/compose.yml", "project_directory": ".", "env_file": "../.env"}
    changed = add_item(text, "include", item, "compose", "s.yml")
    stack.write_bytes(changed.encode("utf-8", "surrogateescape"))
    after = config(stack, root)
    assert remove_item(changed, "include", "compose", "s.yml") == text
    if isinstance(after, dict):
        assert after["services"].pop("kestra")["image"] == "k"
        assert after["services"].pop("kestra-postgres")["image"] == "p"
    return before, after


def test_corpus_means_to_compose_what_it_meant(tmp_path: Path) -> None:
    files = sorted((CORPUS / "ok").glob("*.yml"))
    assert len(files) > 50

    def one(file: Path) -> tuple[Any, Any]:
        text = file.read_bytes().decode("utf-8", "surrogateescape")
        return before_and_after(tmp_path / file.stem, text)

    with ThreadPoolExecutor(4) as pool:
        for file, (before, after) in zip(files, pool.map(one, files), strict=True):
            if file.stem in EMPTY:
                assert isinstance(before, str)
                assert after["services"] == {}
            elif file.stem in BROKEN:
                assert BROKEN[file.stem] in before
                assert BROKEN[file.stem] in after
            else:
                assert isinstance(before, dict), (file.stem, before)
                assert after == before, file.stem


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(texts())
def test_generated_texts_mean_to_compose_what_they_meant(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    before, after = before_and_after(tmp_path_factory.mktemp("text"), text)
    assert after == before if isinstance(before, dict) else isinstance(after, str)


def checked(root: Path, files: dict[str, str], base: Settings = BASE) -> Validation:
    lay(root, files)
    now = {f: f.read_bytes() for f in root.rglob("*") if f.is_file()}
    found = validate(root, make_plan(read_tree(root), base, [STEP]), base)
    assert now == {f: f.read_bytes() for f in root.rglob("*") if f.is_file()}
    return found


def services(stack: Path, folder: Path) -> Iterable[str]:
    model = config(stack, folder)
    assert isinstance(model, dict), model
    return set(model["services"])


@pytest.mark.parametrize(
    ("compose_file", "kestra_dir", "env_file"),
    [
        (STACK, BASE.kestra_dir, BASE.env_file),
        ("compose.yml", "tools/kestra", ".env"),
        ("a/b/c/d.yml", "kestra", "config/.env"),
        ("a/b/d.yml", "a/b", ".env"),
        ("a/[b] & c/d.yml", "a/my kestra, new", ".env"),
    ],
)
@pytest.mark.parametrize("database", ["internal", "external"])
def test_any_folders_from_any_folder(
    tmp_path: Path, compose_file: str, kestra_dir: str, env_file: str, database: str
) -> None:
    root = tmp_path / "my repo"
    base = BASE.with_(
        compose_file=compose_file, kestra_dir=kestra_dir, env_file=env_file, database=database
    )
    files = {compose_file: PLAIN, env_file: "KESTRA_HTTP_PORT=18080\nKESTRA_DB_PASSWORD='a$b'\n"}
    assert checked(root, files, base) == ([], [])
    apply(root, make_plan(read_tree(root), base, [STEP]))
    ours = {"kestra", "kestra-postgres"} if database == "internal" else {"kestra"}
    for folder in (root, root / compose_file, tmp_path, Path("/")):
        place = folder if folder.is_dir() else folder.parent
        assert services(root / compose_file, place) == {"web", *ours}
    model = config(root / compose_file, tmp_path)
    assert isinstance(model, dict)
    kestra = model["services"]["kestra"]
    assert {port["published"] for port in kestra["ports"]} == {"18080", "8081"}
    sources = {volume["target"]: volume["source"] for volume in kestra["volumes"]}
    assert sources["/app/storage"] == str(root / kestra_dir / "storage")
    assert sources["/tmp/kestra-wd"] == str(root / kestra_dir / "workdir")
    assert "a$$b" in kestra["environment"].values() or "a$b" in kestra["environment"].values()


def test_references_of_the_stack_file_resolve_without_a_copy(tmp_path: Path) -> None:
    files = {
        ".env": "A=1\n",
        "../outside.env": "B=2\n",
        "shared/base.yml": "services: {base: {image: nginx}}\n",
        STACK: "services:\n  web:\n    extends: {file: ../../shared/base.yml, service: base}\n"
        "    env_file: [../../.env, ../../../outside.env]\n    build: ../../app\n"
        "include: [more.yml]\n",
        "tools/compose/more.yml": "services: {more: {image: nginx}}\n",
    }
    assert checked(tmp_path / "repo", files) == ([], [])


def test_another_included_file_with_our_service_is_a_problem(tmp_path: Path) -> None:
    files = {
        ".env": "",
        STACK: f"{PLAIN}include: [old.yml]\n",
        "tools/compose/old.yml": "services: {kestra: {image: x}}\n",
    }
    found = checked(tmp_path, files)
    assert found.problems == [f"{STACK}: services.kestra conflicts with imported resource"]


def test_a_file_that_compose_refused_before_is_a_warning(tmp_path: Path) -> None:
    found = checked(tmp_path, {".env": "", STACK: f"{PLAIN}    ports: [a:b]\n"})
    assert found.problems == []
    assert "refuses tools/compose/docker-compose.tools.yml as it is now" in found.warnings[0]
    assert "Invalid containerPort: b" in found.warnings[0]


def test_messages_name_the_monorepos_files_and_no_secret(tmp_path: Path) -> None:
    files = {
        ".env": "DB_PASSWORD=hunter2hunter2\n",
        "tools/compose/.env": "DB_PASSWORD=hunter2hunter2\n",
        STACK: f"{PLAIN}    ports: ['${{DB_PASSWORD}}']\n    env_file: gone.env\n",
    }
    warning = checked(tmp_path, files).warnings[0]
    assert "hunter2" not in warning
    files[STACK] = f"{PLAIN}    env_file: gone.env\n"
    warning = checked(tmp_path, files).warnings[0]
    assert "env file tools/compose/gone.env not found" in warning
    assert str(tmp_path) not in warning


def test_the_network_made_by_an_included_file_is_a_problem_once(tmp_path: Path) -> None:
    files = {
        ".env": "",
        STACK: f"{PLAIN}include: [more.yml]\n",
        "tools/compose/more.yml": "services: {a: {image: x, networks: [n]}}\n"
        f"networks: {{n: {{name: {BASE.network}}}}}\n",
    }
    found = checked(tmp_path, files)
    assert len(found.problems) == 1
    assert f"the network {BASE.network} is declared as the stack's own" in found.problems[0]
    files[STACK] += f"networks: {{m: {{name: {BASE.network}, external: true}}}}\n"
    files[STACK] = files[STACK].replace("nginx\n", "nginx\n    networks: [m]\n")
    found = checked(tmp_path, files)
    assert found.problems == []
    assert f"the network {BASE.network} is declared" in found.warnings[0]


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["compose.yml"], {"root", "web", "kestra", "kestra-postgres"}),
        (["extending.yml"], {"e"}),
        ([STACK, "over.yml"], {"web", "kestra", "kestra-postgres"}),
    ],
)
def test_stack_file_included_extended_and_overridden_by_others(
    tmp_path: Path, files: list[str], names: set[str]
) -> None:
    lay(
        tmp_path,
        {
            ".env": "KESTRA_HTTP_PORT=18080\n",
            STACK: PLAIN,
            "compose.yml": f"include: [{STACK}]\nservices: {{root: {{image: r}}}}\n",
            "extending.yml": f"services: {{e: {{extends: {{file: {STACK}, service: web}}}}}}\n",
            "over.yml": "services: {kestra: {environment: {MORE: x}}}\n",
        },
    )
    apply(tmp_path, make_plan(read_tree(tmp_path), BASE, [STEP]))
    given = [word for file in files for word in ("-f", str(tmp_path / file))]
    argv = ["docker", "compose", *given, "config", "--format", "json"]
    # Compose 2.26 looks for the env_file of an include inside an include from where it is typed.
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=True)
    model = json.loads(done.stdout)["services"]
    assert set(model) == names
    if "kestra" in model:
        assert model["kestra"]["ports"][0]["published"] == "18080"
        assert model["kestra"]["volumes"][2]["source"] == str(tmp_path / "tools/kestra/storage")
    if "over.yml" in files:
        assert model["kestra"]["environment"]["MORE"] == "x"
