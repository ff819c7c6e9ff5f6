"""Ages and times of day in words."""

from __future__ import annotations

from datetime import UTC, datetime

# UTC seconds at the end of the year 9999, after which no date can be written.
LAST_SECOND = 253_402_300_799.0
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"))


def age(seconds: float) -> str:
    """A duration in its largest unit: "40s", "3m", "2h", "4d"; never negative."""
    seconds = max(seconds, 0.0)
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds)}s"


def seconds_since_epoch(text: str | None) -> float | None:
    """An RFC 3339 time in UTC seconds since 1970; None if it is not one, or beyond all calendars."""
    try:
        moment = datetime.fromisoformat((text or "")[:40])
        return moment.astimezone(UTC).timestamp() if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def ago(seconds: float) -> str:
    """How long ago something was: "3m ago"."""
    return f"{age(seconds)} ago"


def utc_time(at: float) -> str:
    """UTC seconds since 1970 as a time of day; dashes for one beyond all calendars."""
    if not 0 <= at <= LAST_SECOND:
        return "--:--:-- UTC"
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S UTC")
