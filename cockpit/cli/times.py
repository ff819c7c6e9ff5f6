"""Times in documents."""

from __future__ import annotations

from datetime import UTC, datetime


def time_text(seconds: float | None) -> str | None:
    """UTC seconds since 1970 as RFC 3339 with milliseconds."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
