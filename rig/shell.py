"""The rig's one way to run a command: an argv list, no shell, output told tidily on stderr."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kestra_tasks.errors import ExitCode

from .errors import RigError

Say = Callable[[str], None]

KEPT_LINES = 400
SHOWN_LINES = 25
HEARTBEAT = 20.0


@dataclass(frozen=True)
class Done:
    """A finished command: its exit code and its output (stderr in it where asked)."""

    argv: tuple[str, ...]
    code: int
    out: str

    @property
    def ok(self) -> bool:
        return self.code == 0


def say_to_stderr(text: str) -> None:
    """Tell one line of the story."""
    print(text, file=sys.stderr, flush=True)


def ask(
    argv: Sequence[str | Path],
    *,
    timeout: float = 60.0,
    env: Mapping[str, str] | None = None,
    merge: bool = False,
) -> Done:
    """Run a quick command and return its answer; never raises for its exit code.

    A command that is absent answers 127, one that takes more than `timeout` seconds 124.
    """
    words = tuple(str(word) for word in argv)
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merge else subprocess.PIPE,
            env={**os.environ, **(env or {})},
            timeout=timeout,
            check=False,
            text=True,
            errors="replace",
        )
    except FileNotFoundError:
        return Done(words, 127, "")
    except subprocess.TimeoutExpired:
        return Done(words, 124, "")
    return Done(words, done.returncode, done.stdout)


def work(
    argv: Sequence[str | Path],
    *,
    what: str,
    timeout: float = 1800.0,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: Path | None = None,
) -> Done:
    """Run a command that takes its time, showing that it lives; RigError(code 5) when it fails.

    On a terminal the last line of its output is shown in place; elsewhere a line every 20 s.
    Its last lines are kept for the error.
    """
    words = tuple(str(word) for word in argv)
    kept: deque[str] = deque(maxlen=KEPT_LINES)
    source = stdin.open("rb") if stdin else subprocess.DEVNULL
    try:
        child = subprocess.Popen(
            words,
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise RigError(
            f"{what}: {words[0]} is not installed.", code=ExitCode.PRECONDITION
        ) from error
    finally:
        if stdin and not isinstance(source, int):
            source.close()
    timed_out = threading.Event()

    def stop() -> None:
        timed_out.set()
        end_group(child.pid)

    watchdog = threading.Timer(timeout, stop)
    watchdog.start()
    try:
        with _Progress(what) as progress:
            assert child.stdout is not None
            for raw in child.stdout:
                line = raw.rstrip()
                if line:
                    kept.append(line)
                    progress.last = line
        code = child.wait()
    except BaseException:
        end_group(child.pid)
        raise
    finally:
        watchdog.cancel()
    if timed_out.is_set():
        raise RigError(
            f"{what}: gave up after {timeout:.0f} s.\n{_tail(kept)}", code=ExitCode.UNHEALTHY
        )
    if code != 0:
        raise RigError(
            f"{what}: failed with exit code {code}.\n{_tail(kept)}",
            hint="The command was:\n  " + " ".join(words),
            code=ExitCode.CHILD,
        )
    return Done(words, code, "\n".join(kept))


def end_group(pid: int) -> None:
    """End a process group that `work` started."""
    try:
        os.killpg(pid, signal.SIGTERM)
    except ProcessLookupError:
        return


def _tail(lines: deque[str]) -> str:
    return "\n".join(f"    | {line}" for line in list(lines)[-SHOWN_LINES:])


class _Progress:
    """Shows that a long command lives: in place on a terminal, now and then elsewhere."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.last = ""
        self.started = time.monotonic()
        self.terminal = sys.stderr.isatty()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> _Progress:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        if self.terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def _run(self) -> None:
        while not self._stop.wait(0.5 if self.terminal else HEARTBEAT):
            elapsed = time.monotonic() - self.started
            text = f"  … {self.what} ({elapsed:.0f} s) {self.last}"
            if self.terminal:
                print(f"\r\x1b[K{_fit(text)}", end="", file=sys.stderr, flush=True)
            else:
                print(_fit(text, 140), file=sys.stderr, flush=True)


def _fit(text: str, width: int | None = None) -> str:
    if width is None:
        try:
            width = os.get_terminal_size(sys.stderr.fileno()).columns - 1
        except OSError:
            width = 100
    clean = "".join(char if char.isprintable() else " " for char in text)
    return clean if len(clean) <= width else clean[: width - 1] + "…"
