"""JavaScript as tokens with their places: enough to find an array and its elements.

Nothing is understood beyond brackets, strings, comments and names; what can't be read exactly
(an unclosed string, brackets that don't pair up, markup inside the code) is refused, so that a
place found here is a true one. Offsets are into the text as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

_SHELL_LINE = re.compile(r"\ufeff?#!.*")
_SPACE = re.compile(r"[\s\ufeff]+")
_COMMENT = re.compile(r"//[^\n\r\u2028\u2029]*|/\*.*?\*/", re.S)
_STRING = re.compile(
    r"""'(?:[^'\\\n\r]|\\(?:\r\n|[\s\S]))*'|"(?:[^"\\\n\r]|\\(?:\r\n|[\s\S]))*\""""
)
_REGEX = re.compile(r"/(?:[^/\\\[\n\r]|\\[^\n\r]|\[(?:[^\]\\\n\r]|\\[^\n\r])*\])+/[A-Za-z]*")
_NUMBER = re.compile(r"\.?[0-9](?:[eE][+-]|[\w.])*")
_NAME = re.compile(r"[#@]?[\w$\\\u0080-\U0010ffff]+")
_TEMPLATE_PART = re.compile(r"(?:[^`\\$]|\\[\s\S]|\$(?!\{))*")
_PAIRS = {"(": ")", "[": "]", "{": "}"}
# Behind these words a slash begins a regular expression, not a division.
_OPERATORS = frozenset(
    {"return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "instanceof"}
    | {"do", "else", "yield", "await"}
)
_HEADS = frozenset(("if", "while", "for", "with"))


class JsTextError(ValueError):
    """JavaScript that can't be read exactly.

    Attributes:
        line: 1-based.
        why: what is in the way.
    """

    def __init__(self, text: str, position: int, why: str) -> None:
        self.line = text.count("\n", 0, position) + 1
        self.why = why
        super().__init__(f"line {self.line}: {why}")


@dataclass(frozen=True)
class Token:
    """One token.

    Attributes:
        kind: name, number, string, template, regex or mark (punctuation, one character or
            "=>", "++", "--", "...", "?.").
        start, end: offsets; `end` is behind the last character.
        text: the token as it stands.
    """

    kind: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Span:
    """A run of tokens, by their numbers: an array's element, or an object's value."""

    first: int
    last: int


@dataclass(frozen=True)
class Script:
    """A whole text, read.

    Attributes:
        tokens: all but white space and comments.
        comments: start and end of each.
        partner: number of an opening token to its closing one, and back.
        depth: for each token, how many brackets are open around it.
    """

    text: str
    tokens: tuple[Token, ...]
    comments: tuple[tuple[int, int], ...]
    partner: dict[int, int]
    depth: tuple[int, ...]

    def line(self, position: int) -> int:
        """1-based number of the line of an offset."""
        return self.text.count("\n", 0, position) + 1

    def word(self, number: int) -> str:
        """The text of a token, "" where there is none."""
        return self.tokens[number].text if 0 <= number < len(self.tokens) else ""

    def words(self, first: int, count: int) -> tuple[str, ...]:
        return tuple(self.word(first + offset) for offset in range(count))

    def value(self, number: int) -> str | None:
        """What a string without escapes, or a template without `${`, says; else None."""
        token = self.tokens[number]
        plain = token.kind in ("string", "template") and "\\" not in token.text
        return token.text[1:-1] if plain and "${" not in token.text else None

    def named(self, name: str) -> list[int]:
        """The numbers of the tokens that are this name."""
        return [number for number in self._names if self.tokens[number].text == name]

    @cached_property
    def _names(self) -> tuple[int, ...]:
        return tuple(n for n, token in enumerate(self.tokens) if token.kind == "name")

    def items(self, opening: int) -> list[Span]:
        """What stands between the commas of a bracket; a last comma adds nothing.

        Raises:
            JsTextError: a hole, as in `[a,,b]`.
        """
        closing = self.partner[opening]
        found: list[Span] = []
        first = number = opening + 1
        while number <= closing:
            if number == closing or self.word(number) == ",":
                if first < number:
                    found.append(Span(first, number - 1))
                elif number < closing:
                    raise JsTextError(self.text, self.tokens[number].start, "a comma too many")
                first = number + 1
            number = self.partner[number] + 1 if self.word(number) in _PAIRS else number + 1
        return found

    def members(self, opening: int) -> dict[str, Span]:
        """An object's `key: value` members, and `key` by itself; others are left out."""
        found = {}
        for item in self.items(opening):
            token = self.tokens[item.first]
            key = self.value(item.first) if token.kind == "string" else token.text
            if key is None or token.kind not in ("name", "string"):
                continue
            if self.word(item.first + 1) == ":":
                found[key] = Span(item.first + 2, item.last)
            elif item.first == item.last and token.kind == "name":
                found[key] = item
        return found


def read(text: str) -> Script:
    """Read a whole script.

    Raises:
        JsTextError: it can't be read exactly.
    """
    comments: list[tuple[int, int]] = []
    found = tuple(_tokens(text, 0, len(text), comments))
    partner: dict[int, int] = {}
    depth: list[int] = []
    opened: list[int] = []
    for number, token in enumerate(found):
        if token.text in _PAIRS.values():
            if not opened or _PAIRS[found[opened[-1]].text] != token.text:
                raise JsTextError(text, token.start, f"{token.text!r} has no partner")
            partner[number] = opened.pop()
            partner[partner[number]] = number
        depth.append(len(opened))
        if token.text in _PAIRS:
            opened.append(number)
    if opened:
        lone = found[opened[-1]]
        raise JsTextError(text, lone.start, f"{lone.text!r} has no partner")
    return Script(text, found, tuple(comments), partner, tuple(depth))


def tokens(text: str) -> tuple[Token, ...]:
    """The tokens of a text whose brackets need not pair up, such as the head of a script.

    Raises:
        JsTextError: a string, template, comment or regular expression isn't closed.
    """
    return tuple(_tokens(text, 0, len(text), []))


def _tokens(
    text: str, start: int, end: int, comments: list[tuple[int, int]], *, inner: bool = False
) -> Iterator[Token]:
    """Tokens from `start`; with `inner`, up to the brace that closes a template's `${`."""
    seen: list[Token] = []
    heads: list[bool] = []  # for each open "(", whether `if`, `while`, ... stands before it
    after_head = False
    braces = 0
    position = start
    if start == 0 and (line := _SHELL_LINE.match(text)):
        position = line.end()
        comments.append((0, position))
    while position < end:
        if space := _SPACE.match(text, position):
            position = space.end()
            continue
        if text.startswith(("//", "/*"), position):
            comment = _COMMENT.match(text, position)
            if comment is None:
                raise JsTextError(text, position, "a comment isn't closed")
            comments.append((position, comment.end()))
            position = comment.end()
            continue
        token = _token(text, position, comments, _slash_is_regex(seen, after_head))
        if inner and token.text == "}" and braces == 0:
            return
        braces += (token.text == "{") - (token.text == "}")
        if token.text == "(":
            heads.append(bool(seen) and seen[-1].text in _HEADS)
        after_head = bool(token.text == ")" and heads and heads.pop())
        seen.append(token)
        yield token
        position = token.end


def _token(text: str, position: int, comments: list[tuple[int, int]], regex: bool) -> Token:
    char = text[position]
    if char in ("'", '"'):
        return _matched("string", _STRING.match(text, position), text, position)
    if char == "`":
        end = _template(text, position, comments)
        return Token("template", position, end, text[position:end])
    if char == "/" and regex:
        return _matched("regex", _REGEX.match(text, position), text, position)
    for kind, pattern in (("number", _NUMBER), ("name", _NAME)):
        if found := pattern.match(text, position):
            return Token(kind, position, found.end(), found[0])
    for mark in ("...", "=>", "++", "--", "?."):
        if text.startswith(mark, position):
            return Token("mark", position, position + len(mark), mark)
    return Token("mark", position, position + 1, char)


def _matched(kind: str, found: re.Match[str] | None, text: str, position: int) -> Token:
    if found is None:
        what = "string" if kind == "string" else "regular expression"
        raise JsTextError(text, position, f"a {what} isn't closed on its line")
    return Token(kind, position, found.end(), found[0])


def _template(text: str, start: int, comments: list[tuple[int, int]]) -> int:
    """The offset behind a template literal, whatever is nested in it."""
    position = start + 1
    while part := _TEMPLATE_PART.match(text, position):
        position = part.end()
        if text.startswith("`", position):
            return position + 1
        if not text.startswith("${", position):
            break
        last = position + 2
        for token in _tokens(text, last, len(text), comments, inner=True):
            last = token.end
        # Only space and comments can stand between the last token and the brace.
        while space := _SPACE.match(text, last) or _COMMENT.match(text, last):
            last = space.end()
        position = last + 1
    raise JsTextError(text, start, "a template literal isn't closed")


def _slash_is_regex(seen: list[Token], after_head: bool) -> bool:
    """Whether a slash begins a regular expression, by what stands before it."""
    if not seen:
        return True
    last = seen[-1]
    if last.kind == "name":
        before = seen[-2].text if len(seen) > 1 else ""
        return last.text in _OPERATORS and before not in (".", "?.")
    if last.kind != "mark":
        return False
    if last.text == ")":
        return after_head
    if last.text in ("++", "--"):
        return not (len(seen) > 1 and (seen[-2].kind == "name" or seen[-2].text in (")", "]")))
    return last.text not in ("]", "}")
