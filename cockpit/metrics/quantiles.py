"""Quantiles of a histogram of Prometheus, where its buckets are fine enough to tell. Pure arithmetic."""

from __future__ import annotations

import math
from collections.abc import Mapping

# A quantile is told where its bucket is at most this wide, or ends at most this many times above its beginning:
# wider ones, such as Traefik's first (0 to 100 ms), would give the same figure whatever happens.
_NARROW_MS = 10.0
_TIMES = 5.0


def quantile(buckets: Mapping[float, float], q: float) -> float | None:
    """The time within which a fraction `q` of the requests ended; None where the histogram does not tell.

    `buckets` are cumulative counts by upper bound (both as Prometheus has them, the bounds in milliseconds).
    """
    bounds = sorted(bound for bound in buckets if not math.isnan(bound))
    total = max((buckets[bound] for bound in bounds), default=0.0)
    if total <= 0:
        return None
    rank, low, below = q * total, 0.0, 0.0
    for bound in bounds:
        # Counts of several targets may be from different moments, so that a sum falls.
        count = max(buckets[bound], below)
        if count >= rank:
            if math.isinf(bound) or not _fine(low, bound):
                return None
            return low + (bound - low) * ((rank - below) / (count - below)) if count > below else bound
        low, below = bound, count
    return None


def _fine(low: float, high: float) -> bool:
    return high - low <= _NARROW_MS or (low > 0 and high <= _TIMES * low)
