"""Debian's and Ubuntu's packages: installing them, fetching a few of a newer Debian on the side."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import RigError, commands
from .places import folder
from .shell import Say, ask, work

QUIET = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True)
class Source:
    """One archive that apt uses: where, which suites, its keyring ('' = apt's own)."""

    uri: str
    suites: tuple[str, ...]
    signed_by: str = ""


def os_release(path: Path = Path("/etc/os-release")) -> dict[str, str]:
    """The machine's os-release as a mapping; empty where there is none."""
    try:
        text = path.read_text()
    except OSError:
        return {}
    pairs = (
        line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#")
    )
    return {key.strip(): value.strip().strip("\"'") for key, value in pairs}


def is_supported(release: Mapping[str, str]) -> bool:
    """Whether the rig knows how to install an engine here."""
    return release.get("ID") in {"debian", "ubuntu"} and shutil.which("apt-get") is not None


def as_root(argv: Sequence[str | Path]) -> list[str]:
    """The same command with root's rights: as it is for root, through sudo otherwise."""
    words = [str(word) for word in argv]
    return words if os.getuid() == 0 else ["sudo", *words]


def can_be_root() -> bool:
    """Whether root's rights are to be had: as root, or by a sudo that lets us in or can ask."""
    if os.getuid() == 0:
        return True
    if not shutil.which("sudo"):
        return False
    return ask(["sudo", "-n", "true"]).ok or os.isatty(0)


def parse_sources(text: str, *, deb822: bool) -> list[Source]:
    """The binary archives that one of apt's source files names (enabled ones only)."""
    return _parse_stanzas(text) if deb822 else _parse_lines(text)


def _parse_stanzas(text: str) -> list[Source]:
    found = []
    for stanza in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        key = ""
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1].isspace():
                fields[key] = f"{fields.get(key, '')} {line.strip()}"
            elif ":" in line:
                key, _, value = line.partition(":")
                key = key.strip().lower()
                fields[key] = value.strip()
        if (
            "deb" not in fields.get("types", "").split()
            or fields.get("enabled", "yes").lower() == "no"
        ):
            continue
        signed = fields.get("signed-by", "").strip()
        keyring = signed if signed.startswith("/") else ""
        found += [
            Source(uri, tuple(fields.get("suites", "").split()), keyring)
            for uri in fields.get("uris", "").split()
        ]
    return found


def _parse_lines(text: str) -> list[Source]:
    found = []
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)", line)
        if match:
            options, uri, suite = match.groups()
            signed = re.search(r"signed-by=(\S+)", options or "")
            found.append(Source(uri, (suite,), signed.group(1) if signed else ""))
    return found


def machine_sources(root: Path = Path("/etc/apt")) -> list[Source]:
    """Every archive that this machine's apt uses."""
    files = [root / "sources.list", *sorted((root / "sources.list.d").glob("*"))]
    found: list[Source] = []
    for file in files:
        if file.is_file() and file.suffix in {".list", ".sources"}:
            found += parse_sources(
                file.read_text(errors="replace"), deb822=file.suffix == ".sources"
            )
    return found


def main_archive(sources: Iterable[Source], codename: str) -> Source | None:
    """The archive that the release itself comes from: the one that serves the suite `codename`."""
    return next((source for source in sources if codename in source.suites), None)


def side_line(source: Source, suite: str) -> str:
    """A one-line source for another suite of the same archive."""
    option = f"[signed-by={source.signed_by}] " if source.signed_by else ""
    return f"deb {option}{source.uri} {suite} main\n"


def candidate(package: str) -> str | None:
    """The version that apt would install; None where it knows none."""
    out = ask(["apt-cache", "policy", package], env={"LC_ALL": "C"}).out
    match = re.search(r"Candidate: (\S+)", out)
    return match.group(1) if match and match.group(1) != "(none)" else None


def update(say: Say) -> None:
    """Refresh apt's lists."""
    say("  apt-get update")
    work(as_root(["apt-get", "-qq", "update"]), what="apt-get update", env=QUIET, timeout=300)


def install(packages: Sequence[str], say: Say) -> None:
    """Install packages of the machine's own release."""
    say(f"  apt-get install --no-install-recommends {' '.join(packages)}")
    argv = ["env", *(f"{key}={value}" for key, value in QUIET.items())]
    argv += ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    work(as_root(argv), what=f"installing {', '.join(packages)}", timeout=900)


def install_debs(files: Sequence[Path], say: Say) -> None:
    """Install package files that were fetched on the side."""
    say(f"  dpkg -i {' '.join(file.name for file in files)}")
    work(as_root(["dpkg", "-i", *files]), what="dpkg -i", env=QUIET, timeout=300)


def fetch(packages: Sequence[str], target: Path) -> list[Path]:
    """Download package files of the machine's own release into `target`, installing nothing."""
    return _download([], packages, target)


def fetch_from(suite: str, packages: Sequence[str], say: Say) -> list[Path]:
    """Download package files of another Debian suite from the mirror that the machine already uses.

    The machine's own apt configuration, lists and caches stay as they are.
    """
    codename = os_release().get("VERSION_CODENAME", "")
    source = main_archive(machine_sources(), codename)
    if source is None:
        raise RigError(
            f"No apt source of {codename or 'this release'} found, "
            f"so {', '.join(packages)} can't be fetched from {suite}.",
            hint=commands(["apt-cache policy", "ls /etc/apt/sources.list /etc/apt/sources.list.d"]),
        )
    side = folder("apt", suite)
    lists, cache = folder("apt", suite, "lists"), folder("apt", suite, "cache")
    (lists / "partial").mkdir(exist_ok=True)
    (cache / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    listing = side / "sources.list"
    listing.write_text(side_line(source, suite))
    options = [
        "-o", f"Dir::Etc::sourcelist={listing}",
        "-o", "Dir::Etc::sourceparts=/dev/null",
        "-o", f"Dir::State::lists={lists}",
        "-o", f"Dir::Cache={cache}",
        "-o", "APT::Sandbox::User=",
    ]  # fmt: skip
    say(f"  fetching {', '.join(packages)} of {suite} on the side")
    work(
        ["apt-get", "-qq", *options, "update"],
        what=f"reading {suite}'s package lists",
        env=QUIET,
        timeout=300,
    )
    return _download(options, packages, folder("apt", suite, "debs"))


def _download(options: Sequence[str], packages: Sequence[str], target: Path) -> list[Path]:
    files: list[Path] = []
    for package in packages:
        for old in target.glob(f"{package}_*.deb"):
            old.unlink()
        argv = ["apt-get", "-q", *options, "-o", "APT::Sandbox::User=", "download", package]
        work(argv, what=f"fetching {package}", env=QUIET, cwd=target, timeout=600)
        files += target.glob(f"{package}_*.deb")
    return files
