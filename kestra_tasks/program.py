"""Invoke's program, whose own errors look like those of the tasks; `./inv` starts it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import invoke
from invoke import Exit, ParseError

from kestra_tasks.errors import ExitCode, KestraTasksError, PreconditionError, UsageError
from kestra_tasks.invokeconfig import Config
from kestra_tasks.telling import hush, tell, tell_interrupt, unexpected

_UNKNOWN = re.compile(r"No idea what (['\"])(.*)\1 is!")
_VALUE = re.compile(r"Flag <Argument: ([\w-]+).*> (needed value|doesn't take any value)")
_MISSING = re.compile(r"did not receive required positional arguments: (.*)")


class Program(invoke.Program):
    """`inv`, with a message, the next command and an exit code where Invoke has a traceback."""

    def __init__(self, binary: str, **options: Any) -> None:
        """Of Invoke's name, version and, but for its errors, configuration.

        Args:
            binary: what is typed.
            options: more of what `invoke.Program` takes.
        """
        super().__init__(
            name="Invoke",
            binary=binary,
            version=invoke.__version__,
            config_class=Config,
            **options,
        )

    def run(self, argv: list[str] | None = None, exit: bool = True) -> None:
        """Run the tasks that `argv` names (by default the process's own).

        Raises:
            SystemExit: always, unless `exit` is off; the README lists the codes.
        """
        words = sys.argv if argv is None else argv
        try:
            try:
                super().run(argv, exit)
            except SystemExit as ending:
                # Invoke ends what Ctrl-C ended without a word.
                if not isinstance(ending.__context__, KeyboardInterrupt):
                    raise
                tell_interrupt(json="--json" in words)
                code = ExitCode.INTERRUPTED
            else:
                return
            finally:
                sys.stdout.flush()
        except BrokenPipeError:
            hush()
            code = ExitCode.ERROR
        except Exception as error:
            if "--debug" in words:
                raise
            known = error if isinstance(error, KestraTasksError) else unexpected(error)
            tell(known, json="--json" in words)
            code = known.code
        if exit:
            sys.exit(int(code))

    def parse_core(self, argv: list[str] | None) -> None:
        with _phrased((), ()):
            super().parse_core(argv)

    def parse_tasks(self) -> None:
        with _phrased(self._names(), self.core.unparsed):
            super().parse_tasks()

    def parse_cleanup(self) -> None:
        with _phrased(self._names(), self.core.unparsed):
            super().parse_cleanup()

    def load_collection(self) -> None:
        """Import tasks.py and read the configuration beside it.

        Raises:
            PreconditionError: there is none here or above.
            UsageError: either can't be loaded.
        """
        name = f"{self.args.collection.value or self.config.tasks.collection_name}.py"
        try:
            super().load_collection()
        except KestraTasksError:
            raise
        except Exit:
            raise PreconditionError(
                f"there is no {name} in this folder or above it",
                "cd to a monorepo that has one",
            ) from None
        except Exception as error:
            if "--debug" in self.argv:
                raise
            raise UsageError(
                f"{name} can't be loaded: {type(error).__name__}: {error}{_place(error)}",
                "mend it; the same command with --debug shows the way there",
            ) from None

    def _names(self) -> tuple[str, ...]:
        return tuple(self.collection.task_names)


@contextmanager
def _phrased(names: Sequence[str], words: Sequence[str]) -> Iterator[None]:
    """Turn what Invoke's parser says into our words.

    Args:
        names: the tasks that there are.
        words: the tasks and flags that were typed.

    Raises:
        UsageError: an unknown task or flag, a value too few or too many.
    """
    try:
        yield
    except ParseError as error:
        typed = [word for word in words if word in names]
        task = error.context.name if error.context else (typed[-1] if typed else None)
        raise _phrase(str(error), task, names) from None
    except Exit as ending:
        if not ending.message:
            raise
        raise UsageError(ending.message, "inv --list") from None


def _phrase(text: str, task: str | None, names: Sequence[str]) -> UsageError:
    asking = f"inv {task} --help" if task else "inv --help"
    if unknown := _UNKNOWN.fullmatch(text):
        return _unknown(unknown[2], task, names, asking)
    if value := _VALUE.match(text):
        wants = "needs a value" if value[2].startswith("needed") else "takes no value"
        return UsageError(f"--{value[1]} {wants}", asking)
    if missing := _MISSING.search(text):
        return UsageError(f"{task} needs {missing[1].replace(chr(39), '')}", asking)
    return UsageError(text, asking)


def _unknown(word: str, task: str | None, names: Sequence[str], asking: str) -> UsageError:
    from difflib import get_close_matches

    if word.startswith("-"):
        return UsageError(f"{task or 'inv'} has no flag {word}", asking)
    if any(name.startswith(f"{word}.") for name in names):
        return UsageError(f"{word} is a group of tasks", f"inv --list {word}")
    group, _, last = word.rpartition(".")
    within = [name for name in names if name.startswith(f"{group}.")] or names
    lasts = sorted({name.rpartition(".")[2] for name in within})
    near = get_close_matches(last, lasts, cutoff=0.7)
    like = [name for one in near for name in within if name.rpartition(".")[2] == one]
    what = f"there is no task {word}"
    if task:
        what = f"{word}: there is no such task, and {task} takes no such argument"
    return UsageError(what, " or ".join(f"inv {name}" for name in like) or "inv --list")


def _place(error: Exception) -> str:
    """Where a monorepo's own code failed, as ` (file:line)`; a SyntaxError says so itself."""
    import sysconfig
    import traceback

    frames = [] if isinstance(error, SyntaxError) else traceback.extract_tb(error.__traceback__)
    foreign = ("<", __file__, *sysconfig.get_paths().values())
    own = [frame for frame in frames if not frame.filename.startswith(foreign)]
    return f" ({own[-1].filename}:{own[-1].lineno})" if own else ""


program = Program("inv[oke]", binary_names=["invoke", "inv"])
