"""Starting a daemon that outlives the command, and knowing later whether it is still that one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kestra_tasks.errors import ExitCode

from .errors import RigError
from .shell import ask


@dataclass(frozen=True)
class Daemon:
    """A daemon of the rig's: its pid file (ours, not the daemon's own) and its log."""

    name: str
    pidfile: Path
    log: Path

    def pid(self) -> int | None:
        """Its pid while it runs; None when it doesn't or when the pid now belongs to another."""
        try:
            record = json.loads(self.pidfile.read_text())
            pid, ticks = int(record["pid"]), int(record["ticks"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return pid if start_ticks(pid) == ticks else None

    def start(self, argv: Sequence[str | Path]) -> int:
        """Start it detached: a session of its own, no terminal, nothing of ours left open."""
        self.pidfile.parent.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            child = subprocess.Popen(
                [str(word) for word in argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                close_fds=True,
            )
        ticks = start_ticks(child.pid)
        self.pidfile.write_text(
            json.dumps({"pid": child.pid, "ticks": ticks, "argv": str(argv[0])})
        )
        return child.pid

    def await_ready(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until `ready()`; RigError with the log's end when it dies or takes too long."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.pid() is None:
                raise RigError(
                    f"{self.name} ended while starting.\n{self.tail()}",
                    hint=self.hint(),
                    code=ExitCode.CHILD,
                )
            if time.monotonic() > deadline:
                raise RigError(
                    f"{self.name} doesn't answer after {seconds:.0f} s.\n{self.tail()}",
                    hint=self.hint(),
                    code=ExitCode.UNHEALTHY,
                )
            time.sleep(0.1)

    def stop(self, seconds: float = 30.0) -> bool:
        """End it if it is still ours; True when there was something to end."""
        pid = self.pid()
        if pid is None:
            self.pidfile.unlink(missing_ok=True)
            return False
        _terminate(pid)
        deadline = time.monotonic() + seconds
        while self.pid() is not None:
            if time.monotonic() > deadline:
                raise RigError(
                    f"{self.name} (pid {pid}) is still running {seconds:.0f} s after SIGTERM.",
                    hint=self.hint(),
                    code=ExitCode.UNHEALTHY,
                )
            time.sleep(0.1)
        self.pidfile.unlink(missing_ok=True)
        return True

    def tail(self, lines: int = 15) -> str:
        """The log's last lines, set off."""
        try:
            text = self.log.read_text(errors="replace").splitlines()[-lines:]
        except OSError:
            return ""
        return "\n".join(f"    | {line}" for line in text)

    def hint(self) -> str:
        return f"Its log:\n  {self.log}"


def _terminate(pid: int) -> None:
    """SIGTERM; through sudo for a daemon that was started so."""
    try:
        os.kill(pid, signal.SIGTERM)
    except PermissionError:
        ask(["sudo", "kill", str(pid)])


def start_ticks(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; None when there is none (or a zombie)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


def is_process(pid: int, name: str) -> bool:
    """Whether `pid` runs and its command name is `name`."""
    try:
        return (
            Path(f"/proc/{pid}/comm").read_text().strip() == name and start_ticks(pid) is not None
        )
    except OSError:
        return False
