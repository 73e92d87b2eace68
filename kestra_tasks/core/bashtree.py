"""The structure of a bash script: functions, loops, cases, arrays and commands, with places."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from kestra_tasks.core.bashscan import BashRefusedError, mask

_TOKEN = re.compile(
    r"(?P<redirection>[0-9]*(?:&>>|&>|>>|>&|<&|>\||<>|<<<|<<-?|>|<)[ \t]*[^\s;&|()<>]*)"
    r"|(?P<separator>\n|;;&|;;|;&|&&|\|\||\|&|;|&|\|)"
    r"|(?P<paren>[()])"
    r"|(?P<word>[^\s;&|()<>]+)"
)
_LOOPS = ("for", "select", "while", "until")
_ENDS = (";;", ";&", ";;&")


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


@dataclass
class Node:
    """A piece of a script.

    Attributes:
        kind: "script", "function", "group", "subshell", "if", "loop", "case", "arm", "array"
            or "command".
        start: offset of its first character.
        end: offset behind its last one.
        name: a function's or an array's name, a `for` loop's variable.
        words: as they stand, quotes and all: a command's, an array's, those a `for` goes
            through, a case's subject, an arm's patterns.
        body: offset where the inner code begins, for a function, a loop, a case and an arm.
    """

    kind: str
    start: int
    end: int = 0
    name: str = ""
    words: tuple[str, ...] = ()
    body: int = 0
    parent: Node | None = field(default=None, repr=False)
    children: list[Node] = field(default_factory=list, repr=False)

    def walk(self, kind: str = "") -> Iterator[Node]:
        """All nodes below this one, in order; of one kind if given."""
        for child in self.children:
            if not kind or child.kind == kind:
                yield child
            yield from child.walk(kind)

    def above(self, kind: str) -> Node | None:
        """The innermost node of that kind around this one."""
        node = self.parent
        while node is not None and node.kind != kind:
            node = node.parent
        return node


@dataclass(frozen=True)
class Script:
    """A script that was read.

    Attributes:
        text: the script with LF line ends.
        code: the same with comments and here-documents blanked.
        bare: the same with everything quoted or expanded as "_".
        root: its structure.
    """

    text: str
    code: str
    bare: str
    root: Node

    def line(self, place: int) -> int:
        """0-based number of the line that holds the offset."""
        return self.text.count("\n", 0, place)

    def starts_line(self, place: int) -> bool:
        """Whether only blanks stand before the offset in its line, and the line is code."""
        begin = self.bare.rfind("\n", 0, place) + 1
        return not self.bare[begin:place].strip() and "\n" not in self.text[begin:place]

    def ends_line(self, place: int) -> bool:
        """Whether only blanks and a comment stand behind the offset in its line."""
        end = self.bare.find("\n", place)
        return end >= 0 and not self.bare[place:end].strip() and "\n" not in self.text[place:end]

    def indent(self, place: int) -> str:
        """The blanks at the beginning of the offset's line."""
        begin = self.text.rfind("\n", 0, place) + 1
        found = re.match(r"[ \t]*", self.text[begin:])
        return found[0] if found else ""


def read(text: str) -> Script:
    """Read a script with LF line ends.

    Raises:
        BashRefusedError: something in it isn't closed, or isn't understood.
    """
    code, bare = mask(text)
    return Script(text, code, bare, _Parser(code, bare).script())


def plain(word: str) -> str | None:
    """A word without its quotes; None where the shell would expand it."""
    if re.fullmatch(r"'[^']*'", word) or re.fullmatch(r'"[^"$`\\]*"', word):
        return word[1:-1]
    return word if re.fullmatch(r"[\w./:@%+,=-]+", word) else None


class _Parser:
    def __init__(self, code: str, bare: str) -> None:
        self.code = code
        self.bare = bare
        self.tokens = [
            _Token(m.lastgroup or "", m[0], m.start(), m.end()) for m in _TOKEN.finditer(bare)
        ]
        self.at = 0

    def script(self) -> Node:
        root = Node("script", 0, len(self.code))
        self._list(root, ())
        if self.at < len(self.tokens):
            raise self._odd()
        return root

    def _list(self, parent: Node, stop: Collection[str]) -> None:
        """Read commands into `parent` until a word or operator of `stop` stands first."""
        while (token := self._peek()) is not None:
            if token.text in stop:
                return
            if (token.kind == "separator" and token.text not in _ENDS) or token.text == "!":
                self.at += 1
            else:
                self._statement(parent)
        if stop:
            line = self.code.count("\n", 0, parent.start) + 1
            raise BashRefusedError(line, f"its {parent.kind} has no end")

    def _statement(self, parent: Node) -> None:
        token = self._next()
        following = self._peek()
        if token.text == "if":
            self._if(self._open("if", token, parent))
        elif token.text in _LOOPS:
            self._loop(self._open("loop", token, parent), token.text)
        elif token.text == "case":
            self._case(self._open("case", token, parent))
        elif token.text == "{":
            self._close(self._inside(self._open("group", token, parent), "}"))
        elif token.text == "(":
            self._close(self._inside(self._open("subshell", token, parent), ")"))
        elif token.text == "function" and following and following.kind == "word":
            self._function(self._open("function", token, parent), self._next())
        elif token.kind == "word" and following and following.text == "(":
            if token.text.endswith("="):
                self._command(parent, token)
            else:
                self._function(self._open("function", token, parent), token)
        elif token.kind in ("word", "redirection"):
            self._command(parent, token)
        else:
            self.at -= 1
            raise self._odd()

    def _command(self, parent: Node, token: _Token) -> None:
        node = self._open("command", token, parent)
        words = [token]
        while True:
            if token.text.endswith("=") and self._is("(") and self._peek_start() == token.end:
                self._array(node, token)
            following = self._peek()
            if following is None or following.kind in ("separator", "paren"):
                break
            token = self._next()
            words.append(token)
        node.words = tuple(
            self.code[word.start : word.end] for word in words if word.kind == "word"
        )
        self._close(node)

    def _array(self, parent: Node, name: _Token) -> None:
        node = self._open("array", self._next(), parent)
        node.name = name.text.rstrip("+=")
        node.body = node.start + 1
        words = []
        while not self._is(")"):
            token = self._next()
            if token.kind == "word":
                words.append(self.code[token.start : token.end])
            elif token.text != "\n":
                raise self._odd()
        self._next()
        node.words = tuple(words)
        self._close(node)

    def _if(self, node: Node) -> None:
        while True:
            self._list(node, ("then",))
            self._next()
            self._list(node, ("elif", "else", "fi"))
            word = self._next().text
            if word == "else":
                self._list(node, ("fi",))
                word = self._next().text
            if word == "fi":
                break
        self._close(node)

    def _loop(self, node: Node, keyword: str) -> None:
        if keyword in ("for", "select"):
            name = self._next().text
            node.name = name if name.isidentifier() and name.strip("_") else ""  # or ((...))
            self._newlines()
            if self._is("in"):
                self._next()
                words = []
                while (token := self._next()).kind == "word":
                    words.append(self.code[token.start : token.end])
                node.words = tuple(words)
            while self._is(";") or self._is("\n"):
                self._next()
        self._list(node, ("do",))
        node.body = self._next().end
        self._list(node, ("done",))
        self._next()
        self._close(node)

    def _case(self, node: Node) -> None:
        subject = self._next()
        node.words = (self.code[subject.start : subject.end],)
        self._newlines()
        if not self._is("in"):
            raise self._odd()
        node.body = self._next().end
        while True:
            self._newlines()
            if self._is("esac"):
                self._next()
                break
            self._arm(node)
        self._close(node)

    def _arm(self, case: Node) -> None:
        token = self._next()
        node = self._open("arm", token, case)
        patterns = [] if token.text == "(" else [token]
        while not self._is(")"):
            patterns.append(self._next())
        node.words = tuple(self.code[p.start : p.end] for p in patterns if p.kind == "word")
        node.body = self._next().end
        self._list(node, (*_ENDS, "esac"))
        if not self._is("esac"):
            self._next()
        self._close(node)

    def _function(self, node: Node, name: _Token) -> None:
        node.name = name.text
        if self._is("("):
            self._next()
            if not self._is(")"):
                raise self._odd()
            self._next()
        self._newlines()
        opening = self._peek()
        if opening is None or opening.text not in ("{", "("):
            raise self._odd()
        node.body = self._next().end
        self._inside(node, "}" if opening.text == "{" else ")")
        self._close(node)

    def _inside(self, node: Node, closer: str) -> Node:
        self._list(node, (closer,))
        self._next()
        return node

    def _open(self, kind: str, token: _Token, parent: Node) -> Node:
        node = Node(kind, token.start, parent=parent)
        parent.children.append(node)
        return node

    def _close(self, node: Node) -> None:
        node.end = self.tokens[self.at - 1].end
        if node.kind not in ("command", "array", "arm"):
            while (token := self._peek()) is not None and token.kind == "redirection":
                self.at += 1

    def _newlines(self) -> None:
        while self._is("\n"):
            self.at += 1

    def _is(self, text: str) -> bool:
        token = self._peek()
        return token is not None and token.text == text

    def _peek(self) -> _Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _peek_start(self) -> int:
        return self.tokens[self.at].start

    def _next(self) -> _Token:
        token = self._peek()
        if token is None:
            raise self._odd()
        self.at += 1
        return token

    def _odd(self) -> BashRefusedError:
        token = self.tokens[min(self.at, len(self.tokens) - 1)] if self.tokens else None
        place = token.start if token else 0
        line = self.code.count("\n", 0, place) + 1
        return BashRefusedError(line, f"{token.text if token else ''!r} isn't understood there")
