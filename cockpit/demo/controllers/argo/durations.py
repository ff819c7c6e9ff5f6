"""Lengths of pauses as Go's time.ParseDuration reads them, or plain seconds."""

from __future__ import annotations

import re

LONGEST = 2**31 - 1
_UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d{1,12}(?:\.\d{0,9})?)(ns|us|ms|s|m|h)", re.ASCII)


def seconds_of(duration: object) -> int:
    """Whole seconds of 30, "30", "10m" or "1h30m"; -1 for what is none, as the controller has it."""
    if isinstance(duration, bool):
        return -1
    if isinstance(duration, int):
        return duration
    if not isinstance(duration, str):
        return -1
    if re.fullmatch(r"[+-]?\d{1,12}", duration, re.ASCII):
        return int(duration)
    parts = _PART.findall(duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        return -1
    return min(int(sum(float(number) * _UNITS[unit] for number, unit in parts)), LONGEST)
