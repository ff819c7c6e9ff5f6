"""Shares that a user expects, and whether the answers meet them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cockpit.model.rollout import Verdict
from cockpit.model.text import safe_text
from cockpit.probe.stats import Z95, always_valid, wilson
from cockpit.probe.verdict import Ruling


class ExpectationError(ValueError):
    """An expectation that cannot be checked; the text says which part and why."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """Shares by version, each to be met within `within`; all fractions of 1."""

    shares: Mapping[str, float]
    within: float


def parse_expectation(texts: Sequence[str], within: float) -> Expectation:
    """From `VERSION=PERCENT` texts and a tolerance in percentage points; raises ExpectationError."""
    if not 0 < within <= 100:
        raise ExpectationError(f"--within {within:g}: must be more than 0 and at most 100 percentage points")
    shares: dict[str, float] = {}
    for text in texts:
        name, _, number = text.rpartition("=")
        shown = safe_text(text, 100)
        try:
            percent = float(number.removesuffix("%"))
        except ValueError:
            percent = math.nan
        if not name or not 0 <= percent <= 100:
            raise ExpectationError(f"--expect {shown}: needs VERSION=PERCENT with 0 to 100, such as v2=30")
        if name in shares:
            raise ExpectationError(f"--expect {shown}: {safe_text(name, 60)} is named twice")
        shares[name] = percent / 100
    if sum(shares.values()) > 1 + 1e-9:
        raise ExpectationError(f"--expect: the shares add up to {sum(shares.values()) * 100:g}%, more than 100%")
    return Expectation(shares, within / 100)


def meets(expected: Expectation, seen: Mapping[str, int]) -> Ruling:
    """Whether answers by version meet the expectation, read at any time.

    OFF once a share is certainly beside its band, ON once each lies in its band and is known as closely
    as the band is wide.
    """
    n = sum(seen.values())
    if n == 0:
        return Ruling(Verdict.NOT_YET, None, "no answer named a version yet")
    more = 0
    for name, share in expected.shares.items():
        hits = seen.get(name, 0)
        low, high = always_valid(hits, n)
        band = f"{share * 100:.3g}% ±{expected.within * 100:.3g}"
        if high < share - expected.within or low > share + expected.within:
            text = f"{name} answers {hits / n * 100:.1f}% ({low * 100:.0f}-{high * 100:.0f}%, n={n}), expected {band}"
            return Ruling(Verdict.OFF, None, text)
        more = max(more, _missing(hits, n, share, expected.within))
    if more:
        return Ruling(Verdict.NOT_YET, None, f"not yet decidable, ~{more} more", more)
    wanted = ", ".join(f"{name} {share * 100:.3g}%" for name, share in expected.shares.items())
    return Ruling(Verdict.ON, None, f"{wanted} within {expected.within * 100:.3g} points (n={n})", 0)


def _missing(hits: int, n: int, share: float, within: float) -> int:
    low, high = wilson(hits, n)
    in_band = abs(hits / n - share) <= within + 1e-12
    if in_band and (high - low) / 2 <= within:
        return 0
    p = min(max(share, 0.01), 0.99)
    return max(math.ceil(Z95**2 * p * (1 - p) / within**2) - n, n // 4, 10)
