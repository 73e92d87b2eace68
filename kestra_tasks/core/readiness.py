"""Judgements over what discover found, the engine left to `checks`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from posixpath import basename

from kestra_tasks.core import envtext
from kestra_tasks.core.checks import Problem
from kestra_tasks.core.composeclaims import Named
from kestra_tasks.core.documents import Naming
from kestra_tasks.core.facts import Disk, Memory, Note, Reference, Wanted
from kestra_tasks.core.ports import HTTP, MANAGEMENT

DISK_NEEDED = 5 * 10**9
MEMORY_ADVISED = 4 * 10**9


def check_ports(wanted: Iterable[Wanted], task: str = "integrate") -> list[Problem]:
    """A port that Kestra can't have blocks; of the smoke test's it is a warning.

    Args:
        task: the one that takes the decision: `integrate`, or `env` once that is done.
    """
    problems = []
    for item in wanted:
        if item.clear:
            continue
        message = f"port {item.port} ({item.name}) can't be had: {item.why}"
        if item.name in (HTTP, MANAGEMENT):
            # What only runs here is no reason for others to move.
            here = " --here" if task == "env" and item.verdict == "taken" else ""
            problems.append(_block("ports", message, f"inv kestra.{task} --ports auto{here}"))
        else:
            setting = f"kestra.{item.name.replace('-', '_')}_port"
            free = f": {setting}: {item.proposal}" if item.proposal else ""
            problems.append(_warn("ports", message, f"set another one in invoke.yaml{free}"))
    return problems


def check_room(disks: Iterable[Disk], memory: Memory, engine: int | None = None) -> list[Problem]:
    """Too little disk blocks, too little memory is a warning.

    Args:
        engine: bytes of memory that the engine has, where that is less than the machine's.
    """
    problems = []
    for disk in disks:
        if disk.free < DISK_NEEDED:
            problems.append(
                _block(
                    "disk",
                    f"{gigabytes(disk.free)} free at {disk.path} ({disk.purpose}); "
                    f"{gigabytes(DISK_NEEDED)} are needed",
                    "docker system df shows what the engine could give back",
                )
            )
    total = min(memory.total, engine or memory.total)
    if total < MEMORY_ADVISED:
        problems.append(
            _warn(
                "memory",
                f"the engine has {gigabytes(total)} of memory; "
                f"{gigabytes(MEMORY_ADVISED)} are advised",
                "set kestra.memory in invoke.yaml to what it can have",
            )
        )
    elif memory.available < MEMORY_ADVISED:
        problems.append(
            _warn(
                "memory",
                f"{gigabytes(memory.available)} of memory are available now; "
                f"{gigabytes(MEMORY_ADVISED)} are advised",
                "stop what isn't needed (docker stats)",
            )
        )
    return problems


def check_env(text: str, file: str) -> list[Problem]:
    """A `.env` that Compose can't read blocks: no service that names it starts."""
    return [
        _block("credentials", envtext.unreadable(file, problem), f"mend that line of {file}")
        for problem in envtext.problems(text)[:1]
    ]


def check_sharers(sharers: Sequence[Named], file: str) -> list[Problem]:
    """Services that get the whole of `.env`, and Kestra's credentials with it: a warning."""
    if not sharers:
        return []
    first, count = sharers[0], len({(s.file, s.service) for s in sharers})
    place = f"{first.file}:{first.line}" if first.line else first.file
    others = f" and {count - 1} more" if count > 1 else ""
    return [
        _warn(
            "credentials",
            f"{first.service} ({place}){others} gets all of {file} (env_file), so Kestra's "
            "passwords too; the next `up` makes it anew",
            f"to keep them apart: `env_file: {file}.kestra` under `kestra:` in invoke.yaml",
        )
    ]


def check_references(references: Sequence[Reference], more: int = 0) -> list[Problem]:
    """A Kestra that somebody else set up here is a warning, told once."""
    foreign = [r for r in references if r.kind == "foreign"]
    # A variable in .env tells less than a service does.
    foreign.sort(key=lambda r: (basename(r.file).startswith(".env"), r.file, r.line))
    problems = []
    if foreign:
        first, files = foreign[0], len({r.file for r in foreign})
        others = f" and {_counted(files - 1, 'more file')}" if files > 1 else ""
        problems.append(
            _warn(
                "references",
                f"Kestra is set up here by somebody else: {first.file}:{first.line}{others}",
                "see whether it is still used before a second one is added",
            )
        )
    if more:
        listed = "names Kestra and isn't listed" if more == 1 else "name Kestra and aren't listed"
        message = f"{_counted(more, 'further line')} {listed}"
        problems.append(_warn("references", message, "rg -n -i kestra"))
    return problems


def check_naming(naming: Naming) -> list[Problem]:
    """Conventions that differ from the settings."""
    problems = []
    hint = "set kestra.prefix in invoke.yaml to the one that is meant"
    if naming.present and naming.line is None:
        message = f"{naming.file} doesn't name the pattern {naming.pattern}"
        problems.append(_warn("conventions", message, hint))
    for item in naming.outliers[:1]:
        more = f" and {len(naming.outliers) - 1} more" if len(naming.outliers) > 1 else ""
        place = f"{item.file}:{item.line}" if item.line else item.file
        message = (
            f"{place}: container {item.container}{more} in Kestra's stack isn't {naming.pattern}"
        )
        problems.append(_warn("conventions", message, hint))
    return problems


def check_refused(refused: Mapping[str, str]) -> list[Problem]:
    """Compose files whose claims are only approximate, by reason."""
    by_reason: dict[str, list[str]] = {}
    for file, reason in sorted(refused.items()):
        by_reason.setdefault(reason, []).append(file)
    problems = []
    for reason, files in by_reason.items():
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        problems.append(
            _warn(
                "compose",
                f"{files[0]}{more} read as it stands, not as Compose resolves it: {reason}",
                f"docker compose -f {files[0]} config",
            )
        )
    return problems


def from_notes(notes: Iterable[Note]) -> list[Problem]:
    """Warnings out of what the probes noted."""
    return [_warn(note.topic, note.message, note.hint) for note in notes]


def gigabytes(count: int) -> str:
    """Bytes in words, rounded down: what is less than needed never reads like enough."""
    return f"{count // 10**8 / 10} GB"


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _block(topic: str, message: str, hint: str) -> Problem:
    return Problem("block", topic, message, hint)


def _warn(topic: str, message: str, hint: str) -> Problem:
    return Problem("warn", topic, message, hint)
