"""`npm run validate-docs`: each kind of finding, with its file and line, and nothing else."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.helpers.trees import build_tree

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts/docs/validate_docs.py"
FRONT = "---\ntitle: T\ntags: [a]\nlast_review: 2026-01-31\n---\n\n"


@pytest.fixture(scope="module")
def validator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("validate_docs", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["validate_docs"] = module  # its dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def findings(validator: ModuleType, root: Path, name: str) -> list[str]:
    return list(validator.Checker(root.resolve()).check(name))


CASES = {
    "no front matter where it is needed": (
        "docs/context/a.md",
        "# A\n",
        ["docs/context/a.md:1: no front matter; it needs title, tags, last_review"],
    ),
    "none needed elsewhere": ("docs/a.md", "# A\n", []),
    "front matter that isn't YAML": (
        "docs/a.md",
        "---\ntitle: a: b\n---\n",
        ["docs/a.md:2: front matter isn't YAML: mapping values are not allowed here"],
    ),
    "a key is lacking, a date isn't one": (
        "docs/context/a.md",
        "---\ntitle: A\ntags: []\nlast_review: yesterday\n---\n",
        [
            "docs/context/a.md:3: front matter lacks tags",
            "docs/context/a.md:4: last_review is 'yesterday', not a date like 2026-01-31",
        ],
    ),
    "good front matter": ("docs/context/a.md", FRONT, []),
    "CRLF and a byte order mark": (
        "docs/context/a.md",
        "\ufeff" + FRONT.replace("\n", "\r\n") + "[x](y.md)\r\n",
        ["docs/context/a.md:7: y.md: there is no such file"],
    ),
    "links": (
        "docs/a.md",
        "[b](b.md) [c](c.md) ![i](i.png) [w](https://x.org/y.md) [m](mailto:a@b.c)\n[r]: d.md\n",
        [
            "docs/a.md:1: c.md: there is no such file",
            "docs/a.md:1: i.png: there is no such file",
            "docs/a.md:2: d.md: there is no such file",
        ],
    ),
    "links in code and comments aren't links": (
        "docs/a.md",
        "`[c](c.md)` ``a ` [c](c.md)``\n\n```text\n[c](c.md)\n```\n<!--\n[c](c.md)\n-->\n",
        [],
    ),
    "a link out of the repository": (
        "docs/a.md",
        "[o](../../x.md)\n",
        ["docs/a.md:1: ../../x.md leads out of the repository"],
    ),
    "a link from the root": ("docs/a.md", "[b](/docs/b.md)\n", []),
    "anchors": (
        "docs/a.md",
        "# Solução de `problemas`!\n## Twice\n## Twice\n"
        "[1](#solução-de-problemas) [2](#twice-1) [3](#twice-2) [4](b.md#b-title) [5](b.md#c)\n",
        [
            "docs/a.md:4: #twice-2: no heading makes the anchor #twice-2",
            "docs/a.md:4: b.md#c: no heading makes the anchor #c",
        ],
    ),
    "a heading in a code block is none": (
        "docs/a.md",
        "```text\n# No\n```\n[1](#no)\n",
        ["docs/a.md:4: #no: no heading makes the anchor #no"],
    ),
    "bash that doesn't parse, in a list": (
        "docs/a.md",
        "1. x\n\n   ```bash\n   echo a\n   if true\n   ```\n",
        ["docs/a.md:6: not bash: syntax error: unexpected end of file"],
    ),
    "a here document in a list parses": (
        "docs/a.md",
        "1. x\n\n   ```bash\n   cat <<'END'\n   a\n   END\n   ```\n",
        [],
    ),
    "other languages are nobody's bash": ("docs/a.md", "```text\nif (((\n```\n", []),
    "scripts": (
        "docs/a.md",
        "```bash\n./scripts/there.sh --x\nbash scripts/plain.sh\nscripts/plain.sh\n"
        "scripts/absent.sh # scripts/comment.sh\n/opt/scripts/other.sh\n$X/scripts/y.sh\n```\n",
        [
            "docs/a.md:4: scripts/plain.sh isn't executable",
            "docs/a.md:5: scripts/absent.sh: there is no such script",
        ],
    ),
    "npm scripts": (
        "docs/a.md",
        "```bash\nnpm run here\nnpm run --silent gone\n```\n",
        ["docs/a.md:3: package.json has no script gone"],
    ),
    "a code block that isn't closed": (
        "docs/a.md",
        "# A\n\n```bash\necho\n",
        ["docs/a.md:3: this code block isn't closed"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_finding_names_file_line_and_cause(
    validator: ModuleType, tmp_path: Path, case: str
) -> None:
    name, text, wanted = CASES[case]
    root = build_tree(
        tmp_path,
        {
            "docs/b.md": "# B title\n",
            "scripts/there.sh": "",
            "scripts/plain.sh": "",
            "package.json": '{"scripts": {"here": "true"}}',
            name: text,
        },
    )
    (root / "scripts/there.sh").chmod(0o755)
    found = findings(validator, root, name)
    # bash counts the line of an unexpected end differently from version to version
    assert [line.replace("a.md:5: not bash", "a.md:6: not bash") for line in found] == wanted


def test_the_command_prints_findings_and_exits_1(tmp_path: Path) -> None:
    root = build_tree(tmp_path, {"a.md": "[x](y.md)\n", "tests/b.md": "[x](y.md)\n"})
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], cwd=root, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "a.md:1: y.md: there is no such file\n")
    (root / "y.md").touch()
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], cwd=root, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("language", ["en", "pt-BR"])
@pytest.mark.parametrize("database", ["internal", "external"])
def test_our_own_documents_have_no_findings(
    validator: ModuleType, tmp_path: Path, language: str, database: str
) -> None:
    from kestra_tasks import integration
    from kestra_tasks.apply import apply
    from kestra_tasks.settings import Settings

    chosen = Settings(language=language, database=database, create=("docs", "openspec"))
    apply(tmp_path, integration.plan(tmp_path, chosen, ["scaffold", "docs", "openspec"]))
    names = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.md")]
    ours = [name for name in names if not name.startswith("tools/kestra/")]
    assert len(ours) == 10
    assert [line for name in ours for line in findings(validator, tmp_path, name)] == []
