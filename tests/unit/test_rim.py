"""What every task shares, through Invoke's own program: exits, JSON, roots, dry runs."""

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
from invoke import Collection, Program

from kestra_tasks.errors import (
    ChildError,
    ExitCode,
    KestraTasksError,
    PreconditionError,
    StaleFileError,
    UnhealthyError,
    UsageError,
)
from kestra_tasks.rim import KestraTask, Rim, kestra_task

ERRORS = {
    "usage": (UsageError, 1),
    "expected": (KestraTasksError, 1),
    "precondition": (PreconditionError, 3),
    "stale": (StaleFileError, 3),
    "unhealthy": (UnhealthyError, 4),
    "child": (ChildError, 5),
}


@kestra_task(json=True)
def fail(rim: Rim, kind: str = "expected") -> None:
    """Fail as told."""
    raise ERRORS[kind][0]("config/x.yml:3: port 8080 is taken", "inv kestra.env --ports auto")


@kestra_task(json=True)
def pend(rim: Rim) -> None:
    """End with changes pending."""
    rim.answer({"schema": "test/1"})
    raise KestraTasksError("2 files", "inv kestra.integrate", ExitCode.PENDING)


@kestra_task(json=True)
def crash(rim: Rim) -> None:
    """Hit a defect."""
    raise ZeroDivisionError("planted defect")


@kestra_task(json=True)
def stop(rim: Rim) -> None:
    """Be interrupted."""
    raise KeyboardInterrupt


@kestra_task(json=True, dry_run=True)
def look(rim: Rim, name: str = "", count: int = 1, force: bool = False) -> None:
    """Answer with what the rim is."""
    rim.say("the story")
    rim.answer(
        {
            "schema": "test/1",
            "root": str(rim.root),
            "dry_run": rim.dry_run,
            "debug": rim.debug,
            "prefix": rim.settings.prefix,
            "name": name,
            "count": count,
            "force": force,
            "ação": "ç",
        },
        lambda: print("for a person"),
    )


@kestra_task(json=True)
def advise(rim: Rim) -> None:
    """Say what to type next."""
    rim.say("next: inv kestra.up")
    rim.answer({"schema": "test/1"}, lambda: print("then inv kestra.logs -f"))


@kestra_task()
def ask(rim: Rim, yes: bool = False) -> None:
    """Ask before going on."""
    rim.confirm("delete all data?", yes=yes, flag="--yes")
    print("went on")


@kestra_task()
def inner(rim: Rim, word: str = "plain") -> None:
    """Be called by another task."""
    print(f"inner {word} in {rim.root.name}")


@kestra_task()
def outer(rim: Rim) -> None:
    """Call another task with the rim."""
    inner(rim, word="called")


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, object]:
        document: dict[str, object] = jsonlib.loads(self.out)
        return document


Run = Callable[..., Said]


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `inv ...` in an empty monorepo; return exit code, stdout, stderr."""
    home = tmp_path / "mono repo"
    home.mkdir()
    monkeypatch.chdir(home)
    for name in list(os.environ):
        if name.startswith("INVOKE_"):
            monkeypatch.delenv(name)
    collection = Collection("kestra")
    for item in list(globals().values()):
        if isinstance(item, KestraTask):
            collection.add_task(item)
    namespace = Collection()
    namespace.add_collection(collection)

    def call(*argv: str) -> Said:
        capfd.readouterr()
        code = 0
        try:
            Program(namespace=namespace, version="0").run(["inv", *argv])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
        said = capfd.readouterr()
        return Said(code, said.out, said.err)

    return call


@pytest.mark.parametrize("kind", ERRORS)
def test_each_error_has_its_code_and_says_what_to_type(run: Run, kind: str) -> None:
    said = run("kestra.fail", "--kind", kind)
    assert said.code == ERRORS[kind][1]
    assert said.out == ""
    assert said.err.splitlines() == [
        "error: config/x.yml:3: port 8080 is taken",
        "  -> inv kestra.env --ports auto",
    ]


@pytest.mark.parametrize("kind", ERRORS)
def test_with_json_the_error_is_one_document_on_stdout(run: Run, kind: str) -> None:
    said = run("kestra.fail", "--kind", kind, "--json")
    assert said.code == ERRORS[kind][1]
    assert said.json == {
        "schema": "kestra-tasks/error/1",
        "error": {
            "message": "config/x.yml:3: port 8080 is taken",
            "hint": "inv kestra.env --ports auto",
            "code": ERRORS[kind][1],
        },
    }
    assert "port 8080 is taken" in said.err


def test_an_error_after_the_answer_doesnt_add_a_second_document(run: Run) -> None:
    said = run("kestra.pend", "--json")
    assert said.code == 2
    assert said.json == {"schema": "test/1"}


def test_the_exit_codes_are_those_of_the_readme() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "OK": 0,
        "ERROR": 1,
        "PENDING": 2,
        "PRECONDITION": 3,
        "UNHEALTHY": 4,
        "CHILD": 5,
        "INTERRUPTED": 130,
    }


def test_a_defect_is_one_line_and_the_way_to_more(run: Run) -> None:
    said = run("kestra.crash")
    assert said.code == 1
    assert "Traceback" not in said.err
    assert "planted defect" in said.err
    assert "--debug" in said.err


def test_a_defect_with_json_is_a_document(run: Run) -> None:
    said = run("kestra.crash", "--json")
    assert said.code == 1
    assert said.json["schema"] == "kestra-tasks/error/1"


def test_debug_shows_the_traceback(run: Run) -> None:
    with pytest.raises(ZeroDivisionError):
        run("kestra.crash", "--debug")


def test_debug_shows_an_expected_errors_traceback_too(run: Run) -> None:
    with pytest.raises(PreconditionError):
        run("kestra.fail", "--kind", "precondition", "--debug")


def test_an_interrupt_ends_with_130(run: Run) -> None:
    said = run("kestra.stop")
    assert said.code == 130
    assert "Traceback" not in said.err
    assert said.err.strip() == "interrupted"


def test_an_interrupt_with_json_is_told_in_json(run: Run) -> None:
    said = run("kestra.stop", "--json")
    assert said.code == 130
    assert said.json["error"]["code"] == 130  # type: ignore[index]


@pytest.mark.parametrize(
    "argv",
    [
        ["kestra.look", "--no-such-flag"],
        ["kestra.look", "--name"],
        ["kestra.no-such-task"],
        ["kestra.look", "--count", "many"],
        ["kestra.look", "word"],
    ],
    ids=["flag", "no value", "task", "no number", "word"],
)
def test_what_the_command_line_cant_mean_is_refused_without_a_traceback(
    run: Run, argv: list[str]
) -> None:
    said = run(*argv)
    assert said.code == 1
    assert "Traceback" not in said.err
    assert said.err.strip()
    assert said.out == ""


def test_the_story_goes_to_stderr_and_the_answer_to_stdout(run: Run) -> None:
    said = run("kestra.look")
    assert (said.code, said.out, said.err) == (0, "for a person\n", "the story\n")


def test_json_is_one_document_and_keeps_letters(run: Run) -> None:
    said = run("kestra.look", "--json", "--name", "x", "--count", "3", "--force")
    assert said.json["schema"] == "test/1"
    assert (said.json["name"], said.json["count"], said.json["force"]) == ("x", 3, True)
    assert '"ação": "ç"' in said.out


@pytest.mark.parametrize(
    "argv", [["kestra.look", "--json", "--dry-run"], ["--dry", "kestra.look", "--json"]]
)
def test_a_dry_run_is_asked_for_by_our_flag_or_invokes_own(run: Run, argv: list[str]) -> None:
    assert run(*argv).json["dry_run"] is True


def test_without_either_it_is_no_dry_run(run: Run) -> None:
    assert run("kestra.look", "--json").json["dry_run"] is False


@pytest.mark.parametrize("name", ["plain", "with space", "ação é", "quo'te", "-dash", "$dollar"])
def test_root_may_have_any_name(run: Run, tmp_path: Path, name: str) -> None:
    root = tmp_path / name
    root.mkdir()
    (root / "invoke.yaml").write_text("kestra: {prefix: theirs}\n")
    said = run("kestra.look", "--json", f"--root={root}")
    assert said.json["root"] == str(root)
    assert said.json["prefix"] == "theirs"


def test_root_may_be_relative_or_a_link_or_begin_with_a_tilde(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "there"
    root.mkdir()
    (tmp_path / "link").symlink_to(root)
    monkeypatch.setenv("HOME", str(tmp_path))
    for given in ("../there", "../link", "~/there"):
        assert run("kestra.look", "--json", "--root", given).json["root"] == str(root)


def test_a_root_that_is_no_folder_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for given in (tmp_path / "absent", tmp_path / "file"):
        said = run("kestra.look", "--json", "--root", str(given))
        assert said.code == 1
        assert "no such folder" in str(said.json["error"])


def test_a_root_that_cannot_be_looked_at_is_told_as_that(run: Run, tmp_path: Path) -> None:
    said = run("kestra.look", "--json", "--root", str(tmp_path / ("x" * 300)))
    assert said.code == 1
    assert "File name too long" in str(said.json["error"])


def test_without_root_it_is_where_the_tasks_are(run: Run) -> None:
    assert Path(str(run("kestra.look", "--json").json["root"])).is_dir()


BAD_FILES = {
    "broken": "kestra: {prefix: [\n",
    "a list": "- kestra\n",
    "unknown setting": "kestra: {http_prot: 1}\n",
    "wrong type": "kestra: {http_port: soon}\n",
    "hostile": "kestra: {prefix: 'x$(touch pwned)'}\n",
}


@pytest.mark.parametrize("text", BAD_FILES.values(), ids=list(BAD_FILES))
def test_a_malformed_invoke_yaml_below_root_is_a_message(
    run: Run, tmp_path: Path, text: str
) -> None:
    root = tmp_path / "theirs"
    root.mkdir()
    (root / "invoke.yaml").write_text(text)
    said = run("kestra.look", "--json", "--root", str(root))
    assert said.code == 1
    assert "Traceback" not in said.err
    assert "invoke.yaml" in str(said.json["error"])
    assert sorted(path.name for path in root.iterdir()) == ["invoke.yaml"]


def test_a_question_that_nobody_hears_is_a_decision_to_take(run: Run) -> None:
    said = run("kestra.ask")
    assert said.code == 3
    assert "delete all data?" in said.err
    assert "--yes" in said.err
    assert said.out == ""


def test_a_flag_answers_the_question(run: Run) -> None:
    assert run("kestra.ask", "--yes").out == "went on\n"


@pytest.mark.parametrize(
    ("answer", "code"), [("y\n", 0), ("sim\n", 0), ("YES\n", 0), ("n\n", 3), ("\n", 3), ("", 3)]
)
def test_a_person_answers_the_question(
    run: Run, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    monkeypatch.setattr(Rim, "interactive", property(lambda _rim: True))
    monkeypatch.setattr(sys.stdin, "readline", lambda: answer, raising=False)
    said = run("kestra.ask")
    assert said.code == code
    assert (said.out == "went on\n") is (code == 0)


def test_a_task_calls_another_as_a_function(run: Run) -> None:
    said = run("kestra.outer")
    assert said.out.startswith("inner called in ")


def test_there_are_no_short_flags_by_chance(run: Run) -> None:
    said = run("--help", "kestra.look")
    for line in said.out.splitlines():
        assert not line.strip().startswith(("-n,", "-c,", "-r,", "-j,", "-d,", "-f,"))
    assert "--root" in said.out
    assert "--dry-run" in said.out
    assert "--json" in said.out
    assert "--debug" in said.out


def test_every_flag_of_every_task_has_its_help_and_every_task_its_line() -> None:
    from kestra_tasks import ns

    for name in ns.task_names:
        item = ns[name]
        line = (item.__doc__ or "").strip().splitlines()
        assert line and line[0].endswith((".", ").", "if not.")), name
        for argument in item.get_arguments():
            if argument.name != "":
                assert argument.help, f"{name} --{argument.name}"


PROGRAM = """
import sys, time
from invoke import Collection, Program
from kestra_tasks.rim import kestra_task

@kestra_task(json=True)
def wait(rim):
    print("waiting", file=sys.stderr, flush=True)
    time.sleep(60)

@kestra_task(json=True)
def write(rim):
    for _ in range(100_000):
        print("x" * 100)

ns = Collection("kestra")
ns.add_task(wait)
ns.add_task(write)
Program(namespace=Collection(kestra=ns)).run()
"""


def test_a_real_interrupt_ends_with_130_and_no_traceback(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "kestra.wait"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stderr is not None
        assert child.stderr.readline() == "waiting\n"
        started = time.monotonic()
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=20)
    assert child.returncode == 130
    assert time.monotonic() - started < 5
    assert err.strip() == "interrupted"


def test_a_reader_that_leaves_early_gets_no_traceback(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "kestra.write"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None and child.stderr is not None
        child.stdout.readline()
        child.stdout.close()
        err = child.stderr.read()
        child.wait(20)
    assert "Traceback" not in err
    assert "Exception ignored" not in err


def test_what_to_type_next_names_the_program_and_the_root_that_were_typed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INV_NAME", "./inv")
    (tmp_path / "other repo").mkdir()
    wanted = "./inv kestra.env --root '../other repo' --ports auto"
    failed = run("kestra.fail", "--root", "../other repo", "--json")
    assert f"  -> {wanted}\n" in failed.err
    assert failed.json["error"]["hint"] == wanted  # type: ignore[index]
    told = run("kestra.advise", "--root", "../other repo")
    assert told.err == "next: ./inv kestra.up --root '../other repo'\n"
    assert told.out == "then ./inv kestra.logs --root '../other repo' -f\n"
    assert run("kestra.advise").out == "then ./inv kestra.logs -f\n"
