"""Invoke's configuration, whose files and variables fail with a message that names them.

Invoke reads them before any task runs, so that `config` can't speak for what is wrong there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from invoke import config as invokes
from invoke.exceptions import AmbiguousEnvVar, UncastableEnvVar, UnknownFileType

from kestra_tasks.config import ENVIRONMENT, unreadable
from kestra_tasks.errors import UsageError

_INVOKES = "INVOKE_"
_LEVELS = ("system", "user", "project", "runtime")


class Config(invokes.Config):
    """What Invoke knows, without `INVOKE_KESTRA_*`: `config` reads and judges those.

    Invoke takes a variable by the type of the value that it replaces: for a list it has no way,
    and a number that is none would be a traceback.
    """

    def load_shell_env(self) -> None:
        """Read `INVOKE_*`.

        Raises:
            UsageError: a value that its setting can't take.
        """
        with _without(ENVIRONMENT):
            try:
                super().load_shell_env()
            except (AmbiguousEnvVar, UncastableEnvVar, ValueError):
                # Invoke's words don't say which, or quote the value.
                names = ", ".join(sorted(n for n in os.environ if n.startswith(_INVOKES)))
                raise UsageError(
                    f"a variable of the environment can't set what it names; there are: {names}",
                    "unset it, or give it another value",
                ) from None

    def load_runtime(self, merge: bool = True) -> None:
        """Read the file of `--config`.

        Raises:
            UsageError: it isn't there, or of no kind that Invoke reads.
        """
        path = self._runtime_path
        # Invoke passes over a file that isn't there, even if its name was typed.
        if path is not None and not Path(path).expanduser().exists():
            raise UsageError(f"{path}: no such file", "--config and INVOKE_RUNTIME_CONFIG name one")
        try:
            super().load_runtime(merge)
        except UnknownFileType:
            raise UsageError(
                f"{path} isn't a configuration file by its name",
                f"it must end in one of: {', '.join(self._file_suffixes)}",
            ) from None

    def merge(self) -> None:
        """Lay all levels over one another.

        Raises:
            UsageError: one has a mapping where another has none.
        """
        try:
            super().merge()
        except invokes.AmbiguousMergeError:
            found = [getattr(self, f"_{level}_path", None) for level in _LEVELS]
            files = " and ".join(str(path) for path in found if path)
            raise UsageError(
                f"{files or 'the configuration'}: one has a mapping where another has a value",
                "make them alike",
            ) from None

    def _load_yaml(self, path: Any) -> Any:
        return _checked(path, super()._load_yaml)

    _load_yml = _load_yaml

    def _load_json(self, path: Any) -> Any:
        return _checked(path, super()._load_json)

    def _load_py(self, path: Any) -> Any:
        try:
            return super()._load_py(path)
        except FileNotFoundError:
            raise
        except Exception as error:
            raise UsageError(
                f"{path} can't be run: {type(error).__name__}: {error}",
                "mend it; an invoke.yaml beside tasks.py does without code",
            ) from None


@contextmanager
def _without(prefix: str) -> Iterator[None]:
    taken = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(prefix)}
    try:
        yield
    finally:
        os.environ.update(taken)


def _checked(path: Any, load: Callable[[Any], Any]) -> dict[str, Any]:
    """Load a file that Invoke can merge, or say what it isn't.

    Raises:
        FileNotFoundError: there is none, which Invoke passes over.
        UsageError: it can't be read, or isn't a mapping of mappings and values.
    """
    shown = Path(path)
    try:
        document = load(path)
    except FileNotFoundError:
        raise
    except Exception as error:
        raise unreadable(shown, error) from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise UsageError(f"{shown}: the file isn't a mapping", "see defaults.yaml for its form")
    _check(shown, document, invokes.Config.global_defaults(), ())
    return document


def _check(path: Path, section: dict[Any, Any], ours: Any, above: tuple[Any, ...]) -> None:
    """Refuse what Invoke ends on: names that aren't text, and its own sections as values.

    Args:
        path: the file, for the message.
        section: a mapping of the file.
        ours: Invoke's own section of that name, or None.
        above: the mappings around it, from the top, each after its name.
    """
    if any(section is one for one in above):
        raise UsageError(f"{path}: {_dotted(above)} contains itself", "mend that file")
    known = ours if isinstance(ours, Mapping) else {}
    for name, value in section.items():
        within = (*above, section, name)
        if not isinstance(name, str):
            raise UsageError(f"{path}: the name {_dotted(within)} isn't a text", "put it in quotes")
        if isinstance(value, dict):
            if name in known and not isinstance(known[name], Mapping):
                raise UsageError(f"{path}: {_dotted(within)} is a mapping", "it takes a value")
            _check(path, value, known.get(name), within)
        elif isinstance(known.get(name), Mapping):
            raise UsageError(
                f"{path}: {_dotted(within)}: isn't a mapping", "that name is one of Invoke's own"
            )


def _dotted(within: tuple[Any, ...]) -> str:
    return ".".join(str(name) for name in within[1::2])
