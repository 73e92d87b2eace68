"""What is code in a bash script, and what is comment, quoted text or here-document."""

from __future__ import annotations

import re

from kestra_tasks.errors import ExitCode, KestraTasksError

_HEREDOC = re.compile(r"<<(-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([\w.+-]+))")
_BEFORE_WORD = " \t\n;&|(){}"


class BashRefusedError(KestraTasksError):
    """A script that isn't understood well enough to be edited."""

    code = ExitCode.PRECONDITION

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line = line
        self.why = why


def mask(text: str) -> tuple[str, str]:
    """Two texts of the same length as `text`, whose line ends are LF.

    In the first, comments and here-documents are blanks. In the second, whatever is quoted,
    expanded or tested is "_" as well, so that operators, keywords and line ends in it are the
    shell's own.

    Raises:
        BashRefusedError: a quote, a bracket or a here-document has no end.
    """
    scanner = _Scanner(text)
    scanner.command(0, "")
    return "".join(scanner.code), "".join(scanner.bare)


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.code = list(text)
        self.bare = list(text)
        self.heredocs: list[tuple[str, bool]] = []

    def command(self, i: int, closer: str) -> int:
        """Scan code from `i` on; give the place behind `closer`, which is "" or ")"."""
        text, start, depth = self.text, i, 0
        while i < len(text):
            char = text[i]
            if char == ")" and closer:
                if depth == 0:
                    return i + 1
                depth -= 1
            elif char == "(":
                depth += 1
            if char == "\n" and self.heredocs:
                i = self._bodies(i + 1)
            elif char == "#" and (i == 0 or text[i - 1] in _BEFORE_WORD):
                i = self._comment(i)
            elif match := self._opens_heredoc(i):
                self.heredocs.append((match[2] or match[3] or match[4], match[1] == "-"))
                i = match.end()
            else:
                i = self._piece(i)
        if closer:
            raise self._refused(start, "a parenthesis isn't closed")
        if self.heredocs:
            raise self._refused(start, f"the here-document {self.heredocs[0][0]} has no end")
        return i

    def _piece(self, i: int) -> int:
        """Scan one quoted or expanded piece, or step over one plain character."""
        text = self.text
        two = text[i : i + 2]
        if text[i] == "\\":
            blank = " " if two == "\\\n" else "_"
            self.bare[i : i + len(two)] = blank * len(two)
            return i + len(two)
        if text[i] == "'":
            return self._blank(i, self._find("'", i, i + 1))
        if two == "$'":
            return self._blank(i, self._escaped("'", i, i + 2))
        if text[i] == '"' or two == '$"':
            return self._blank(i, self._double(i + 1 + (text[i] == "$")))
        if text[i] == "`":
            return self._blank(i, self._escaped("`", i, i + 1))
        if text.startswith("$((", i) or (two == "((" and self._at_command(i)):
            return self._blank(i, self._find("))", i, i + 2))
        if two in ("$(", "<(", ">("):
            return self._blank(i, self.command(i + 2, ")"))
        if two == "${":
            return self._blank(i, self._braces(i + 2))
        if two == "[[" and self._at_command(i) and text[i + 2 : i + 3].isspace():
            return self._blank(i, self._test(i + 2))
        return i + (3 if text.startswith("<<<", i) else 1)

    def _double(self, i: int) -> int:
        start = i
        while i < len(self.text):
            char, two = self.text[i], self.text[i : i + 2]
            if char == '"':
                return i + 1
            if char == "\\":
                i += 2
            elif two in ("$(", "${") or char == "`":
                i = self._piece(i)
            else:
                i += 1
        raise self._refused(start, "a double quote isn't closed")

    def _braces(self, i: int) -> int:
        start = i
        while i < len(self.text):
            if self.text[i] == "}":
                return i + 1
            i = self._piece(i)
        raise self._refused(start, "a '${' isn't closed")

    def _test(self, i: int) -> int:
        start = i
        while i < len(self.text):
            if self.text.startswith("]]", i) and self.text[i - 1].isspace():
                return i + 2
            i = self._piece(i)
        raise self._refused(start, "a '[[' isn't closed")

    def _find(self, mark: str, start: int, i: int) -> int:
        found = self.text.find(mark, i)
        if found < 0:
            raise self._refused(start, f"a {self.text[start : start + 2]!r} isn't closed")
        return found + len(mark)

    def _escaped(self, mark: str, start: int, i: int) -> int:
        while i < len(self.text) and self.text[i] != mark:
            i += 2 if self.text[i] == "\\" else 1
        if i >= len(self.text):
            raise self._refused(start, f"a {mark!r} isn't closed")
        return i + 1

    def _comment(self, i: int) -> int:
        end = self.text.find("\n", i)
        end = len(self.text) if end < 0 else end
        self.code[i:end] = self.bare[i:end] = " " * (end - i)
        return end

    def _opens_heredoc(self, i: int) -> re.Match[str] | None:
        if not self.text.startswith("<<", i) or self.text.startswith("<<<", i):
            return None
        return _HEREDOC.match(self.text, i)

    def _bodies(self, i: int) -> int:
        """Blank the here-documents that begin at `i`."""
        start = i
        for word, tabs in self.heredocs:
            while True:
                if i >= len(self.text):
                    raise self._refused(start - 1, f"the here-document {word} has no end")
                end = self.text.find("\n", i)
                end = len(self.text) if end < 0 else end
                line = self.text[i:end]
                i = min(end + 1, len(self.text))
                if (line.lstrip("\t") if tabs else line) == word:
                    break
        self.heredocs = []
        stop = i - 1 if self.text[i - 1] == "\n" else i
        self.code[start:stop] = self.bare[start:stop] = " " * (stop - start)
        self.bare[start - 1] = " "
        return stop

    def _at_command(self, i: int) -> bool:
        """Whether a command may begin here: `[[` and `((` are words elsewhere."""
        before = self.text[:i].rstrip(" \t")
        if not before or before[-1] in "\n;&|({!":
            return True
        word = re.search(r"\w+\Z", before)
        return word is not None and word[0] in (
            *("if", "elif", "while", "until", "then", "do", "else", "for", "time"),
        )

    def _blank(self, start: int, end: int) -> int:
        self.bare[start:end] = "_" * (end - start)
        return end

    def _refused(self, place: int, why: str) -> BashRefusedError:
        return BashRefusedError(self.text.count("\n", 0, place) + 1, why)
