"""Regular expressions given by a user, limited so that no answer can make them hang."""

from __future__ import annotations

from typing import Any

from cockpit.workloads.patterns import unrolls

PATTERN_LIMIT = 500
# Characters that a pattern is tried on, and seconds that it may take: on some texts a pattern such as
# (a+)+ needs exponential time, and the event loop must not wait for it.
TEXT_LIMIT = 4096
TIME_LIMIT = 0.02


class PatternError(ValueError):
    """A pattern that cannot be used; the message says why."""


class Pattern:
    """A compiled pattern of the `regex` library, because `re` has no time limit."""

    def __init__(self, pattern: str) -> None:
        """Raises PatternError."""
        import regex

        if len(pattern) > PATTERN_LIMIT:
            raise PatternError(f"is longer than {PATTERN_LIMIT} characters")
        if unrolls(pattern):
            raise PatternError("repeats too often: the counts in braces, multiplied, are above 100000")
        try:
            self._compiled: Any = regex.compile(pattern, regex.VERSION0)
        except (regex.error, ValueError, RecursionError, OverflowError, MemoryError) as error:
            raise PatternError(f"is not a valid regular expression: {error}") from None

    def find(self, text: str) -> str | None:
        """The first group of the first match, or the whole match if the pattern has no groups.

        None if nothing matches or the search takes too long.
        """
        try:
            match = self._compiled.search(text[:TEXT_LIMIT], timeout=TIME_LIMIT)
        except TimeoutError:
            return None
        found: str | None = match[1 if self._compiled.groups else 0] if match else None
        return found
