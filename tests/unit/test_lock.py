"""One task at a time on a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from kestra_tasks import lock
from kestra_tasks.errors import PreconditionError


def test_a_second_one_is_refused_in_the_callers_words_and_nothing_is_left(tmp_path: Path) -> None:
    with lock.held(tmp_path, "somebody is at work"):
        with (
            pytest.raises(PreconditionError, match="somebody is at work"),
            lock.held(tmp_path, "somebody is at work"),
        ):
            pass
        (tmp_path / "below").mkdir()
        with lock.held(tmp_path / "below", "elsewhere"):
            assert [p.name for p in tmp_path.iterdir()] == ["below"]


def test_it_is_let_go_however_the_work_ends(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), lock.held(tmp_path, "busy"):
        raise KeyboardInterrupt
    with lock.held(tmp_path, "busy"):
        pass
