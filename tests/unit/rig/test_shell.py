"""Commands: argv only, answers without exceptions, work with its last lines in the error."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.errors import RigError
from rig.shell import ask, work


def test_an_answer_carries_code_and_output() -> None:
    assert ask(["sh", "-c", "echo one; exit 4"]).code == 4
    assert ask(["echo", "a b;c"]).out == "a b;c\n"


def test_what_is_absent_or_too_slow_has_a_code_too() -> None:
    assert ask(["no-such-program-here"]).code == 127
    assert ask(["sleep", "5"], timeout=0.1).code == 124


def test_failed_work_shows_its_end_and_the_command() -> None:
    with pytest.raises(RigError, match="bad thing") as caught:
        work(["sh", "-c", "echo bad thing; exit 7"], what="trying")
    assert "exit code 7" in caught.value.message
    assert "sh -c" in caught.value.hint
    assert caught.value.code == 5


def test_work_that_takes_too_long_is_ended() -> None:
    with pytest.raises(RigError, match="gave up"):
        work(["sleep", "30"], what="sleeping", timeout=0.2)


def test_work_whose_program_is_absent_is_a_precondition() -> None:
    with pytest.raises(RigError) as caught:
        work(["no-such-program-here"], what="trying")
    assert caught.value.code == 3


def test_work_keeps_its_output(tmp_path: Path) -> None:
    assert work(["pwd"], what="looking", cwd=tmp_path).out == str(tmp_path)
