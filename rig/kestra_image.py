"""How the stand-in for kestra/kestra is made: compiled, laid on a JRE, trained once."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from .build import INPUTS, Image, docker_build, hash_inputs, label_of, proxies
from .places import IMAGE_SOURCES, folder
from .shell import Say, work

SOURCES = IMAGE_SOURCES / "kestra"
TOOLS = "kestra-rig/tools:jdk-25"


def build(image: Image, base: str, say: Say) -> None:
    """Build the image from Kestra's modules on Maven Central and the launcher in images/kestra."""
    tools = _ensure_tools(base, say)
    stage = Path(tempfile.mkdtemp(prefix="kestra-", dir=folder("scratch")))
    try:
        say("Images: compiling the launcher and fetching Kestra's 2.0.0 engine with Maven")
        _compile(tools, stage)
        shutil.copytree(SOURCES / "runtime", stage, dirs_exist_ok=True)
        say("Images: laying it on a JRE and training the JVM's cache")
        docker_build(stage, image.name, {"BASE": base}, {INPUTS: image.inputs})
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _ensure_tools(base: str, say: Say) -> str:
    inputs = hash_inputs(SOURCES / "tools", base)
    if label_of([TOOLS]).get(TOOLS, ("", ""))[1] != inputs:
        say("Images: making the build container (JDK 25, Maven)")
        docker_build(SOURCES / "tools", TOOLS, {"BASE": base}, {INPUTS: inputs})
    return TOOLS


def _compile(tools: str, stage: Path) -> None:
    """Run Maven in the build container; jars land in the stage's lib/ and app/."""
    argv: list[str | Path] = [
        "docker",
        "run",
        "--rm",
        "--network",
        "host",
        "--user",
        f"{os.getuid()}:{os.getgid()}",
    ]
    mounts = {SOURCES / "launcher": "/src:ro", stage: "/out", folder("m2"): "/m2"}
    certificates = machine_certificates()
    if certificates:
        mounts[certificates] = "/run/rig/ca.pem:ro"
    settings = Path.home() / ".m2" / "settings.xml"
    if settings.is_file():
        mounts[settings] = "/run/rig/settings.xml:ro"
    for source, target in mounts.items():
        argv += ["--volume", f"{source}:{target}"]
    argv += ["--env", "HOME=/tmp", "--env", f"MAVEN_OPTS={maven_proxies(proxies())}"]
    work([*argv, tools, "bash", "/src/build.sh"], what="compiling the launcher")


def machine_certificates() -> Path | None:
    """The machine's bundle of trusted certificates, for Java in a build to trust the same."""
    candidates = (
        os.environ.get("SSL_CERT_FILE", ""),
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
    )
    return next(
        (Path(name).resolve() for name in candidates if name and Path(name).is_file()), None
    )


def maven_proxies(found: dict[str, str]) -> str:
    """Java's options for proxies: https_proxy http://h:1 -> -Dhttps.proxyHost=h …."""
    from urllib.parse import urlsplit

    options = []
    for scheme in ("http", "https"):
        parts = urlsplit(found.get(f"{scheme}_proxy", ""))
        if parts.hostname:
            options += [
                f"-D{scheme}.proxyHost={parts.hostname}",
                f"-D{scheme}.proxyPort={parts.port or 80}",
            ]
    return " ".join(options)
