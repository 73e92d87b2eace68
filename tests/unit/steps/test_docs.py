"""The docs step: whose rows are whose, front matter like the neighbours', undo to the byte."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kestra_tasks.core.edit import Change, Conflict, Edit, Noop
from kestra_tasks.core.markers import digest
from kestra_tasks.core.plan import Plan, Step, make_plan
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.settings import Settings
from kestra_tasks.steps import docs
from kestra_tasks.steps.docs_rows import with_port_rows, without_port_rows
from kestra_tasks.templates import load

MAP = "docs/context/ops/service-port-map.md"
NAMING = "docs/governance/CONTAINER-NAMING-CONVENTION.md"
GUIDE = "docs/context/ops/orchestration/kestra.md"
STEP = Step("docs", "5.2", docs.plan, docs.undo)
DAY = Settings(today="2026-01-31")
TABLE = "| Service | Port |\n|---|---|\n| Web | 3000 |\n| API | 4000 |\n"


def tree(files: dict[str, str]) -> Tree:
    return Tree({path: File.of(text) for path, text in files.items()})


def made(files: dict[str, str], chosen: Settings = DAY, *, undo: bool = False) -> Plan:
    return make_plan(tree(files), chosen, [STEP], undo=undo)


def after(files: dict[str, str], plan: Plan) -> dict[str, str]:
    result = dict(files)
    for edit in plan.edits:
        if edit.after is None:
            del result[edit.path]
        else:
            result[edit.path] = edit.after.text
    return result


def told(plan: Plan, path: str) -> str:
    [why] = [noop.why for noop in plan.outcomes[0].noops if noop.path == path]
    return why


def front(text: str) -> dict[str, object]:
    loaded: dict[str, object] = yaml.safe_load(text.split("---\n")[1])
    return loaded


# --- rows ------------------------------------------------------------------------------------


def rows(text: str, http: int = 8080, management: int = 8081) -> str:
    done = with_port_rows(text, DAY, http, management)
    assert done.text is not None
    assert not done.by_hand
    return done.text


def test_rows_for_other_ports_are_ours_and_are_replaced() -> None:
    old = rows(TABLE, 8080, 8081)
    new = rows(old, 9180, 9181)
    assert "| Kestra (UI and API) | 9180 |" in new
    assert "8080" not in new
    assert without_port_rows(new, DAY) == TABLE


def test_rows_that_a_formatter_padded_are_up_to_date() -> None:
    text = rows(TABLE)
    padded = re.sub(r" \|$", "      |", text, flags=re.M)
    assert rows(padded) == padded


@pytest.mark.parametrize(
    "edited",
    [
        ("Kestra (UI and API)", "Kestra UI of Ana"),
        ("| 8080 |", "| 8080 (VPN only) |"),
    ],
)
def test_a_row_that_a_person_changed_is_theirs(edited: tuple[str, str]) -> None:
    text = rows(TABLE).replace(*edited)
    done = with_port_rows(text, DAY, 9180, 9181)
    assert done.by_hand
    assert done.text == text
    assert edited[1] in without_port_rows(text, DAY)


def test_an_owner_that_a_person_wrote_into_our_row_makes_it_theirs() -> None:
    table = (
        "| Service | Port | Owner |\n|---|---|---|\n| Web | 3000 | ana |\n| API | 4000 | rui |\n"
    )
    text = rows(table)
    assert "| Kestra (UI and API) | 8080 | — |" in text
    mine = text.replace(
        "| Kestra (UI and API) | 8080 | — |", "| Kestra (UI and API) | 8080 | eva |"
    )
    assert with_port_rows(mine, DAY, 9180, 9181).by_hand


def test_a_row_that_we_wrote_is_still_ours_when_others_come_and_go() -> None:
    table = "| Service | Port | State |\n|---|---|---|\n| Web | 3000 | on |\n| API | 4000 | on |\n"
    text = rows(table)
    assert "| Kestra (UI and API) | 8080 | on |" in text
    changed = text.replace("| API | 4000 | on |", "| API | 4000 | off |\n| New | 4100 | off |")
    assert rows(changed) == changed


@pytest.mark.parametrize("heading", ["History", "Histórico", "Faixas reservadas", "Free ports"])
def test_a_table_of_what_is_not_now_gets_no_row(heading: str) -> None:
    text = f"# Ports\n\n## {heading}\n\n{TABLE}"
    assert with_port_rows(text, DAY, 8080, 8081).text is None


def test_the_stacks_own_table_is_chosen_before_a_longer_one() -> None:
    text = f"## Apps\n\n{TABLE}| More | 5000 |\n\n## Tools\n\n{TABLE.replace('Web', 'Adminer')}"
    assert "Kestra" in rows(text).split("## Tools")[1]


# --- documents -------------------------------------------------------------------------------


def answers(
    files: dict[str, str], chosen: Settings = DAY, *, undo: bool = False
) -> dict[str, Change]:
    """What the step answers to each path, where every file may be written by its group."""
    world = Tree({path: File.of(text, 0o664) for path, text in files.items()})
    changes = list((docs.undo if undo else docs.plan)(world, chosen))
    assert len({change.path for change in changes}) == len(changes)
    return {change.path: change for change in changes}


def test_nothing_there_and_nothing_asked_for_is_nothing_to_do() -> None:
    why = "absent; `create: [docs]` in invoke.yaml would write"
    assert list(answers({"README.md": "x"}).values()) == [
        Noop(MAP, f"{why} a port map"),
        Noop(NAMING, f"{why} a naming document"),
        Noop("docs/context/ops", f"{why} the operators' documents"),
    ]
    noops = answers({}, undo=True)
    assert noops == {path: Noop(path, "absent") for path in noops}
    assert {MAP, NAMING, GUIDE} <= set(noops)


NAMES = "| Right | Wrong |\n|---|---|\n| `tools-x` | x |\n"


@pytest.mark.parametrize(
    ("path", "text", "added", "why", "line", "gone"),
    [
        (
            MAP,
            TABLE,
            "| Kestra (UI and API) | 8080 |\n| Kestra (management) | 8081 |\n",
            "lacks 8080 and 8081",
            5,
            "the rows were written by us",
        ),
        (
            NAMING,
            NAMES,
            "| `tools-kestra` | kestra |\n",
            "lacks tools-kestra",
            4,
            "the row was written by us",
        ),
    ],
    ids=["port-map", "naming"],
)
def test_rows_are_told_with_their_reason_and_line(
    path: str, text: str, added: str, why: str, line: int, gone: str
) -> None:
    before, after_ = File.of(text, 0o664), File.of(text + added, 0o664)
    assert answers({path: text})[path] == Edit(path, before, after_, why)
    assert answers({path: text + added})[path] == Noop(path, f"up to date, line {line}")
    assert answers({path: text + added}, undo=True)[path] == Edit(path, after_, before, gone)
    assert answers({path: text}, undo=True)[path] == Noop(path, "has nothing of ours")

    other = DAY.with_(http_port=9180, management_port=9181, prefix="infra")
    moved = answers({path: text + added}, other)[path]
    assert isinstance(moved, Edit)
    assert moved.why == "our rows for other settings"

    theirs = (text + added).replace("estra", "ESTRA")
    by_hand = Noop(path, f"has Kestra already, by hand: {path}:{line}")
    assert answers({path: theirs})[path] == by_hand


def test_a_naming_document_without_a_table_is_left_alone() -> None:
    why = "has no table of names that a row could go into"
    assert answers({NAMING: "# Names\n"})[NAMING] == Noop(NAMING, why)


SECTION = """\
<!-- >>> kestra-tasks:port-map @ -->

## Kestra

| Service | Port | Container | Stack | Start / Stop |
|---|---:|---|---|---|
| Kestra (UI and API) | 8080 | `tools-kestra` | tools | `@ up -d kestra` / `stop kestra` |
| Kestra (management) | 8081 | `tools-kestra` | tools | `@ up -d kestra` / `stop kestra` |
<!-- <<< kestra-tasks:port-map -->
"""


def section(http: int, newline: str, flags: str = "") -> str:
    """The section for two ports in a row, with its marks."""
    compose = "docker compose -f tools/compose/docker-compose.tools.yml"
    text = SECTION.replace("`@ ", f"`{compose} ")
    text = text.replace("8080", str(http)).replace("8081", str(http + 1))
    body = "".join(text.splitlines(keepends=True)[1:-1])
    return text.replace("@", digest(body) + flags).replace("\n", newline)


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(
    ("text", "between", "flags"),
    [("# Ports\n", "\n", ""), ("# Ports", "\n\n", " eol"), ("", "\n", "")],
    ids=["text", "no-final-newline", "empty"],
)
def test_a_port_map_without_a_table_gets_a_section(
    text: str, between: str, flags: str, newline: str
) -> None:
    text, between = (part.replace("\n", newline) for part in (text, between))
    if "\n" not in text:  # nothing tells the file's line end
        newline, between = "\n", between.replace("\r\n", "\n")
    before = File.of(text, 0o664)
    now, moved = (
        File.of(text + between + section(http, newline, flags), 0o664) for http in (8080, 9180)
    )
    assert answers({MAP: text})[MAP] == Edit(MAP, before, now, "has no table of services")
    line = 3 if text else 2
    assert answers({MAP: now.text})[MAP] == Noop(MAP, f"up to date, line {line}")
    gone = Edit(MAP, now, before, "the section was written by us")
    assert answers({MAP: now.text}, undo=True)[MAP] == gone

    other = DAY.with_(http_port=9180, management_port=9181)
    older = Edit(MAP, now, moved, "an older version of our section")
    assert answers({MAP: now.text}, other)[MAP] == older
    below = f"{now.text}more{newline}"
    left = answers({MAP: below}, undo=True)[MAP]
    assert isinstance(left, Edit)
    assert left.after == File.of(f"{text}{newline if flags else ''}more{newline}", 0o664)


def test_a_section_that_a_hand_edited_is_a_conflict_both_ways() -> None:
    made_ = section(8080, "\n")
    edited = made_.replace("## Kestra\n", "## Kestra, ours\n")
    theirs, ours = ("".join(text.splitlines(keepends=True)[1:-1]) for text in (edited, made_))
    why = f"{MAP}:3: our section was edited by hand; it is kept"
    before = f"# Ports\n\n{edited}"
    assert answers({MAP: before})[MAP] == Conflict(
        MAP, why, "add --force to write it anew, or delete its marks to make it yours", theirs, ours
    )
    assert answers({MAP: before}, undo=True)[MAP] == Conflict(
        MAP, why, "delete it by hand, or add --force to delete it", theirs
    )
    force, was = DAY.with_(force=True), File.of(before, 0o664)
    anew, gone = File.of(f"# Ports\n\n{made_}", 0o664), File.of("# Ports\n", 0o664)
    assert answers({MAP: before}, force)[MAP] == Edit(MAP, was, anew, "forced")
    taken = Edit(MAP, was, gone, "the section was written by us")
    assert answers({MAP: before}, force, undo=True)[MAP] == taken


@pytest.mark.parametrize("undo", [False, True], ids=["plan", "undo"])
def test_a_mark_without_its_partner_is_a_conflict(undo: bool) -> None:
    text = f"# Ports\n\n{section(8080, chr(10))}".replace("<!-- <<<", "<!--")
    [conflict] = [c for c in made({MAP: text}, undo=undo).conflicts if c.path == MAP]
    assert conflict.why == f"{MAP}:3: the marks of kestra-tasks:port-map don't pair up"


def test_the_ports_are_those_that_the_team_decided() -> None:
    files = {MAP: TABLE, ".env.example": "KESTRA_HTTP_PORT=8180\nKESTRA_MANAGEMENT_PORT=8685\n"}
    text = after(files, made(files))[MAP]
    assert "| Kestra (UI and API) | 8180 |" in text
    assert "http://localhost:8685/health" in after(files, made(files))[GUIDE]


def test_front_matter_has_the_neighbours_keys_notation_and_no_one_elses_address() -> None:
    neighbour = (
        '---\ntitle: "Monitoring"\ndescription: How\'s it going\nslug: /ops/monitoring\n'
        "tags:\n  - ops\n  - it\nowner: Platform\nstatus: deprecated\n"
        "sidebar_position: 3\nlast_update:\n  author: ana\ncreated: '2025-02-01'\n---\n\n# M\n"
    )
    files = {MAP: TABLE, "docs/context/ops/runbooks/monitoring.md": neighbour}
    text = after(files, made(files))["docs/context/ops/runbooks/kestra-restart.md"]
    assert front(text) == {
        "title": "Restart Kestra",
        "description": "From the evidence to a server that works.",
        "slug": "/ops/kestra-restart",
        "tags": ["kestra", "runbook", "ops"],
        "owner": "Platform",
        "status": "active",
        "last_update": {"author": "ana"},
        "created": "2026-01-31",
    }
    assert 'title: "Restart Kestra"\n' in text


def test_neighbours_without_front_matter_get_one_without() -> None:
    files = {MAP: TABLE, "docs/context/ops/README.md": "# Ops\n"}
    text = after(files, made(files))[GUIDE]
    assert text.startswith("<!-- kestra-tasks:seeded ")


def test_a_written_document_is_the_teams_and_its_date_stays() -> None:
    files = {MAP: TABLE}
    done = after(files, made(files))
    assert not made(done, Settings(today="2027-05-05", http_port=8080)).edits
    done[GUIDE] += "our own words\n"
    assert not made(done).edits
    plan = made(done, undo=True)
    assert [c.path for c in plan.conflicts] == [GUIDE]
    assert GUIDE not in {edit.path for edit in plan.edits}
    forced = answers(done, DAY.with_(force=True), undo=True)
    assert forced[GUIDE] == Edit(GUIDE, File.of(done[GUIDE], 0o664), None, "written by us")


def test_the_guide_links_to_a_port_map_with_a_space_in_its_name() -> None:
    path = "docs/context/ops/port map.md"
    text = after({path: TABLE}, made({path: TABLE}, DAY.with_(port_map=path)))[GUIDE]
    assert "(../port%20map.md)" in text


def test_a_page_of_ours_stays_known_as_ours_when_ports_change() -> None:
    asked = DAY.with_(create=("docs",))
    files = after({}, made({}, asked))
    moved = after(files, made(files, asked.with_(http_port=8180)))
    assert "| 8180 |" in moved[MAP]
    assert after(moved, made(moved, asked, undo=True)) == {}


def test_links_go_into_the_list_and_out_again() -> None:
    readme = "# Runbooks\n\n* [Disk](disk.md)\n* [Net](net.md)\n\nMore:\n\n* [x](y.md)"
    files = {MAP: TABLE, "docs/context/ops/runbooks/README.md": readme}
    done = after(files, made(files))
    text = done["docs/context/ops/runbooks/README.md"]
    assert "* [Net](net.md)\n* [Restart Kestra](kestra-restart.md)\n" in text
    assert text.endswith("\n\nMore:\n\n* [x](y.md)")
    assert after(done, made(done, DAY.with_(language="pt-BR"), undo=True)) == files


PIECES = (
    TABLE,
    "# Ports\n",
    "## History\n",
    "| Date | Port | Service |\n|---|---|---|\n| 2025-01-01 | 1 | x |\n",
    "| Porta | Serviço | Container |\n|---:|:---|---|\n| 80 | a | `tools-a` |\n",
    "|a|Port|Name|\n|-|-|-|\n",
    "| Right | Wrong |\n|---|---|\n| `tools-x` | x |\n",
    "- [A](a.md)\n- [B](b.md)\n",
    "```text\n| Service | Port |\n|---|---|\n```\n",
    "<!--\n| Service | Port |\n|---|---|\n-->\n",
    "words | with | pipes\n",
    "---\ntitle: x\ntags: [a]\n---\n",
    "\n",
)


@st.composite
def pages(draw: st.DrawFn) -> str:
    text = "\n".join(draw(st.lists(st.sampled_from(PIECES), max_size=5)))
    if draw(st.booleans()):
        text = text.rstrip("\n")
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return "\ufeff" + text if draw(st.integers(0, 4)) == 0 else text


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([MAP, NAMING, "docs/context/ops/README.md", GUIDE]), pages(), max_size=4
    ),
    st.sampled_from(["en", "pt-BR"]),
    st.sampled_from([(), ("docs",)]),
)
def test_a_second_plan_is_empty_and_undo_gives_every_byte_back(
    files: dict[str, str], language: str, create: tuple[str, ...]
) -> None:
    chosen = DAY.with_(language=language, create=create)
    plan = made(files, chosen)
    done = after(files, plan)
    assert [(e.path, e.why) for e in made(done, chosen).edits] == []
    moved = after(done, made(done, chosen.with_(http_port=8180, management_port=8685)))
    assert after(done, made(done, chosen, undo=True)) == files
    assert after(moved, made(moved, chosen, undo=True)) == files
    for path, text in files.items():
        theirs = text.splitlines()
        kept = iter(done[path].splitlines())
        assert all(line in kept for line in theirs), path


def test_every_change_is_an_edit_a_noop_or_a_conflict_for_every_document() -> None:
    changes = list(docs.plan(tree({MAP: TABLE, NAMING: "words"}), DAY))
    assert all(isinstance(change, Edit | Noop | Conflict) for change in changes)
    assert {change.path for change in changes} >= {MAP, NAMING, GUIDE}


def test_rows_stay_in_the_table_that_has_them() -> None:
    text = f"## Apps\n\n{rows(TABLE)}\n## Tools\n\n{TABLE}| Adminer tools-adminer | 8000 |\n"
    new = rows(text, 9180, 9181)
    assert "| Kestra (UI and API) | 9180 |" in new.split("## Tools")[0]
    assert "Kestra" not in new.split("## Tools")[1]


# --- languages -------------------------------------------------------------------------------

# The only words that differ in commands. The integration test runs the English ones.
WORDS = {
    "before-restart.log": "antes-do-reinicio.log",
    "first-flow.yml": "primeiro-fluxo.yml",
    "first_flow": "primeiro_fluxo",
    "namespace: operations": "namespace: operacoes",
    "executions/operations": "executions/operacoes",
    "flows/operations": "flows/operacoes",
    "id: say": "id: dizer",
    "Kestra works": "O Kestra funciona",
    "'END'": "'FIM'",
    "\nEND\n": "\nFIM\n",
    "exit {{": "saída {{",
    "out of memory {{": "sem memória {{",
    "restarts {{": "reinícios {{",
    "since {{": "desde {{",
    "git does NOT ignore it": "o git NÃO o ignora",
    "no errors": "nenhum erro",
    "no backup on this machine": "nenhum backup nesta máquina",
    "echo writable": "echo gravável",
    "relname as table": "relname as tabela",
    "as size": "as tamanho",
}


@pytest.mark.parametrize(
    "template", ["kestra", "kestra-restart", "kestra-checklist", "kestra-backup-restore"]
)
def test_both_languages_have_the_same_commands(template: str) -> None:
    fence = re.compile(r"^ *```bash\n(.*?)^ *```$", re.S | re.M)
    english, portuguese = (
        fence.findall(load(f"seeded/docs/{template}.{language}.md")) for language in ("en", "pt-BR")
    )
    for old, new in WORDS.items():
        english = [block.replace(old, new) for block in english]
    assert english == portuguese
    assert len(english) > 9


ADDRESSES = """## Aplicações

| Serviço | Container | URL/Porta | Descrição |
|---------|-----------|-----------|-----------|
| Painel | (npm) | http://localhost:3103 | Interface. |
| API | docs-api | http://localhost:3400/v1 | Documentos. |

## Dados e Monitoramento

| Serviço | Container | URL/Porta | Descrição |
|---------|-----------|-----------|-----------|
| Banco | data-db | localhost:5433 | Principal. |
| Grafana | mon-grafana | http://localhost:3000 | Painéis. |
| Proxy | Traefik (`/api`) | http://localhost:9080/api | Sem porta própria. |
"""


def test_a_column_of_addresses_tells_the_ports_and_takes_ours() -> None:
    text = rows(ADDRESSES, 8180, 8685)
    start, end = text.split("## Dados")
    assert "| Kestra (UI e API) | tools-kestra | http://localhost:8180 |" in start
    assert "| Kestra (gestão) | tools-kestra | http://localhost:8685/health |" in start
    assert end == ADDRESSES.split("## Dados")[1]
    assert rows(text, 8180, 8685) == text
    assert without_port_rows(text, DAY) == ADDRESSES


def test_rows_of_a_sorted_table_are_sorted_and_padded_as_the_others() -> None:
    text = "| Port | Service |\n|:----:|---|\n| 80   | Web |\n| 443  | Web |\n| 8070 | API |\n"
    assert rows(text, 8180, 8081).splitlines()[-2:] == [
        "| 8081 | Kestra (management) |",
        "| 8180 | Kestra (UI and API) |",
    ]
    wide = "| Porta | Nome |\n|:-----:|---|\n| 3010  | A |\n| 5432  | B |\n| 70000 | C |\n"
    assert "\n| 8180  | Kestra (UI e API) |" in rows(wide, 8180, 8181)


def test_nobody_is_made_responsible_for_kestra_by_majority() -> None:
    head = "| Porta | Nome | Responsável |\n|---|---|---|\n"
    text = f"{head}| 1001 | a | X |\n| 1002 | b | X |\n| 1003 | c | Y |\n"
    assert "| 8080 | Kestra (UI e API) | — |" in rows(text)


def test_an_inventory_of_names_gets_image_and_port() -> None:
    head = "| Service | Container | Image | Port |\n|---|---|---|---|\n"
    text = f"{head}| DB | `a-db` | `pg:1` | 5433 |\n"
    before = {NAMING: f"## tools\n\n{text}"}
    plan = made(before)
    written = after(before, plan)
    assert written[NAMING].splitlines()[-2:] == [
        "| Kestra | `tools-kestra` | `kestra/kestra:latest` | 8080 |",
        "| Kestra (Postgres) | `tools-kestra-postgres` | `postgres:15-alpine` | — |",
    ]
    assert not made(written).edits
    assert after(written, made(written, undo=True)) == before
