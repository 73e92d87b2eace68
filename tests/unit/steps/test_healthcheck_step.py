"""The health check's step: what is written, extended, left alone; every place found or refused."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kestra_tasks.core.edit import Change, Conflict, Edit, Noop
from kestra_tasks.core.markers import BrokenMarkError, block
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.settings import Settings
from kestra_tasks.steps import healthcheck

CORPUS = Path(__file__).resolve().parents[2] / "corpus" / "health"
PATH = Settings().health_check
MESSY = Path(__file__).resolve().parents[2] / "cases/large-messy/before" / PATH
KNOWN = [*sorted(CORPUS.glob("*.sh")), MESSY]
SHIFTED = "it reads its own lines, which a line more would shift"
REFUSED = {
    "python": "1: it isn't a script of sh or bash, but one for /usr/bin/env python3",
    "polyglot": f"3: {SHIFTED}",
    "reads-itself": f"3: {SHIFTED}",
    "crlf": "1: it has line ends that no shell runs (CRLF)",
    "only-comments": "1: it has no command",
}


def of_host(changes: Any) -> Change:
    (change,) = [change for change in changes if change.path == PATH]
    return change


SCRIPT = "#!/bin/bash\necho hi\n"
SCRIPTS = Settings().scripts_dir
BODY = healthcheck.call(Settings())
CALL = block("healthcheck", BODY)


def planned(text: str | None, mode: int = 0o755, **changes: Any) -> Change:
    chosen = Settings().with_(**changes)
    files = {f"{chosen.scripts_dir}/lib/common.sh": File.of("")}
    tree = Tree(files if text is None else {**files, PATH: File.of(text, mode)})
    return of_host(healthcheck.plan(tree, chosen))


def undone(text: str, mode: int = 0o755, **changes: Any) -> Change:
    tree = Tree({PATH: File.of(text, mode)})
    return of_host(healthcheck.undo(tree, Settings().with_(**changes)))


def refused(why: str) -> Conflict:
    return Conflict(
        PATH,
        f"{PATH}:{why}, so Kestra's check wasn't added",
        "call tools/kestra/scripts/health.sh there yourself (it exits 0 when Kestra is up; --json "
        "for a program), or leave the step out: `skip: [healthcheck]` in invoke.yaml",
        ours="tools/kestra/scripts/health.sh --json\n",
    )


def after(change: Change) -> str:
    assert isinstance(change, Edit), change
    assert change.after is not None
    return change.after.text


@pytest.mark.parametrize("path", KNOWN, ids=lambda path: path.stem)
def test_the_call_stands_above_the_first_command_and_goes_to_the_byte(path: Path) -> None:
    text = path.read_text()
    once = after(planned(text))
    head = once[: once.index("# >>> kestra-tasks:healthcheck ")]
    assert all(not line.strip() or line.startswith("#") for line in head.splitlines())
    assert isinstance(planned(once), Noop)
    assert after(undone(once)) == text
    subprocess.run(["bash", "-n"], input=once.encode(), check=True)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_take_a_line_is_a_conflict_with_the_call_to_make(name: str) -> None:
    text = (CORPUS / "refused" / f"{name}.sh").read_bytes().decode()
    assert planned(text) == refused(REFUSED[name])
    assert undone(text) == Noop(PATH, "has nothing of ours")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("#!/bin/zsh", "1: it isn't a script of sh or bash, but one for /bin/zsh"),
        ("#!/bin/bash\n# a\necho b\r\n\r\n", "3: it has line ends that no shell runs (CRLF)"),
        ("\ufeff#!/bin/bash\necho\n", "1: it begins with a byte order mark, which no shell runs"),
        ("#!/bin/sh\n\n \t# a\n", "1: it has no command"),
    ],
    ids=["another-shell", "half-crlf", "byte-order-mark", "no-command"],
)
def test_a_refusal_names_the_line_and_the_cause(text: str, why: str) -> None:
    assert planned(text) == refused(why)


def test_all_refused_fixtures_are_tested() -> None:
    assert {path.stem for path in (CORPUS / "refused").glob("*.sh")} == set(REFUSED)


def test_an_absent_script_is_written_only_where_it_is_asked_for() -> None:
    left = planned(None)
    assert isinstance(left, Noop)
    assert "create: [healthcheck]" in left.why
    made = planned(None, create=("healthcheck",))
    text = after(made)
    assert isinstance(made, Edit)
    assert made.after is not None
    assert made.after.executable
    assert isinstance(planned(text, create=("healthcheck",)), Noop)
    assert isinstance(planned(text), Noop)
    gone = undone(text)
    assert isinstance(gone, Edit)
    assert gone.after is None


def test_without_kestras_scripts_nothing_is_written() -> None:
    tree = Tree({PATH: File.of(SCRIPT)})
    why = "tools/kestra/scripts/lib/common.sh, which health.sh needs, isn't there"
    assert [*healthcheck.plan(tree, Settings())] == [Conflict(PATH, why, "inv kestra.scaffold")]


@pytest.mark.parametrize("edited", [PATH, f"{SCRIPTS}/health.sh", f"{SCRIPTS}/lib/probe.sh"])
def test_a_file_of_ours_edited_by_hand_is_kept_unless_forced(edited: str) -> None:
    fresh = Settings().with_(create=("healthcheck",))
    bare = {f"{SCRIPTS}/lib/common.sh": File.of("")}
    ours = {
        change.path: change.after
        for change in healthcheck.plan(Tree(bare), fresh)
        if isinstance(change, Edit) and change.after is not None
    }
    written = ours[edited]
    found = File.of(f"{written.text}# a line of mine\n", written.mode)
    tree = Tree({**bare, **ours, edited: found})

    def answers(changes: Any) -> list[Change]:
        return [change for change in changes if change.path == edited]

    assert answers(healthcheck.plan(tree, fresh)) == [
        Conflict(
            edited,
            f"{edited} was edited by hand; it is kept",
            "move it away, or add --force to replace it",
            theirs=found.text,
            ours=written.text,
        )
    ]
    assert answers(healthcheck.undo(tree, fresh)) == [
        Conflict(
            edited,
            f"{edited} was edited since we wrote it; it is kept",
            "save what you need of it, then add --force to delete it",
            theirs=found.text,
        )
    ]
    forced = fresh.with_(force=True)
    assert answers(healthcheck.plan(tree, forced)) == [Edit(edited, found, written, "forced")]
    assert answers(healthcheck.undo(tree, forced)) == [Edit(edited, found, None, "written by us")]
    assert {change.path for change in healthcheck.undo(tree, forced)} == set(ours)


def test_a_persons_script_gets_the_call_and_loses_it_with_its_run_bits_kept() -> None:
    plain, called = File.of(SCRIPT, 0o750), File.of(f"#!/bin/bash\n{CALL}echo hi\n", 0o750)
    assert planned(SCRIPT, 0o750) == Edit(PATH, plain, called, "doesn't check Kestra")
    assert planned(called.text, 0o750) == Noop(PATH, "checks Kestra, line 2")
    assert undone(called.text, 0o750) == Edit(PATH, called, plain, "the call was written by us")


def test_a_call_edited_by_hand_is_kept_unless_forced() -> None:
    edited = f"#!/bin/bash\n{CALL}echo hi\n".replace("--beside", "--next-to")
    found, theirs = File.of(edited, 0o750), BODY.replace("--beside", "--next-to")
    why = f"{PATH}:2: our call was edited by hand; it is kept"
    assert planned(edited) == Conflict(
        PATH, why, "add --force to write it anew", theirs=theirs, ours=BODY
    )
    assert undone(edited) == Conflict(
        PATH, why, "delete the marked lines by hand, or add --force to delete them", theirs=theirs
    )
    anew = File.of(f"#!/bin/bash\n{CALL}echo hi\n", 0o750)
    assert planned(edited, 0o750, force=True) == Edit(PATH, found, anew, "forced")
    assert undone(edited, 0o750, force=True) == Edit(
        PATH, found, File.of(SCRIPT, 0o750), "the call was written by us"
    )


def test_another_folder_of_kestra_is_an_older_version_of_our_call() -> None:
    text = after(planned(SCRIPT))
    change = planned(text, 0o750, kestra_dir="ops/my kestra")
    body = healthcheck.call(Settings().with_(kestra_dir="ops/my kestra"))
    assert '/"../../ops/my kestra/scripts/health.sh"' in body
    new = File.of(f"#!/bin/bash\n{block('healthcheck', body)}echo hi\n", 0o750)
    assert change == Edit(PATH, File.of(text, 0o750), new, "an older version of our call")


@pytest.mark.parametrize("answer", [planned, undone])
def test_half_a_call_is_told_with_its_place(answer: Callable[[str], Change]) -> None:
    half = f"#!/bin/bash\n{CALL}echo hi\n".replace("# <<< kestra-tasks:healthcheck\n", "")
    with pytest.raises(BrokenMarkError) as raised:
        answer(half)
    assert str(raised.value) == f"{PATH}:2: the marks of kestra-tasks:healthcheck don't pair up"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("tools/kestra/scripts/health.sh\n", 1),
        ("#!/bin/bash\necho hi\ntools/kestra/scripts/health.sh --json || tools/kestra/x\n", 3),
        ("\n# tools/kestra/scripts/health.sh:\nbash tools/kestra/scripts/health.sh || down=1\n", 3),
        ("x=1\ntools/kestra/scripts/health.sh\ntools/kestra/scripts/health.sh --json\n", 2),
        ("#!/usr/bin/env python3\nrun('tools/kestra/scripts/health.sh')\n", 2),
    ],
    ids=["first-line", "last-line", "below-a-comment", "twice", "python"],
)
def test_a_call_made_by_hand_is_enough(text: str, line: int) -> None:
    assert planned(text) == Noop(PATH, f"line {line} calls tools/kestra/scripts/health.sh already")


def test_a_call_in_a_comment_is_none() -> None:
    head, rest = "#!/bin/bash\n  # tools/kestra/scripts/health.sh --json\n", "echo hi\n"
    assert after(planned(head + rest)) == head + CALL + rest


@pytest.mark.parametrize(
    "comment",
    ["# one\x0ctwo three", "# one\x0btwo", "# one\u2028two", "# one\x85two", "\t# one\rtwo", " \t"],
    ids=["form-feed", "vertical-tab", "line-separator", "next-line", "carriage-return", "blank"],
)
def test_only_a_newline_ends_a_comment(comment: str) -> None:
    head, rest = f"#!/bin/bash\n{comment}\n", "echo hi\n"
    assert after(planned(head + rest)) == head + CALL + rest
    assert after(undone(head + CALL + rest)) == head + rest


@pytest.mark.parametrize(
    "line",
    [
        'source "$(dirname "$0")/lib.sh"',
        'cd "$(dirname "$(readlink -f "$0")")"',
        'exec python3 "$(dirname "$0")/health.py" "$@"',
        'echo "Usage: $0 [--json]"',
        "sed -n '2,3p' \"$0\"",
        '. "${BASH_SOURCE[0]%/*}/common.sh"',
        'read -r name <<<"$0"',
        'source "$0.conf"',
        "  # tail -n +5 $0 | base64 -d",
    ],
)
def test_a_script_that_only_looks_for_its_folder_or_shows_its_head_is_fine(line: str) -> None:
    text = f"#!/bin/bash\n# Usage\n# more\necho\n{line}\n"
    assert after(planned(text)) == text.replace("echo\n", f"{CALL}echo\n", 1)


@pytest.mark.parametrize(
    "line",
    [
        "sed -n '2,4p' \"$0\"",
        "sed -n '2,9p' \"$0\"",
        "tail -n +5 $0 | base64 -d",
        "grep '^##' $0",
        "sed -n 's/^##//p' $0; exit",
        "usage=`grep '^##' $0`",
        "awk '/x/' \"${BASH_SOURCE[0]}\"",
        'while read -r line; do echo "$line"; done <"$0"',
        "mapfile -t lines < ${BASH_SOURCE[0]}",
        'cat "$(dirname "$0")/head" "$0"',
    ],
)
def test_a_script_that_reads_its_own_lines_is_not(line: str) -> None:
    change = planned(f"#!/bin/bash\n# Usage\n# more\necho 'a\x0cb'\n{line}\n# the end\n")
    assert change == refused(f"5: {SHIFTED}")


LINES = st.sampled_from(
    ["# a", "", "  ", "set -e", "\t# b", "echo 'x'", "cat <<E\n#\nE", "#!/bin/sh", "é=1", "true"]
)


@given(
    st.lists(LINES, min_size=1, max_size=8), st.booleans(), st.sampled_from(["", "#!/bin/bash\n"])
)
@settings(max_examples=200, deadline=None)
def test_undo_of_plan_is_the_same_text(lines: list[str], last: bool, head: str) -> None:
    text = head + "\n".join(lines) + ("\n" if last else "")
    change = planned(text)
    if isinstance(change, Conflict):
        return
    once = after(change)
    assert isinstance(planned(once), Noop)
    assert after(undone(once)) == text
