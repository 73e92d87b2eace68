"""stack.sh and the monorepo's own start and stop scripts, run with a recording docker."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.helpers.stackscripts import SCRIPTS, SETTINGS, STACK, STOP, UP, Stacks
from tests.helpers.trees import listening

OURS = f"{SETTINGS.scripts_dir}/stack.sh"
NETWORK = f"network create {SETTINGS.network}"


def own(folder: Path, *others: str, tools: str = "", **settings: object) -> Stacks:
    """A monorepo whose scripts are ours."""
    made = Stacks(folder / "a mono repo", others, SETTINGS.with_(create=("stacks",), **settings))
    made.root.mkdir()
    made.compose(tools)
    plan = made.integrate()
    assert not plan.conflicts
    return made


def up(phase: str, *services: str) -> str:
    return " ".join(
        ["compose -f", f"ROOT/tools/compose/docker-compose.{phase}.yml up -d", *services]
    )


def test_phases_are_the_compose_files_and_all_start_in_order(tmp_path: Path) -> None:
    stacks = own(tmp_path, "data", "0-gateway", tools="adminer")
    listed = stacks.run(SCRIPTS["start"], "--list")
    assert listed.out.split() == ["0-gateway", "data", "tools"]
    assert not listed.calls
    ran = stacks.run(SCRIPTS["start"])
    assert ran.code == 0, ran.err
    assert ran.changes == [up("0-gateway"), up("data"), up("tools", "adminer"), UP]
    stopped = stacks.run(SCRIPTS["stop"])
    assert stopped.code == 0, stopped.err
    assert stopped.changes == [
        STOP,
        *(f"compose -f ROOT/tools/compose/docker-compose.{p}.yml stop"
          for p in ("tools", "data", "0-gateway")),
    ]  # fmt: skip


def test_phases_given_are_started_in_that_order(tmp_path: Path) -> None:
    stacks = own(tmp_path, "data", "apps")
    ran = stacks.run(SCRIPTS["start"], "--phase", "tools", "--phase=data")
    assert ran.changes == [UP, up("data")]
    assert stacks.run(SCRIPTS["start"], "--phase", "apps").changes == [up("apps")]
    assert stacks.run(SCRIPTS["stop"], "--phase", "apps").changes == [
        "compose -f ROOT/tools/compose/docker-compose.apps.yml stop"
    ]


@pytest.mark.parametrize(
    "arguments", [("--phase", "nowhere"), ("--phase",), ("--phase", ""), ("--what",), ("tools",)]
)
@pytest.mark.parametrize("script", list(SCRIPTS.values()))
def test_a_wrong_word_starts_nothing(
    script: str, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    ran = own(tmp_path, "data").run(script, *arguments)
    assert (ran.code, ran.calls) == (1, [])
    assert "error:" in ran.err


@pytest.mark.parametrize("script", [*SCRIPTS.values(), OURS])
def test_help_tells_the_exit_codes(script: str, tmp_path: Path) -> None:
    ran = own(tmp_path).run(script, "--help")
    assert (ran.code, ran.calls, ran.err) == (0, [], "")
    assert ran.out.startswith("Usage: ") and "Exit codes:" in ran.out
    assert max(len(line) for line in ran.out.splitlines()) <= 100


def test_the_first_failure_ends_the_order(tmp_path: Path) -> None:
    stacks = own(tmp_path, "data", tools="adminer")
    ran = stacks.run(
        SCRIPTS["start"], "--phase", "tools", "--phase", "data", DOCKER_FAILS="adminer"
    )
    assert ran.code == 5
    assert ran.changes == [up("tools", "adminer")]


@pytest.mark.parametrize("name", ["SKIP_Kestra_AUTO_START", "SKIP_KESTRA_AUTO_START"])
def test_skip_starts_the_others(name: str, tmp_path: Path) -> None:
    stacks = own(tmp_path, "data", tools="adminer")
    ran = stacks.run(SCRIPTS["start"], "--phase", "tools", **{name: "1"})
    assert (ran.code, ran.changes) == (0, [up("tools", "adminer")])
    assert f"Kestra is left out: {name}=1" in ran.err
    again = stacks.run(SCRIPTS["start"], "--phase", "tools", **{name: "0"})
    assert again.changes == [up("tools", "adminer"), UP]


def test_a_taken_port_starts_the_others_and_says_how_to_move(tmp_path: Path) -> None:
    stacks = own(tmp_path, "data", tools="adminer")
    with listening() as port:
        ran = stacks.run(
            *(SCRIPTS["start"], "--phase", "tools", "--phase", "data"),
            KESTRA_MANAGEMENT_PORT=str(port),
        )
    assert ran.changes == [up("tools", "adminer"), up("data")]
    assert ran.code == 3
    assert f"port {port} is taken by" in ran.err
    assert "inv kestra.env --ports auto" in ran.err


def test_the_network_is_made_where_there_is_none(tmp_path: Path) -> None:
    stacks = own(tmp_path, "data")
    ran = stacks.run(SCRIPTS["start"], "--phase", "data", NO_NETWORK="1")
    assert ran.changes == [NETWORK, up("data")]
    ran = stacks.run(OURS, "network", NO_NETWORK="1", KESTRA_DOCKER_NETWORK="another")
    assert ran.changes == ["network create another"]


def test_without_env_kestra_is_left_out_and_the_message_says_so(tmp_path: Path) -> None:
    stacks = own(tmp_path)
    (stacks.root / ".env").unlink()
    ran = stacks.run(SCRIPTS["start"], "--phase", "tools")
    assert (ran.code, ran.changes) == (3, [])
    assert "inv kestra.env" in ran.err


def test_an_external_database_isnt_ours_to_stop(tmp_path: Path) -> None:
    stacks = own(tmp_path, database="external")
    assert stacks.run(OURS, "stop").changes == [f"compose -f ROOT/{STACK} stop kestra"]


def test_a_server_that_misses_its_end_is_asked_again(tmp_path: Path) -> None:
    stacks = own(tmp_path)
    ran = stacks.run(OURS, "stop", SERVER="12ab", SLOW="5")
    assert ran.code == 0
    assert ran.changes == [STOP, *["kill --signal TERM 12ab"] * 2]
    assert stacks.run(OURS, "stop", SERVER="12ab").changes == [STOP], "it ended at once"


def test_own_stack_file_of_another_name_is_the_stacks_phase(tmp_path: Path) -> None:
    stacks = own(tmp_path, compose_file="deploy/compose.yml", stack="ops")
    assert stacks.run(SCRIPTS["start"], "--list").out.split() == ["ops"]
    assert stacks.run(SCRIPTS["start"]).changes == [
        "compose -f ROOT/deploy/compose.yml up -d kestra"
    ]


def test_paths_with_spaces_and_letters(tmp_path: Path) -> None:
    folder = "ferramentas é/compor x"
    places = {"start_stacks": "bin x/subir é.sh", "stop_stacks": "bin x/descer é.sh"}
    stacks = own(
        *(tmp_path, "data"),
        compose_file=f"{folder}/docker-compose.tools.yml",
        kestra_dir="ó x/kestra",
        **places,
    )
    (stacks.root / folder / "docker-compose.data.yml").write_text("services:\n  one: {}\n")
    ran = stacks.run(places["start_stacks"])
    assert ran.code == 0, ran.err
    starts = [f"compose -f ROOT/{folder}/docker-compose.{p}.yml up -d" for p in ("data", "tools")]
    assert ran.changes == [starts[0], f"{starts[1]} kestra"]
    assert stacks.run(places["stop_stacks"]).code == 0


def test_a_stack_file_in_the_root_works_too(tmp_path: Path) -> None:
    stacks = own(tmp_path, compose_file="docker-compose.yml")
    ran = stacks.run(SCRIPTS["start"])
    assert ran.changes == ["compose -f ROOT/docker-compose.yml up -d kestra"], ran.err


COMPOSE = f"compose -f ROOT/{STACK}"


@pytest.mark.parametrize(
    ("said", "done"),
    [
        ("up -d", ["up -d adminer", "up -d kestra"]),
        ("up -d --scale adminer=2", ["up -d --scale adminer=2 adminer", "up -d kestra"]),
        ("--profile x up --detach -t 5",
         ["--profile x up --detach -t 5 adminer", "--profile x up -d kestra"]),
        ("start", ["start adminer", "up -d kestra"]),
        ("up -d adminer", ["up -d adminer"]),
        ("up -d adminer kestra", ["up -d adminer kestra"]),
        ("up -d kestra-postgres", ["up -d kestra-postgres"]),
        ("stop -t 3", ["stop kestra kestra-postgres", "stop -t 3"]),
        ("down --remove-orphans", ["stop kestra kestra-postgres", "down --remove-orphans"]),
        ("stop adminer", ["stop adminer"]),
        ("logs --tail 5", ["logs --tail 5"]),
        ("pull", ["pull"]),
        ("", [""]),
    ],
)  # fmt: skip
def test_compose_as_a_caller_says_it(said: str, done: list[str], tmp_path: Path) -> None:
    stacks = own(tmp_path, tools="adminer")
    ran = stacks.run(OURS, "compose", "-f", str(stacks.root / STACK), *said.split())
    assert ran.changes == [f"{COMPOSE} {words}".strip() for words in done], ran.err


@pytest.mark.parametrize(
    ("said", "done"),
    [
        ("up -d", ["up -d adminer"]),
        ("up -d adminer kestra", ["up -d adminer"]),
        ("up -d kestra", []),
        ("start", ["start adminer"]),
    ],
)
def test_compose_with_skip(said: str, done: list[str], tmp_path: Path) -> None:
    stacks = own(tmp_path, tools="adminer")
    ran = stacks.run(
        *(OURS, "compose", "-f", str(stacks.root / STACK), *said.split()),
        SKIP_KESTRA_AUTO_START="1",
    )
    assert (ran.code, ran.changes) == (0, [f"{COMPOSE} {words}" for words in done])
    assert ran.err.count("Kestra is left out") == 1


@pytest.mark.parametrize(
    ("said", "done"),
    [
        ("up -d", ["up -d adminer"]),
        ("up -d adminer kestra", ["up -d adminer"]),
        ("stop -t 3", ["stop -t 3"]),
        ("down", ["down"]),
    ],
)
def test_compose_after_kestra_had_its_turn(said: str, done: list[str], tmp_path: Path) -> None:
    stacks = own(tmp_path, tools="adminer")
    ran = stacks.run(
        OURS, "--for", "", "--done", "compose", "-f", str(stacks.root / STACK), *said.split()
    )
    assert (ran.code, ran.changes) == (0, [f"{COMPOSE} {words}" for words in done])


def test_compose_that_names_kestra_on_a_taken_port_starts_the_others(tmp_path: Path) -> None:
    stacks = own(tmp_path, tools="adminer")
    words = ("compose", "-f", str(stacks.root / STACK), "up", "-d", "adminer", "kestra")
    with listening() as port:
        ran = stacks.run(OURS, *words, KESTRA_HTTP_PORT=str(port))
        assert (ran.code, ran.changes) == (3, [f"{COMPOSE} up -d adminer"])
        assert ran.err.count(f"port {port} is taken by") == 1
        assert stacks.run(OURS, "--for", "", *words, KESTRA_HTTP_PORT=str(port)).code == 0


@pytest.mark.parametrize(
    ("caller", "phases", "code", "done"),
    [
        ("", "data tools", 0, [UP]),
        ("", "", 0, [UP]),
        ("--all", "a.yml x/docker-compose.tools.yml", 0, [UP]),
        ("", "tools data", 1, []),
        ("", "data apps", 1, []),
        ("--phase data --phase tools", "data tools", 1, []),
        ("tools", "", 1, []),
    ],
)
def test_ahead_is_for_orders_that_come_to_the_stack_later(
    caller: str, phases: str, code: int, done: list[str], tmp_path: Path
) -> None:
    stacks = own(tmp_path, tools="adminer")
    ran = stacks.run(OURS, "--for", caller, "ahead", "start", *phases.split())
    assert (ran.code, ran.changes) == (code, done), ran.err
    stopped = stacks.run(OURS, "--for", caller, "ahead", "stop", *phases.split())
    assert (stopped.code, stopped.changes) == (code, [STOP] if done else [])


@pytest.mark.parametrize("action", ["start", "stop", "ahead start", "ahead stop"])
def test_a_dry_run_of_the_callers_changes_nothing(action: str, tmp_path: Path) -> None:
    ran = own(tmp_path, tools="adminer").run(OURS, "--for", "--dry-run", *action.split())
    assert (ran.code, ran.changes) == (0, [])
    assert "would run docker compose" in ran.err


def test_compose_makes_the_network_even_where_kestra_is_left_out(tmp_path: Path) -> None:
    stacks = own(tmp_path, tools="adminer")
    ran = stacks.run(
        *(OURS, "compose", "-f", str(stacks.root / STACK), "up", "-d"),
        NO_NETWORK="1",
        SKIP_KESTRA_AUTO_START="1",
    )
    assert ran.changes == [NETWORK, f"{COMPOSE} up -d adminer"]


def test_compose_finds_the_file_as_docker_does(tmp_path: Path) -> None:
    stacks = own(tmp_path, tools="adminer")
    folder = (stacks.root / STACK).parent
    ran = stacks.run(OURS, "compose", "up", "-d", cwd=folder, COMPOSE_FILE=Path(STACK).name)
    assert ran.changes[-1] == "compose up -d kestra"
    other = stacks.run(OURS, "compose", "up", "-d", cwd=folder)
    assert other.calls == ["compose up -d"], "no file of ours is there"
    assert stacks.run(OURS, "compose", "-f", "/nowhere.yml", "up", "-d").code == 14


@pytest.mark.parametrize(
    ("caller", "code"),
    [("--phase tools", 3), ("--phase=tools", 3), ("tools", 3), ("data,tools", 3),
     ("", 0), ("--phase data", 0), ("--phase devtools", 0)],
)  # fmt: skip
def test_trouble_is_the_callers_only_where_it_named_the_stack(
    caller: str, code: int, tmp_path: Path
) -> None:
    stacks = own(tmp_path)
    with listening() as port:
        ran = stacks.run(OURS, "--for", caller, "start", KESTRA_HTTP_PORT=str(port))
    assert (ran.code, ran.changes) == (code, [])
    assert f"port {port} is taken" in ran.err


@pytest.mark.parametrize(
    "arguments", [(), ("restart",), ("start", "now"), ("--for",), ("ahead",), ("ahead", "startle")]
)
def test_wrong_use_is_refused(arguments: tuple[str, ...], tmp_path: Path) -> None:
    ran = own(tmp_path).run(OURS, *arguments)
    assert (ran.code, ran.calls) == (1, [])


@pytest.mark.parametrize("database", ["internal", "external"])
def test_written_scripts_are_clean(database: str, tmp_path: Path) -> None:
    stacks = own(tmp_path, database=database)
    for path in (*SCRIPTS.values(), OURS):
        place = stacks.root / path
        assert place.stat().st_mode & 0o111
        for argv in (
            ["shellcheck", "--severity=style", str(place)],
            ["shfmt", "-i", "2", "-ci", "-d", str(place)],
            ["bash", "-n", str(place)],
        ):
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
