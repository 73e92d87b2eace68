"""What is code in a bash script, and what is comment, quoted text or here-document."""

from __future__ import annotations

import re

from kestra_tasks.errors import ExitCode, KestraTasksError

_HEREDOC = re.compile(r"<<(-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([\w.+-]+))")
_BEFORE_WORD = " \t\n;&|()"
# `[[` and `((` are words where no command may begin.
_AT_COMMAND = re.compile(
    r"(?:\A|[\n;&|(){!]"
    r"|(?<![^\s;&|()])(?:if|elif|while|until|then|do|else|for|time))[ \t]*\Z"
)


class BashRefusedError(KestraTasksError):
    """A script that isn't understood well enough to be edited."""

    code = ExitCode.PRECONDITION

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line = line
        self.why = why


def mask(text: str) -> tuple[str, str, str]:
    """Three texts of the same length as `text`, whose line ends are LF.

    In the first, comments and here-documents are blanks. In the second, whatever is quoted,
    expanded or tested is "_" as well, so that operators, keywords and line ends in it are the
    shell's own. In the third, what stands in single quotes is blank too: the shell expands none
    of it.

    Raises:
        BashRefusedError: a quote, a bracket or a here-document has no end.
    """
    scanner = _Scanner(text)
    scanner.command(0)
    live = scanner.code.copy()
    for start, end in scanner.literals:
        live[start:end] = " " * (end - start)
    return "".join(scanner.code), "".join(scanner.bare), "".join(live)


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = f"{text}\n"
        self.code = list(text)
        self.bare = list(text)
        self.heredocs: list[tuple[str, bool]] = []
        self.literals: list[tuple[int, int]] = []

    def command(self, i: int, opened: int | None = None) -> int:
        """Scan code from `i` on; give the place behind the ")" of what `opened`, or the end."""
        text, depth = self.text, 0
        while i < len(text):
            char = text[i]
            if char == "\n" and self.heredocs:
                i = self._bodies(i + 1)
            elif char == "#" and (i == 0 or text[i - 1] in _BEFORE_WORD):
                i = self._comment(i)
            elif match := _HEREDOC.match(text, i):
                self.heredocs.append((match[2] or match[3] or match[4], match[1] == "-"))
                i = match.end()
            elif char == ")":
                i, depth = i + 1, depth - 1
                if opened is not None and depth < 0:
                    return i
            else:
                end = self._piece(i)
                depth += char == "(" and end == i + 1
                i = end
        if opened is not None:
            raise self._refused(opened, "a parenthesis isn't closed")
        return self._bodies(i)

    def _piece(self, i: int) -> int:
        """Scan one quoted or expanded piece, or step over one plain character."""
        text = self.text
        two = text[i : i + 2]
        if text[i] == "\\":
            blank = " " if two == "\\\n" else "_"
            self.bare[i : i + len(two)] = blank * len(two)
            return i + len(two)
        end = 0
        if text[i] == "'":
            end = self._until("'", i, i + 1, escapes=False)
            self.literals.append((i, end))
        elif two == "$'":
            end = self._until("'", i, i + 2)
        elif text[i] == '"':
            end = self._double(i)
        elif two == '$"':
            end = self._double(i + 1)
        elif text[i] == "`":
            end = self._until("`", i, i + 1)
        elif text.startswith("$((", i):
            end = self._arithmetic(i + 1) or self.command(i + 2, i)
        elif two == "((" and _AT_COMMAND.search(text[:i]):
            end = self._arithmetic(i)
        elif two in ("$(", "<(", ">("):
            end = self.command(i + 2, i)
        elif two == "${":
            end = self._braces(i)
        elif two == "[[" and text[i + 2 : i + 3].isspace() and _AT_COMMAND.search(text[:i]):
            end = self._test(i)
        if end:
            self.bare[i:end] = "_" * (end - i)
            return end
        return i + (3 if text.startswith("<<<", i) else 1)

    def _double(self, start: int) -> int:
        i = start + 1
        while i < len(self.text):
            char, two = self.text[i], self.text[i : i + 2]
            if char == '"':
                return i + 1
            if two in ("$(", "${") or char in "\\`":
                i = self._piece(i)
            else:
                i += 1
        raise self._refused(start, "a double quote isn't closed")

    def _braces(self, start: int) -> int:
        i = start + 2
        while i < len(self.text):
            if self.text[i] == "}":
                return i + 1
            i = self._piece(i)
        raise self._refused(start, "a '${' isn't closed")

    def _test(self, start: int) -> int:
        i = start + 2
        while i < len(self.text):
            if self.text.startswith("]]", i) and self.text[i - 1].isspace():
                return i + 2
            i = self._piece(i)
        raise self._refused(start, "a '[[' isn't closed")

    def _arithmetic(self, start: int) -> int:
        """The place behind the "))" of a "(("; 0 where these are two subshells."""
        i, depth = start + 2, 0
        while i < len(self.text):
            if self.text.startswith("))", i) and depth == 0:
                return i + 2
            if self.text[i] in "()":
                depth += 1 if self.text[i] == "(" else -1
                if depth < 0:
                    return 0
                i += 1
            else:
                i = self._piece(i)
        raise self._refused(start, "a '((' isn't closed")

    def _until(self, mark: str, start: int, i: int, *, escapes: bool = True) -> int:
        while i < len(self.text):
            if self.text[i] == mark:
                return i + 1
            i += 2 if escapes and self.text[i] == "\\" else 1
        raise self._refused(start, f"a {mark!r} isn't closed")

    def _comment(self, i: int) -> int:
        end = self._line_end(i)
        self.code[i:end] = self.bare[i:end] = " " * (end - i)
        return end

    def _bodies(self, start: int) -> int:
        """Blank the here-documents that begin at `start`, behind the line that opened them."""
        i = end = start
        for word, tabs in self.heredocs:
            line = None
            while line != word:
                if i >= len(self.text):
                    raise self._refused(start - 1, f"the here-document {word} has no end")
                end = self._line_end(i)
                line = self.text[i:end].lstrip("\t" if tabs else "")
                i = end + 1
        if self.heredocs:
            self.code[start:end] = self.bare[start:end] = " " * (end - start)
            self.bare[start - 1] = " "
            self.heredocs.clear()
        return end

    def _line_end(self, i: int) -> int:
        return self.lines.index("\n", i)

    def _refused(self, place: int, why: str) -> BashRefusedError:
        return BashRefusedError(self.text[:place].count("\n") + 1, why)
