"""An example text that a regular expression matches, derived from the expression and then checked against it.

Supports literals, classes, groups, alternatives, repetition and anchors; takes the first or the least of each.
Anything else gives no example. Patterns come from a cluster: length, depth and time are bounded.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from cockpit.model.lazy_re import lazy_re

_LONGEST = 500  # of a pattern
_LONGEST_EXAMPLE = 200
_DEEPEST = 20
# Seconds: on some texts a pattern such as (a+)+ needs exponential time.
_TIME_LIMIT = 0.02
# Repetitions that a pattern may count up to, nested ones multiplied.
_MOST_UNROLLED = 100_000
_COUNTS = lazy_re(r"\{([0-9]{1,9})")
# An example character of each class.
_CLASSES = {"d": "0", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a"}
_ANCHORS = frozenset("AbBzZ")
_CANDIDATES = "a0A-_/.~"


class _UnknownError(Exception):
    """The expression uses something unsupported."""


def example_of(pattern: str) -> str | None:
    """A text that the pattern matches as a whole; None if none can be derived."""
    if len(pattern) > _LONGEST:
        return None
    try:
        reader = _Reader(pattern)
        found = reader.alternatives(0)
        if reader.at < len(pattern):
            return None
    except _UnknownError:
        return None
    return found if len(found) <= _LONGEST_EXAMPLE and takes(pattern, found) else None


def unrolls(pattern: str) -> bool:
    """Whether compiling the pattern may need much time and memory: compilers write counted repetitions out."""
    return math.prod(max(int(count), 1) for count in _COUNTS.findall(pattern)) > _MOST_UNROLLED


@lru_cache(maxsize=4096)
def takes(pattern: str, text: str) -> bool:
    """Whether a pattern matches the whole text; False if it is not a valid pattern or takes too long."""
    import regex

    if len(pattern) > _LONGEST or len(text) > _LONGEST or unrolls(pattern):
        return False
    try:
        compiled: Any = regex.compile(pattern, regex.VERSION0)
        return compiled.fullmatch(text, timeout=_TIME_LIMIT) is not None
    except (regex.error, ValueError, RecursionError, OverflowError, MemoryError, TimeoutError):
        return False


class _Reader:
    """Reads a pattern once and builds the example on the way."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self.at = 0

    def alternatives(self, depth: int) -> str:
        """The example of the first alternative; the others are read and dropped."""
        if depth > _DEEPEST:
            raise _UnknownError
        found = self._sequence(depth)
        while self._take("|"):
            self._sequence(depth)
        return found

    def _sequence(self, depth: int) -> str:
        parts: list[str] = []
        while self.at < len(self._pattern) and self._pattern[self.at] not in "|)":
            part = self._atom(depth)
            parts.append(part * self._least())
            if sum(map(len, parts)) > _LONGEST_EXAMPLE:
                raise _UnknownError
        return "".join(parts)

    def _atom(self, depth: int) -> str:
        sign = self._next()
        match sign:
            case "(":
                return self._group(depth)
            case "[":
                return self._class()
            case "\\":
                return self._escape()
            case "^" | "$":
                return ""
            case ".":
                return "a"
            case "*" | "+" | "?" | "{":
                raise _UnknownError
            case _:
                return sign

    def _group(self, depth: int) -> str:
        if self._take("?"):
            named = self._take("P<") or (not self._pattern.startswith(("<=", "<!"), self.at) and self._take("<"))
            if named:
                self.at = self._pattern.find(">", self.at) + 1 or len(self._pattern)
            elif not self._take(":"):
                raise _UnknownError
        found = self.alternatives(depth + 1)
        if not self._take(")"):
            raise _UnknownError
        return found

    def _class(self) -> str:
        start, negated = self.at, self._take("^")
        # A bracket in first position is a literal.
        self._take("]")
        while self._next() != "]":
            if self._pattern[self.at - 1] == "\\":
                self._next()
        inside = self._pattern[start : self.at - 1]
        if not negated and inside[:1].isalnum():
            return inside[0]
        whole = f"[{inside}]"
        found = next((character for character in _CANDIDATES if takes(whole, character)), None)
        if found is None:
            raise _UnknownError
        return found

    def _escape(self) -> str:
        sign = self._next()
        if sign in _ANCHORS:
            return ""
        if sign in _CLASSES:
            return _CLASSES[sign]
        if sign.isalnum():
            raise _UnknownError
        return sign

    def _least(self) -> int:
        """The least number of repetitions of the preceding atom."""
        least = 1
        if self._take("*") or self._take("?"):
            least = 0
        elif self._take("{"):
            digits = self._until("}").partition(",")[0]
            if not digits.isascii() or not digits.isdigit() or len(digits) > 3:
                raise _UnknownError
            least = int(digits)
        elif not self._take("+"):
            return 1
        # A repetition may be lazy or possessive.
        self._take("?") or self._take("+")
        return least

    def _until(self, sign: str) -> str:
        end = self._pattern.find(sign, self.at)
        if end < 0:
            raise _UnknownError
        found, self.at = self._pattern[self.at : end], end + 1
        return found

    def _next(self) -> str:
        if self.at >= len(self._pattern):
            raise _UnknownError
        self.at += 1
        return self._pattern[self.at - 1]

    def _take(self, text: str) -> bool:
        if not self._pattern.startswith(text, self.at):
            return False
        self.at += len(text)
        return True
