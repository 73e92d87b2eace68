"""Links in the READMEs beside the new documents: where a line goes in, and which comes out."""

from __future__ import annotations

import pytest

from kestra_tasks.core.edit import Change, Edit, Noop
from kestra_tasks.core.tree import File, Tree
from kestra_tasks.settings import Settings
from kestra_tasks.steps import docs_links
from kestra_tasks.steps.docs_values import documents

SETTINGS = Settings()
README = "docs/context/ops/runbooks/README.md"
OURS = """\
- [Restart Kestra](kestra-restart.md)
- [Kestra checklist](kestra-checklist.md)
- [Back up and restore Kestra](kestra-backup-restore.md)
"""


def planned(text: str, mode: int = 0o664) -> Change:
    tree = Tree({README: File.of(text, mode)})
    [change] = docs_links.plan(tree, SETTINGS, documents(SETTINGS).values())
    return change


def undone(text: str, mode: int = 0o664) -> Change:
    [change] = docs_links.undo(Tree({README: File.of(text, mode)}), SETTINGS)
    return change


@pytest.mark.parametrize(
    "before",
    [
        pytest.param("- [A](a.md)\n@", id="one"),
        pytest.param("# R\n\n- [A](a.md): words\n- [B](b.md#x) words\n@\n", id="with-words"),
        pytest.param("- [A](a.md)\n@\n- [B](b.md)\n", id="first-of-two-lists"),
        pytest.param("- [A](a.md)\n@  \n- [B](b.md)\n", id="blank-line-of-blanks"),
        pytest.param("- [A](a.md)\n@words\n- [B](b.md)\n", id="words-between"),
        pytest.param("```\n- [A](a.md)\n```\n- [B](b.md)\n@", id="behind-code"),
        pytest.param("<!--\n- [A](a.md)\n-->\n- [B](b.md)\n@", id="behind-a-comment"),
        pytest.param("\ufeff- [A](a.md)\n@", id="byte-order-mark"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("bullet", ["- ", "*   "])
def test_lines_go_behind_the_first_list_and_out_again(
    before: str, newline: str, bullet: str
) -> None:
    def styled(text: str) -> File:
        return File.of(text.replace("- [", f"{bullet}[").replace("\n", newline), 0o664)

    without, with_ = styled(before.replace("@", "")), styled(before.replace("@", OURS))
    assert planned(without.text) == Edit(README, without, with_, "lacks the links")
    assert planned(with_.text) == Noop(README, "names them already")
    assert undone(with_.text) == Edit(README, with_, without, "the links were written by us")


def test_only_what_is_missing_goes_in() -> None:
    text = "- [How to restart](./kestra-restart.md)\n- [Old checklist](kestra-checklist.md)"
    added = "\n- [Back up and restore Kestra](kestra-backup-restore.md)"
    before, after = File.of(text, 0o664), File.of(text + added, 0o664)
    assert planned(text) == Edit(README, before, after, "lacks the links")
    assert undone(text + added) == Edit(README, after, before, "the links were written by us")
    # Lines that a person wrote in words of their own stay.
    assert undone(text) == Noop(README, "has nothing of ours")


@pytest.mark.parametrize("text", ["", "# Runbooks\n", "- [Site](https://example.org)\n"])
def test_without_a_list_of_documents_nothing_goes_in(text: str) -> None:
    why = "has no list of documents that a line could go into"
    assert planned(text) == Noop(README, why)
    assert undone(text) == Noop(README, "has nothing of ours")


def test_a_list_in_the_folder_above_takes_the_guide() -> None:
    above = "docs/context/ops/README.md"
    text = "- [A](a.md)\n"
    [change] = docs_links.plan(Tree({above: File.of(text)}), SETTINGS, documents(SETTINGS).values())
    new = File.of(f"{text}- [Kestra](orchestration/kestra.md)\n")
    assert change == Edit(above, File.of(text), new, "lacks the links")
    [change] = docs_links.undo(Tree({above: new}), SETTINGS.with_(language="pt-BR"))
    assert change == Edit(above, new, File.of(text), "the links were written by us")
