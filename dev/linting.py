"""`inv lint` and `inv format`."""

from __future__ import annotations

from invoke import Context, task

from dev.chores import run_all, tracked

_SHFMT = ("shfmt", "-i", "2", "-ci")


def _scripts() -> list[str]:
    found = tracked("*.sh", "inv", ".ci/run")
    return [path for path in found if not path.startswith(("tests/cases/", "tests/corpus/"))]


@task(auto_shortflags=False)
def lint(_context: Context) -> None:
    """Run every linter and type checker over the whole repository."""
    yaml = [p for p in tracked("*.yml", "*.yaml") if not p.startswith(("tests/", "kestra_tasks/t"))]
    run_all(
        [
            ["ruff", "check", "."],
            ["ruff", "format", "--check", "."],
            ["mypy"],
            ["lint-imports"],
            ["shellcheck", "--severity=style", *_scripts()],
            [*_SHFMT, "-d", *_scripts()],
            ["yamllint", "--strict", *yaml],
            # What `npm run validate-docs` runs, without npm.
            ["scripts/docs/validate_docs.py"],
        ]
    )


@task(name="format", auto_shortflags=False)
def format_(_context: Context) -> None:
    """Rewrite Python and shell files in the house style."""
    run_all(
        [
            ["ruff", "check", "--fix-only", "--quiet", "."],
            ["ruff", "format", "."],
            [*_SHFMT, "-w", *_scripts()],
        ]
    )
