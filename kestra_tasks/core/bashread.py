"""Reading a bash script: functions, loops, cases, arrays and commands, one in the other."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from kestra_tasks.core.bashscan import BashRefusedError, mask
from kestra_tasks.core.bashtree import Node, Script

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


def read(text: str) -> Script:
    """Read a script with LF line ends.

    Raises:
        BashRefusedError: something in it isn't closed, or isn't understood.
    """
    code, bare, live = mask(text)
    root = Node("script", 0, len(text))
    _Parser(code, bare).commands(root, ())
    return Script(text, code, bare, live, root)


class _Parser:
    def __init__(self, code: str, bare: str) -> None:
        self.code = code
        self.tokens = [
            _Token(str(m.lastgroup), m[0], m.start(), m.end()) for m in _TOKEN.finditer(bare)
        ]
        self.at = 0

    def commands(self, parent: Node, stop: Collection[str]) -> None:
        """Read commands into `parent` until a word or operator of `stop` stands first."""
        while (token := self._peek()) is not None:
            if token.text in stop:
                return
            if (token.kind == "separator" and token.text not in _ENDS) or token.text == "!":
                self.at += 1
            else:
                self._statement(parent)
        if stop:
            raise self._refused(parent.start, f"its {parent.kind} has no end")

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
            self._inside(self._open("group", token, parent), "}")
        elif token.text == "(":
            self._inside(self._open("subshell", token, parent), ")")
        elif token.text == "function" and following and following.kind == "word":
            self._function(self._open("function", token, parent), self._next())
        elif token.kind in ("separator", "paren"):
            raise self._odd(token)
        elif following and following.text == "(" and not token.text.endswith("="):
            self._function(self._open("function", token, parent), token)
        else:
            self._command(parent, token)

    def _command(self, parent: Node, token: _Token) -> None:
        node = self._open("command", token, parent)
        words = []
        while True:
            if token.kind == "word":
                words.append(self._word(token))
            following = self._peek()
            beside = following is not None and following.start == token.end
            if beside and token.text.endswith("=") and self._is("("):
                self._array(self._open("array", self._next(), node), token.text.rstrip("+="))
                following = self._peek()
            if following is None or following.kind in ("separator", "paren"):
                break
            token = self._next()
        node.words = tuple(words)
        self._close(node)

    def _array(self, node: Node, name: str) -> None:
        node.name = name
        node.body = node.start + 1
        words = []
        while (token := self._next()).text != ")":
            if token.kind == "word":
                words.append(self._word(token))
            elif token.text != "\n":
                raise self._odd(token)
        node.words = tuple(words)
        self._close(node)

    def _if(self, node: Node) -> None:
        word = "if"
        while word != "fi":
            if word != "else":
                self.commands(node, ("then",))
                self._next()
            self.commands(node, ("fi",) if word == "else" else ("elif", "else", "fi"))
            word = self._next().text
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
                    words.append(self._word(token))
                node.words = tuple(words)
        self.commands(node, ("do",))
        node.body = self._next().end
        self._inside(node, "done")

    def _case(self, node: Node) -> None:
        node.words = (self._word(self._next()),)
        self._newlines()
        opening = self._next()
        if opening.text != "in":
            raise self._odd(opening)
        node.body = opening.end
        self._newlines()
        while not self._is("esac"):
            self._arm(node)
            self._newlines()
        self._next()
        self._close(node)

    def _arm(self, case: Node) -> None:
        token = self._next()
        node = self._open("arm", token, case)
        patterns = []
        while token.text != ")":
            if token.kind == "word":
                patterns.append(self._word(token))
            token = self._next()
        node.words = tuple(patterns)
        node.body = token.end
        self.commands(node, (*_ENDS, "esac"))
        if not self._is("esac"):
            self._next()
        self._close(node)

    def _function(self, node: Node, name: _Token) -> None:
        node.name = name.text
        self._newlines()
        opening = self._next()
        if opening.text == "(":
            closing = self._next()
            if closing.text != ")":
                raise self._odd(closing)
            self._newlines()
            opening = self._next()
        if opening.text not in ("{", "("):
            raise self._odd(opening)
        node.body = opening.end
        self._inside(node, "}" if opening.text == "{" else ")")

    def _inside(self, node: Node, closer: str) -> None:
        self.commands(node, (closer,))
        self._next()
        self._close(node)

    def _open(self, kind: str, token: _Token, parent: Node) -> Node:
        node = Node(kind, token.start, parent=parent)
        parent.children.append(node)
        return node

    def _close(self, node: Node) -> None:
        node.end = self.tokens[self.at - 1].end
        while (token := self._peek()) is not None and token.kind == "redirection":
            self.at += 1

    def _word(self, token: _Token) -> str:
        return self.code[token.start : token.end]

    def _newlines(self) -> None:
        while self._is("\n"):
            self.at += 1

    def _is(self, text: str) -> bool:
        token = self._peek()
        return token is not None and token.text == text

    def _peek(self) -> _Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _next(self) -> _Token:
        token = self._peek()
        if token is None:
            raise self._refused(len(self.code.rstrip()), "it ends too early")
        self.at += 1
        return token

    def _odd(self, token: _Token) -> BashRefusedError:
        return self._refused(token.start, f"{token.text!r} isn't understood there")

    def _refused(self, place: int, why: str) -> BashRefusedError:
        return BashRefusedError(self.code[:place].count("\n") + 1, why)
