"""Shell patterns in the settings that contexts are chosen by."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase


def fits_context(context: str, patterns: Sequence[str], cluster: str = "") -> bool:
    """True if a shell pattern matches the context's name, or that of the `cluster` chosen in place of its own.

    Upper and lower case are the same.
    """
    names = [name.lower() for name in (context, cluster) if name]
    return any(fnmatchcase(name, pattern.lower()) for name in names for pattern in patterns)
