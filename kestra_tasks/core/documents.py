"""Claims and conventions out of what isn't compose: .env, manifest, port map, naming document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kestra_tasks.core import envtext
from kestra_tasks.core.composeclaims import Named
from kestra_tasks.core.facts import Claim, Note
from kestra_tasks.core.ports import expand, port_number
from kestra_tasks.core.services import ManifestError, read_manifest
from kestra_tasks.core.tabletext import tables

_PORT_NAME = re.compile(r"(?:[A-Za-z0-9_]*_)?PORT")
# `8080`, `8080:80`, `8080 -> 80`, `3000-3005`, `5432/tcp`; the host's port comes first.
_PORT_CELL = re.compile(
    r"(?<![\w.])(\d{2,5}(?:\s?[-–]\s?\d{2,5})?)(?:\s*(?::|→|->|=>)\s*\d{1,5})?(?:/(tcp|udp))?(?![\w.])",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"[*_`\[\]]|\(.*?\)")
_PORT_KEY = re.compile(r'"((?:[A-Za-z]\w*)?[pP]ort)"\s*:\s*"?(\d{2,5})(?!\d)')
_ENTRY = "kestra-orchestrator"


def env_claims(text: str, file: str, kind: str, environ: Mapping[str, str]) -> list[Claim]:
    """A claim for each `*_PORT` with a number; Kestra's own variables are ours."""
    claims = []
    for binding in envtext.bindings(text, environ):
        port = port_number(binding.value)
        if port is not None and _PORT_NAME.fullmatch(binding.key):
            ours = binding.key.startswith("KESTRA_")
            claims.append(Claim(port, "tcp", None, file, binding.line, binding.key, kind, ours))
    return claims


def manifest_claims(
    text: str, file: str, variables: Mapping[str, str]
) -> tuple[list[Claim], list[Note]]:
    """A claim for each entry's port, and why the manifest can't be read where it can't."""
    try:
        manifest = read_manifest(text, file, variables)
    except ManifestError as error:
        hint = f"mend {file}, or name another one: `manifest:` under `kestra:` in invoke.yaml"
        return _port_keys(text, file), [Note("manifest", str(error), hint)]
    claims = []
    for service in manifest.services:
        urls = (url for url in (service.health, service.ui) if url is not None and url.loopback)
        numbers = dict.fromkeys([service.port, *(url.port for url in urls)])
        claims += [
            Claim(
                port,
                "tcp",
                None,
                file,
                service.line,
                service.ident,
                "manifest",
                service.ident == _ENTRY,
            )
            for port in numbers
            if port
        ]
    return claims, []


def _port_keys(text: str, file: str) -> list[Claim]:
    """Claims out of a manifest of another shape: whatever it calls a port."""
    return [
        Claim(port, "tcp", None, file, text.count("\n", 0, found.start()) + 1, found[1], "manifest")
        for found in _PORT_KEY.finditer(text)
        if (port := port_number(found[2]))
    ]


def port_map_claims(text: str, file: str) -> list[Claim]:
    """A claim for each port in the port columns, or in the addresses, of a document's tables."""
    claims = []
    for table in tables(text):
        names, ports = table.column("name") or 0, table.ports
        for row, told, start in zip(table.rows if ports else (), ports, table.starts, strict=False):
            owner = _MARKUP.sub("", row[names]).strip() or "a row"
            line = text.count("\n", 0, start) + 1
            for number, protocol in _PORT_CELL.findall(told.replace("`", "")):
                for entry in expand(re.sub(r"\s?[-–]\s?", "-", number), None) or ():
                    claims.append(
                        Claim(
                            entry.port,
                            protocol.lower() or "tcp",
                            None,
                            file,
                            line,
                            owner,
                            "port-map",
                            "kestra" in owner.lower(),
                        )
                    )
    return claims


@dataclass(frozen=True)
class Naming:
    """How containers are to be called.

    Attributes:
        file: the naming document, with `present`.
        pattern: what Kestra's containers follow, such as "tools-*".
        line: where the document names that pattern, None where it doesn't.
        outliers: containers of the stack's own compose file that don't follow it.
    """

    file: str
    present: bool
    pattern: str
    line: int | None = None
    outliers: tuple[Named, ...] = ()


def read_naming(text: str | None, file: str, prefix: str, stack: Iterable[Named]) -> Naming:
    """Look for `prefix-...` in the naming document and in the stack's container names."""
    outliers = tuple(n for n in stack if not n.container.startswith(f"{prefix}-"))
    line = None
    if text is not None:
        found = re.search(rf"(?<![\w-]){re.escape(prefix)}-[\w<>{{}}*\[\]]", text)
        line = text.count("\n", 0, found.start()) + 1 if found else None
    return Naming(file, text is not None, f"{prefix}-*", line, outliers)
