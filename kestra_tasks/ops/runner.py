"""The one place that starts child processes: argv lists only, never a shell."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kestra_tasks.errors import ChildError, PreconditionError


@dataclass(frozen=True)
class Result:
    """A finished child: its argv, exit code and what it printed (text, not stripped)."""

    argv: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def ok(self) -> bool:
        return self.code == 0


class Runner:
    """Runs children in the monorepo's root.

    Args:
        root: working folder of every child.
        say: takes one line of the story; `change` shows each command through it.
        dry_run: `change` shows the command and doesn't run it; `query` always runs.
    """

    def __init__(
        self, root: Path, say: Callable[[str], None] | None = None, *, dry_run: bool = False
    ) -> None:
        self.root = root
        self.dry_run = dry_run
        self.say = say or (lambda _line: None)

    def query(
        self,
        argv: Sequence[str],
        *,
        timeout: float | None = 60,
        env: Mapping[str, str] | None = None,
        stdin: str | None = None,
    ) -> Result:
        """Run a command that changes nothing; its failure is the caller's to judge.

        Args:
            timeout: seconds; a child that takes longer is ended, its code is 124.
            env: added to the environment (the place for secrets: it isn't in `ps`).
            stdin: text for its standard input, which is empty otherwise.

        Raises:
            PreconditionError: there is no such program.
        """
        try:
            done = subprocess.run(
                list(argv),
                cwd=self.root,
                env={**os.environ, **(env or {})},
                input=stdin if stdin is not None else "",
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=timeout,
                check=False,
            )
        except FileNotFoundError as error:
            raise PreconditionError(f"{argv[0]} isn't installed or not on PATH") from error
        except subprocess.TimeoutExpired as error:
            out = error.stdout or b""
            text = out.decode("utf-8", "replace") if isinstance(out, bytes) else out
            return Result(tuple(argv), 124, text, f"no answer within {timeout:g} s")
        return Result(tuple(argv), done.returncode, done.stdout, done.stderr)

    def change(
        self,
        argv: Sequence[str],
        *,
        timeout: float | None = None,
        env: Mapping[str, str] | None = None,
        check: bool = True,
    ) -> Result:
        """Show a command, and run it unless this is a dry run.

        Raises:
            ChildError: it failed and `check` is set; carries the last line it printed.
        """
        self.say(f"$ {shlex.join(argv)}")
        if self.dry_run:
            return Result(tuple(argv), 0, "", "")
        result = self.query(argv, timeout=timeout, env=env)
        if check and not result.ok:
            raise failed(result)
        return result

    def follow(
        self,
        argv: Sequence[str],
        line: Callable[[str], None],
        *,
        env: Mapping[str, str] | None = None,
        show: bool = True,
    ) -> Result:
        """Run a command and hand over each line (both streams, no newline) as it comes.

        Args:
            show: it changes something: it is shown first, and not run in a dry run.

        Raises:
            PreconditionError: there is no such program.
        """
        if show:
            self.say(f"$ {shlex.join(argv)}")
            if self.dry_run:
                return Result(tuple(argv), 0, "", "")
        try:
            child = subprocess.Popen(
                list(argv),
                cwd=self.root,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
            )
        except FileNotFoundError as error:
            raise PreconditionError(f"{argv[0]} isn't installed or not on PATH") from error
        seen: list[str] = []
        # Leaving early (Ctrl-C, a closed pipe) must not leave the child behind.
        with child:
            try:
                for text in child.stdout or ():
                    seen.append(text)
                    line(text.rstrip("\n"))
            except BaseException:
                child.terminate()
                raise
        return Result(tuple(argv), child.returncode, "".join(seen), "")


def failed(result: Result) -> ChildError:
    """The error that tells of a failed child, with its own last words."""
    words = (result.err.strip() or result.out.strip() or "it printed nothing").splitlines()
    return ChildError(
        f"`{shlex.join(result.argv)}` failed with code {result.code}: {words[-1]}",
        "run it by hand to see all of it",
    )
