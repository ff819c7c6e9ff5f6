"""Helpers for fields of a Kruise Rollout: lists of maps, percentages."""

from __future__ import annotations

from typing import Any

from cockpit.model.fields import entries, whole


def mappings(value: Any) -> tuple[dict[str, Any], ...]:
    """The maps of a list."""
    return tuple(item for item in entries(value) if isinstance(item, dict))


def share(value: Any) -> float | None:
    """ "50%" or 50 as a fraction of 1; None for anything that is not 0 to 100."""
    number = whole(value)
    if isinstance(value, str):
        digits = value.strip().removesuffix("%")
        number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 3 else None
    return number / 100 if number is not None and 0 <= number <= 100 else None
