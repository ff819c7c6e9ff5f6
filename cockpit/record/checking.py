"""Whether a view that was read from a file can be one that a session showed: panes rely on it. Pure.

Types are checked where values are made of what was read; this is about numbers, which panes size bars and axes by.
"""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import Any

from cockpit.model.ages import LAST_SECOND
from cockpit.record.exact import shape_of

# Counts, times in any unit and UTC seconds are far below.
LARGEST = 1e15
# Steps of a release, restarts and pods, which are drawn one by one.
MOST_DRAWN = 100_000
# Fields that hold fractions of 1, by themselves or in pairs with the name of a version.
_FRACTIONS = frozenset(
    {"share", "low", "high", "declared", "written", "observed", "weight", "shares", "worst", "p_value"}
    | {"rejected_rate", "baseline_rejected_rate"}
)
# UTC seconds; others of these names are monotonic seconds, which are far below too.
_TIMES = frozenset({"at", "since", "until", "retry_at", "last_event", "stale_since", "newest", "read_at"})
_DRAWN = frozenset({"index", "count", "ready", "desired", "restarts", "containers", "step", "rings"})
_ROUNDING = 1e-6


def check(value: Any, name: str = "") -> None:
    """Raises ValueError for a number that no session measures. `name` is that of the field that holds the value."""
    if isinstance(value, bool | str | None):
        return
    if isinstance(value, int | float):
        least, most = _bounds(name, value)
        if not least <= value <= most:
            raise ValueError(f"the number {value:g} as {name or 'a value'}")
    elif isinstance(value, tuple):
        for item in value:
            check(item, name)
    elif is_dataclass(value) and (shape := shape_of(type(value))):
        for field, held in zip(shape.compared, shape.compared_of(value), strict=True):
            check(held, field)
        for field, held in zip(shape.others, shape.others_of(value), strict=True):
            check(held, field)


def _bounds(name: str, value: int | float) -> tuple[float, float]:
    if name in _FRACTIONS:
        return -_ROUNDING, 1 + _ROUNDING
    if name in _TIMES:
        return -LAST_SECOND, LAST_SECOND
    if name in _DRAWN:
        return 0, MOST_DRAWN
    return (0 if isinstance(value, int) else -LARGEST), LARGEST
