"""Formats shares and counts."""

from __future__ import annotations

from cockpit.model.lanes import SHARE_TOLERANCE
from cockpit.model.rollout import Lane, Share


def percent(share: float | None, unknown: str = "-") -> str:
    """A fraction of 1 as whole percent; `unknown` for None.

    A share between 0 and 1 is never shown as 0% or 100%.
    """
    if share is None:
        return unknown
    # Sums of weights are off by a few units in the last place.
    share = round(share, 9)
    if 0 < share < 0.01:
        return "<1%"
    if 0.99 < share < 1:
        return ">99%"
    return f"{share * 100:.0f}%"


def rough(count: int) -> str:
    """A growing number, rounded above 100 so that it is not redrawn with every answer."""
    if count < 100:
        return str(count)
    return str(count // 10 * 10) if count < 1000 else f"{count // 100 / 10:.1f}k"


def not_given(lane: Lane) -> Share | None:
    """The written share furthest from its declared one, of two the one that gets less; None if they match.

    If pod counts decide, shares are rounded to whole pods, so only requests that go to no version count.
    """
    apart = [
        (round(abs(share.declared - share.written), 9), share.declared > share.written, share)
        for share in lane.shares
        if share.declared is not None and share.written is not None and (share.others or not lane.derived)
    ]
    distance, _, share = max(apart, key=lambda each: each[:2], default=(0.0, False, None))
    return share if distance > SHARE_TOLERANCE else None
