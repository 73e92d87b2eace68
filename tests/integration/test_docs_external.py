"""The runbook's commands for a database of one's own, typed where its client tools are."""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.monorepo import docker

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

_TEXT = re.compile(r"^( *)```text\n(.*?)^ *```$", re.S | re.M)
_SECRET = "only-of-this-test"
# A function that finds another by the search path, as Kestra's own schema has them.
_SCHEMA = """\
create table flows (id text primary key);
insert into flows values ('kept');
create function one() returns int language sql as 'select 1';
create function two() returns int language plpgsql as 'begin return one() + 1; end';
"""


@dataclass(frozen=True)
class Host:
    """A container with a server and a client's home folder."""

    name: str

    def run(self, block: str) -> str:
        """Run a block as a person would who knows the password."""
        options = ["-e", "HOME=/tmp/home", "-e", f"PGPASSWORD={_SECRET}", "-w", "/tmp/home"]
        done = subprocess.run(
            ["docker", "exec", "-i", *options, self.name, "sh", "-euc", block],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"$ {block}\n{done.stdout}{done.stderr}"
        return done.stdout

    def ask(self, sql: str) -> str:
        return self.run(f"psql -h {self.name} -U kestra -d orchestrator -Atc '{sql}'").strip()


@pytest.fixture(scope="module")
def host(images: Mapping[str, str]) -> Iterator[Host]:
    name = f"kt-external-{random.randrange(16**6):06x}"
    docker("network", "create", name)
    try:
        docker(
            *("run", "-d", "--name", name, "--network", name),
            *("--tmpfs", "/var/lib/postgresql/data", "-e", f"POSTGRES_PASSWORD={_SECRET}"),
            *("-e", "POSTGRES_USER=kestra", "-e", "POSTGRES_DB=orchestrator"),
            images["KESTRA_POSTGRES_IMAGE"],
        )
        docker("exec", name, "mkdir", "-p", "/tmp/home")
        Host(name).run(f"until pg_isready -q -h {name} -d orchestrator; do sleep 0.2; done")
        yield Host(name)
    finally:
        docker("rm", "-fv", name, check=False)
        docker("network", "rm", name, check=False)


def runbook(root: Path, language: str) -> list[str]:
    """The blocks of the backup runbook that a database of one's own needs, in their order."""
    from kestra_tasks import integration
    from kestra_tasks.settings import Settings

    settings = Settings(language=language, database="external", create=("docs",))
    [text] = [
        edit.after.text
        for edit in integration.plan(root, settings, ["docs"]).edits
        if edit.after and edit.path.endswith("kestra-backup-restore.md")
    ]
    return [
        "".join(line.removeprefix(match[1]) for line in match[2].splitlines(True))
        for match in _TEXT.finditer(text)
    ]


@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_what_was_dumped_comes_back_and_nothing_else(
    host: Host, tmp_path: Path, language: str
) -> None:
    words = {"HOST": host.name, "PORT": "5432", "USER": "kestra", "NAME": "orchestrator"}
    blocks = [
        re.sub(r"\b(HOST|PORT|USER|NAME)\b", lambda m: words[m[1]], block)
        for block in runbook(tmp_path, language)
    ]
    assert [block.split()[0] for block in blocks] == ["pg_dump", "dropdb", "pg_restore"]
    dump, empty, fill = blocks

    host.run("rm -rf ~/kestra-backups && mkdir -p ~/kestra-backups/FOLDER")
    host.ask("drop schema public cascade; create schema public")
    host.run(f"psql -h {host.name} -U kestra -d orchestrator -q <<'SQL'\n{_SCHEMA}SQL")
    host.run(dump)
    host.run("ln -s FOLDER ~/kestra-backups/chosen")
    host.ask("insert into flows values ($$later$$)")
    host.run(empty)
    host.run(fill)

    assert host.ask("select id from flows") == "kept"
    assert host.ask("select two()") == "2"
