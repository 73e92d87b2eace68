"""References: ours by our marks, foreign where Kestra is run, everything else a mention."""

from __future__ import annotations

import pytest

from kestra_tasks.core.facts import Reference
from kestra_tasks.core.markers import block, seal
from kestra_tasks.core.references import Hit, classify, read_hit

HOME = "tools/kestra"


def kinds(files: dict[str, str], adopted: tuple[str, ...] = ()) -> dict[str, list[str]]:
    hits = [
        read_hit(file, number, line)
        for file, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        if "kestra" in line.lower()
    ]
    found: dict[str, list[str]] = {}
    for item in classify(hits, kestra_dir=HOME, adopted=adopted):
        found.setdefault(item.file, []).append(item.kind)
    return found


@pytest.mark.parametrize(
    ("file", "line", "kind"),
    [
        ("docker-compose.yml", "    image: kestra/kestra:v0.21", "foreign"),
        ("docker-compose.yml", "  kestra:", "foreign"),
        ("docker-compose.yml", "    container_name: tools-kestra", "foreign"),
        ("docker-compose.yml", "      - KESTRA_CONFIGURATION=x", "foreign"),
        ("docker-compose.yml", "  # kestra: later", "mention"),
        ("config/services.json", '  "id": "kestra-orchestrator",', "foreign"),
        ("config/services.json", '  "note": "we might try kestra",', "mention"),
        (".env.example", "KESTRA_HTTP_PORT=8080", "foreign"),
        ("scripts/up.sh", "docker run kestra/kestra:latest", "foreign"),
        ("scripts/up.sh", 'echo "$KESTRA_HTTP_PORT"', "foreign"),
        ("scripts/up.sh", "# docker run kestra/kestra:latest", "mention"),
        ("Dockerfile", "FROM kestra/kestra:latest", "foreign"),
        ("Dockerfile", "ENV KESTRA_CONFIGURATION=x", "foreign"),
        ("ops/Dockerfile.kestra", "ENV KESTRA_CONFIGURATION=x", "foreign"),
        ("ops/kestra.Dockerfile", "ENV KESTRA_CONFIGURATION=x", "foreign"),
        ("apps/.env.local", "KESTRA_HTTP_PORT=8080", "foreign"),
        ("src/client.py", "url = os.environ['KESTRA_URL']", "mention"),
        ("docs/x.md", "    image: kestra/kestra", "mention"),
        ("invoke.yaml", "  image: kestra/kestra:latest", "ours"),
    ],
)
def test_by_line(file: str, line: str, kind: str) -> None:
    assert kinds({file: line}) == {file: [kind]}


SEALED = seal("# kestra-tasks:managed @@digest@@\nservices:\n  kestra:\n    image: kestra/kestra\n")


@pytest.mark.parametrize("file", [f"{HOME}/compose.yml", "elsewhere/compose.yml"])
def test_a_sealed_file_is_ours_whole(file: str) -> None:
    assert kinds({file: SEALED}) == {file: ["ours"] * 3}


def test_what_a_line_tells_by_itself() -> None:
    marked, opened = SEALED.splitlines()[0], block("x", "").splitlines()
    assert [read_hit("a.yml", 3, text) for text in (marked, *opened, "  kestra:")] == [
        Hit("a.yml", 3, "seal", False),
        Hit("a.yml", 3, "open", False),
        Hit("a.yml", 3, "close", False),
        Hit("a.yml", 3, "", True),
    ]


def test_references_stand_in_the_order_of_files_and_lines() -> None:
    hits = [Hit("b.yml", 7, "", True), Hit("b.yml", 2, "", False), Hit("a.yml", 9, "", True)]
    assert classify(hits, kestra_dir=HOME) == [
        Reference("a.yml", 9, "foreign"),
        Reference("b.yml", 2, "mention"),
        Reference("b.yml", 7, "foreign"),
    ]


def test_a_folder_of_our_name_without_our_seal_is_somebody_elses() -> None:
    files = {
        f"{HOME}/compose.yml": "    image: kestra/kestra",
        "elsewhere/compose.yml": SEALED,
        ".env": "KESTRA_HTTP_PORT=1",
    }
    assert kinds(files, (".env",)) == {
        f"{HOME}/compose.yml": ["foreign"],
        "elsewhere/compose.yml": ["ours"] * 3,
        ".env": ["foreign"],
    }


def test_a_block_is_ours_and_its_surroundings_are_not() -> None:
    marked = block("compose", "include:\n  - path: ../kestra/compose.yml\n")
    text = f"# about kestra\n{marked}  kestra:\n"
    assert kinds({"c.yml": text}) == {"c.yml": ["mention", "ours", "ours", "ours", "foreign"]}


def test_files_without_marks_are_ours_once_integrated() -> None:
    files = {".env": "KESTRA_HTTP_PORT=1", "m.json": '"id": "kestra-orchestrator"'}
    assert kinds(files, (".env", "m.json")) == {".env": ["foreign"], "m.json": ["foreign"]}
    files |= {f"{HOME}/compose.yml": seal("# kestra-tasks:managed @@digest@@")}
    files |= {f"{HOME}/notes.md": "kestra", "tools/kestra-old/x.yml": "  kestra:"}
    assert kinds(files, (".env", "m.json")) == {
        ".env": ["ours"],
        "m.json": ["ours"],
        f"{HOME}/compose.yml": ["ours"],
        f"{HOME}/notes.md": ["ours"],
        "tools/kestra-old/x.yml": ["foreign"],
    }


def test_explaining_the_marks_makes_a_document_ours_in_nothing() -> None:
    text = "a mark looks like `>>> kestra-tasks:compose`\nkestra\n"
    assert kinds({"docs/a.md": text}) == {"docs/a.md": ["mention", "mention"]}
