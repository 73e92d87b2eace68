"""What a plan tells a person of what it leaves alone."""

from __future__ import annotations

from kestra_tasks.core.edit import Noop
from kestra_tasks.core.plan import Outcome, Plan
from kestra_tasks.core.tree import Tree
from kestra_tasks.render.diff import PlanRenderer
from kestra_tasks.settings import Settings


def lines(*outcomes: Outcome) -> list[str]:
    made = Plan(outcomes, (), Tree({}))
    return list(PlanRenderer(Settings(), full=True).lines(made))


def test_files_left_alone_for_one_reason_share_a_line() -> None:
    same, other = "up to date", "is the team's now"
    noops = (Noop("a", same), Noop("b", same), Noop("c", same), Noop("README.md", other))
    told = lines(Outcome("scaffold", noops=noops), Outcome("healthcheck", noops=(Noop("h", same),)))
    assert told == [
        "== left alone",
        "scaffold     a and 2 more: up to date",
        "scaffold     README.md: is the team's now",
        "healthcheck  h: up to date",
    ]


def test_nothing_left_alone_has_no_heading() -> None:
    assert lines(Outcome("scaffold")) == []
