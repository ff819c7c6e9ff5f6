"""Regular expressions that a user gives, kept from hanging on what an answer holds."""

from __future__ import annotations

from typing import Any

PATTERN_LIMIT = 500
# Characters that a pattern is tried on, and seconds that it may take: on the wrong text a pattern such as
# (a+)+ needs exponential time, and the loop that guards a rollout must not wait for it.
TEXT_LIMIT = 4096
TIME_LIMIT = 0.02


class PatternError(ValueError):
    """A pattern that cannot be used; the text says why."""


class Pattern:
    """A compiled pattern; `re` has no time limit, so it is the `regex` library's."""

    def __init__(self, pattern: str) -> None:
        """Raises PatternError."""
        import regex

        if len(pattern) > PATTERN_LIMIT:
            raise PatternError(f"is longer than {PATTERN_LIMIT} characters")
        try:
            self._compiled: Any = regex.compile(pattern, regex.VERSION0)
        except (regex.error, ValueError, RecursionError, OverflowError) as error:
            raise PatternError(f"is no regular expression: {error}") from None

    def find(self, text: str) -> str | None:
        """The first group of the first match, or all of it without groups; None where it takes too long."""
        try:
            match = self._compiled.search(text[:TEXT_LIMIT], timeout=TIME_LIMIT)
        except TimeoutError:
            return None
        found: str | None = match[1 if self._compiled.groups else 0] if match else None
        return found
