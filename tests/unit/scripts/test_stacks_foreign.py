"""Foreign start and stop scripts, executed before and after with a recording docker."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from kestra_tasks.core.bashplaces import NAMES
from kestra_tasks.core.bashtext import blocks
from tests.helpers.stackscripts import CORPUS, SCRIPTS, STACK, STOP, UP, Ran, Stacks
from tests.helpers.trees import listening

MONITORING = "../monitoring/docker-compose"


@dataclass(frozen=True)
class Idiom:
    """A fixture.

    Attributes:
        files: its compose files; the first phase of some has none.
        phases: arguments by phase, as its start script takes them.
        stops: arguments of its stop script that name a phase; None where it takes none.
    """

    name: str
    files: tuple[str, ...]
    phases: dict[str, tuple[str, ...]]
    tools: tuple[str, ...] = ("--phase", "tools")
    stops: dict[str, tuple[str, ...]] | None = None


def flag(*phases: str) -> dict[str, tuple[str, ...]]:
    return {phase: ("--phase", phase) for phase in phases}


NEW_PHASE = [
    Idiom(
        "array-case",
        ("data", "cache", "apps", "monitoring"),
        flag("infra-core", "data", "apps", "monitoring"),
        stops={p: (p,) for p in ("infra-core", "data", "apps", "monitoring")},
    ),
    Idiom("string-loop", ("data", "apps"), flag("infra", "data", "apps")),
    Idiom("array-lookup", ("data", "apps"), flag("infra", "data", "apps"),
          stops=flag("infra", "data")),
    Idiom("literal-loop", ("data", "apps"), flag("data", "apps")),
]  # fmt: skip
LINE = Idiom("linear", ("data", "apps"), {})
ELSEWHERE = Idiom("tools-elsewhere", ("data", "apps"), flag("data", "apps"))
WATCHED = [
    Idiom("functions-tools", ("data", "cache", "apps", "n8n"), flag("data", "apps")),
    Idiom("tabs-template", ("infra", "data", "apps"), flag("infra", "data", "apps")),
    Idiom("tools-behind", ("base", "data", "docs", MONITORING), flag("base", "data", "monitoring"),
          stops={p: (p,) for p in ("docs", "data", "nowhere")}),
    Idiom("line-behind", ("cache", "data", "apps"), {}, tools=()),
]  # fmt: skip
ALL = [*NEW_PHASE, LINE, ELSEWHERE, *WATCHED]
# The same where a stack before the tools always fails: its compose file is gone.
BEHIND = [
    Idiom("tools-behind", ("base", "data", "docs"), flag("base", "data", "monitoring", "docs"),
          stops={p: (p,) for p in ("docs", "data", "monitoring")}),
    Idiom("tools-elsewhere", ("apps",), flag("data", "apps")),
    Idiom("line-behind", ("cache", "apps"), {}, tools=()),
]  # fmt: skip
REFUSED = ["refused-eval", "refused-map", "refused-posix", "refused-torn"]


def pair(idiom: Idiom, folder: Path, tools: str = "") -> tuple[Stacks, Stacks]:
    """The monorepo before and after the integration."""
    made = []
    for name in ("before", "after"):
        (folder / name).mkdir(parents=True)
        made.append(Stacks.of(idiom.name, folder / name, *idiom.files, tools=tools))
        (made[-1].root / ".env").touch()
        (made[-1].root / "dev").mkdir()
        (made[-1].root / "dev/docker-compose.yml").write_text("services:\n  one: {}\n")
    plan = made[1].integrate()
    assert not plan.conflicts, [(c.path, c.why) for c in plan.conflicts]
    return made[0], made[1]


def told(ran: Ran) -> list[str]:
    """What a script printed, but for line numbers and the root."""
    return [
        re.sub(r"line \d+", "line N", text).replace("/after/", "/before/")
        for text in (ran.out, ran.err)
    ]


@pytest.mark.parametrize("idiom", [*ALL, *BEHIND], ids=lambda i: i.name)
def test_other_phases_do_what_they_did(idiom: Idiom, tmp_path: Path) -> None:
    before, after = pair(idiom, tmp_path, "langgraph agno")
    for arguments in idiom.phases.values():
        old, new = (s.run(SCRIPTS["start"], *arguments) for s in (before, after))
        assert (new.calls, new.code) == (old.calls, old.code), arguments
        assert told(new) == told(old), arguments
    if idiom.phases:
        old, new = (s.run(SCRIPTS["start"], "--phase", "nowhere") for s in (before, after))
        assert (new.calls, new.code) == (old.calls, old.code)
    for arguments in (idiom.stops or {}).values():
        old, new = (s.run(SCRIPTS["stop"], *arguments) for s in (before, after))
        assert (new.calls, new.code) == (old.calls, old.code), arguments


@pytest.mark.parametrize("idiom", NEW_PHASE, ids=lambda i: i.name)
def test_a_script_without_the_phase_gets_it(idiom: Idiom, tmp_path: Path) -> None:
    before, after = pair(idiom, tmp_path)
    assert before.run(SCRIPTS["start"], *idiom.tools).code != 0
    ran = after.run(SCRIPTS["start"], *idiom.tools)
    assert ran.code == 0, ran.err
    assert [call for call in ran.changes if "create" not in call] == [UP]


@pytest.mark.parametrize("idiom", NEW_PHASE, ids=lambda i: i.name)
def test_asked_for_by_name_the_new_phase_is_the_whole_stack(idiom: Idiom, tmp_path: Path) -> None:
    _, after = pair(idiom, tmp_path, "langgraph agno")
    others = f"compose -f ROOT/{STACK} up -d langgraph agno"
    ran = after.run(SCRIPTS["start"], *idiom.tools)
    assert [call for call in ran.changes if "create" not in call] == [others, UP]
    assert others not in after.run(SCRIPTS["start"]).changes
    if idiom.stops:
        arguments = next(iter(idiom.stops.values()))
        ran = after.run(SCRIPTS["stop"], *arguments[:-1], "tools")
        assert ran.changes == [STOP, f"compose -f ROOT/{STACK} stop"]


@pytest.mark.parametrize("idiom", [*NEW_PHASE, LINE], ids=lambda i: i.name)
def test_the_default_order_reaches_kestra_though_others_fail(idiom: Idiom, tmp_path: Path) -> None:
    before, after = pair(idiom, tmp_path)
    old, new = (s.run(SCRIPTS["start"]) for s in (before, after))
    assert [call for call in new.changes if call != UP] == old.changes
    assert new.changes.count(UP) == 1
    assert new.code == old.code


@pytest.mark.parametrize("idiom", ALL, ids=lambda i: i.name)
@pytest.mark.parametrize("name", ["SKIP_Kestra_AUTO_START", "SKIP_KESTRA_AUTO_START"])
def test_skip_leaves_kestra_out_and_says_so(idiom: Idiom, name: str, tmp_path: Path) -> None:
    before, after = pair(idiom, tmp_path, "langgraph")
    arguments = idiom.tools if idiom.phases else ()
    ran = after.run(SCRIPTS["start"], *arguments, **{name: "1"})
    assert ran.code == 0, ran.err
    assert f"Kestra is left out: {name}=1" in ran.err
    assert not any("kestra" in call.split("docker-compose.tools.yml")[-1] for call in ran.changes)
    old, new = (s.run(SCRIPTS["start"], **{name: "1"}) for s in (before, after))
    if idiom not in WATCHED:
        assert new.changes == old.changes
    assert new.code == old.code


@pytest.mark.parametrize("idiom", WATCHED, ids=lambda i: i.name)
def test_a_phase_of_the_hosts_starts_the_others_and_then_kestra(
    idiom: Idiom, tmp_path: Path
) -> None:
    before, after = pair(idiom, tmp_path, "langgraph agno")
    (host,) = [c for c in before.run(SCRIPTS["start"], *idiom.tools).changes if ".tools.yml" in c]
    ran = after.run(SCRIPTS["start"], *idiom.tools, cwd=after.root)
    ours = [call for call in ran.changes if ".tools.yml" in call]
    kestra = f"{host.split(' up ')[0]} up -d kestra"
    assert ours == [f"{host} langgraph agno", kestra]
    skipped = after.run(SCRIPTS["start"], *idiom.tools, cwd=after.root, SKIP_KESTRA_AUTO_START="1")
    assert [call for call in skipped.changes if ".tools.yml" in call] == ours[:1]
    everything = after.run(SCRIPTS["start"])
    assert [c for c in everything.changes if c not in ours] == [
        c for c in before.run(SCRIPTS["start"]).changes if c != host
    ]
    assert [c for c in everything.changes if c in ours] == ours


@pytest.mark.parametrize("idiom", BEHIND, ids=lambda i: i.name)
def test_kestra_comes_ahead_of_a_stack_that_always_fails(idiom: Idiom, tmp_path: Path) -> None:
    before, after = pair(idiom, tmp_path, "langgraph agno")
    old, new = (s.run(SCRIPTS["start"]) for s in (before, after))
    assert old.code != 0 and not any(".tools.yml" in call for call in old.changes)
    assert (new.changes, new.code) == ([UP, *old.changes], old.code)
    assert not set(told(old)[0].splitlines()) - set(told(new)[0].splitlines())


@pytest.mark.parametrize("idiom", BEHIND, ids=lambda i: i.name)
def test_called_ahead_kestra_starts_once(idiom: Idiom, tmp_path: Path) -> None:
    before, after = pair(idiom, tmp_path, "langgraph agno")
    if idiom.tools:
        asked = after.run(SCRIPTS["start"], *idiom.tools)
        ours = [call for call in asked.changes if call.endswith("up -d kestra")]
        assert (len(ours), asked.code) == (1, 0), "asked for by name, it has its place in the order"
    # The file comes back: the order goes through.
    for stacks in (before, after):
        folder = (stacks.root / STACK).parent
        for name in ("infra", "data", MONITORING):
            place = folder / f"docker-compose.{name}.yml"
            place = folder / f"{name}.yml" if "/" in name else place
            place.parent.mkdir(exist_ok=True)
            place.write_text("services:\n  one: {}\n")
        (stacks.root / "vendor/crawler").mkdir(parents=True)
        (stacks.root / "vendor/crawler/docker-compose.yaml").write_text("services: {}\n")
    old, new = (s.run(SCRIPTS["start"]) for s in (before, after))
    assert (old.code, new.code) == (0, 0), new.err
    whole = [f"{call} langgraph agno" if ".tools.yml" in call else call for call in old.changes]
    assert new.changes == [UP, *whole]


@pytest.mark.parametrize("idiom", BEHIND, ids=lambda i: i.name)
def test_called_ahead_what_holds_kestra_back_is_kept(idiom: Idiom, tmp_path: Path) -> None:
    before, after = pair(idiom, tmp_path, "langgraph agno")
    for name in ("SKIP_Kestra_AUTO_START", "SKIP_KESTRA_AUTO_START"):
        old, new = (s.run(SCRIPTS["start"], **{name: "1"}) for s in (before, after))
        assert (new.changes, new.code) == (old.changes, old.code)
        assert new.err.count(f"Kestra is left out: {name}=1") == 1
    with listening() as port:
        new = after.run(SCRIPTS["start"], KESTRA_HTTP_PORT=str(port))
        assert (new.changes, new.code) == (old.changes, old.code)
        assert new.err.count(f"port {port} is taken by") == 1
    for word in ("--list", "--help"):
        if idiom.name == "tools-behind":
            old, new = (s.run(SCRIPTS["start"], word) for s in (before, after))
            assert (new.code, new.out, new.changes) == (0, old.out, [])
    (after.root / ".freeze").write_text("release\n")
    if idiom.name in ("tools-behind", "line-behind"):
        assert after.run(SCRIPTS["start"]).changes == []


def test_kestra_is_stopped_ahead_of_a_stack_that_always_fails(tmp_path: Path) -> None:
    before, after = pair(BEHIND[0], tmp_path, "langgraph")
    old, new = (s.run(SCRIPTS["stop"]) for s in (before, after))
    assert old.code != 0
    assert (new.changes, new.code) == ([STOP, *old.changes], old.code)
    asked = after.run(SCRIPTS["stop"], "tools")
    assert asked.changes == [STOP, f"compose -f ROOT/{STACK} down --timeout 20"]
    for stacks in (before, after):
        (stacks.root / "tools/monitoring").mkdir()
        (stacks.root / "tools/monitoring/docker-compose.yml").write_text("services: {}\n")
    old, new = (s.run(SCRIPTS["stop"]) for s in (before, after))
    assert (new.changes, new.code) == ([STOP, *old.changes], 0)


@pytest.mark.parametrize("idiom", ALL, ids=lambda i: i.name)
def test_where_all_files_are_there_nothing_is_called_ahead(idiom: Idiom, tmp_path: Path) -> None:
    _, after = pair(idiom, tmp_path, "langgraph")
    for path in SCRIPTS.values():
        assert "stacks-ahead" not in (after.root / path).read_text()


def test_a_phase_with_another_file_starts_kestra_as_well(tmp_path: Path) -> None:
    before, after = pair(ELSEWHERE, tmp_path)
    old, new = (s.run(SCRIPTS["start"], "--phase", "tools") for s in (before, after))
    assert new.changes == [UP, *old.changes]
    assert new.code == 0, new.err
    stopped = after.run(SCRIPTS["stop"], "tools")
    assert stopped.changes == [STOP, "compose -f ROOT/dev/docker-compose.yml down"]


@pytest.mark.parametrize("idiom", ALL, ids=lambda i: i.name)
def test_stop_stops_kestra_once_and_the_rest_as_before(idiom: Idiom, tmp_path: Path) -> None:
    before, after = pair(idiom, tmp_path, "langgraph")
    old, new = (s.run(SCRIPTS["stop"], cwd=s.root) for s in (before, after))
    mine = [call for call in new.changes if call.endswith("stop kestra kestra-postgres")]
    assert len(mine) == 1
    assert [call for call in new.changes if call not in mine] == old.changes
    assert new.code == old.code
    assert any(c.startswith("ps ") and "role=wrapper" in c for c in new.calls), "stop.sh looked"
    if idiom in WATCHED:
        place = new.changes.index(mine[0])
        assert ".tools.yml" in new.changes[place + 1]


@pytest.mark.parametrize("idiom", [*NEW_PHASE, WATCHED[0]], ids=lambda i: i.name)
def test_a_taken_port_is_told_and_the_rest_goes_on(idiom: Idiom, tmp_path: Path) -> None:
    before, after = pair(idiom, tmp_path, "langgraph")
    with listening() as port:
        env = {"KESTRA_HTTP_PORT": str(port)}
        old, new = (s.run(SCRIPTS["start"], **env) for s in (before, after))
        assert f"port {port} is taken by" in new.err
        assert "inv kestra.env --ports auto" in new.err
        assert new.code == old.code
        assert not any(call.endswith("up -d kestra") for call in new.changes)
        asked = after.run(SCRIPTS["start"], *idiom.tools, **env)
        assert asked.code != 0 or idiom in WATCHED, "the phase was asked for by name"
        if idiom in WATCHED:
            assert any(call.endswith("up -d langgraph") for call in asked.changes)


def test_docker_failing_on_kestra_doesnt_end_the_hosts_order(tmp_path: Path) -> None:
    before, after = pair(NEW_PHASE[3], tmp_path)
    old = before.run(SCRIPTS["start"], DOCKER_FAILS="kestra")
    new = after.run(SCRIPTS["start"], DOCKER_FAILS="kestra")
    assert (new.changes, new.code) == ([UP, *old.changes], old.code)
    assert "Kestra couldn't be started" in new.err
    assert after.run(SCRIPTS["start"], "--phase", "tools", DOCKER_FAILS="kestra").code == 5


def test_a_freeze_holds_kestra_back_too(tmp_path: Path) -> None:
    for idiom in (NEW_PHASE[0], NEW_PHASE[2], LINE):
        _, after = pair(idiom, tmp_path / idiom.name)
        (after.root / ".freeze").write_text("release\n")
        ran = after.run(SCRIPTS["start"], *(idiom.tools if idiom.phases else ()))
        assert ran.changes == [], idiom.name


def test_without_our_script_the_hosts_works_as_before(tmp_path: Path) -> None:
    for number, idiom in enumerate([*ALL, *BEHIND]):
        before, after = pair(idiom, tmp_path / str(number), "langgraph")
        (after.root / "tools/kestra/scripts/stack.sh").unlink()
        for script in SCRIPTS.values():
            old, new = (s.run(script) for s in (before, after))
            assert new.changes == old.changes, (idiom.name, script, new.err)


@pytest.mark.parametrize("name", [i.name for i in ALL])
@pytest.mark.parametrize("crlf", [False, True])
def test_bash_takes_the_result_and_undo_gives_the_bytes_back(
    name: str, crlf: bool, tmp_path: Path
) -> None:
    stacks = Stacks.of(name, tmp_path, "data")
    original = {}
    for path in SCRIPTS.values():
        place = stacks.root / path
        if crlf:
            place.write_bytes(place.read_bytes().replace(b"\n", b"\r\n"))
        original[path] = place.read_bytes()
    stacks.integrate()
    for path in SCRIPTS.values():
        data = (stacks.root / path).read_bytes()
        text = data.decode()
        assert blocks(text, NAMES, path)
        if crlf:
            assert data.count(b"\n") == data.count(b"\r\n")
        plain = text.replace("\r\n", "\n")
        checked = subprocess.run(["bash", "-n"], input=plain, text=True, capture_output=True)
        assert checked.returncode == 0, checked.stderr
    assert not stacks.integrate().pending
    stacks.integrate(undo=True)
    for path, data in original.items():
        assert (stacks.root / path).read_bytes() == data
    assert not (stacks.root / "tools/kestra/scripts/stack.sh").exists()


@pytest.mark.parametrize("name", REFUSED)
def test_what_isnt_understood_is_left_and_the_snippet_works(name: str, tmp_path: Path) -> None:
    stacks = Stacks.of(name, tmp_path, "infra", "data", "apps")
    original = {path: (stacks.root / path).read_bytes() for path in SCRIPTS.values()}
    plan = stacks.integrate()
    assert [c.path for c in plan.conflicts] == list(SCRIPTS.values())
    for conflict in plan.conflicts:
        assert (stacks.root / conflict.path).read_bytes() == original[conflict.path]
        assert conflict.path in conflict.why and "skip: [stacks]" in conflict.hint
        assert conflict.ours.strip() in conflict.hint
    assert (stacks.root / "tools/kestra/compose.yml").exists(), "the other steps were applied"

    for conflict in plan.conflicts:
        place = stacks.root / conflict.path
        lines = place.read_text().splitlines(keepends=True)
        lines.insert(3, conflict.ours)
        place.write_text("".join(lines))
    assert not stacks.integrate().conflicts
    assert stacks.run(SCRIPTS["start"]).changes.count(UP) == 1
    assert stacks.run(SCRIPTS["stop"]).changes.count(STOP) == 1


def test_every_fixture_of_the_corpus_is_in_a_table() -> None:
    assert {i.name for i in ALL} | set(REFUSED) == {path.name for path in CORPUS.iterdir()}
