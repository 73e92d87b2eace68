"""Every command of the operators' documents, typed in their order on a real stack.

A block has to stand on its own, as it does for a person who jumps to it: each runs in a shell of
its own, in the monorepo's root. Backup and restore are proven by what comes back.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.integration.monorepo import TASKS, Monorepo, docker, is_free

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

_RANGE = range(19_500, 19_550)
_STEPS = ("scaffold", "env", "compose", "docs")
_NAMES = (
    "orchestration/kestra.md",
    "runbooks/kestra-restart.md",
    "runbooks/kestra-checklist.md",
    "runbooks/kestra-backup-restore.md",
)
_FLOW = """\
id: keep
namespace: tests
tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: kept
"""
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.S | re.M)


@dataclass
class Stage:
    """A monorepo with documents, and a home folder for the backups."""

    repo: Monorepo
    home: Path

    def document(self, name: str) -> str:
        return (self.repo.root / "docs/context/ops" / name).read_text(encoding="utf-8")

    def portuguese(self) -> str:
        """What differs in the Portuguese documents: their bash blocks that aren't in ours."""
        from kestra_tasks import config, integration

        settings = config.load(self.repo.root)
        other = settings.with_(language="pt-BR", ops_docs="docs/operacao")
        english = [block for name in _NAMES for block in blocks(self.document(name))]
        texts = [
            edit.after.text
            for edit in integration.plan(self.repo.root, other, ["docs"]).edits
            if edit.after and "/operacao/" in edit.path
        ]
        assert len(texts) == len(_NAMES)
        found = [block for text in texts for block in blocks(text) if block not in english]
        return "\n".join(f"```bash\n{block}```" for block in found)

    def up(self) -> None:
        """Have the server run and be healthy, whichever test comes first."""
        docker(*self.repo.compose, "up", "-d", "--wait", "kestra", timeout=300)

    def run(self, text: str) -> list[str]:
        """Run the text's bash blocks in order; give what each printed."""
        printed = []
        for block in blocks(text):
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", block],
                cwd=self.repo.root,
                env={
                    **os.environ,
                    "HOME": str(self.home),
                    "DOCKER_CONFIG": os.environ.get("DOCKER_CONFIG")
                    or str(Path.home() / ".docker"),
                },
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=400,
                check=False,
            )
            said = done.stdout + done.stderr
            assert done.returncode == 0, f"$ {block}\n{said}"
            for secret in self.repo.secrets():
                assert secret not in said, f"$ {block}\nprints a password"
            printed.append(said)
        return printed


def blocks(text: str) -> list[str]:
    """The bash blocks, without their indent; a block in another language needs to say so."""
    found = []
    for match in _FENCE.finditer(text):
        assert match[2] in ("bash", "text", "yaml"), match[0]
        if match[2] == "bash":
            indent = match[1]
            found.append("".join(li.removeprefix(indent) for li in match[3].splitlines(True)))
    assert found
    return found


def section(text: str, title: str) -> str:
    """The text below that second-level heading."""
    for part in re.split(r"^## ", text, flags=re.M)[1:]:
        if part.splitlines()[0] == title:
            return part
    raise AssertionError(f"no section is called {title}")


@pytest.fixture(scope="module")
def stage(
    images: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stage]:
    from kestra_tasks import config, integration, secrets, steps
    from kestra_tasks.apply import apply

    base = tmp_path_factory.mktemp("docs")
    name = f"kt-{random.randrange(16**6):06x}"
    ports = [port for port in random.sample(list(_RANGE), len(_RANGE)) if is_free(port)][:4]
    repo = Monorepo(base / "a monorepo", name, ports[0], ports[1])
    repo.root.mkdir()
    repo.driver.mkdir()
    (repo.driver / "tasks.py").write_text(TASKS)
    (repo.root / ".gitignore").write_text(".env\n")
    subprocess.run(["git", "init", "-q", str(repo.root)], check=True)
    (repo.root / "invoke.yaml").write_text(
        f"kestra:\n  prefix: {name}\n  stack: {name}\n  network: {name}-net\n"
        "  memory: 1g\n  postgres_memory: 512m\n"
        f"  image: {images['KESTRA_IMAGE']}\n  postgres_image: {images['KESTRA_POSTGRES_IMAGE']}\n"
        f"  smoke_http_port: {ports[2]}\n  smoke_management_port: {ports[3]}\n"
        f"  create: [docs]\n  skip: {sorted(set(steps.NAMES) - set(_STEPS))}\n"
    )
    settings = secrets.draw(repo.root, config.load(repo.root), lambda _volume: False)
    settings = settings.with_(decided_ports=(repo.http, repo.management))
    apply(repo.root, integration.plan(repo.root, settings))
    repo.set(KESTRA_POSTGRES_VOLUME=repo.volume)
    home = base / "home"
    home.mkdir()
    try:
        yield Stage(repo, home)
    finally:
        repo.clean()


def test_the_guide_leads_from_nothing_to_a_flow_that_ran(stage: Stage) -> None:
    text = stage.document("orchestration/kestra.md")
    printed = stage.run(text)
    assert any('"status":"UP"' in said for said in printed)
    assert any('"current":"SUCCESS"' in said for said in printed)
    assert stage.repo.api().flow("operations", "first_flow") is None
    assert not docker("ps", "-aq", "--filter", f"name={stage.repo.name}-kestra-wrapper")


def test_every_metric_that_the_guide_names_is_served(stage: Stage) -> None:
    stage.up()
    text = stage.document("orchestration/kestra.md")
    named = set(
        re.findall(
            r"`((?:worker|executor|scheduler|queue|hikaricp|jvm|logback|process)_\w+)`", text
        )
    )
    assert len(named) >= 11
    base = f"http://127.0.0.1:{stage.repo.management}"
    served = requests.get(f"{base}/prometheus", timeout=10).text
    families = {line.split("{")[0].split(" ")[0] for line in served.splitlines()}
    assert not {name for name in named if not {name, f"kestra_{name}"} & families}
    for path in re.findall(r"^\| `(/[\w/]+)` \|", text, re.M):
        assert requests.get(base + path, timeout=10).status_code == 200, path


def test_the_checklist_runs_from_top_to_bottom(stage: Stage) -> None:
    stage.up()
    printed = stage.run(stage.document("runbooks/kestra-checklist.md"))
    assert any(" kB" in said for said in printed)
    assert any("writable" in said for said in printed)


def test_the_commands_that_differ_in_portuguese_run_too(stage: Stage) -> None:
    stage.up()
    printed = stage.run(stage.portuguese())
    assert len(printed) > 8
    assert any('"current":"SUCCESS"' in said for said in printed)


def test_the_restore_brings_back_what_the_backup_held(stage: Stage) -> None:
    text = stage.document("runbooks/kestra-backup-restore.md")
    backup, restore = section(text, "Back up"), section(text, "Restore")
    stage.up()
    api, server = stage.repo.api(), stage.repo.server
    api.put_flow("tests", "keep", _FLOW)
    kept = api.wait(api.execute("tests", "keep").id, 60)
    docker("exec", server, "sh", "-c", "echo kept > /app/storage/kept.txt")
    stage.run(backup)
    [folder] = list((stage.home / "kestra-backups").iterdir())
    assert {path.name for path in folder.iterdir()} == {
        *("kestra.dump", "storage.tar.gz", "image.txt", "SHA256SUMS")
    }
    assert folder.stat().st_mode & 0o077 == 0

    api.delete_flow("tests", "keep")
    api.put_flow("tests", "later", _FLOW.replace("id: keep", "id: later"))
    docker("exec", server, "sh", "-c", "rm /app/storage/kept.txt; echo > /app/storage/later.txt")

    choose, *others = blocks(restore)
    stage.run(f"```bash\n{choose}```\n")
    stage.run(backup)  # of the present state, as the document says
    assert (stage.home / "kestra-backups/chosen").resolve() == folder.resolve()
    stage.run("".join(f"```bash\n{block}```\n\n" for block in others))

    assert api.flow("tests", "keep") is not None
    assert api.flow("tests", "later") is None
    assert api.execution(kept.id) is not None
    files = docker("exec", server, "ls", "/app/storage").split()
    assert "kept.txt" in files
    assert "later.txt" not in files


def test_the_restart_runbook_ends_with_a_healthy_server_and_keeps_the_evidence(
    stage: Stage,
) -> None:
    stage.up()
    stage.repo.api().put_flow("tests", "kept", _FLOW.replace("id: keep", "id: kept"))
    started = stage.repo.inspect(stage.repo.server)["State"]["StartedAt"]
    stage.run(stage.document("runbooks/kestra-restart.md"))
    state = stage.repo.inspect(stage.repo.server)["State"]
    assert state["Health"]["Status"] == "healthy"
    assert state["StartedAt"] > started
    assert (stage.repo.root / "tools/kestra/tmp/before-restart.log").stat().st_size > 0
    assert stage.repo.api().flow("tests", "kept") is not None
