"""Durations as people type them: 30, 30s, 2m, 1h30m."""

from __future__ import annotations

from cockpit.model.lazy_re import lazy_re

_PART = lazy_re(r"([0-9]+(?:\.[0-9]+)?)(?: ?(ms|s|m|h)|)")
_SECONDS = {"ms": 0.001, "": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds_of(text: str) -> float | None:
    """Seconds; a number alone is seconds. None if it is no duration."""
    found = list(_PART.finditer(text)) if len(text) <= 40 else []
    if not found or "".join(part.group() for part in found) != text:
        return None
    return sum(float(part.group(1)) * _SECONDS[part.group(2) or ""] for part in found)


def duration_words(seconds: float) -> str:
    """The shortest form that `seconds_of` reads back: "30s", "1h30m", "0.5s"."""
    whole = int(seconds)
    rest = f"{seconds - whole + whole % 60:.9g}"
    parts = [(whole // 3600, "h"), (whole % 3600 // 60, "m")]
    words = "".join(f"{number}{unit}" for number, unit in parts if number)
    return f"{words}{rest}s" if rest != "0" or not words else words
