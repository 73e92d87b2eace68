"""Where settings come from: the package's defaults, the monorepo's invoke.yaml, the environment."""

from __future__ import annotations

import json
import os
from importlib import resources
from pathlib import Path
from typing import Any

from kestra_tasks.errors import UsageError
from kestra_tasks.settings import NAMES, Settings, from_mapping

_FILES = ("invoke.yaml", "invoke.yml", "invoke.json")
ENVIRONMENT = "INVOKE_KESTRA_"


def defaults() -> dict[str, Any]:
    """The `kestra:` section of defaults.yaml, as a new dict."""
    import yaml

    text = resources.files("kestra_tasks").joinpath("defaults.yaml").read_text(encoding="utf-8")
    section: dict[str, Any] = yaml.safe_load(text)["kestra"]
    return section


def load(root: Path, context: Any = None) -> Settings:
    """Read and validate the settings of the monorepo at `root`.

    Args:
        root: the monorepo's top folder.
        context: Invoke's context where it was loaded for this root (its `-f` file and
            environment then count); None reads root's own file and the environment.

    Raises:
        UsageError: a file that can't be read, an unknown setting, a value refused.
    """
    source = next((name for name in _FILES if (root / name).is_file()), "settings")
    values = _from_file(root, source) if context is None else _from_context(context, source)
    environment = _from_environment()
    variables = [ENVIRONMENT + name.upper() for name in environment]
    return from_mapping({**values, **environment}, " and ".join([source, *variables]))


def _from_context(context: Any, source: str) -> dict[str, Any]:
    section = context.config.get("kestra") or {}
    if not hasattr(section, "keys"):
        raise UsageError(f"{source}: kestra: isn't a mapping", "see defaults.yaml for its form")
    values = {str(key): section[key] for key in section}
    return {key: list(v) if isinstance(v, list | tuple) else v for key, v in values.items()}


def _from_file(root: Path, source: str) -> dict[str, Any]:
    """The `kestra:` section of root's own file; Invoke isn't asked, since it runs invoke.py."""
    path = root / source
    if not path.is_file():
        if (root / "invoke.py").is_file():
            raise UsageError(
                f"{root / 'invoke.py'} is code, which --root doesn't run",
                "put the settings in an invoke.yaml beside it",
            )
        return {}
    document = _parse(path) or {}
    section = (document.get("kestra") or {}) if isinstance(document, dict) else None
    if not isinstance(section, dict):
        what = "kestra:" if isinstance(document, dict) else "the file"
        raise UsageError(f"{path}: {what} isn't a mapping", "see defaults.yaml for its form")
    return {str(key): value for key, value in section.items()}


def _parse(path: Path) -> Any:
    import yaml

    try:
        text = path.read_text(encoding="utf-8-sig")
        return json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: Exception) -> UsageError:
    """What is told of a configuration file that can't be read, to be raised `from None`.

    YAML's own words quote the line, which may hold a secret; so would a traceback of it.
    """
    return UsageError(
        f"{path} can't be read: {_reason(error)}", "mend that file, then run this again"
    )


def _reason(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return " ".join((getattr(error, "strerror", None) or str(error)).split())
    problem = getattr(error, "problem", None) or "it isn't YAML"
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}"


def _from_environment() -> dict[str, Any]:
    return {
        name: os.environ[ENVIRONMENT + name.upper()]
        for name in NAMES
        if ENVIRONMENT + name.upper() in os.environ
    }
