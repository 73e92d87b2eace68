"""The checklist on a whole monorepo with its stack up: each row passes, and fails when broken."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from dev.status import command
from kestra_tasks import config, integration, secrets
from kestra_tasks.apply import apply
from kestra_tasks.checklist.place import Place
from kestra_tasks.checklist.report import ask
from kestra_tasks.checklist.rows import CRITERIA, ROWS
from kestra_tasks.ops.runner import Runner
from kestra_tasks.ops.stack import open_stack
from kestra_tasks.ops.wait import Deadline, until
from kestra_tasks.rim import Rim
from tests.integration.monorepo import TASKS, Monorepo, docker, is_free, wait_for_launcher

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

_RANGE = range(19_600, 19_650)
_CREATE = ["docs", "healthcheck", "manifest", "openspec", "stacks"]
_SKIP_LONG = {"5.1", "5.4"}  # proven by their own tests; here they take minutes or the network


@dataclass
class Stage:
    """A running monorepo, and a launcher on a port of its own."""

    repo: Monorepo
    launcher: int

    def verdict(self, number: str, *, quick: bool = True) -> tuple[str, str, str]:
        settings = config.load(self.repo.root)
        rim = Rim(self.repo.root, None, explicit_root=True)  # type: ignore[arg-type]
        runner = Runner(self.repo.root)
        place = Place(
            self.repo.root,
            settings,
            runner,
            lambda: open_stack(rim),
            quick=quick,
            launcher_port=self.launcher,
        )
        found = ask(next(row for row in ROWS if row.number == number), place)
        return found.state, found.why, found.mend

    def path(self, name: str) -> Path:
        return self.repo.root / name


@pytest.fixture(scope="module")
def stage(images: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    free = [port for port in random.sample(list(_RANGE), len(_RANGE)) if is_free(port)]
    root = tmp_path_factory.mktemp("checklist") / "a monorepo"
    root.mkdir()
    (root / "apps" / "status").mkdir(parents=True)
    repo = Monorepo(root, f"kt-{random.randrange(16**6):06x}", free[0], free[1])
    repo.driver.mkdir()
    (repo.driver / "tasks.py").write_text(TASKS)
    (root / "invoke.yaml").write_text(
        f"kestra:\n  prefix: {repo.name}\n  stack: tools\n  network: {repo.name}-net\n"
        f"  memory: 1g\n  postgres_memory: 512m\n  create: {_CREATE}\n"
        f"  smoke_http_port: {free[3]}\n  smoke_management_port: {free[4]}\n"
        f"  image: {images['KESTRA_IMAGE']}\n  postgres_image: {images['KESTRA_POSTGRES_IMAGE']}\n"
    )
    settings = secrets.draw(root, config.load(root), lambda _volume: False)
    settings = settings.with_(decided_ports=(repo.http, repo.management))
    apply(root, integration.plan(root, settings))
    repo.set(KESTRA_POSTGRES_VOLUME=repo.volume, COMPOSE_PROJECT_NAME=repo.name)
    stack = root / settings.compose_file
    stack.write_text(stack.read_text().replace("name: tools", f"name: {repo.name}"))
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    server: subprocess.Popen[bytes] | None = None
    try:
        up = repo.inv("kestra.up")
        assert up.code == 0, up.err
        argv, env = command(["--root", str(root), "--port", str(free[2])])
        server = subprocess.Popen(argv, env=env, stderr=subprocess.DEVNULL)
        wait_for_launcher(free[2])
        yield Stage(repo, free[2])
    finally:
        if server is not None:
            server.terminate()
            server.wait(20)
        repo.clean()


@pytest.mark.parametrize("number", [r.number for r in ROWS if r.number not in _SKIP_LONG])
def test_every_row_passes_where_all_is_well(stage: Stage, number: str) -> None:
    state, why, _ = stage.verdict(number)

    assert (state, why) == ("pass", why)


Break = Callable[[Stage], None]


def _write(name: str, text: str) -> Break:
    def act(stage: Stage) -> None:
        place = stage.path(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    return act


def _replace(name: str, old: str, new: str) -> Break:
    def act(stage: Stage) -> None:
        place = stage.path(name)
        text = place.read_text()
        assert old in text, f"{name} has no {old!r}"
        place.write_text(text.replace(old, new))

    return act


def _delete(name: str) -> Break:
    return lambda stage: stage.path(name).unlink()


def _mode(name: str, mode: int) -> Break:
    return lambda stage: stage.path(name).chmod(mode)


_FOREIGN = "services:\n  flows:\n    image: kestra/kestra:v0.21\n    ports: ['{port}:8080']\n"
_CHANGE = "openspec/changes/add-kestra-orchestrator"
_README = "tools/kestra/README.md"
_BROKEN: dict[str, tuple[Break, str, str]] = {
    "1.1": (
        _write("ops/docker-compose.yml", _FOREIGN.format(port=7777)),
        "ops/docker-compose.yml",
        "inv kestra.discover",
    ),
    "1.2": (
        lambda s: s.repo.set(KESTRA_HTTP_PORT=str(s.launcher)),
        "python",
        "--ports auto",
    ),
    "1.3": (
        lambda s: s.repo.set(KESTRA_DB_PASSWORD="CHANGE_ME_SECURE_PASSWORD"),
        "KESTRA_DB_PASSWORD is placeholder",
        "inv kestra.env",
    ),
    "1.4": (
        _replace("docs/governance/CONTAINER-NAMING-CONVENTION.md", "kt-", "zz-"),
        "doesn't name the pattern kt-",
        "",
    ),
    "2.1": (_mode("tools/kestra/docs", 0o700), "mode 700", "chmod 755"),
    "2.2": (_mode("tools/kestra/scripts/run.sh", 0o644), "isn't executable", "inv kestra.scaffold"),
    "2.3": (_delete("tools/kestra/scripts/logs.sh"), "logs.sh is missing", "inv kestra.scaffold"),
    "2.4": (_replace(_README, "## Prerequisites", "## Before"), "Prerequisites", _README),
    "3.1": (
        _replace("tools/kestra/compose.yml", "  kestra-postgres:\n    image", "  pg:\n    image"),
        "Compose",
        "inv kestra.compose",
    ),
    "3.2": (_replace(".env", "KESTRA_DB_USER=", "KESTRA_DB_USR="), "KESTRA_DB_USER", "kestra.env"),
    "3.3": (
        _replace("config/services-manifest.json", '"kestra-orchestrator"', '"kestra"'),
        "manifest",
        "inv kestra.manifest",
    ),
    "3.4": (_delete("scripts/docker/start-stacks.sh"), "start-stacks.sh", "inv kestra.stacks"),
    "3.6": (
        _replace("scripts/maintenance/health-check-all.sh", "kestra", "nothing"),
        "health-check-all.sh",
        "inv kestra.health",
    ),
    "4.1": (_replace(_README, "## Security", "## Other"), "Security", _README),
    "4.2": (_replace(_README, "/prometheus", "/numbers"), "/prometheus", _README),
    "5.1": (_delete("tools/kestra/scripts/run.sh"), "run.sh isn't there", "inv kestra.smoke"),
    "5.4": (
        _delete(f"{_CHANGE}/specs/kestra-orchestrator/spec.md"),
        "openspec validate finds faults",
        "inv kestra.openspec --validate",
    ),
    "5.2": (
        _delete("docs/context/ops/orchestration/kestra.md"),
        "orchestration/kestra.md",
        "inv kestra.docs",
    ),
}


@pytest.mark.parametrize("number", _BROKEN)
def test_a_row_fails_when_its_one_thing_is_broken(
    stage: Stage, number: str, tmp_path: Path
) -> None:
    act, word, mend = _BROKEN[number]
    kept = tmp_path / "kept"
    shutil.copytree(
        stage.repo.root, kept, symlinks=True, ignore=shutil.ignore_patterns("storage", "workdir")
    )
    try:
        act(stage)
        state, why, hint = stage.verdict(number, quick=False)
    finally:
        _restore(kept, stage.repo.root)

    assert state == "fail"
    assert word in why
    assert mend in hint


def _restore(kept: Path, root: Path) -> None:
    before = {p.relative_to(kept) for p in kept.rglob("*")}
    for path in sorted(root.rglob("*"), reverse=True):
        inside = path.relative_to(root)
        if inside in before or {"storage", "workdir"} & set(inside.parts):
            continue
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()
    shutil.copytree(
        kept, root, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git")
    )


def test_the_engines_row_fails_without_docker(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "docker"
    broken.write_text("#!/bin/sh\necho broken >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    state, why, _ = stage.verdict("1.5")

    assert (state, why) == ("fail", "docker --version: code 1: broken")


def test_the_launchers_row_fails_without_a_launcher(stage: Stage) -> None:
    alone = Stage(stage.repo, 1)

    assert alone.verdict("3.5")[0] == "fail"


def test_the_rows_of_the_running_stack_fail_without_it(stage: Stage) -> None:
    docker("stop", "--time", "30", stage.repo.server)
    try:
        told = {number: stage.verdict(number) for number in ("3.4", "3.6", "4.3", "5.3")}
    finally:
        docker("start", stage.repo.server)

    assert {number: state for number, (state, _, _) in told.items()} == dict.fromkeys(told, "fail")
    assert all(mend for _, _, mend in told.values())


def test_rows_and_criteria_are_those_of_the_task_list() -> None:
    numbers = [row.number for row in ROWS]

    assert len(numbers) == len(set(numbers)) == 22
    assert sorted(numbers) == numbers
    assert {number for _, rows in CRITERIA for number in rows} <= set(numbers)


def test_the_task_answers_in_all_three_forms(stage: Stage) -> None:
    env = {"SERVICE_LAUNCHER_PORT": str(stage.launcher)}
    until(lambda: stage.verdict("5.3")[0] == "pass" or None, Deadline.after(60))
    shown = stage.repo.inv("kestra.checklist", "--quick", "--markdown", **env)
    answered = stage.repo.inv("kestra.checklist", "--quick", "--json", **env)

    rows = {row["row"]: row for row in answered.json["rows"]}
    assert [n for n, row in rows.items() if row["state"] == "fail"] == []
    assert answered.code == 0, answered.err
    assert "- [x] **3.1** both services" in shown.out
    assert "- [-] **5.1** smoke test" in shown.out
