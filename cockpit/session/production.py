"""Which contexts count as production, where the last steps ask for the name."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase


def is_production(context: str, patterns: Sequence[str]) -> bool:
    """True where one of the shell patterns fits the context's name; capitals do not matter."""
    return any(fnmatchcase(context.lower(), pattern.lower()) for pattern in patterns)
