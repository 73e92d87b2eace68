"""status.sh, logs.sh and stop.sh: what they list, choose and leave alone."""

from __future__ import annotations

import pytest

from tests.helpers.scripts import Shell

_STACK, _WRAPPER, _SECOND = "aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc"
_FOREIGN, _BY_HAND = "dddddddddddd", "eeeeeeeeeeee"


def _row(ident: str, name: str, role: str = "", root: str = "", folder: str = "") -> str:
    ports = "127.0.0.1:8080->8080/tcp"
    fields = (ident, name, role, root, folder, "Up 3 hours (healthy)", ports, "kestra/kestra:x")
    return "\x1f".join(fields) + "\n"


@pytest.fixture
def busy(shell: Shell) -> Shell:
    """The stack's server, two wrappers of ours, another monorepo's, one started by hand."""
    (shell.root / "tools/compose").mkdir()
    ours, folder = str(shell.root), str(shell.root / "tools/compose")
    stack = _row(_STACK, "tools-kestra", "server", "", folder)
    wrappers = _row(_WRAPPER, "tools-kestra-wrapper", "wrapper", ours)
    wrappers += _row(_SECOND, "two", "wrapper", ours)
    wrappers += _row(_FOREIGN, "foreign", "wrapper", "/somewhere/else")
    shell.answers = {
        "*status=exited*": ("", 0),
        "*role=server*": (stack, 0),
        "*role=wrapper*": (wrappers, 0),
        # The ancestor has two of them again: `latest` hasn't moved on for those.
        "*ancestor=kestra/kestra:latest*": (stack + _row(_BY_HAND, "quiet_hopper"), 0),
        "'container inspect '*": ("", 1),
    }
    return shell


@pytest.fixture
def idle(shell: Shell) -> Shell:
    return shell


def _stopped(shell: Shell) -> list[str]:
    return [call[-1] for call in shell.calls if call[0] == "stop"]


def test_status_lists_each_once_with_its_kind(busy: Shell) -> None:
    done = busy("status.sh")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["CONTAINER", "ID", "NAME", "KIND", "STATUS", "PORTS"]
    assert [line.split()[:3] for line in lines[1:]] == [
        [_STACK, "tools-kestra", "stack"],
        [_WRAPPER, "tools-kestra-wrapper", "wrapper"],
        [_SECOND, "two", "wrapper"],
        [_FOREIGN, "foreign", "other"],
        [_BY_HAND, "quiet_hopper", "other"],
    ]
    assert all("Up 3 hours (healthy)" in line for line in lines[1:])
    column = lines[0].index("KIND")
    assert [line[column:].split()[0] for line in lines[1:]][:2] == ["stack", "wrapper"]


def test_status_says_none(idle: Shell) -> None:
    done = idle("status.sh")
    assert done.returncode == 0
    assert done.stdout.splitlines()[1:] == ["No Kestra container is running."]
    assert "run.sh --detach" in done.stderr


def test_status_names_ours_that_are_stopped(busy: Shell) -> None:
    busy.answers = {
        "*status=exited*'role=server'*": (
            _row(_STACK, "tools-kestra", "server", "", str(busy.root)).replace(
                "Up 3 hours (healthy)", "Exited (137) 2 minutes ago"
            ),
            0,
        ),
        "*role=*": ("", 0),
        "*ancestor=*": ("", 0),
    }
    done = busy("status.sh")
    assert "No Kestra container is running." in done.stdout
    assert "stopped: tools-kestra (stack), Exited (137) 2 minutes ago" in done.stderr


def test_status_asks_for_the_image_of_env(busy: Shell) -> None:
    busy.env("KESTRA_IMAGE=own/kestra:1\n")
    busy("status.sh")
    assert any("ancestor=own/kestra:1" in call for call in busy.calls)


def test_logs_follows_the_first_and_names_the_others(busy: Shell) -> None:
    done = busy("logs.sh")
    assert done.returncode == 0
    assert busy.calls[-1] == ["logs", "--follow", "--tail", "200", _STACK]
    assert "logs of tools-kestra" in done.stderr
    assert "tools-kestra-wrapper two foreign quiet_hopper" in done.stderr


def test_logs_of_one_with_options(busy: Shell) -> None:
    busy("logs.sh", "two", "--since", "15m", "--tail=5", "--no-follow")
    assert busy.calls[-1] == [
        *["logs", "--follow=false", "--since", "15m", "--tail", "5", _SECOND],
    ]
    busy("logs.sh", _FOREIGN[:6])
    assert busy.calls[-1][-1] == _FOREIGN


@pytest.mark.parametrize("arguments", [(), ("tools-kestra",)])
def test_logs_of_none_aborts_in_words(idle: Shell, arguments: tuple[str, ...]) -> None:
    done = idle("logs.sh", *arguments)
    assert done.returncode == 3
    assert done.stderr.startswith("error: no Kestra container is")
    assert "  -> " in done.stderr
    assert not [call for call in idle.calls if call[0] == "logs"]


def test_stop_stops_the_wrappers_of_this_monorepo_only(busy: Shell) -> None:
    done = busy("stop.sh")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        f"stopped {_WRAPPER} (tools-kestra-wrapper)",
        f"stopped {_SECOND} (two)",
    ]
    assert _stopped(busy) == [_WRAPPER, _SECOND]
    assert "left running: tools-kestra, the stack's own" in done.stderr
    assert "left running: foreign" in done.stderr
    assert "left running: quiet_hopper" in done.stderr


def test_stop_gives_kestra_its_grace(busy: Shell) -> None:
    busy("stop.sh")
    stop = next(call for call in busy.calls if call[0] == "stop")
    assert stop[1] == "-t"
    assert int(stop[2]) >= 330
    busy("stop.sh", "--time", "7", "two")
    assert busy.calls[-2][:3] == ["stop", "-t", "7"]


def test_stop_all_announces_the_stacks_own(busy: Shell) -> None:
    done = busy("stop.sh", "--all")
    assert _stopped(busy) == [_STACK, _WRAPPER, _SECOND]
    assert "--all: the stack's own server tools-kestra is stopped too" in done.stderr
    assert "up -d kestra" in done.stderr


def test_stop_by_name(busy: Shell) -> None:
    assert busy("stop.sh", "two", "quiet_hopper").returncode == 0
    assert _stopped(busy) == [_SECOND, _BY_HAND]


@pytest.mark.parametrize("name", ["tools-kestra", "nothing-of-that-name", _STACK])
def test_stop_by_name_stops_nothing_where_one_is_wrong(busy: Shell, name: str) -> None:
    done = busy("stop.sh", "two", name)
    assert done.returncode == 3
    assert "nothing was stopped" in done.stderr
    assert _stopped(busy) == []


def test_stop_of_none(idle: Shell) -> None:
    done = idle("stop.sh")
    assert (done.returncode, _stopped(idle)) == (0, [])
    assert done.stdout.startswith("Nothing to stop")


def test_stop_that_docker_refuses(busy: Shell) -> None:
    busy.answers = {f"'stop '*{_WRAPPER}": ("", 1), **busy.answers}
    done = busy("stop.sh")
    assert done.returncode == 5
    assert f"error: {_WRAPPER} (tools-kestra-wrapper) couldn't be stopped" in done.stderr
    assert done.stdout.splitlines() == [f"stopped {_SECOND} (two)"]


@pytest.mark.parametrize(
    ("script", "arguments"),
    [
        ("status.sh", ("x",)),
        ("logs.sh", ("--tail", "x")),
        ("logs.sh", ("--since",)),
        ("logs.sh", ("a", "b")),
        ("logs.sh", ("--what",)),
        ("stop.sh", ("--time", "soon")),
        ("stop.sh", ("--all", "two")),
        ("stop.sh", ("--what",)),
    ],
    ids=repr,
)
def test_wrong_options(busy: Shell, script: str, arguments: tuple[str, ...]) -> None:
    done = busy(script, *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert f"{script} --help" in done.stderr
    assert busy.calls == []


@pytest.mark.parametrize("script", ["status.sh", "logs.sh", "stop.sh"])
def test_docker_that_fails(busy: Shell, script: str) -> None:
    busy.answers = {"'ps '*": ("", 1)}
    done = busy(script)
    assert done.returncode == 5
    assert "docker ps failed" in done.stderr
