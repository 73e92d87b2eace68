"""What else blocks and what only warns: each answer whole, with its next command."""

from __future__ import annotations

import pytest

from kestra_tasks.core.checks import Problem
from kestra_tasks.core.composeclaims import Named
from kestra_tasks.core.documents import Naming
from kestra_tasks.core.facts import Disk, Memory, Note, Reference, Wanted
from kestra_tasks.core.readiness import (
    check_env,
    check_naming,
    check_ports,
    check_references,
    check_refused,
    check_room,
    check_sharers,
    from_notes,
    gigabytes,
)

GB = 10**9


def block(topic: str, message: str, hint: str) -> Problem:
    return Problem("block", topic, message, hint)


def warn(topic: str, message: str, hint: str) -> Problem:
    return Problem("warn", topic, message, hint)


def test_ports_block_but_for_the_smoke_tests() -> None:
    wanted = [
        Wanted("http", 8080, "taken", 8180, "nginx listens on it"),
        Wanted("management", 8081, "ours", 8081, ""),
        Wanted("smoke-http", 8090, "claimed", 8190, "claimed by x:1 (y)"),
        Wanted("smoke-management", 8650, "free", 8650, ""),
    ]
    http = "port 8080 (http) can't be had: nginx listens on it"
    smoke = warn(
        "ports",
        "port 8090 (smoke-http) can't be had: claimed by x:1 (y)",
        "set another one in invoke.yaml: kestra.smoke_http_port: 8190",
    )
    assert check_ports(wanted) == [block("ports", http, "inv kestra.integrate --ports auto"), smoke]
    assert check_ports(wanted, "env") == [
        block("ports", http, "inv kestra.env --ports auto --here"),
        smoke,
    ]


def test_a_claimed_port_is_moved_for_everybody() -> None:
    claimed = [Wanted("management", 8081, "claimed", 8181, "claimed by x:1 (y)")]
    message = "port 8081 (management) can't be had: claimed by x:1 (y)"
    assert check_ports(claimed, "env") == [block("ports", message, "inv kestra.env --ports auto")]


def test_no_port_left_to_propose() -> None:
    message = "port 8090 (smoke-http) can't be had: y"
    assert check_ports([Wanted("smoke-http", 8090, "taken", None, "y")]) == [
        warn("ports", message, "set another one in invoke.yaml")
    ]


BUSY = "stop what isn't needed (docker stats)"
SMALL = "set kestra.memory in invoke.yaml to what it can have"


@pytest.mark.parametrize(
    ("disk", "memory", "engine", "problems"),
    [
        pytest.param(5 * GB, (4 * GB, 4 * GB), None, [], id="just enough"),
        pytest.param(
            5 * GB - 1, (16 * GB, 8 * GB), None,
            [block("disk", "4.9 GB free at /d (images); 5.0 GB are needed",
                   "docker system df shows what the engine could give back")],
            id="a byte of disk too few",
        ),
        pytest.param(
            9 * GB, (16 * GB, 4 * GB - 1), None,
            [warn("memory", "3.9 GB of memory are available now; 4.0 GB are advised", BUSY)],
            id="a byte of memory too few now",
        ),
        pytest.param(
            9 * GB, (4 * GB - 1, 3 * GB), None,
            [warn("memory", "the engine has 3.9 GB of memory; 4.0 GB are advised", SMALL)],
            id="a small machine is told once",
        ),
        pytest.param(
            9 * GB, (16 * GB, 8 * GB), 2 * GB,
            [warn("memory", "the engine has 2.0 GB of memory; 4.0 GB are advised", SMALL)],
            id="a small engine on a large machine",
        ),
    ],
)  # fmt: skip
def test_room(
    disk: int, memory: tuple[int, int], engine: int | None, problems: list[Problem]
) -> None:
    assert check_room([Disk("/d", "images", disk, 9 * GB)], Memory(*memory), engine) == problems


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0.0 GB"), (4_999_999_999, "4.9 GB"), (5 * GB, "5.0 GB"), (1234 * GB, "1234.0 GB")],
)
def test_gigabytes_are_rounded_down(count: int, text: str) -> None:
    assert gigabytes(count) == text


def test_an_env_that_compose_cannot_read_is_told_by_its_first_line() -> None:
    assert check_env("A=1\n", ".env.local") == []
    (found,) = check_env("A=1\nB C\nD E\n", ".env.local")
    assert (found.level, found.topic) == ("block", "credentials")
    assert found.message.startswith(".env.local:2: Compose can't read this file: ")
    assert found.hint == "mend that line of .env.local"


def test_services_that_get_kestras_passwords() -> None:
    def told(service: str) -> Problem:
        return warn(
            "credentials",
            f"{service} gets all of .env (env_file), so Kestra's passwords too; "
            "the next `up` makes it anew",
            "to keep them apart: `env_file: .env.kestra` under `kestra:` in invoke.yaml",
        )

    api, web = Named("a.yml", 4, "api", ""), Named("b.yml", None, "web", "")
    assert check_sharers([], ".env") == []
    assert check_sharers([api, api], ".env") == [told("api (a.yml:4)")]
    assert check_sharers([web, api], ".env") == [told("web (b.yml) and 1 more")]


STILL_USED = "see whether it is still used before a second one is added"


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (["a.yml", "a.yml"], "a.yml:1"),
        (["b.yml", "a.yml"], "a.yml:2 and 1 more file"),
        (["c.yml", "b.yml", "a.yml"], "a.yml:3 and 2 more files"),
        ([".env", "z.yml"], "z.yml:2 and 1 more file"),
        (["apps/.env.example", "z.yml"], "z.yml:2 and 1 more file"),
    ],
    ids=["one file", "two files", "three files", "a variable last", "a variable below last"],
)
def test_a_kestra_of_somebody_else_is_told_once(files: list[str], told: str) -> None:
    references = [Reference(file, line, "foreign") for line, file in enumerate(files, 1)]
    references += [Reference("0.md", 1, "mention"), Reference("0.yml", 1, "ours")]
    message = f"Kestra is set up here by somebody else: {told}"
    assert check_references(references) == [warn("references", message, STILL_USED)]
    assert check_references(references[len(files) :]) == []


def test_lines_that_are_not_listed_are_counted() -> None:
    hint = "rg -n -i kestra"
    assert check_references([], more=7) == [
        warn("references", "7 further lines name Kestra and aren't listed", hint)
    ]
    assert check_references([], more=1) == [
        warn("references", "1 further line names Kestra and isn't listed", hint)
    ]


def test_naming() -> None:
    def told(message: str) -> list[Problem]:
        hint = "set kestra.prefix in invoke.yaml to the one that is meant"
        return [warn("conventions", message, hint)]

    def outliers(*found: Named) -> list[Problem]:
        return check_naming(Naming("n.md", True, "tools-*", 4, found))

    web, db = Named("c.yml", 9, "web", "data-web"), Named("c.yml", None, "db", "data-db")
    assert check_naming(Naming("n.md", False, "tools-*")) == outliers() == []
    assert check_naming(Naming("n.md", True, "tools-*")) == told(
        "n.md doesn't name the pattern tools-*"
    )
    assert outliers(web, db) == told(
        "c.yml:9: container data-web and 1 more in Kestra's stack isn't tools-*"
    )
    assert outliers(db) == told("c.yml: container data-db in Kestra's stack isn't tools-*")


def test_refused_files_are_told_by_reason() -> None:
    refused = {"b": "it needs X", "a": "it needs X", "c": "line 3 isn't valid"}
    as_it_stands = "read as it stands, not as Compose resolves it"
    assert check_refused(refused) == [
        warn("compose", f"a and 1 more {as_it_stands}: it needs X", "docker compose -f a config"),
        warn("compose", f"c {as_it_stands}: line 3 isn't valid", "docker compose -f c config"),
    ]


def test_what_a_probe_noted_is_a_warning() -> None:
    assert from_notes([Note("ports", "x:1 can't be read")]) == [
        warn("ports", "x:1 can't be read", "")
    ]
