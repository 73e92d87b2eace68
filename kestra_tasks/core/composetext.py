"""A compose file as it stands, by libyaml's nodes: services, ports and the lines they are on.

This is no second Compose: it gives the line numbers for what Compose resolved, and a literal
reading where Compose can't be asked. `plain` says when both are the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kestra_tasks.core import envscan
from kestra_tasks.core.ports import Published, expand, parse_short

LONGEST = 1_000_000  # characters; libyaml's nodes take a hundred times as much memory
_KEYS = {"image", "build", "extends", "ports", "container_name", "network_mode", "command"}
# Keys under which Compose reads further files, or may refuse a file that reads well.
_BEYOND = {"extends", "env_file", "develop", "provider"}
LISTENING = re.compile(
    r"(?:(?:HTTPS?|SERVER|LISTEN|WEB|APP|API|ADMIN|MANAGEMENT|METRICS|GRPC|WS)_)?PORT\Z"
)


@dataclass(frozen=True)
class ServiceText:
    """One service.

    Attributes:
        line: of its name, 1-based.
        ports: each published port with its line.
        ports_line: of `ports`, None where it has none.
        unread: lines of ports that can't be read without Compose.
        host: it uses the host's network.
        own: ports that it then probably listens on, with lines.
        container: its container_name as written, "" where there is none.
        env_files: what its `env_file` names, as written.
    """

    name: str
    line: int
    ports: tuple[tuple[Published, int], ...] = ()
    ports_line: int | None = None
    unread: tuple[int, ...] = ()
    host: bool = False
    own: tuple[tuple[int, int], ...] = ()
    container: str = ""
    env_files: tuple[str, ...] = ()


@dataclass(frozen=True)
class ComposeText:
    """A compose file.

    Attributes:
        is_compose: it has services that look like Compose's, or includes.
        plain: Compose would find the same ports in it.
        includes: paths as written, variables filled in.
        name: the project's name, "" where it has none.
        error: what libyaml refuses, with `error_line`; the rest is then empty.
    """

    is_compose: bool = False
    plain: bool = False
    services: Mapping[str, ServiceText] = field(default_factory=dict)
    includes: tuple[str, ...] = ()
    name: str = ""
    error: str = ""
    error_line: int = 0


def read_compose(text: str, env: Mapping[str, str]) -> ComposeText:
    """Read a compose file's text.

    Args:
        env: what `${NAME}` stands for.
    """
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    if len(text) > LONGEST:
        return ComposeText(is_compose=True)
    try:
        documents = list(yaml.compose_all(text, Loader=loader))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return ComposeText(error=error.problem or "not YAML", error_line=line)
    except (yaml.YAMLError, RecursionError, ValueError):
        return ComposeText(error="not YAML", error_line=1)
    return _Reader(env).read(documents)


class _Reader:
    """Walks nodes; remembers whether anything was met that only Compose knows."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env

    def read(self, documents: list[Any]) -> ComposeText:
        self.plain = len(documents) == 1
        services: dict[str, ServiceText] = {}
        includes: list[str] = []
        name, looks = "", False
        for document in documents:
            top = _children(document)
            if "name" in top:
                name = self._text(top["name"][1]) or ""
            if "include" in top:
                self.plain = False
                includes += self._includes(top["include"][1])
            for key, (key_node, node) in _children(top.get("services", (None, None))[1]).items():
                looks = looks or bool(_KEYS & _children(node).keys())
                services[key] = self._service(key, key_node, node)
        if not looks:
            services = {}
        return ComposeText(looks or bool(includes), self.plain, services, tuple(includes), name)

    def _service(self, name: str, key: Any, node: Any) -> ServiceText:
        parts = _children(node)
        if _BEYOND & parts.keys() or not {"image", "build"} & parts.keys():
            self.plain = False
        published: list[tuple[Published, int]] = []
        unread: list[int] = []
        ports_key, ports = parts.get("ports", (None, None))
        for item in _items(ports):
            line = item.start_mark.line + 1
            entries = self._port(item)
            if entries is None:
                unread.append(line)
            published += [(entry, line) for entry in entries or ()]
        host = self._text(parts.get("network_mode", (None, None))[1]) == "host"
        own = [(e.target, line) for e, line in published if e.target]
        return ServiceText(
            name,
            key.start_mark.line + 1,
            () if host else tuple(published),
            ports_key.start_mark.line + 1 if ports_key is not None else None,
            tuple(unread),
            host,
            (*own, *self._own(parts)) if host else (),
            self._text(parts.get("container_name", (None, None))[1]) or "",
            tuple(self._paths(parts.get("env_file", (None, None))[1])),
        )

    def _port(self, item: Any) -> list[Published] | None:
        """The ports of one entry; None where it can't be read."""
        if item.id == "scalar":
            text = self._text(item)
            return None if text is None else parse_short(text)
        fields = {key: self._text(node) for key, (_, node) in _children(item).items()}
        published = fields.get("published")
        if not published:
            return None if "published" in fields or not fields else []
        return expand(
            published, fields.get("target"), fields.get("protocol") or "tcp", fields.get("host_ip")
        )

    def _own(self, parts: Mapping[str, tuple[Any, Any]]) -> Iterator[tuple[int, int]]:
        """Ports that a service on the host's network says it has."""
        for item in _items(parts.get("expose", (None, None))[1]):
            text = (self._text(item) or "").partition("/")[0]
            for entry in expand(text, None) or ():
                yield entry.port, item.start_mark.line + 1
        environment = parts.get("environment", (None, None))[1]
        pairs = [
            (key, self._text(node) or "", node) for key, (_, node) in _children(environment).items()
        ]
        for item in _items(environment):
            key, _, value = (self._text(item) or "").partition("=")
            pairs.append((key, value, item))
        for key, value, node in pairs:
            if LISTENING.fullmatch(key):
                for entry in expand(value, None) or ():
                    yield entry.port, node.start_mark.line + 1

    def _includes(self, node: Any) -> Iterator[str]:
        for item in _items(node):
            source = item if item.id == "scalar" else _children(item).get("path", (None, None))[1]
            for part in _items(source) or [source]:
                if part is not None and (text := self._text(part)):
                    yield text

    def _paths(self, node: Any) -> Iterator[str]:
        for item in _items(node) or [node]:
            inner = _children(item).get("path", (None, None))[1] or item
            if text := self._text(inner):
                yield text

    def _text(self, node: Any) -> str | None:
        """A scalar's text with variables filled in; None where it is none, or can't be."""
        if node is None or node.id != "scalar":
            return None
        if node.tag.startswith("!"):  # !reset, !override
            self.plain = False
        if "$" not in node.value:
            return str(node.value)
        self.plain = False
        try:
            return envscan.expand(node.value, self.env)
        except ValueError:
            return None


def _children(node: Any, depth: int = 0) -> dict[str, tuple[Any, Any]]:
    """Key to (key node, value node) of a mapping, merge keys followed; {} for another node."""
    if node is None or node.id != "mapping" or depth > 20:
        return {}
    own: dict[str, tuple[Any, Any]] = {}
    merged: dict[str, tuple[Any, Any]] = {}
    for key, value in node.value:
        if key.id == "scalar" and key.value == "<<":
            for source in [value] if value.id == "mapping" else _items(value):
                for name, pair in _children(source, depth + 1).items():
                    merged.setdefault(name, pair)
        elif key.id == "scalar":
            own[key.value] = (key, value)
    return {**merged, **own}


def _items(node: Any) -> list[Any]:
    return list(node.value) if node is not None and node.id == "sequence" else []
