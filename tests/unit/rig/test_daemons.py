"""A daemon is known again by its pid and when it started, and only then stopped."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.daemons import Daemon, is_process, start_ticks
from rig.errors import RigError
from rig.places import state_dir


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    one = Daemon("sleeper", tmp_path / "run" / "one.json", tmp_path / "log" / "one.log")
    yield one
    one.stop()


def test_it_runs_detached_and_is_stopped(daemon: Daemon) -> None:
    pid = daemon.start(["sleep", "60"])
    assert daemon.pid() == pid
    assert os.getsid(pid) == pid
    assert daemon.stop()
    assert daemon.pid() is None
    assert not daemon.stop()


def test_a_pid_that_another_has_by_now_is_not_ours(daemon: Daemon) -> None:
    daemon.pidfile.parent.mkdir(parents=True)
    ticks = start_ticks(os.getpid())
    assert ticks is not None
    daemon.pidfile.write_text(json.dumps({"pid": os.getpid(), "ticks": ticks - 1}))
    assert daemon.pid() is None
    assert not daemon.stop()


@pytest.mark.parametrize("text", ["", "12", "{}", '{"pid": "x", "ticks": 1}', "null"])
def test_a_torn_pid_file_means_not_running(daemon: Daemon, text: str) -> None:
    daemon.pidfile.parent.mkdir(parents=True)
    daemon.pidfile.write_text(text)
    assert daemon.pid() is None


def test_one_that_ends_while_starting_shows_its_log(daemon: Daemon) -> None:
    daemon.start(["sh", "-c", "echo no room for me; exit 3"])
    with pytest.raises(RigError, match="no room for me"):
        daemon.await_ready(lambda: False, 10)


def test_one_that_never_answers_is_given_up(daemon: Daemon) -> None:
    daemon.start(["sleep", "60"])
    started = time.monotonic()
    with pytest.raises(RigError, match="doesn't answer"):
        daemon.await_ready(lambda: False, 0.3)
    assert time.monotonic() - started < 5


def test_a_process_is_known_by_its_command_name() -> None:
    assert not is_process(os.getpid(), "dockerd")
    assert not is_process(2**22 + 1, "dockerd")


def test_the_state_is_the_machines_for_root_and_ones_own_otherwise() -> None:
    assert state_dir({}, uid=0) == Path("/var/lib/kestra-rig")
    assert state_dir({"HOME": "/h"}, uid=5) == Path("/h/.local/state/kestra-rig")
    assert state_dir({"HOME": "/h", "XDG_STATE_HOME": "/x"}, uid=5) == Path("/x/kestra-rig")
    assert state_dir({"KESTRA_RIG_STATE": "/mine"}, uid=0) == Path("/mine")
