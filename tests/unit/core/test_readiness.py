"""What else blocks and what only warns, each with its next command."""

from __future__ import annotations

from dataclasses import replace

from kestra_tasks.core.checks import Problem
from kestra_tasks.core.composeclaims import Named
from kestra_tasks.core.documents import Naming
from kestra_tasks.core.facts import Disk, Memory, Reference, Wanted
from kestra_tasks.core.readiness import (
    check_naming,
    check_ports,
    check_references,
    check_refused,
    check_room,
)


def only(problems: list[Problem]) -> Problem:
    (problem,) = problems
    assert problem.hint, "a problem without a next command"
    return problem


def test_ports_block_but_for_the_smoke_tests() -> None:
    wanted = [
        Wanted("http", 8080, "taken", 8180, "nginx listens on it"),
        Wanted("management", 8081, "ours", 8081, ""),
        Wanted("smoke-http", 8090, "claimed", 8190, "claimed by x:1 (y)"),
        Wanted("smoke-management", 8650, "free", 8650, ""),
    ]
    http, smoke = check_ports(wanted)
    assert (http.level, http.hint) == ("block", "inv kestra.integrate --ports auto")
    assert "nginx listens on it" in http.message
    assert smoke.level == "warn"
    assert "kestra.smoke_http_port: 8190" in smoke.hint
    assert check_ports(wanted, "env")[0].hint == "inv kestra.env --ports auto --here"
    claimed = [Wanted("http", 8080, "claimed", 8180, "claimed by x:1 (y)")]
    assert check_ports(claimed, "env")[0].hint == "inv kestra.env --ports auto"


def test_room() -> None:
    memory = Memory(16 * 10**9, 8 * 10**9)
    disk = Disk("/d", "data", 5 * 10**9, 9 * 10**9)
    assert check_room([disk], memory) == []
    problem = only(check_room([replace(disk, free=disk.free - 1)], memory))
    assert (problem.level, problem.topic) == ("block", "disk")
    busy = only(check_room([], Memory(16 * 10**9, 3 * 10**9)))
    assert (busy.level, "3.0 GB" in busy.message) == ("warn", True)
    small = only(check_room([], memory, engine=2 * 10**9))
    assert (small.level, "2.0 GB" in small.message) == ("warn", True)


def test_foreign_references_are_told_once() -> None:
    references = [
        Reference("a.yml", 3, "mention"),
        Reference("b.yml", 4, "foreign"),
        Reference("b.yml", 5, "foreign"),
        Reference("c.yml", 6, "foreign"),
        Reference("d.yml", 7, "ours"),
    ]
    problem = only(check_references(references))
    assert problem.level == "warn"
    assert "b.yml:4 and 1 more file" in problem.message
    assert check_references(references[:1]) == []
    assert "7 further lines" in only(check_references([], more=7)).message


def test_naming() -> None:
    assert check_naming(Naming("n.md", True, "tools-*", 4)) == []
    assert check_naming(Naming("n.md", False, "tools-*")) == []
    assert "n.md" in only(check_naming(Naming("n.md", True, "tools-*"))).message
    outlier = Named("c.yml", 9, "web", "data-web")
    problem = only(check_naming(Naming("n.md", True, "tools-*", 4, (outlier, outlier))))
    assert "c.yml:9: container data-web and 1 more" in problem.message


def test_refused_files_are_told_by_reason() -> None:
    refused = {"b": "it needs X", "a": "it needs X", "c": "line 3 isn't valid"}
    first, second = check_refused(refused)
    assert "a and 1 more" in first.message
    assert "c read as it stands" in second.message
