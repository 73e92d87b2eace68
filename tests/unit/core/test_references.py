"""References: ours by our marks, foreign where Kestra is run, everything else a mention."""

from __future__ import annotations

import pytest

from kestra_tasks.core.markers import block, seal
from kestra_tasks.core.references import classify, read_hit

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
        ("src/client.py", "url = os.environ['KESTRA_URL']", "mention"),
        ("docs/x.md", "    image: kestra/kestra", "mention"),
        ("invoke.yaml", "  image: kestra/kestra:latest", "ours"),
    ],
)
def test_by_line(file: str, line: str, kind: str) -> None:
    assert kinds({file: line}) == {file: [kind]}


def test_a_sealed_file_is_ours_whole() -> None:
    text = seal(
        "# kestra-tasks:managed @@digest@@\nservices:\n  kestra:\n    image: kestra/kestra\n"
    )
    assert kinds({f"{HOME}/compose.yml": text}) == {f"{HOME}/compose.yml": ["ours"] * 3}


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
