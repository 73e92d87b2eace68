"""The rig's images: built once, known again by the hash of everything that goes into them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import apt
from .errors import RigError, commands
from .places import IMAGE_SOURCES, folder
from .registry import ADDRESS, image_ids
from .shell import Say, ask, work

INPUTS = "dev.kestra-rig.inputs"
RECIPE = "1"  # raise it when the way of building changes without any file under images/ changing
LEGACY = {"DOCKER_BUILDKIT": "0"}
DROPPED = (
    "./var/cache/apt/archives/*.deb",
    "./var/lib/apt/lists/*",
    "./usr/share/doc/*",
    "./usr/share/man/*",
    "./usr/share/locale/*",
)


@dataclass(frozen=True)
class Image:
    """One image: its folder under images/, what it stands on, the names it is pushed by."""

    folder: str
    base: str | Image
    repository: str
    tags: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name it has in the engine, and is pushed by."""
        return f"{ADDRESS}/{self.repository}:{self.tags[0]}"

    @property
    def inputs(self) -> str:
        """The hash of its folder and of what it stands on."""
        base = self.base if isinstance(self.base, str) else self.base.inputs
        return hash_inputs(IMAGE_SOURCES / self.folder, RECIPE, base)


POSTGRES = Image("postgres", "bookworm", "library/postgres", ("15-alpine",))
KESTRA = Image("kestra", "trixie", "kestra/kestra", ("latest", "v2.0.0", "v2.0"))
PREVIOUS = Image("previous", KESTRA, "kestra/kestra", ("rig-previous",))
IMAGES = (POSTGRES, KESTRA, PREVIOUS)


def hash_inputs(directory: Path, *more: str) -> str:
    """A short hash over a folder's files (path, run bit, bytes) and some strings."""
    total = hashlib.sha256("\0".join(more).encode())
    for file in sorted(directory.rglob("*")):
        if file.is_file():
            run = "x" if os.access(file, os.X_OK) else "-"
            total.update(f"\0{file.relative_to(directory).as_posix()}\0{run}\0".encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()[:20]


def label_of(names: Iterable[str], label: str = INPUTS) -> dict[str, tuple[str, str]]:
    """For each image that the engine has: its id and the value of a label."""
    try:
        told = json.loads(ask(["docker", "image", "inspect", *names]).out or "[]")
    except ValueError:
        told = []
    found: dict[str, tuple[str, str]] = {}
    for image in told:
        value = (image.get("Config", {}).get("Labels") or {}).get(label, "")
        found |= dict.fromkeys(image.get("RepoTags") or [], (image["Id"], value))
    return found


def ensure(say: Say, *, force: bool = False) -> None:
    """Have every image in the engine and in the registry, building what is absent or outdated."""
    present = label_of(image.name for image in IMAGES)
    for image in IMAGES:
        fresh = present.get(image.name, ("", ""))[1] == image.inputs
        if force or (not fresh and not _from_registry(image)):
            _build(image, say)
            present.pop(image.name, None)
    present |= label_of(image.name for image in IMAGES)
    for image in IMAGES:
        _push(image, present[image.name][0], say)


def _from_registry(image: Image) -> bool:
    """Take the image back from the registry where the engine lost it and it is still right."""
    if not image_ids(image.repository, image.tags[0]):
        return False
    if not ask(["docker", "pull", "--quiet", image.name], timeout=600).ok:
        return False
    return label_of([image.name]).get(image.name, ("", ""))[1] == image.inputs


def _push(image: Image, identity: str, say: Say) -> None:
    for tag in image.tags:
        if identity in image_ids(image.repository, tag):
            continue
        name = f"{ADDRESS}/{image.repository}:{tag}"
        say(f"Images: pushing {image.repository}:{tag}")
        ask(["docker", "tag", image.name, name])
        work(["docker", "push", "--quiet", name], what=f"pushing {name}", timeout=900)


def _build(image: Image, say: Say) -> None:
    started = time.monotonic()
    say(
        f"Images: building {image.repository}:{image.tags[0]} "
        f"(once; kept by the hash of its inputs, {image.inputs})"
    )
    base = ensure_base(image.base, say) if isinstance(image.base, str) else image.base.name
    if image is KESTRA:
        from .kestra_image import build as build_kestra

        build_kestra(image, base, say)
    else:
        docker_build(
            IMAGE_SOURCES / image.folder, image.name, {"BASE": base}, {INPUTS: image.inputs}
        )
    ask(["docker", "image", "prune", "--force", "--filter", f"label={INPUTS}"], timeout=300)
    say(f"Images: {image.repository}:{image.tags[0]} built in {time.monotonic() - started:.0f} s")


def docker_build(
    context: Path, name: str, arguments: dict[str, str], labels: dict[str, str]
) -> None:
    """Build one image on the host's network: package registries are reached as the machine does.

    The engine's own builder is asked for: the one that every engine has, and that sees local bases.
    """
    argv: list[str | Path] = ["docker", "build", "--network", "host", "--tag", name]
    for key, value in {**proxies(), **arguments}.items():
        argv += ["--build-arg", f"{key}={value}"]
    for key, value in labels.items():
        argv += ["--label", f"{key}={value}"]
    work([*argv, context], what=f"building {name}", env=LEGACY)


def proxies() -> dict[str, str]:
    """The machine's proxies, as apt or the environment knows them, for what runs inside a build."""
    found = {
        key: os.environ[key]
        for key in ("http_proxy", "https_proxy", "no_proxy")
        if os.environ.get(key)
    }
    for scheme in ("http", "https"):
        out = ask(["apt-config", "shell", "proxy", f"Acquire::{scheme}::Proxy"]).out.strip()
        if out.startswith("proxy='http"):
            found.setdefault(f"{scheme}_proxy", out.removeprefix("proxy='").rstrip("'"))
    return found


def ensure_base(suite: str, say: Say) -> str:
    """Have a minimal Debian of this suite as an image of the engine; its name is returned."""
    name = f"kestra-rig/base:{suite}"
    inputs = hashlib.sha256(f"{suite}\0{RECIPE}".encode()).hexdigest()[:20]
    if label_of([name]).get(name, ("", ""))[1] == inputs:
        return name
    if not apt.is_supported(apt.os_release()) or not apt.can_be_root():
        raise RigError(
            "The rig's images are built from Debian packages: "
            "that needs Debian or Ubuntu, and root or sudo.",
            hint="Use the official images:\n" + commands(["export KESTRA_RIG=off"]),
        )
    if not shutil.which("debootstrap", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
        apt.update(say)
        apt.install(["debootstrap", "debian-archive-keyring"], say)
    say(f"Images: making a minimal Debian {suite}")
    scratch = Path(tempfile.mkdtemp(prefix="base-", dir=folder("scratch")))
    root, archive = scratch / "root", scratch / "root.tar"
    try:
        work(
            apt.as_root(["debootstrap", "--variant=minbase", suite, root, *_mirror()]),
            what=f"debootstrap {suite}",
        )
        drop = [f"--exclude={pattern}" for pattern in DROPPED]
        work(apt.as_root(["tar", "-C", root, *drop, "-cf", archive, "."]), what="packing it")
        change = f'LABEL {INPUTS}="{inputs}"'
        work(
            ["docker", "import", "--change", change, "--change", 'CMD ["bash"]', archive, name],
            what="importing it",
        )
    finally:
        ask(apt.as_root(["rm", "-rf", "--one-file-system", scratch]), timeout=300)
    return name


def _mirror() -> list[str]:
    """The Debian mirror that this machine uses; on another system debootstrap's own default."""
    release = apt.os_release()
    if release.get("ID") != "debian":
        return []
    source = apt.main_archive(apt.machine_sources(), release.get("VERSION_CODENAME", ""))
    return [source.uri] if source else []
