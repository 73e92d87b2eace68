"""The monorepo as discover reads it: one search, the compose files, and five texts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kestra_tasks.core import documents, envtext
from kestra_tasks.core.composeclaims import Composed, Named
from kestra_tasks.core.facts import Claim, Note, Reference, Unavailable
from kestra_tasks.core.ports import BIND_DEFAULT, BIND_VARIABLE, Need, needs
from kestra_tasks.core.references import classify, read_hit
from kestra_tasks.probes.composefiles import read_composes
from kestra_tasks.probes.search import Found, search
from kestra_tasks.settings import Settings

_PROJECT = "COMPOSE_PROJECT_NAME"


@dataclass(frozen=True)
class Monorepo:
    """What was read; the methods only arrange it.

    Attributes:
        env, example: values of `.env` and `.env.example`, as Compose reads them.
        texts: setting name to text, for the five files that are read whole; absent
            ones aren't in it.
        projects: the project's name by the file that gives it by COMPOSE_PROJECT_NAME: those
            of environment files in the root and beside the stack's compose file, and of "the
            environment".
    """

    settings: Settings
    environ: Mapping[str, str]
    found: Found | Unavailable
    composed: Composed
    texts: Mapping[str, str]
    env: Mapping[str, str]
    example: Mapping[str, str]
    projects: Mapping[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        """What `${NAME}` stands for: the environment beats `.env`."""
        return {**self.env, **self.environ}

    @property
    def bind(self) -> str:
        """The host address that Kestra publishes on."""
        return self.variables.get(BIND_VARIABLE) or BIND_DEFAULT

    def needs(self) -> list[Need]:
        return needs(self.settings, self.env, self.example, self.environ)

    def claims(self) -> tuple[list[Claim], list[Note]]:
        """Every port that a file says is somebody's, by port; and what couldn't be read."""
        settings, text = self.settings, self.texts.get
        claims = list(self.composed.claims)
        for place, kind in (("env_file", "env"), ("env_example", "env-example")):
            file = getattr(settings, place)
            claims += documents.env_claims(text(place, ""), file, kind, self.environ)
        notes: list[Note] = []
        if "manifest" in self.texts:
            found, notes = documents.manifest_claims(
                self.texts["manifest"], settings.manifest, self.variables
            )
            claims += found
        claims += documents.port_map_claims(text("port_map", ""), settings.port_map)
        claims.sort(key=lambda c: (c.port, c.file, c.line or 0, c.protocol))
        return claims, notes

    def references(self) -> list[Reference]:
        settings = self.settings
        hits = [] if isinstance(self.found, Unavailable) else list(self.found.hits)
        for number, line in enumerate(self.texts.get("env_file", "").splitlines(), 1):
            if "kestra" in line.lower():
                hits.append(read_hit(settings.env_file, number, line))
        adopted = (settings.env_file, settings.env_example, settings.manifest)
        return classify(hits, kestra_dir=settings.kestra_dir, adopted=adopted)

    def stack(self) -> list[Named]:
        """Containers of the stack that Kestra joins, Kestra's own left out."""
        return [n for n in self.composed.containers if n.file == self.settings.compose_file]

    def notes(self) -> list[Note]:
        """What a person should know of the files, but for claims."""
        notes = list(self.composed.notes)
        if isinstance(self.found, Unavailable):
            notes.append(Note("references", self.found.reason, "then run this again"))
        else:
            notes += self.found.notes
        name = self.composed.names.get(self.settings.compose_file)
        for file, given in self.projects.items():
            if not name or given == name:
                continue
            message = (
                f"COMPOSE_PROJECT_NAME is {given!r} in {file}, but {self.settings.compose_file} "
                f"says name: {name!r}: Kestra could be started under both"
            )
            notes.append(Note("compose", message, "let both say the same"))
        return notes


def read_monorepo(
    root: Path, settings: Settings, environ: Mapping[str, str] = os.environ
) -> Monorepo:
    """Search `root` once, then ask Compose about each compose file found."""
    texts = {
        place: text
        for place in ("env_file", "env_example", "manifest", "port_map", "naming_document")
        if (text := _read(root / getattr(settings, place))) is not None
    }
    example = envtext.values(texts.get("env_example", ""))
    found = search(
        root, ignore=settings.ignore, env_file=settings.env_file, stack=settings.compose_file
    )
    if isinstance(found, Unavailable):
        places = (settings.compose_file, settings.kestra_compose)
        files = [place for place in places if (root / place).is_file()]
    else:
        files = found.composes
    composed = read_composes(
        root,
        files,
        ours=settings.kestra_compose,
        env_file=settings.env_file,
        example=example,
        environ=environ,
    )
    env = envtext.values(texts.get("env_file", ""), environ)
    projects = _projects(root, settings, environ)
    return Monorepo(settings, environ, found, composed, texts, env, example, projects)


def _projects(root: Path, settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    found = {}
    folders = dict.fromkeys((root, (root / settings.compose_file).parent))
    for path in (p for folder in folders for p in sorted(folder.glob("*.env*"))):
        if path.is_file() and "example" not in path.name and "sample" not in path.name:
            values = envtext.values(_read(path) or "", environ)
            if given := values.get(_PROJECT):
                found[path.relative_to(root).as_posix()] = given
    if given := environ.get(_PROJECT):
        found["the environment"] = given
    return found


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return None
