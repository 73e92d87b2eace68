"""Kestra's block in `.env.example` and `.env`: what goes in, what stays, what comes out."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kestra_tasks.core import envblock, envtext
from kestra_tasks.core.edit import Change, Conflict, Edit, Noop
from kestra_tasks.core.plan import Plan, Step, make_plan
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.settings import Secrets, Settings
from kestra_tasks.steps import env
from tests.helpers import readers

STEP = Step("env", "3.2", env.plan, env.undo)
CORPUS = sorted((Path(__file__).parents[2] / "corpus" / "env").glob("*.env"))
DRAWN = Secrets("drawn-Database-1", "drawn-Login-22")
PLAIN, WITH = Settings(), Settings(secrets=DRAWN)
TASK_LIST = """\
# Kestra Orchestrator
KESTRA_HTTP_PORT=8080
KESTRA_MANAGEMENT_PORT=8081
KESTRA_DB_HOST=kestra-postgres
KESTRA_DB_PORT=5432
KESTRA_DB_NAME=kestra
KESTRA_DB_USER=kestra
KESTRA_DB_PASSWORD="CHANGE_ME_SECURE_PASSWORD"
KESTRA_BASICAUTH_USERNAME=admin@tradingsystem.local
KESTRA_BASICAUTH_PASSWORD="ChangeMe123!"
"""
NINE = [line.partition("=")[0] for line in TASK_LIST.splitlines()[1:]]
Texts = dict[str, str | None]


def planned(texts: Texts, settings: Settings = WITH, *, undo: bool = False) -> Plan:
    files = {path: File.of(text) for path, text in texts.items() if text is not None}
    return make_plan(Tree(files), settings, [STEP], undo=undo)


def after(texts: Texts, settings: Settings = WITH, *, undo: bool = False) -> Texts:
    plan = planned(texts, settings, undo=undo)
    assert not plan.conflicts, plan.conflicts
    found = {path: plan.tree.read(path) for path in (".env", ".env.example")}
    return {path: file.text if file else None for path, file in found.items()}


def value(texts: Texts, path: str, key: str) -> str | None:
    return envtext.get(texts[path] or "", key)


def answers(
    texts: Texts, settings: Settings = WITH, *, undo: bool = False, mode: int = 0o640
) -> dict[str, list[Change]]:
    """What the step answers about each file, all of them of one mode."""
    files = {path: File.of(text, mode) for path, text in texts.items() if text is not None}
    told: dict[str, list[Change]] = {".env.example": [], ".env": []}
    for change in (env.undo if undo else env.plan)(Tree(files), settings):
        told[change.path].append(change)
    return told


def whys(texts: Texts, settings: Settings = WITH, *, undo: bool = False) -> dict[str, list[str]]:
    """The reasons of those answers."""
    told = answers(texts, settings, undo=undo)
    return {path: [change.why for change in changes] for path, changes in told.items()}


def noops(plan: Plan) -> list[str]:
    return [noop.why for outcome in plan.outcomes for noop in outcome.noops]


BOTH: Texts = {".env": "A=1\n", ".env.example": "A=\n"}


def test_example_has_the_task_lists_lines_as_they_stand() -> None:
    text = after(BOTH)[".env.example"] or ""
    assert text.startswith("A=\n\n# >>> kestra-tasks:env ")
    assert TASK_LIST in text


def test_env_has_the_drawn_values() -> None:
    texts = after(BOTH)
    assert value(texts, ".env", "KESTRA_DB_PASSWORD") == DRAWN.database_password
    assert value(texts, ".env", "KESTRA_BASICAUTH_PASSWORD") == DRAWN.basic_auth_password
    assert value(texts, ".env", "A") == "1"


def test_diff_of_the_two_shows_values_only() -> None:
    texts = after({".env": "A=1\n", ".env.example": "A=1\n"})
    one, two = ((texts[path] or "").splitlines() for path in (".env.example", ".env"))
    changed = [line for line in difflib.ndiff(one, two) if line[0] in "+-"]
    assert {line[2:].partition("=")[0] for line in changed} == {
        "KESTRA_DB_PASSWORD",
        "KESTRA_BASICAUTH_PASSWORD",
    }


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
@pytest.mark.parametrize("settings", [PLAIN, WITH], ids=["plain", "secrets"])
def test_corpus_gains_the_block_and_loses_it_to_the_byte(path: Path, settings: Settings) -> None:
    text = File(path.read_bytes()).text
    before: Texts = {".env": text, ".env.example": text}
    done = after(before, settings)
    for file in (".env", ".env.example"):
        new = done[file] or ""
        assert new.startswith(text)
        assert set(NINE) <= {b.key for b in envtext.bindings(new)}
        assert not envtext.problems(new)
        old = [(b.key, b.value) for b in envtext.bindings(text)]
        assert [(b.key, b.value) for b in envtext.bindings(new)][: len(old)] == old
    assert after(done, settings) == done
    assert not planned(done, PLAIN).pending
    assert after(done, PLAIN, undo=True) == before


@pytest.mark.skipif(not readers.has_compose(), reason="docker compose isn't there")
@pytest.mark.parametrize("name", ["messy", "crlf", "bom", "multi-line", "quotes"])
def test_compose_reads_what_was_written(name: str) -> None:
    text = File(next(p for p in CORPUS if p.stem == name).read_bytes()).text
    new = after({".env": text, ".env.example": None})[".env"] or ""
    read = readers.compose(new, NINE)
    assert isinstance(read, dict)
    assert read["KESTRA_DB_PASSWORD"] == DRAWN.database_password
    assert read["KESTRA_HTTP_PORT"] == "8080"
    assert readers.run_sh(new, NINE) == read


@given(
    st.lists(
        st.sampled_from(
            ["A=1", "B='x'", "# c", "", "  ", "\t", 'C="a\nb"', "D", "é=1", "KESTRA_X=1"]
        ),
        max_size=6,
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.booleans(),
)
def test_any_file_comes_back_to_the_byte(
    lines: list[str], newline: str, final: bool, bom: bool
) -> None:
    text = ("\ufeff" if bom else "") + newline.join(lines) + (newline if final and lines else "")
    before: Texts = {".env": text, ".env.example": None}
    if envtext.problems(text):
        assert planned(before).conflicts
        return
    done = after(before)
    assert (done[".env"] or "").startswith(text)
    assert after(done) == done
    assert after(done, PLAIN, undo=True) == before


def test_absent_files_are_created_and_go_again() -> None:
    plan = planned({})
    assert {edit.path: edit.after.mode for edit in plan.edits if edit.after} == {
        ".env": 0o600,
        ".env.example": 0o644,
    }
    done = after({})
    assert after(done, PLAIN, undo=True) == {".env": None, ".env.example": None}


def test_created_file_stays_when_something_was_added() -> None:
    done = after({})
    for grown, left in ((f"{done['.env']}X=1\n", "X=1\n"), (f"X=1\n{done['.env']}", "X=1\n")):
        assert after({**done, ".env": grown}, PLAIN, undo=True)[".env"] == left


def test_mode_of_an_existing_file_is_kept() -> None:
    done = after(BOTH)
    for path, why in {
        ".env": "lacks 9 variables of Kestra; secrets were drawn",
        ".env.example": "lacks 9 variables of Kestra",
    }.items():
        was, now = File.of(BOTH[path] or "", 0o640), File.of(done[path] or "", 0o640)
        assert answers(BOTH)[path] == [Edit(path, was, now, why)]
        assert answers(done, undo=True)[path] == [Edit(path, now, was, "written by us")]


def test_without_secrets_an_absent_env_is_left_alone() -> None:
    why = "absent; `inv kestra.env` writes it, with secrets of its own"
    assert answers({".env.example": "A=\n"}, PLAIN)[".env"] == [Noop(".env", why)]


ALL_BUT_ONE = TASK_LIST.replace("KESTRA_DB_NAME=kestra\n", "")


@pytest.mark.parametrize(
    ("texts", "settings", "example", "own"),
    [
        pytest.param(
            BOTH,
            WITH,
            ["lacks 9 variables of Kestra"],
            ["lacks 9 variables of Kestra; secrets were drawn"],
            id="first",
        ),
        pytest.param({}, PLAIN.with_(secrets=DRAWN), ["absent"], ["absent"], id="created"),
        pytest.param(
            {".env.example": "", ".env": ALL_BUT_ONE},
            PLAIN.with_(decided_ports=(8180, 8685)),
            ["lacks 9 variables of Kestra"],
            [
                "yours already: KESTRA_HTTP_PORT (.env:2), KESTRA_MANAGEMENT_PORT (.env:3), "
                "KESTRA_DB_HOST (.env:4), KESTRA_DB_PORT (.env:5), KESTRA_DB_USER (.env:6), "
                "KESTRA_DB_PASSWORD (.env:7), KESTRA_BASICAUTH_USERNAME (.env:8), "
                "KESTRA_BASICAUTH_PASSWORD (.env:9)",
                "lacks 1 variable of Kestra; the ports that were decided",
            ],
            id="one-missing",
        ),
    ],
)
def test_every_edit_says_why(
    texts: Texts, settings: Settings, example: list[str], own: list[str]
) -> None:
    assert whys(texts, settings) == {".env.example": example, ".env": own}
    done = after(texts, settings)
    assert answers(done, settings)[".env.example"] == [Noop(".env.example", "up to date")]
    assert answers(done, settings)[".env"][-1] == Noop(".env", "up to date")


@pytest.mark.parametrize(
    ("texts", "why"),
    [({}, "absent"), (BOTH, "has no block of ours")],
    ids=["absent", "without-block"],
)
def test_nothing_to_take_out_says_why(texts: Texts, why: str) -> None:
    told = answers(texts, PLAIN, undo=True)
    assert told == {path: [Noop(path, why)] for path in (".env", ".env.example")}


def test_a_block_that_lost_its_last_line_end_is_up_to_date() -> None:
    cut: Texts = {path: (text or "").removesuffix("\n") for path, text in after(BOTH).items()}
    assert not planned(cut).pending


def test_a_persons_values_stay() -> None:
    done = after(BOTH)
    mine = envtext.set_value(done[".env"] or "", "KESTRA_DB_PASSWORD", "it's $mine")
    mine = envtext.set_value(mine, "KESTRA_HTTP_PORT", "9090")
    texts = {**done, ".env": mine}
    assert after(texts) == texts


def test_optional_lines_may_be_used() -> None:
    done = after(BOTH)
    mine = (done[".env"] or "").replace("# KESTRA_IMAGE=", "KESTRA_IMAGE=")
    mine = mine.replace("# KESTRA_URL=https://kestra.example.org/", "#KESTRA_URL=http://me")
    texts = after({**done, ".env": mine})
    assert value(texts, ".env", "KESTRA_IMAGE") == "kestra/kestra:latest"
    assert after(texts) == texts
    assert after(texts, PLAIN, undo=True) == BOTH


def test_placeholders_are_replaced_wherever_they_stand() -> None:
    before: Texts = {
        ".env": 'KESTRA_DB_PASSWORD=CHANGE_ME # later\nA=1\nKESTRA_BASICAUTH_PASSWORD="Real1234"\n',
        ".env.example": None,
    }
    text = after(before)[".env"] or ""
    assert text.startswith("KESTRA_DB_PASSWORD=drawn-Database-1 # later\nA=1\n")
    assert text.count("KESTRA_DB_PASSWORD=") == 1
    assert envtext.get(text, "KESTRA_BASICAUTH_PASSWORD") == "Real1234"


def test_what_a_person_set_elsewhere_is_not_written_twice() -> None:
    before: Texts = {".env": "A=1\nKESTRA_HTTP_PORT=9090\n", ".env.example": "A=\n"}
    plan = planned(before)
    text = after(before)[".env"] or ""
    assert text.count("KESTRA_HTTP_PORT=") == 1
    assert "yours already: KESTRA_HTTP_PORT (.env:2)" in noops(plan)
    assert after(after(before), PLAIN, undo=True) == before


def test_nothing_is_added_where_a_person_set_all() -> None:
    text = TASK_LIST.replace("CHANGE_ME_SECURE_PASSWORD", "x").replace("ChangeMe123!", "Real1234")
    texts: Texts = {".env": text, ".env.example": TASK_LIST}
    assert after(texts) == texts


def test_set_inside_and_outside_is_a_conflict() -> None:
    done = after(BOTH)
    plan = planned({**done, ".env": f"{done['.env']}KESTRA_DB_NAME=other\n"})
    assert plan.conflicts == (
        Conflict(
            ".env",
            ".env:24: KESTRA_DB_NAME is set there and in the block of ours; the last one counts",
            "delete one of the two lines",
        ),
    )
    assert not plan.pending


def test_decided_ports_are_written_wherever_they_stand() -> None:
    before: Texts = {".env": "KESTRA_HTTP_PORT='9090' # ours\n", ".env.example": "A=\n"}
    chosen = WITH.with_(decided_ports=(8180, 8685))
    for texts in (after(before, chosen), after(after(before), chosen)):
        for path in (".env", ".env.example"):
            assert value(texts, path, "KESTRA_HTTP_PORT") == "8180"
            assert value(texts, path, "KESTRA_MANAGEMENT_PORT") == "8685"
        assert (texts[".env"] or "").startswith("KESTRA_HTTP_PORT='8180' # ours\n")
        assert after(texts) == texts
        assert not planned(texts, PLAIN).pending


def test_a_second_colleague_gets_what_the_team_decided() -> None:
    team = after({".env.example": "A=\n"}, PLAIN.with_(decided_ports=(8180, 8685)))
    team[".env.example"] = envtext.set_value(team[".env.example"] or "", "KESTRA_DB_NAME", "flows")
    texts = after(team)
    assert value(texts, ".env", "KESTRA_HTTP_PORT") == "8180"
    assert value(texts, ".env", "KESTRA_MANAGEMENT_PORT") == "8685"
    assert value(texts, ".env", "KESTRA_DB_NAME") == "flows"
    assert value(texts, ".env", "KESTRA_DB_PASSWORD") == DRAWN.database_password


def test_a_decision_outside_the_examples_block_reaches_a_new_env() -> None:
    texts = after({".env.example": "KESTRA_HTTP_PORT=8180\nKESTRA_DB_NAME\n"})
    assert value(texts, ".env", "KESTRA_HTTP_PORT") == "8180"
    # Named without a value: each machine's own to give.
    assert value(texts, ".env", "KESTRA_DB_NAME") == "kestra"


def test_a_choice_for_one_machine_leaves_the_team_alone() -> None:
    team = after({".env.example": "A=\n"}, PLAIN.with_(decided_ports=(8180, 8685)))
    here = WITH.with_(decided_ports=(9180, 9685), ports_here=True)
    for texts in (after(team, here), after(after(team), here)):
        assert texts[".env.example"] == team[".env.example"]
        assert value(texts, ".env", "KESTRA_HTTP_PORT") == "9180"
        assert value(texts, ".env", "KESTRA_MANAGEMENT_PORT") == "9685"
        assert after(texts) == texts


def test_a_secret_in_the_example_is_nobodys_password() -> None:
    example = TASK_LIST.replace("CHANGE_ME_SECURE_PASSWORD", "shared-with-all")
    texts = after({".env": "A=1\n", ".env.example": example})
    assert value(texts, ".env", "KESTRA_DB_PASSWORD") == DRAWN.database_password


def test_a_colleagues_own_ports_stay() -> None:
    done = after(BOTH)
    done[".env"] = envtext.set_value(done[".env"] or "", "KESTRA_HTTP_PORT", "9999")
    assert after(done) == done


def older(text: str) -> str:
    """The block as an earlier version would have written it: a variable and a comment less."""
    now = env.layout(WITH)
    required = {k: v for k, v in now.required.items() if k != "KESTRA_DB_PORT"}
    then = envblock.Layout(now.heading, required, optional=now.optional)
    return envblock.insert(text, envblock.render(then), (*now.required, *now.optional))


def test_an_older_version_is_brought_up_to_date_with_its_values() -> None:
    text = older("A=1\n")
    mine = envtext.set_value(text, "KESTRA_DB_NAME", "mine")
    texts = after({".env": mine, ".env.example": None})
    assert value(texts, ".env", "KESTRA_DB_PORT") == "5432"
    assert value(texts, ".env", "KESTRA_DB_NAME") == "mine"
    assert after(texts, PLAIN, undo=True)[".env"] == "A=1\n"


@pytest.mark.parametrize("undo", [False, True], ids=["plan", "undo"])
@pytest.mark.parametrize(
    ("old", "new"),
    [("# Kestra Orchestrator\n", "# my own words\n"), ("KESTRA_DB_NAME=kestra\n", "")],
    ids=["comment", "name"],
)
def test_names_or_comments_changed_by_hand_are_a_conflict(old: str, new: str, undo: bool) -> None:
    done = after(BOTH)
    edited = {**done, ".env": (done[".env"] or "").replace(old, new)}
    ours = "".join(envtext.mask(done[".env"] or "").splitlines(keepends=True)[3:-1])
    assert answers(edited, undo=undo)[".env"] == [
        Conflict(
            ".env",
            ".env:3: names or comments of the block were edited by hand; it is kept",
            "add --force to lay it out anew; the values in it stay",
            theirs=ours.replace(old, new),
            ours=ours,
        )
    ]
    force = PLAIN.with_(force=True)
    assert after(edited, force, undo=undo) == (BOTH if undo else done)


def test_a_persons_own_line_in_the_block_stays_when_it_goes() -> None:
    done = after(BOTH)
    mine = (done[".env"] or "").replace("KESTRA_DB_PORT", "MINE='a\nb'\nKESTRA_DB_PORT")
    assert not planned({**done, ".env": mine}).pending
    assert after({**done, ".env": mine}, PLAIN, undo=True)[".env"] == "A=1\nMINE='a\nb'\n"


def test_a_broken_mark_is_a_conflict() -> None:
    done = after(BOTH)
    broken = (done[".env"] or "").replace("# <<< kestra-tasks:env\n", "")
    for undo in (False, True):
        (conflict,) = planned({**done, ".env": broken}, undo=undo).conflicts
        assert conflict == Conflict(
            ".env",
            ".env:3: the marks of kestra-tasks:env don't pair up",
            "mend or delete the marked lines by hand",
        )


def test_a_file_that_compose_refuses_is_a_conflict_with_its_line() -> None:
    assert answers({".env": "A=1\nB='s3cret\n", ".env.example": ""})[".env"] == [
        Conflict(
            ".env",
            ".env:2: Compose can't read this file: a quote isn't closed",
            "mend that line, then run this again",
        )
    ]


def test_undo_keeps_what_opens_existing_data() -> None:
    done = after(BOTH)
    keep = PLAIN.with_(keep_credentials=True)
    left = after(done, keep, undo=True)
    was, now = File.of(done[".env"] or "", 0o640), File.of(left[".env"] or "", 0o640)
    kept = "keeps KESTRA_DB_NAME, KESTRA_DB_USER, KESTRA_DB_PASSWORD: they open data that still "
    assert answers(done, keep, undo=True)[".env"] == [
        Noop(".env", f"{kept}exist"),
        Edit(".env", was, now, "all but what opens the data"),
    ]
    assert {b.key for b in envtext.bindings(left[".env"] or "")} == {
        "A",
        "KESTRA_DB_NAME",
        "KESTRA_DB_USER",
        "KESTRA_DB_PASSWORD",
    }
    assert left[".env.example"] == "A=\n"
    assert not planned(left, keep, undo=True).pending
    assert after(left, PLAIN, undo=True) == BOTH
    again = after({**left, ".env.example": done[".env.example"]}, WITH)
    assert value(again, ".env", "KESTRA_DB_PASSWORD") == DRAWN.database_password
    assert again == done


EXTERNAL = WITH.with_(
    database="external", secrets=Secrets("", DRAWN.basic_auth_password), database_from="PGX"
)
SOURCE = "PGX_HOST=ts\nPGX_PORT=5433\nPGX_USER=u\nPGX_PASSWORD='a$b'\n"


def test_an_external_database_is_the_persons_to_give() -> None:
    texts = after(BOTH, EXTERNAL.with_(database_from=""))
    assert value(texts, ".env", "KESTRA_DB_HOST") == "CHANGE_ME_DATABASE_HOST"
    assert value(texts, ".env", "KESTRA_DB_PASSWORD") == "CHANGE_ME_SECURE_PASSWORD"
    assert value(texts, ".env", "KESTRA_BASICAUTH_PASSWORD") == DRAWN.basic_auth_password
    assert "KESTRA_POSTGRES_IMAGE" not in (texts[".env"] or "")


@pytest.mark.parametrize(
    ("source", "port", "told"),
    [
        (SOURCE, "5433", "KESTRA_DB_PORT from PGX_PORT, "),
        (SOURCE.replace("PGX_PORT=5433\n", ""), "5432", ""),
        (SOURCE.replace("PGX_PORT=5433\n", "KESTRA_DB_PORT=6543\n"), "6543", ""),
    ],
    ids=["named", "usual", "kept"],
)
@pytest.mark.parametrize("prefix", ["PGX", "PGX_"])
def test_database_from_copies_address_and_user_and_says_so(
    source: str, port: str, told: str, prefix: str
) -> None:
    settings = EXTERNAL.with_(database_from=prefix)
    before: Texts = {".env": source, ".env.example": None}
    texts = after(before, settings)
    assert value(texts, ".env", "KESTRA_DB_HOST") == "ts"
    assert value(texts, ".env", "KESTRA_DB_PORT") == port
    assert value(texts, ".env", "KESTRA_DB_USER") == "u"
    assert value(texts, ".env", "KESTRA_DB_PASSWORD") == "a$b"
    assert value(texts, ".env", "KESTRA_DB_NAME") == "kestra"
    assert value(texts, ".env.example", "KESTRA_DB_PASSWORD") == "CHANGE_ME_SECURE_PASSWORD"
    copied = (
        f"KESTRA_DB_HOST from PGX_HOST, {told}KESTRA_DB_USER from PGX_USER, KESTRA_DB_PASSWORD "
        "from PGX_PASSWORD (copied: change both at a rotation); the database must exist"
    )
    *_, noop, edit = answers(before, settings)[".env"]
    assert noop == Noop(".env", copied)
    lacks = "lacks 8 variables" if port == "6543" else "lacks 9 variables"
    assert edit.why == f"{lacks} of Kestra; secrets were drawn; {copied}"
    assert answers(texts, settings)[".env"][-2:] == [noop, Noop(".env", "up to date")]
    assert after(texts, PLAIN.with_(database="external"), undo=True) == before


@pytest.mark.parametrize(
    ("text", "settings", "why", "hint"),
    [
        (
            SOURCE,
            EXTERNAL.with_(database="internal"),
            "--database-from PGX is for a database of yours, and Kestra has its own here",
            "set `database: external` under kestra: in invoke.yaml, then run this again",
        ),
        (
            "PGX_HOST=ts\n",
            EXTERNAL,
            ".env: none of PGX_USER, PGX_USERNAME, PGX_DB_USER, PGX_POSTGRES_USER has a value "
            "for KESTRA_DB_USER",
            "add it, or give Kestra's variables by hand",
        ),
        (
            SOURCE.replace("'a$b'", "'a\nb'"),
            EXTERNAL,
            ".env: PGX_PASSWORD: it has a line end, which not every reader of .env takes",
            "change it there first",
        ),
        (
            f"{SOURCE}KESTRA_DB_HOST=mine\n",
            EXTERNAL,
            ".env: KESTRA_DB_HOST has another value than PGX_HOST; it is kept",
            "add --force to replace it",
        ),
    ],
    ids=["internal", "absent", "unwritable", "other"],
)
def test_database_from_never_guesses(text: str, settings: Settings, why: str, hint: str) -> None:
    (conflict,) = planned({".env": text, ".env.example": ""}, settings).conflicts
    assert conflict == Conflict(".env", why, hint)


def test_database_from_replaces_another_value_where_forced() -> None:
    text = f"{SOURCE}KESTRA_DB_HOST=mine\n"
    texts = after({".env": text, ".env.example": None}, EXTERNAL.with_(force=True))
    assert value(texts, ".env", "KESTRA_DB_HOST") == "ts"


def test_portuguese_notes() -> None:
    texts = after(BOTH, WITH.with_(language="pt-BR"))
    assert "# Opcionais:" in (texts[".env.example"] or "")
    assert after(texts, PLAIN.with_(language="pt-BR"), undo=True) == BOTH
