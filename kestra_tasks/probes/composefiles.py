"""What the compose files of the tree claim: each asked of Compose, side by side, no daemon."""

from __future__ import annotations

import json
import os
import posixpath
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from kestra_tasks.core import envtext
from kestra_tasks.core.composeclaims import Composed, Named, Unit, add_literal, add_resolved
from kestra_tasks.core.composetext import ComposeText, read_compose
from kestra_tasks.core.facts import Note

_SECONDS = 60
_WORKERS = (os.cpu_count() or 2) + 1
_MOST = 1_000_000  # bytes of a file that is read
# Docker's own places for plugins, behind the one of the user.
_PLUGINS = ("/usr/local/lib", "/usr/local/libexec", "/usr/lib", "/usr/libexec")
# What Compose says may quote a value, so only what these find of it is told.
_REASONS = (
    (re.compile(r"required variable (\w+) is missing"), "it needs {0}"),
    (re.compile(r"env file .* not found"), "an env_file of it is missing"),
    (re.compile(r"yaml: (?:unmarshal errors:\s*)?line (\d+)"), "line {0} isn't valid"),
    (re.compile(r"neither an image nor a build"), "a service has neither image nor build"),
    (re.compile(r"undefined (service|network|volume|secret|config)"), "an undefined {0}"),
    (re.compile(r"no such file or directory"), "a file that it names is missing"),
    (re.compile(r"invalid interpolation format"), "a variable in it is malformed"),
)


def read_composes(
    root: Path,
    files: Iterable[str],
    *,
    ours: str,
    env_file: str,
    example: Mapping[str, str],
    environ: Mapping[str, str] = os.environ,
) -> Composed:
    """Read every compose file: claims, container names, and what can't be read.

    Args:
        files: candidates, relative to the root.
        ours: Kestra's own compose file.
        env_file: the root's, for files whose own folder has none.
        example: values of `.env.example`, for a literal reading only.
    """
    reader = _Reader(root, ours, env_file, example, environ)
    reader.load(files)
    units, included = reader.units()
    resolve = [unit for unit in units if not all(unit.texts[f].plain for f in unit.files)]
    command = compose_command(environ)
    if command is None:
        for unit in [*units, *(reader.unit(file) for file in included)]:
            reader.literal(unit, "docker compose is missing")
        return reader.found
    with ThreadPoolExecutor(_WORKERS) as pool:
        answers = list(pool.map(lambda unit: reader.ask(command, unit), resolve))
        refused = [u for u, a in zip(resolve, answers, strict=True) if isinstance(a, str)]
        # What a refused file includes is asked for by itself.
        lost = {file for unit in refused for file in unit.texts if file not in unit.files}
        again = [reader.unit(file) for file in sorted(lost & included)]
        answers += pool.map(lambda unit: reader.ask(command, unit), again)
    for unit in units:
        if unit not in resolve:
            add_literal(reader.found, unit, ours, approximate=False)
    for unit, answer in zip([*resolve, *again], answers, strict=True):
        if isinstance(answer, str) and reader.awaits_env(unit):
            add_literal(reader.found, unit, ours, approximate=True)
        elif isinstance(answer, str):
            reader.literal(unit, answer)
        else:
            add_resolved(reader.found, unit, answer, ours)
    return reader.found


def compose_command(environ: Mapping[str, str] = os.environ) -> list[str] | None:
    """How Compose is called; None where it is missing.

    The plugin itself where it is found: through `docker` each call takes twice as long.
    """
    if shutil.which("docker", path=environ.get("PATH")) is None:
        return None
    own = environ.get("DOCKER_CONFIG") or str(Path.home() / ".docker")
    places = [Path(own) / "cli-plugins", *(Path(p) / "docker" / "cli-plugins" for p in _PLUGINS)]
    for place in places:
        if os.access(plugin := place / "docker-compose", os.X_OK):
            return [str(plugin)]
    done = subprocess.run(
        ["docker", "compose", "version"], capture_output=True, env=environ, check=False
    )
    return ["docker", "compose"] if done.returncode == 0 else None


class _Reader:
    """Texts, environments and results of one reading."""

    def __init__(
        self,
        root: Path,
        ours: str,
        env_file: str,
        example: Mapping[str, str],
        environ: Mapping[str, str],
    ) -> None:
        self.root, self.ours, self.env_file = root, ours, env_file
        self.example, self.environ = example, environ
        self.texts: dict[str, ComposeText] = {}
        self.found = Composed()
        self._envs: dict[Path, dict[str, str]] = {}

    def load(self, files: Iterable[str]) -> None:
        """Read the candidates; keep what is Compose's, tell what isn't YAML."""
        for file in files:
            try:
                with (self.root / file).open("rb") as stream:
                    data = stream.read(_MOST + 1)
            except OSError as error:
                self._note(f"{file} can't be read: {error.strerror}", "")
                continue
            if len(data) > _MOST:
                self.found.refused[file] = "it is larger than 1 MB"
                continue
            text = read_compose(data.decode("utf-8", "replace"), self._env(file))
            if text.error and ("compose" in posixpath.basename(file) or b"image:" in data):
                self._note(
                    f"{file}:{text.error_line} isn't YAML ({text.error}); its ports are unknown",
                    f"docker compose -f {file} config",
                )
            if text.is_compose:
                self.texts[file] = text
                self._share(file, text)
                if text.name:
                    self.found.names[file] = text.name

    def _share(self, file: str, text: ComposeText) -> None:
        """Note who takes the whole of `.env`."""
        folder = posixpath.dirname(file)
        for name, service in text.services.items():
            taken = {posixpath.normpath(posixpath.join(folder, p)) for p in service.env_files}
            if self.env_file in taken and file != self.ours:
                self.found.sharers.append(Named(file, service.line, name, service.container))

    def units(self) -> tuple[list[Unit], set[str]]:
        """What is resolved together, and the files that only come in by another's include."""
        included = {name for file in self.texts for name in self._includes(file) if name != file}
        overrides = {o for file in self.texts if (o := _override(file)) in self.texts}
        mains = [file for file in self.texts if file not in included | overrides]
        return [self.unit(file) for file in mains], included

    def unit(self, file: str) -> Unit:
        override = _override(file)
        files = (file, override) if override in self.texts else (file,)
        seen = dict.fromkeys(files)
        queue = list(files)
        while queue:
            for name in self._includes(queue.pop()):
                if name not in seen:
                    seen[name] = None
                    queue.append(name)
        return Unit(files, {name: self.texts[name] for name in seen})

    def ask(self, command: list[str], unit: Unit) -> dict[str, Any] | str:
        """Compose's own answer, or why there is none, in words without values."""
        main = self.root / unit.files[0]
        argv = [*command, "--profile", "*"]
        env = self._env_path(unit.files[0])
        argv += ["--env-file", str(env)] if env else []
        for file in unit.files:
            argv += ["-f", str(self.root / file)]
        try:
            done = subprocess.run(
                [*argv, "config", "--format", "json"],
                cwd=main.parent,
                # So short a run needs no garbage collector: a fifth less time.
                env={**self.environ, "GOGC": "off"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return "Compose doesn't answer"
        if done.returncode != 0:
            return _reason(done.stderr.decode("utf-8", "replace"))
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            return "Compose's answer isn't JSON"
        return {"services": answer.get("services")}

    def awaits_env(self, unit: Unit) -> bool:
        """Whether it includes ours, in a clone that has no `.env` yet: nothing to warn of."""
        return self.ours in unit.texts and not (self.root / self.env_file).exists()

    def literal(self, unit: Unit, reason: str) -> None:
        self.found.refused[unit.files[0]] = reason
        add_literal(self.found, unit, self.ours, approximate=True)

    def _includes(self, file: str) -> list[str]:
        folder = posixpath.dirname(file)
        paths = [posixpath.normpath(posixpath.join(folder, p)) for p in self.texts[file].includes]
        return [path for path in paths if path in self.texts]

    def _env_path(self, file: str) -> Path | None:
        beside = (self.root / file).parent / ".env"
        return next((p for p in (beside, self.root / self.env_file) if p.is_file()), None)

    def _env(self, file: str) -> dict[str, str]:
        """What `${NAME}` most probably stands for in that file."""
        path = self._env_path(file) or self.root
        if path not in self._envs:
            values: dict[str, str] = {}
            if path.is_file():
                text = path.read_bytes().decode("utf-8", "surrogateescape")
                values = envtext.values(text, self.environ)
            self._envs[path] = {**self.example, **values, **self.environ}
        return self._envs[path]

    def _note(self, message: str, hint: str) -> None:
        self.found.notes.append(Note("compose", message, hint))


def _override(file: str) -> str:
    """The file that Compose adds by itself to one of a default name, or ""."""
    stem, dot, ending = file.rpartition(".")
    if posixpath.basename(stem) not in ("compose", "docker-compose"):
        return ""
    return f"{stem}.override{dot}{ending}"


def _reason(text: str) -> str:
    for pattern, words in _REASONS:
        if found := pattern.search(text):
            return words.format(*found.groups())
    return "Compose refuses it"
