"""What every task shares: root, settings, dry run, JSON, and errors told to a person.

A body declared with `@kestra_task` takes a `Rim` where a plain Invoke task takes its context.
The task itself gains `--root` and `--debug`, and `--json` or `--dry-run` where declared.
"""

from __future__ import annotations

import inspect
import json as jsonlib
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TextIO, cast

from invoke import Argument, Context, Exit, ParseError, Task

from kestra_tasks.core.typed import typed, typed_document
from kestra_tasks.errors import ExitCode, KestraTasksError, PreconditionError, UsageError
from kestra_tasks.telling import (
    TypedStream,
    hush,
    program_name,
    tell,
    tell_interrupt,
    unexpected,
)

if TYPE_CHECKING:
    from kestra_tasks.ops.runner import Runner
    from kestra_tasks.settings import Settings

_HELP = {
    "root": "The monorepo to work on (default: where tasks.py is).",
    "debug": "Show tracebacks.",
    "json": "Answer with one JSON document on stdout.",
    "dry_run": "Show what would be done; change nothing.",
}


@dataclass
class Rim:
    """One task's call: where it works, how it talks.

    Attributes:
        root: the monorepo, absolute.
        context: Invoke's context.
        json: stdout carries one JSON document and nothing else.
        given_root: `--root` as it was typed.
        dry_run: nothing is changed.
        debug: tracebacks are shown.
    """

    root: Path
    context: Context
    json: bool = False
    dry_run: bool = False
    debug: bool = False
    explicit_root: bool = False
    given_root: str = ""
    answered: bool = field(default=False, repr=False)

    @cached_property
    def settings(self) -> Settings:
        """The monorepo's settings, validated.

        Raises:
            UsageError: a file that isn't YAML, an unknown setting, a value refused.
        """
        from kestra_tasks import config

        return config.load(self.root, None if self.explicit_root else self.context)

    @cached_property
    def runner(self) -> Runner:
        from kestra_tasks.ops.runner import Runner

        return Runner(self.root, say=self.say, dry_run=self.dry_run)

    @property
    def interactive(self) -> bool:
        """Whether a person can be asked."""
        return sys.stdin.isatty() and sys.stderr.isatty() and not self.json

    def say(self, text: str = "") -> None:
        """Tell the story: one line on stderr."""
        print(self.typed(text), file=sys.stderr, flush=True)

    def typed(self, text: str) -> str:
        """`text`, the commands in it as they can be typed here, for this root."""
        return typed(text, program_name(), self.given_root)

    def answer(self, document: dict[str, Any], human: Callable[[], None] | None = None) -> None:
        """Give the answer: `document` as JSON, or what `human` prints.

        Args:
            document: JSON-ready; must have a "schema".
            human: prints the same for a person; without it nothing is printed.
        """
        if self.json:
            self.answered = True
            told = typed_document(document, program_name(), self.given_root)
            print(jsonlib.dumps(told, indent=2, ensure_ascii=False), flush=True)
        elif human is not None:
            with redirect_stdout(cast(TextIO, TypedStream(sys.stdout, self.typed))):
                human()

    def confirm(self, question: str, *, yes: bool, flag: str) -> None:
        """Go on only if a person, or `flag`, says so.

        Raises:
            PreconditionError: nobody can be asked, or the answer was no.
        """
        if yes:
            return
        if not self.interactive:
            raise PreconditionError(f"{question} needs a decision", f"add {flag} to go on")
        sys.stderr.write(f"{question} [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes", "s", "sim"):
            raise PreconditionError("stopped; nothing was changed", f"add {flag} to go on")


class _Number(Argument):
    """A flag that takes a whole number; Invoke's own lets int's ValueError through."""

    @classmethod
    def like(cls, plain: Argument) -> _Number:
        return cls(
            names=plain.names,
            kind=int,
            default=plain.default,
            help=plain.help,
            positional=plain.positional,
            optional=plain.optional,
            attr_name=plain.attr_name,
        )

    def set_value(self, value: Any, cast: bool = True) -> None:
        try:
            super().set_value(value, cast)
        except ValueError:
            raise ParseError(f"--{self.name} takes a whole number, not {value!r}") from None


class KestraTask(Task):  # type: ignore[type-arg]
    """A task whose body takes a Rim and whose errors are messages, hints and exit codes."""

    shared: tuple[str, ...] = ("root", "debug")
    short: Mapping[str, str] = MappingProxyType({})

    def arg_opts(self, name: str, default: Any, taken_names: set[str]) -> dict[str, Any]:
        options = super().arg_opts(name, default, taken_names)
        if name in self.short:
            options["names"] = [*options["names"], self.short[name]]
        return options

    def argspec(self, body: Callable[..., Any]) -> inspect.Signature:
        signature = super().argspec(body)
        extra = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=None if name == "root" else False,
            )
            for name in self.shared
        ]
        own = [
            p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in signature.parameters.values()
        ]
        self.help = {**{name: _HELP[name] for name in self.shared}, **(self.help or {})}
        return signature.replace(parameters=[*own, *extra])

    def get_arguments(self, *args: Any, **kwargs: Any) -> list[Argument]:
        arguments = super().get_arguments(*args, **kwargs)
        return [_Number.like(a) if a.kind is int else a for a in arguments]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        context = args[0]
        if isinstance(context, Rim):
            return self.body(*args, **kwargs)
        options = {name: kwargs.pop(name, None) for name in self.shared}
        self.times_called += 1
        return run_body(self.body, context, options, kwargs)


def run_body(
    body: Callable[..., Any], context: Context, options: dict[str, Any], kwargs: dict[str, Any]
) -> Any:
    """Call `body` with a Rim; turn what goes wrong into a message and an exit code."""
    debug = bool(options.get("debug"))
    rim = None
    try:
        rim = Rim(
            root=find_root(context, options.get("root")),
            context=context,
            json=bool(options.get("json")),
            dry_run=bool(options.get("dry_run")) or bool(context.config.run.dry),
            debug=debug,
            explicit_root=bool(options.get("root")) or not _project(context),
            given_root=options.get("root") or "",
        )
        return body(rim, **kwargs)
    except KeyboardInterrupt:
        tell_interrupt(json=_unanswered(rim, options))
        raise Exit(code=ExitCode.INTERRUPTED) from None
    except KestraTasksError as error:
        if debug:
            raise
        tell(error, json=_unanswered(rim, options), root=options.get("root"))
        raise Exit(code=int(error.code)) from None
    except BrokenPipeError:
        hush()
        raise Exit(code=ExitCode.ERROR) from None
    except (Exit, SystemExit):
        raise
    except Exception as error:
        if debug:
            raise
        tell(unexpected(error), json=_unanswered(rim, options))
        raise Exit(code=ExitCode.ERROR) from None


def find_root(context: Context, given: str | None) -> Path:
    """The monorepo's root: `--root`, or the folder of the tasks.py that Invoke loaded.

    Raises:
        UsageError: `--root` isn't a folder, or can't be looked at.
    """
    if given:
        root = Path(given).expanduser()
        hint = "give the monorepo's top folder"
        try:
            there = root.is_dir()
        except OSError as error:  # no right to look, a name that is too long
            raise UsageError(f"--root {given}: {error.strerror}", hint) from error
        if not there:
            raise UsageError(f"--root {given}: no such folder", hint)
        return root.resolve()
    prefix = _project(context)
    return Path(prefix).resolve() if prefix else Path.cwd()


def _project(context: Context) -> str | None:
    """The folder of the tasks.py, and of the settings, that Invoke loaded."""
    return getattr(context.config, "_project_prefix", None)


def _unanswered(rim: Rim | None, options: Mapping[str, Any]) -> bool:
    return bool(options.get("json")) and not (rim and rim.answered)


def kestra_task(
    *,
    json: bool = False,
    dry_run: bool = False,
    short: Mapping[str, str] | None = None,
    **options: Any,
) -> Callable[[Callable[..., Any]], KestraTask]:
    """Declare a task whose body takes a Rim.

    Args:
        json: the task has `--json`.
        dry_run: the task has `--dry-run`.
        short: one letter by parameter; Invoke's own ones would shift with each new parameter.
        options: as `invoke.task` takes them (help, iterable, positional, ...).
    """
    shared = KestraTask.shared + ("json",) * json + ("dry_run",) * dry_run

    def inner(body: Callable[..., Any]) -> KestraTask:
        kind = type("KestraTask", (KestraTask,), {"shared": shared, "short": short or {}})
        made: KestraTask = kind(
            body, **{"auto_shortflags": False, "positional": [], "help": {}, **options}
        )
        return made

    return inner
