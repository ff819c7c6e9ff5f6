"""Intervals for counts of answers. Pure arithmetic; shares are fractions of 1.

An interval that is read once is Wilson's (1927); one that is read after every answer is always valid: the beta
mixture (Robbins 1970).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

Z95 = 1.959963984540054
ALPHA = 0.05
_BISECTIONS = 30  # to a billionth


def wilson(hits: int, n: int, z: float = Z95) -> tuple[float, float]:
    """Low and high bound of a share after `hits` of `n`; all of [0, 1] for n = 0. Valid for a single look."""
    if n <= 0:
        return 0.0, 1.0
    p = hits / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    # Rounding must not move a bound past the share itself.
    return min(max(centre - half, 0.0), p), max(min(centre + half, 1.0), p)


def always_valid(hits: int, n: int, alpha: float = ALPHA) -> tuple[float, float]:
    """Low and high bound that hold for every n simultaneously with probability 1 - alpha."""
    return _always_valid(float(hits), float(n), alpha)


def _always_valid(hits: float, n: float, alpha: float) -> tuple[float, float]:
    if n <= 0:
        return 0.0, 1.0
    bound = -math.log(alpha)
    mixture = _log_beta(1 + hits, 1 + n - hits)
    share = hits / n

    def refuted(p: float) -> bool:
        return mixture - _times_log(hits, p) - _times_log(n - hits, 1 - p) >= bound

    low = 0.0 if hits <= 0 else _edge(refuted, 0.0, share)
    high = 1.0 if hits >= n else _edge(refuted, 1.0, share)
    return low, high


def _edge(refuted: Callable[[float], bool], outside: float, inside: float) -> float:
    for _ in range(_BISECTIONS):
        middle = (outside + inside) / 2
        if refuted(middle):
            outside = middle
        else:
            inside = middle
    return outside


@lru_cache(maxsize=512)
def answers_needed(share: float, tolerance: float, alpha: float = ALPHA, most: int = 1_000_000) -> int:
    """About how many answers it takes until the always-valid interval around `share` is within `tolerance` of it."""

    def wide(n: int) -> bool:
        low, high = _always_valid(share * n, n, alpha)
        return max(high - share, share - low) > tolerance

    few, many = 0, 1
    while wide(many) and many < most:
        few, many = many, many * 2
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (middle, many) if wide(middle) else (few, middle)
    return many


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _times_log(count: float, p: float) -> float:
    if count <= 0:
        return 0.0
    return count * math.log(p) if p > 0 else -math.inf
