"""Counts with their nouns."""

from __future__ import annotations


def plural(count: int, one: str, several: str = "") -> str:
    """The word for a count: `one` for 1, else `several`, by default `one` with an s."""
    return one if count == 1 else several or f"{one}s"


def counted(count: int, one: str, several: str = "") -> str:
    """A count and its word, such as "1 pod" or "2 pods"."""
    return f"{count} {plural(count, one, several)}"
