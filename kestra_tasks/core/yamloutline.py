"""Where things stand in a YAML text: its keys by path, with line and offset, nothing constructed.

The events come from libyaml, which Compose's own parser was translated from: both take and
refuse the same files, and five megabytes take about two seconds. ruamel.yaml's composer needs
five seconds for one, and a value that is only looked at need not be composed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from kestra_tasks.errors import ExitCode, KestraTasksError

BOM = "\ufeff"
Path = tuple[str | int, ...]
_MEND = "mend that line; Compose can't read it either"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlRefusedError(KestraTasksError):
    """A YAML text that can't be read, or can't be edited without a risk to what it holds.

    `by_hand` says that the text is sound and only the edit is left to a person.
    """

    code = ExitCode.PRECONDITION

    def __init__(self, path: str, line: int, why: str, hint: str = "") -> None:
        super().__init__(f"{path}:{line}: {why}", hint or "write that edit by hand")
        self.by_hand = not hint
        self.path = path
        self.line = line
        self.why = why


@dataclass(frozen=True)
class Entry:
    """One key of a mapping, or one item of a sequence, and what it holds.

    Attributes:
        path: keys and positions from the document's top.
        line: 1-based line of the key or item.
        key: offset of the key in the text (of the value, for an item).
        start: offset of the value, its anchor and tag included.
        end: offset behind a scalar; behind the opening of a collection.
        kind: "scalar", "mapping", "sequence" or "alias".
        value: a scalar's text, an alias's name.
        flow: the collection is written as `[...]` or `{...}`.
        plain: the value has neither anchor nor tag.
        document: 0-based number of the document.
    """

    path: Path
    line: int
    key: int
    start: int
    end: int
    kind: str
    value: str | None
    flow: bool
    plain: bool
    document: int


@dataclass
class Document:
    """One document: its top level.

    Attributes:
        kind: of its top: "mapping", "sequence", "scalar" or "alias".
        line: 1-based line where its top starts.
        flow: the top is `{...}` or `[...]`.
        empty: it holds nothing but comments.
        indent: column of the top's keys.
        end: offset where its text ends: its `...`, or the end of its last line.
        block_scalar: its last value is written as `|` or `>`.
    """

    kind: str
    line: int
    flow: bool
    empty: bool
    indent: int
    end: int = 0
    block_scalar: bool = False


@dataclass(frozen=True)
class Outline:
    """The documents of a text, their entries by path, and where anchors are defined."""

    documents: tuple[Document, ...]
    entries: dict[tuple[int, Path], Entry]
    anchors: dict[str, Path]

    def all(self, path: Path) -> list[Entry]:
        """The entries at `path`, at most one a document."""
        found = (self.entries.get((number, path)) for number in range(len(self.documents)))
        return [entry for entry in found if entry]

    def below(self, path: Path) -> list[Entry]:
        """The entries one level below `path`, of all documents, in order."""
        size = len(path) + 1
        return [e for e in self.entries.values() if len(e.path) == size and e.path[:-1] == path]


@dataclass
class _Frame:
    """A collection being read."""

    path: Path
    mapping: bool
    recorded: bool
    position: int = 0
    key: Any = None  # the event of a mapping's key while its value is awaited
    seen: dict[str, int] = field(default_factory=dict)


def events(text: str, path: str) -> Iterator[Any]:
    """Yield libyaml's events of `text`; a mark's index doesn't count a byte order mark.

    Raises:
        YamlRefusedError: it isn't YAML, with the line.
    """
    try:
        yield from yaml.parse(text.removeprefix(BOM), Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise YamlRefusedError(
            path, line, f"isn't YAML: {error.problem or error}", _MEND
        ) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, max(error.position, 0)) + 1
        raise YamlRefusedError(path, line, f"isn't YAML: {error.reason}", _MEND) from error
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise YamlRefusedError(path, line, "has bytes that aren't UTF-8", _MEND) from error


def outline(text: str, path: str, depth: int = 4) -> Outline:
    """Read the keys of `text` down to `depth` levels.

    Args:
        path: the file's name, for messages.

    Raises:
        YamlRefusedError: it isn't YAML, or a key stands twice on one of the first two levels
            (Compose refuses that, and an edit could go to the wrong one).
    """
    reader = _Reader(path, depth, len(BOM) if text.startswith(BOM) else 0)
    for event in events(text, path):
        reader.take(event)
    return Outline(tuple(reader.documents), reader.entries, reader.anchors)


class _Reader:
    """Turns events into documents and entries."""

    def __init__(self, path: str, depth: int, shift: int) -> None:
        self.path = path
        self.depth = depth
        self.shift = shift
        self.documents: list[Document] = []
        self.entries: dict[tuple[int, Path], Entry] = {}
        self.anchors: dict[str, Path] = {}
        self._frames: list[_Frame] = []
        self._last: Any = None

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.NodeEvent):
            self._last = event
            self._node(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._frames.pop()
        elif isinstance(event, yaml.DocumentEndEvent):
            ended = self.documents[-1]
            ended.end = int(event.start_mark.index) + self.shift  # type: ignore[union-attr]
            ended.block_scalar = getattr(self._last, "style", None) in ("|", ">")

    def _node(self, event: Any) -> None:
        kind = _kind(event)
        if not self._frames:
            self.documents.append(_document(event, kind))
            self._open(kind, (), self.depth > 0)
            return
        frame = self._frames[-1]
        if frame.mapping and frame.key is None:
            self._key(frame, event, kind)
            return
        key = frame.key if frame.mapping else event
        name = _name(frame)
        if frame.recorded and name is not None:
            place = (*frame.path, name)
            number = len(self.documents) - 1
            self.entries[number, place] = _entry(event, key, kind, place, number, self.shift)
            if kind != "alias" and event.anchor:
                self.anchors[event.anchor] = place
            self._open(kind, place, len(place) < self.depth)
        else:
            self._open(kind, (), False)

    def _key(self, frame: _Frame, event: Any, kind: str) -> None:
        frame.key = event
        self._open(kind, (), False)
        if len(self._frames) == 1 and frame.position == 0:
            self.documents[-1].indent = event.start_mark.column
        frame.position += 1
        if kind != "scalar" or not frame.recorded or len(frame.path) > 1 or event.value == "<<":
            return
        line = event.start_mark.line + 1
        if (first := frame.seen.setdefault(event.value, line)) != line:
            why = f"{event.value}: stands twice, first on line {first}"
            raise YamlRefusedError(self.path, line, why, "delete or rename one of the two")

    def _open(self, kind: str, place: Path, recorded: bool) -> None:
        if kind in ("mapping", "sequence"):
            self._frames.append(_Frame(place, kind == "mapping", recorded))


def _name(frame: _Frame) -> str | int | None:
    """The next value's key or position; None for a key that isn't a scalar."""
    if frame.mapping:
        key, frame.key = frame.key, None
        return key.value if isinstance(key, yaml.ScalarEvent) else None
    frame.position += 1
    return frame.position - 1


def _kind(event: Any) -> str:
    match event:
        case yaml.ScalarEvent():
            return "scalar"
        case yaml.MappingStartEvent():
            return "mapping"
        case yaml.SequenceStartEvent():
            return "sequence"
    return "alias"


def _document(event: Any, kind: str) -> Document:
    collection = kind in ("mapping", "sequence")
    return Document(
        kind,
        event.start_mark.line + 1,
        collection and bool(event.flow_style),
        kind == "scalar" and not event.value and not event.style and _plain(event),
        event.start_mark.column,
    )


def _entry(event: Any, key: Any, kind: str, place: Path, number: int, shift: int) -> Entry:
    value = event.value if kind == "scalar" else event.anchor if kind == "alias" else None
    return Entry(
        place,
        key.start_mark.line + 1,
        key.start_mark.index + shift,
        event.start_mark.index + shift,
        event.end_mark.index + shift,
        kind,
        value,
        kind in ("mapping", "sequence") and bool(event.flow_style),
        kind == "alias" or _plain(event),
        number,
    )


def _plain(event: Any) -> bool:
    return event.anchor is None and event.tag is None
