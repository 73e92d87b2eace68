"""Where settings come from: the package's defaults, the monorepo's invoke.yaml, the environment."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

from kestra_tasks.errors import UsageError
from kestra_tasks.settings import Settings, from_mapping

_FILES = ("invoke.yaml", "invoke.yml", "invoke.json")


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
            environment then count); None reads root's own invoke.yaml.

    Raises:
        UsageError: a file that isn't YAML, an unknown setting, a value refused.
    """
    source = next((name for name in _FILES if (root / name).is_file()), "settings")
    values = _from_files(root, source) if context is None else _from_context(context)
    return from_mapping(values, source)


def _from_context(context: Any) -> dict[str, Any]:
    section = context.config.get("kestra", {})
    values = {key: section[key] for key in section}
    return {key: list(v) if isinstance(v, list | tuple) else v for key, v in values.items()}


def _from_files(root: Path, source: str) -> dict[str, Any]:
    from invoke import Config
    from invoke.exceptions import AmbiguousEnvVar, UncastableEnvVar

    try:
        config = Config(defaults={"kestra": defaults()}, project_location=str(root), lazy=True)
        config.load_project()
        config.load_shell_env()
    except (AmbiguousEnvVar, UncastableEnvVar) as error:
        raise UsageError(f"environment: {error}", "unset that INVOKE_KESTRA_ variable") from error
    except Exception as error:  # Invoke lets each parser's own errors through
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UsageError(
            f"{root / source} can't be read: {first}", "mend that file, then run this again"
        ) from error
    section = config.get("kestra", {})
    if not hasattr(section, "keys"):
        raise UsageError(f"{source}: kestra: isn't a mapping", "see defaults.yaml for its form")
    return {key: section[key] for key in section}
