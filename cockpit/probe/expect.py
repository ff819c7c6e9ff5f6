"""Shares that a user expects, and whether the answers match them.

Without a tolerance they are judged exactly as if they were written; with one, every share within it is right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from cockpit.model.rollout import Verdict
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.probe.stats import Z95, always_valid
from cockpit.probe.verdict import NONE_NAMED, REST, Judge, Ruling, undecided

# Rounding must not keep an interval out of its band.
_SLACK = 1e-9


class ExpectationError(ValueError):
    """An expectation that cannot be checked; the message says which part and why."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """Shares by version, fractions of 1. `tolerance` is by how much each may differ; None: not at all."""

    shares: Mapping[str, float]
    tolerance: float | None = None


class ExpectationJudge:
    """Judges answers against an expectation. Can be read after every answer."""

    def __init__(self, expected: Expectation) -> None:
        self._expected = expected
        self._seen: dict[str, int] = {}
        rest = max(1 - sum(expected.shares.values()), 0.0)
        # Where nothing is left for others, an answer of another version is one that nobody expects.
        self._whole = rest < 1e-9
        self._judge = Judge(dict(expected.shares) | ({} if self._whole else {REST: rest}))

    def see(self, version: str) -> None:
        """Take in one answer that named `version`."""
        self._seen[version] = self._seen.get(version, 0) + 1
        self._judge.see(version if self._whole or version in self._expected.shares else REST)

    def ruling(self) -> Ruling:
        """The verdict so far."""
        tolerance = self._expected.tolerance
        return self._judge.ruling() if tolerance is None else meets(self._expected.shares, tolerance, self._seen)


def parse_expectation(texts: Sequence[str], tolerance: float | None = None) -> Expectation:
    """Parse `VERSION=PERCENT` texts and a tolerance in percentage points. Raises ExpectationError."""
    if tolerance is not None and not 0 < tolerance <= 100:
        raise ExpectationError(f"--tolerance {tolerance:g}: must be more than 0 and at most 100 percentage points")
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
    return Expectation(shares, None if tolerance is None else tolerance / 100)


def meets(shares: Mapping[str, float], tolerance: float, seen: Mapping[str, int]) -> Ruling:
    """Whether answers by version match shares within a tolerance, all fractions of 1. Valid after every answer.

    OFF once a share is certainly outside its band. ON once every share is inside its band and its interval is no
    wider than the band.
    """
    n = sum(seen.values())
    if n == 0:
        return Ruling(Verdict.NOT_YET, None, NONE_NAMED)
    more = 0
    for name, share in shares.items():
        hits = seen.get(name, 0)
        low, high = always_valid(hits, n)
        band = f"{share * 100:.3g}% ±{tolerance * 100:.3g}"
        if high < share - tolerance or low > share + tolerance:
            text = f"{name} answers {hits / n * 100:.1f}% ({low * 100:.0f}-{high * 100:.0f}%, n={n}), expected {band}"
            return Ruling(Verdict.OFF, None, text)
        more = max(more, _missing(hits, n, share, tolerance))
    if more:
        return Ruling(Verdict.NOT_YET, None, undecided(more), more)
    wanted = ", ".join(f"{name} {share * 100:.3g}%" for name, share in shares.items())
    return Ruling(Verdict.ON, None, f"{wanted} within {tolerance * 100:.3g} points (n={n})", 0)


def _missing(hits: int, n: int, share: float, within: float) -> int:
    low, high = always_valid(hits, n)
    if low >= max(share - within, 0.0) - _SLACK and high <= min(share + within, 1.0) + _SLACK:
        return 0
    p = min(max(share, 0.01), 0.99)
    return max(math.ceil(Z95**2 * p * (1 - p) / within**2) - n, n // 4, 10)
