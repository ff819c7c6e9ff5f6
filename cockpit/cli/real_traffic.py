"""What a Prometheus says of real users' requests, as text and as JSON."""

from __future__ import annotations

from typing import Any

from cockpit.cli.times import time_text
from cockpit.model.durations import duration_words
from cockpit.model.real_traffic import RealTraffic, RealView, age_words
from cockpit.model.shares import percent

Document = dict[str, Any]


def real_cell(real: RealTraffic | None, unknown: str) -> str:
    """One version in a table: `26%, 31 of 1030 failed, p50 24 ms, p99 254 ms`; `unknown` without metrics."""
    if real is None:
        return unknown
    requests, errors = round(real.requests), round(real.errors)
    parts = [percent(real.share, "no requests")] if requests else ["no requests"]
    if requests:
        parts.append(f"{errors} of {requests} failed" if errors else f"none of {requests} failed")
    parts += times_words(real)
    return ", ".join(parts) + (" (stale)" if real.stale else "")


def times_words(real: RealTraffic) -> list[str]:
    """p50 and p99, or the mean where the histogram is too coarse for them."""
    found = [("p50", real.p50_ms), ("p99", real.p99_ms)]
    told = [f"{name} {value:.0f} ms" for name, value in found if value is not None]
    if not told and real.mean_ms is not None:
        return [f"mean {real.mean_ms:.0f} ms"]
    return told


def source_words(real: RealView) -> str:
    """Where the figures are from and how old they are, or why there are none."""
    if real.read_at is None:
        return real.problem
    parts = [f"by the metrics of {real.gateway} in {real.source}", age_words(real), real.problem]
    if real.traffic:
        parts[0] += f" of the last {duration_words(real.traffic[0].seconds)}"
    return "; ".join(filter(None, parts))


def real_document(real: RealView | None) -> Document | None:
    """Where real traffic was read; `untold` are requests whose version the metrics do not tell."""
    if real is None:
        return None
    return {
        "source": real.source,
        "gateway": real.gateway or None,
        "newest": time_text(real.newest),
        "read": time_text(real.read_at),
        "stale": real.stale,
        "problem": real.problem,
        "untold": traffic_document(real.of("")),
    }


def traffic_document(real: RealTraffic | None) -> Document | None:
    """One version's real requests in the last `seconds`; counts are what Prometheus extrapolates."""
    if real is None:
        return None
    return {
        "share": real.share,
        "requests": round(real.requests, 1),
        "errors": round(real.errors, 1),
        "error_rate": real.error_rate,
        "seconds": real.seconds,
        "p50_ms": real.p50_ms,
        "p99_ms": real.p99_ms,
        "mean_ms": real.mean_ms,
        "newest": time_text(real.newest),
        "stale": real.stale,
        "failing": real.failing.name.lower(),
    }
