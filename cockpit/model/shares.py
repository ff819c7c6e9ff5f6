"""Shares as people read them."""

from __future__ import annotations


def percent(share: float | None, unknown: str = "-") -> str:
    """A fraction of 1 as whole percent; `unknown` where nobody knows.

    What is neither none nor all never reads as 0% or 100%.
    """
    if share is None:
        return unknown
    # Weights that were added up are off by a few units in the last place.
    share = round(share, 9)
    if 0 < share < 0.01:
        return "<1%"
    if 0.99 < share < 1:
        return ">99%"
    return f"{share * 100:.0f}%"
