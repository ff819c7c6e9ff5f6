"""Patterns that come from objects and meet requests from anywhere: bounded in length and in time.

A pattern that is broken, or takes too long, is met by nothing; PCRE gives up by its match limit as well.
"""

from __future__ import annotations

import regex

PATTERN_TIME = 0.02
LONGEST_PATTERN, LONGEST_SUBJECT = 512, 4096
_FAILURES = (regex.error, TimeoutError, RecursionError, MemoryError, OverflowError)


def search(pattern: str, subject: str) -> bool | None:
    """Whether a pattern is found anywhere in a value; None when it is broken or takes too long."""
    if len(pattern) > LONGEST_PATTERN:
        return None
    try:
        return regex.search(pattern, subject[:LONGEST_SUBJECT], timeout=PATTERN_TIME) is not None
    except _FAILURES:
        return None


def full_match(pattern: str, subject: str) -> bool:
    """Whether a pattern matches the whole of a text."""
    if len(pattern) > LONGEST_PATTERN:
        return False
    try:
        return regex.fullmatch(pattern, subject[:LONGEST_SUBJECT], timeout=PATTERN_TIME) is not None
    except _FAILURES:
        return False


def groups(pattern: str, subject: str, *, from_start: bool = False) -> list[str] | None:
    """What a pattern finds, ignoring case: the whole match, then its groups, "" for an unused group.

    None where it is not found; `from_start` looks at the start of the subject only.
    """
    if len(pattern) > LONGEST_PATTERN:
        return None
    find = regex.match if from_start else regex.search
    try:
        found = find(pattern, subject[:LONGEST_SUBJECT], flags=regex.IGNORECASE, timeout=PATTERN_TIME)
    except _FAILURES:
        return None
    return None if found is None else [found[0], *(group or "" for group in found.groups())]
