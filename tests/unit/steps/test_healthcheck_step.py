"""The health check's step: what is written, extended, left alone; every place found or refused."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kestra_tasks.core.edit import Change, Conflict, Edit, Noop
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.settings import Settings
from kestra_tasks.steps import healthcheck

CORPUS = Path(__file__).resolve().parents[2] / "corpus" / "health"
PATH = Settings().health_check
MESSY = Path(__file__).resolve().parents[2] / "cases/large-messy/before" / PATH
KNOWN = [*sorted(CORPUS.glob("*.sh")), MESSY]
REFUSED = {
    "python": "isn't a shell script",
    "polyglot": "reads its own lines",
    "reads-itself": "reads its own lines",
    "crlf": "CRLF",
    "only-comments": "has no command",
}


def of_host(changes: Any) -> Change:
    (change,) = [change for change in changes if change.path == PATH]
    return change


def planned(text: str | None, mode: int = 0o755, **changes: Any) -> Change:
    chosen = Settings().with_(**changes)
    files = {f"{chosen.scripts_dir}/lib/common.sh": File.of("")}
    tree = Tree(files if text is None else {**files, PATH: File.of(text, mode)})
    return of_host(healthcheck.plan(tree, chosen))


def undone(text: str, **changes: Any) -> Change:
    return of_host(healthcheck.undo(Tree({PATH: File.of(text)}), Settings().with_(**changes)))


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
    change = planned(text)
    assert isinstance(change, Conflict)
    assert REFUSED[name] in change.why
    assert change.why.startswith(f"{PATH}:")
    assert "skip: [healthcheck]" in change.hint
    assert change.ours == "tools/kestra/scripts/health.sh --json\n"
    assert isinstance(undone(text), Noop)


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
    tree = Tree({PATH: File.of("#!/bin/bash\necho hi\n")})
    (change,) = healthcheck.plan(tree, Settings())
    assert isinstance(change, Conflict)
    assert change.hint == "inv kestra.scaffold"


def test_ours_edited_by_hand_is_kept() -> None:
    text = after(planned(None, create=("healthcheck",)))
    assert isinstance(planned(text.replace("limit=5", "limit=50")), Conflict)


def test_a_call_edited_by_hand_is_kept_unless_forced() -> None:
    text = after(planned("#!/bin/bash\necho hi\n"))
    edited = text.replace("--beside", "--next-to")
    for change in (planned(edited), undone(edited)):
        assert isinstance(change, Conflict)
        assert "edited by hand" in change.why
    assert after(planned(edited, force=True)) == text
    assert after(undone(edited, force=True)) == "#!/bin/bash\necho hi\n"


def test_another_folder_of_kestra_is_an_older_version_of_our_call() -> None:
    text = after(planned("#!/bin/bash\necho hi\n"))
    change = planned(text, kestra_dir="ops/my kestra")
    assert isinstance(change, Edit)
    assert change.why == "an older version of our call"
    assert '/"../../ops/my kestra/scripts/health.sh"' in after(change)


def test_a_call_made_by_hand_is_enough() -> None:
    text = "#!/bin/bash\necho hi\ntools/kestra/scripts/health.sh --json\n"
    change = planned(text)
    assert change == Noop(PATH, "line 3 calls tools/kestra/scripts/health.sh already")


def test_the_run_bits_of_a_persons_script_stay() -> None:
    change = planned("#!/bin/bash\necho hi\n", 0o640)
    assert isinstance(change, Edit)
    assert change.after is not None
    assert change.after.mode == 0o640


@pytest.mark.parametrize(
    "line",
    [
        'source "$(dirname "$0")/lib.sh"',
        'cd "$(dirname "$(readlink -f "$0")")"',
        'exec python3 "$(dirname "$0")/health.py" "$@"',
        'echo "Usage: $0 [--json]"',
        "sed -n '2,3p' \"$0\"",
        '. "${BASH_SOURCE[0]%/*}/common.sh"',
    ],
)
def test_a_script_that_only_looks_for_its_folder_or_shows_its_head_is_fine(line: str) -> None:
    assert isinstance(planned(f"#!/bin/bash\n# Usage\n# more\n{line}\n"), Edit)


@pytest.mark.parametrize(
    "line",
    ["sed -n '2,9p' \"$0\"", "tail -n +5 $0 | base64 -d", "awk '/x/' \"${BASH_SOURCE[0]}\""],
)
def test_a_script_that_reads_its_own_lines_is_not(line: str) -> None:
    change = planned(f"#!/bin/bash\n# Usage\n# more\n{line}\n")
    assert isinstance(change, Conflict)
    assert change.why.startswith(f"{PATH}:4: ")


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
