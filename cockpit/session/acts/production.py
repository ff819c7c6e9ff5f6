"""Which contexts count as production, where the riskiest acts ask for the rollout's name."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase


def is_production(context: str, patterns: Sequence[str]) -> bool:
    """True if a shell pattern matches the context's name, ignoring case."""
    return any(fnmatchcase(context.lower(), pattern.lower()) for pattern in patterns)
