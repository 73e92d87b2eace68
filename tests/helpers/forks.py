"""Run a function in a forked child that may be killed, limited, or another user."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# Audit events of system calls that change a file system.
_CHANGES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.chown", "os.link"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

# In front of a command, typed by root: as a user who may read everything and write nothing here.
# Reading needs a word, as pytest keeps its folders to the user who runs it.
READS_ALL = (
    *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
    *("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search", "--"),
)


@dataclass(frozen=True)
class Ended:
    """How the child ended: `value` it returned, or `error` it raised, or `signal`."""

    value: Any = None
    error: BaseException | None = None
    signal: int = 0


def in_child(body: Callable[[], Any], prepare: Callable[[], None] = lambda: None) -> Ended:
    """Fork; call `prepare`, then `body`; value or exception come back pickled."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        code = 0
        try:
            prepare()
            try:
                answer = Ended(value=body())
            except BaseException as error:
                error.__traceback__ = None
                answer = Ended(error=error)
            with os.fdopen(writing, "wb") as pipe:
                pickle.dump((answer.value, _portable(answer.error)), pipe)
        except BaseException:
            traceback.print_exc()
            code = 70
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        raw = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return Ended(signal=os.WTERMSIG(status))
    assert os.WEXITSTATUS(status) == 0, "the child's harness failed; see its traceback"
    value, error = pickle.loads(raw)
    return Ended(value, _revived(error))


def killed_at(number: int) -> Callable[[], None]:
    """Arm the child to kill itself just before its `number`-th change of the file system."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event in _CHANGES or (event == "open" and (args[2] or 0) & _WRITING):
            step()

    def prepare() -> None:
        real = os.fsync

        def fsync(handle: int) -> None:
            step()
            real(handle)

        os.fsync = fsync
        sys.addaudithook(hook)

    return prepare


def _portable(error: BaseException | None) -> tuple[type, dict[str, Any], tuple[Any, ...]] | None:
    return None if error is None else (type(error), dict(error.__dict__), error.args)


def _revived(error: tuple[type, dict[str, Any], tuple[Any, ...]] | None) -> BaseException | None:
    if error is None:
        return None
    kind, state, args = error
    made = kind.__new__(kind, *args)
    made.__dict__.update(state)
    return made
