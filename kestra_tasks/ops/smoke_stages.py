"""The stages of a smoke run: each passes or fails, and after a failure no further one begins."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from kestra_tasks.errors import KestraTasksError


@dataclass
class Stage:
    """One stage: what it showed, or why it failed; `seconds` is how long it took."""

    name: str
    ok: bool = False
    seconds: float = 0.0
    detail: str = ""

    @property
    def line(self) -> str:
        """The stage for a person."""
        verdict = "pass" if self.ok else "FAIL"
        return f"{verdict}  {self.name} ({self.seconds:.1f} s): {self.detail}"

    def document(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "ok": self.ok,
            "seconds": round(self.seconds, 1),
            "detail": self.detail,
        }


@dataclass
class Stages:
    """What was done, told as it happens.

    Args:
        say: takes one line of the story.
        mask: takes the secrets out of a text.
    """

    say: Callable[[str], None]
    mask: Callable[[str], str]
    done: list[Stage] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return all(stage.ok for stage in self.done)

    @contextmanager
    def stage(self, name: str) -> Iterator[Stage]:
        """Run the body as the stage `name`; what it raises is the stage's failure."""
        stage = Stage(name)
        self.done.append(stage)
        self.say(f"{name} ...")
        began = time.monotonic()
        try:
            yield stage
            stage.ok = True
        except KestraTasksError as error:
            error.message = stage.detail = self.mask(error.message)
            error.args = (error.message,)
            raise
        except BaseException as error:
            stage.detail = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            raise
        finally:
            stage.seconds = time.monotonic() - began
            stage.detail = self.mask(stage.detail)
            self.say(stage.line)
