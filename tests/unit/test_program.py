"""What Invoke's program says of command lines, task files and pipes that it can't work with."""

from __future__ import annotations

import json as jsonlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from kestra_tasks.program import program

REPOSITORY = Path(__file__).resolve().parents[2]
START = "import sys; sys.path[0], sys.argv[:2] = sys.argv[1], ['inv']\n"
START += "from kestra_tasks.program import program; program.run()"
TASKS = """\
from time import sleep

from invoke import Collection, task

from kestra_tasks.rim import kestra_task


@kestra_task(json=True)
def status(rim, tail: int = 5, name: str = "") -> None:
    "Answer with the settings."
    rim.answer({"schema": "test/1", "skip": rim.settings.skip, "port": rim.settings.http_port})


@task
def give(_context, what):
    "Take a positional argument."


@task
def crash(_context):
    "Hit a defect."
    raise ZeroDivisionError("planted defect")


@task
def wait(_context):
    "Take long."
    print("waiting", flush=True)
    sleep(60)


ns = Collection(give, crash, wait)
ns.add_collection(Collection("kestra", status))
"""


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def told(self) -> tuple[str, str]:
        """The message and the hint, where stderr has just these."""
        first, second = self.err.splitlines()
        assert first.startswith("error: "), self.err
        assert second.startswith("  -> "), self.err
        return first.removeprefix("error: "), second.removeprefix("  -> ")


Inv = Callable[..., Said]


def plain() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("INVOKE_")}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A monorepo with a tasks.py."""
    made = tmp_path / "mono repo"
    made.mkdir()
    (made / "tasks.py").write_text(TASKS)
    return made


@pytest.fixture
def inv(home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Inv:
    """Run our program in `home`, with `variables` in its environment."""
    monkeypatch.chdir(home)
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)
    for name in set(os.environ) - set(plain()):
        monkeypatch.delenv(name)

    def call(*argv: str, **variables: str) -> Said:
        capfd.readouterr()
        with monkeypatch.context() as only:
            only.setattr(sys, "path", sys.path[:])
            only.delitem(sys.modules, "tasks", raising=False)
            for name, value in variables.items():
                only.setenv(name, value)
            code = 0
            try:
                program.run(["inv", *argv])
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else int(bool(end.code))
            sys.modules.pop("tasks", None)
        said = capfd.readouterr()
        return Said(code, said.out, said.err)

    return call


@pytest.fixture
def process(home: Path) -> Inv:
    """The same as a process of its own, started as `./inv` does."""

    def call(*argv: str) -> Said:
        done = subprocess.run(
            [sys.executable, "-c", START, str(REPOSITORY), *argv],
            cwd=home,
            env=plain(),
            capture_output=True,
            text=True,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    return call


MALFORMED = {
    "broken YAML": ("kestra: {prefix: [\n", "can't be read: line 2, column 1"),
    "a tab": ("kestra:\n\tprefix: ops\n", "can't be read: line 2, column 1"),
    "a list": ("- kestra\n", "the file isn't a mapping"),
    "words": ("just words\n", "the file isn't a mapping"),
    "a word below kestra": ("kestra: yes please\n", "kestra: isn't a mapping"),
    "a list below kestra": ("kestra: [a]\n", "kestra: isn't a mapping"),
    "a wrong type": ("kestra: {http_port: soon}\n", "kestra.http_port is 'soon'"),
    "a number as a name": ("ports: {8080: kestra}\n", "the name ports.8080 isn't a text"),
    "a circle": ("kestra: &a {prefix: *a}\n", "kestra.prefix contains itself"),
    "a value for Invoke's section": ("run: 3\n", "run: isn't a mapping"),
    "an empty one": ("run:\n", "run: isn't a mapping"),
    "a mapping for Invoke's value": ("run: {echo: {a: b}}\n", "run.echo is a mapping"),
    "bytes": ("kestra: {prefix: \udcff}\n", "can't be read"),
}


@pytest.mark.parametrize(("text", "expected"), MALFORMED.values(), ids=list(MALFORMED))
def test_a_malformed_invoke_yaml_is_a_message_with_its_name(
    home: Path, inv: Inv, text: str, expected: str
) -> None:
    (home / "invoke.yaml").write_bytes(text.encode(errors="surrogateescape"))
    said = inv("kestra.status")
    message, hint = said.told
    assert said.code == 1
    assert "invoke.yaml" in message
    assert expected in message
    assert hint
    assert said.out == ""


@pytest.mark.parametrize("text", ["", "# nothing\n", "other: {a: 1}\n", "kestra: {}\n"])
def test_a_file_that_says_nothing_is_none(home: Path, inv: Inv, text: str) -> None:
    (home / "invoke.yaml").write_text(text)
    assert inv("kestra.status").code == 0


def test_with_json_a_malformed_file_is_one_document_on_stdout(home: Path, inv: Inv) -> None:
    (home / "invoke.yaml").write_text("- kestra\n")
    document = jsonlib.loads(inv("kestra.status", "--json").out)
    assert document["schema"] == "kestra-tasks/error/1"
    assert "invoke.yaml" in document["error"]["message"]
    assert document["error"]["code"] == 1


def test_debug_shows_the_way_there_but_no_line_of_the_file(home: Path, process: Inv) -> None:
    (home / "invoke.yaml").write_text("kestra: {}\nother: {password: canary-5ecret, [\n")
    said = process("kestra.status", "--debug")
    assert said.code == 1
    assert "Traceback" in said.err
    assert "UsageError" in said.err
    for one in (said, process("kestra.status", "--json")):
        assert "canary" not in one.out + one.err


def test_other_files_of_invokes_are_told_as_well(home: Path, inv: Inv, tmp_path: Path) -> None:
    (tmp_path / ".invoke.yaml").write_text("- kestra\n")
    assert ".invoke.yaml: the file isn't a mapping" in inv("kestra.status", HOME=f"{tmp_path}").err
    (home / "invoke.json").write_text("{,}")
    assert "invoke.json can't be read: " in inv("kestra.status").told[0]
    (home / "invoke.json").unlink()
    (home / "invoke.py").write_text("1 / 0\n")
    assert "invoke.py can't be run: ZeroDivisionError" in inv("kestra.status").told[0]


def test_two_files_that_disagree_are_both_named(home: Path, inv: Inv, tmp_path: Path) -> None:
    (tmp_path / ".invoke.yaml").write_text("other: {a: b}\n")
    (home / "invoke.yaml").write_text("other: 3\n")
    message, _ = inv("kestra.status", HOME=f"{tmp_path}").told
    assert ".invoke.yaml and " in message
    assert f"{home / 'invoke.yaml'}" in message


def test_a_configuration_that_was_named_must_be_there(home: Path, inv: Inv) -> None:
    assert inv("--config", "absent.yaml", "kestra.status").told[0] == "absent.yaml: no such file"
    assert "absent.yml" in inv("kestra.status", INVOKE_RUNTIME_CONFIG="absent.yml").told[0]
    (home / "it.toml").write_text("")
    assert "yaml" in inv("--config", "it.toml", "kestra.status").told[1]
    (home / "it.yaml").write_text("kestra: {skip: [env]}\n")
    assert '"env"' in inv("--config", "it.yaml", "kestra.status", "--json").out


def test_the_environment_beats_lists_and_numbers_of_the_file(home: Path, inv: Inv) -> None:
    (home / "invoke.yaml").write_text("kestra: {skip: [env], http_port: 9180}\n")
    said = inv(
        "kestra.status",
        "--json",
        INVOKE_KESTRA_SKIP="manifest, compose",
        INVOKE_KESTRA_HTTP_PORT="9280",
    )
    assert jsonlib.loads(said.out) == {
        "schema": "test/1",
        "skip": ["manifest", "compose"],
        "port": 9280,
    }
    assert "INVOKE_KESTRA_HTTP_PORT" in inv("kestra.status", INVOKE_KESTRA_HTTP_PORT="x").told[0]


def test_other_variables_are_still_invokes(home: Path, inv: Inv) -> None:
    message, _ = inv("kestra.status", INVOKE_RUN_WATCHERS="canary").told
    assert "INVOKE_RUN_WATCHERS" in message
    assert "canary" not in message
    assert inv("kestra.status", INVOKE_RUN_ECHO="1").code == 0


COMMAND_LINES = {
    "a task": (["kestra.sttus"], "there is no task kestra.sttus", "inv kestra.status"),
    "without its group": (["status"], "there is no task status", "inv kestra.status"),
    "like nothing": (["kestra.qqq"], "there is no task kestra.qqq", "inv --list"),
    "a group": (["kestra"], "kestra is a group of tasks", "inv --list kestra"),
    "help for none": (["--help", "crsh"], "there is no task crsh", "inv crash"),
    "a list of none": (["--list", "nope"], "Sub-collection 'nope' not found!", "inv --list"),
    "a flag": (["--nope"], "inv has no flag --nope", "inv --help"),
    "a task's flag": (
        ["kestra.status", "--nope"],
        "kestra.status has no flag --nope",
        "inv kestra.status --help",
    ),
    "no value": (
        ["kestra.status", "--name"],
        "--name needs a value",
        "inv kestra.status --help",
    ),
    "no number": (
        ["kestra.status", "--tail", "few"],
        "--tail takes a whole number, not 'few'",
        "inv kestra.status --help",
    ),
    "a word too many": (
        ["kestra.status", "word"],
        "word: there is no such task, and kestra.status takes no such argument",
        "inv --list",
    ),
    "a word too few": (["give"], "give needs what", "inv give --help"),
    "no tasks file": (
        ["--collection", "none", "x"],
        "there is no none.py in this folder or above it",
        "cd to a monorepo that has one",
    ),
}


@pytest.mark.parametrize(
    ("argv", "message", "hint"), COMMAND_LINES.values(), ids=list(COMMAND_LINES)
)
def test_what_the_command_line_cant_mean_is_told_with_what_to_type(
    inv: Inv, argv: list[str], message: str, hint: str
) -> None:
    said = inv(*argv)
    assert said.told == (message, hint)
    assert said.code == (3 if "folder" in message else 1)
    assert said.out == ""


def test_what_invoke_answers_itself_stays(inv: Inv) -> None:
    assert "kestra.status" in inv("--list").out
    assert "Core options" in inv("--help").out
    assert "Answer with the settings" in inv("kestra.status", "--help").out
    assert inv("--version").out.startswith("Invoke ")
    assert "kestra.status" in inv("--complete", "--", "inv kestra.s").out
    assert "inv" in inv("--print-completion-script", "bash").out


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("def broken(:\n", "(tasks.py, line 1)"),
    ],
)
def test_a_tasks_file_that_cant_be_loaded_is_told_with_its_line(
    home: Path, inv: Inv, text: str, expected: str
) -> None:
    (home / "tasks.py").write_text(text)
    said = inv("--list")
    assert said.code == 1
    assert expected in said.told[0]
    assert "tasks.py" in said.told[0]
    assert ":1)" in said.told[0] or "line 1" in said.told[0]
    with pytest.raises((ModuleNotFoundError, SyntaxError)):
        inv("--list", "--debug")


def test_a_plain_tasks_defect_is_one_line_and_the_way_to_more(inv: Inv) -> None:
    said = inv("crash")
    assert said.code == 1
    assert said.told[0] == "unexpected: ZeroDivisionError: planted defect"
    assert "--debug" in said.told[1]


def test_ctrl_c_ends_a_plain_task_with_130_and_a_word(home: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", START, str(REPOSITORY), "wait"],
        cwd=home,
        env=plain(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts what it puts in the background deaf to Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == "waiting\n"
        time.sleep(0.2)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=20)
    assert child.returncode == 130
    assert err.strip() == "interrupted"


@pytest.mark.parametrize("words", ["--list", "kestra.check --json", "kestra.check 2>&1"])
def test_a_reader_that_goes_away_is_no_error_to_tell(words: str) -> None:
    line = f"{REPOSITORY}/inv {words} | true"
    done = subprocess.run(
        ["bash", "-c", line], cwd=REPOSITORY, env=plain(), capture_output=True, text=True
    )
    assert "Error" not in done.stderr
    assert "Exception" not in done.stderr


def test_inv_searches_the_folder_that_it_is_typed_in_for_tasks_only(home: Path) -> None:
    below = home / "below"
    below.mkdir()
    for name in ("yaml", "invoke", "kestra_tasks", "secrets"):
        (below / f"{name}.py").write_text("raise SystemExit('a stranger was imported')\n")
    (home / "tasks.py").write_text("from kestra_tasks import ns\n")
    done = subprocess.run(
        [str(REPOSITORY / "inv"), "--list"], cwd=below, env=plain(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "integrate" in done.stdout
