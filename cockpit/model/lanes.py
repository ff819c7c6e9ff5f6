"""Constants and texts for lanes: the default lane's name, tolerances of shares, p-values."""

from __future__ import annotations

DEFAULT_LANE = "default"

# Shares from integer weights of at least 100 that differ by less than this differ only by rounding.
SHARE_TOLERANCE = 0.004
# Equal fractions computed in different ways differ by less than this.
CLOSE = 1e-6


def in_lane(name: str) -> str:
    """The lane at the end of a sentence: " in lane beta"; "" for the default lane."""
    return "" if name == DEFAULT_LANE else f" in lane {name}"


def chance(p_value: float) -> str:
    """A p-value for display: "p=0.012", or "p<0.001" below a thousandth."""
    return "p<0.001" if p_value < 0.001 else f"p={p_value:.3f}"
