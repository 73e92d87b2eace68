"""Run the rows and tell: a table, JSON, or Markdown for a pull request."""

from __future__ import annotations

from typing import Any

from kestra_tasks.checklist.place import FAIL, NA, PASS, Place, Verdict, failed
from kestra_tasks.checklist.rows import CRITERIA, ROWS, Row
from kestra_tasks.errors import ExitCode, KestraTasksError
from kestra_tasks.ops.masking import Mask
from kestra_tasks.ops.stack import open_stack
from kestra_tasks.rim import Rim

Answers = list[tuple[Row, Verdict]]


def checklist(rim: Rim, *, quick: bool, markdown: bool) -> None:
    """Check every row and answer; exit 4 if one fails.

    Raises:
        KestraTasksError: with code 4, where a row fails.
    """
    place = Place(
        rim.root, rim.settings, rim.runner, open_stack=lambda: open_stack(rim), quick=quick
    )
    answers: Answers = []
    for row in ROWS:
        verdict = ask(row, place)
        answers.append((row, verdict))
        if not rim.json:
            rim.say(f"{verdict.state:<4}  {row.number}  {row.title}")
    lines = as_markdown(answers) if markdown else as_table(answers)
    rim.answer(document(rim, answers), lambda: print(lines))
    wrong = [(row, verdict) for row, verdict in answers if verdict.state == FAIL]
    if wrong:
        row, verdict = wrong[0]
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise KestraTasksError(
            f"row {row.number} fails: {verdict.why}{more}", verdict.mend, ExitCode.UNHEALTHY
        )


def ask(row: Row, place: Place) -> Verdict:
    """One row's verdict; a check that can't be made is a failure that says why."""
    try:
        verdict = row.check(place)
    except KestraTasksError as error:
        verdict = failed(error.message, error.hint)
    mask = Mask(place.stack.runtime.secrets if "stack" in vars(place) else ())
    return Verdict(verdict.state, mask(verdict.why), verdict.mend)


def document(rim: Rim, answers: Answers) -> dict[str, Any]:
    """The answers as JSON."""
    return {
        "schema": "kestra-tasks/checklist/1",
        "root": str(rim.root),
        "passed": all(verdict.state != FAIL for _, verdict in answers),
        "rows": [
            {
                "row": row.number,
                "title": row.title,
                "command": row.typed(rim.settings),
                "state": verdict.state,
                "why": verdict.why,
                "mend": verdict.mend,
            }
            for row, verdict in answers
        ],
        "criteria": [
            {"title": title, "rows": list(rows), "state": _together(answers, rows)}
            for title, rows in CRITERIA
        ],
    }


def as_table(answers: Answers) -> str:
    """The answers for a terminal."""
    from kestra_tasks.render.tables import table

    rows = []
    for row, verdict in answers:
        why = f"{verdict.why}\n-> {verdict.mend}" if verdict.mend else verdict.why
        rows.append((verdict.state, row.number, row.title, why))
    criteria = [(_together(answers, numbers), title) for title, numbers in CRITERIA]
    return f"{table(('', 'row', 'what', 'why'), rows)}\n\n{table(('', 'success'), criteria)}"


def as_markdown(answers: Answers) -> str:
    """The answers for a pull request."""
    boxes = {PASS: "[x]", FAIL: "[ ]", NA: "[-]"}
    lines = ["## Kestra: checklist", ""]
    for row, verdict in answers:
        mend = f" Mend: `{verdict.mend}`" if verdict.mend else ""
        lines.append(f"- {boxes[verdict.state]} **{row.number}** {row.title}: {verdict.why}.{mend}")
    lines += ["", "### Success criteria", ""]
    lines += [f"- {boxes[_together(answers, numbers)]} {title}" for title, numbers in CRITERIA]
    return "\n".join(lines)


def _together(answers: Answers, numbers: tuple[str, ...]) -> str:
    states = [verdict.state for row, verdict in answers if row.number in numbers]
    if FAIL in states:
        return FAIL
    return PASS if PASS in states else NA
