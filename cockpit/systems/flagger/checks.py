"""What Flagger's analysis checks, and how many checks failed (docs.flagger.app, "Metrics Analysis").

Its status counts failed checks and keeps no values: which metric failed, and with which value, is in its events alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.model.checks import Check, CheckState, Metric
from cockpit.model.fields import entries, mapping, text
from cockpit.model.text import safe_text
from cockpit.systems.flagger.state import FlaggerState

_MOST_METRICS = 20
_ENDED = {"Failed": CheckState.FAILED, "Succeeded": CheckState.SUCCESSFUL}


def checks_of(state: FlaggerState) -> tuple[Check, ...]:
    """The analysis of a Canary as one check; none if it is skipped or has nothing to check."""
    spec = mapping(state.canary.spec)
    analysis = mapping(spec, "analysis") or mapping(spec, "canaryAnalysis")
    metrics = tuple(map(_metric, entries(analysis, "metrics")[:_MOST_METRICS]))
    if state.skips or not (metrics or state.threshold):
        return ()
    running = CheckState.RUNNING if state.analysing else CheckState.PENDING
    meta = state.canary.metadata
    return (
        Check(
            kind="Canary",
            name=safe_text(meta.name, 253),
            part="at every step",
            state=_ENDED.get(state.phase, running),
            now=state.analysing,
            metrics=(*_count(state, safe_text(text(analysis, "interval"), 20)), *metrics),
        ),
    )


def _count(state: FlaggerState, interval: str) -> Iterator[Metric]:
    """All checks together: at the threshold Flagger rolls back (pkg/controller/scheduler.go)."""
    if state.threshold:
        ended = _ENDED.get(state.phase, CheckState.UNKNOWN)
        yield Metric(
            "checks",
            CheckState.RUNNING if state.analysing else ended,
            interval=interval,
            failed=state.failed_checks,
            failure_limit=state.threshold - 1,
        )


def _metric(entry: Any) -> Metric:
    found = mapping(entry)
    interval = safe_text(text(found.get("interval")), 20)
    return Metric(safe_text(text(found.get("name")), 80), CheckState.UNKNOWN, asked=_range(found), interval=interval)


def _range(found: dict[str, Any]) -> str:
    """The range in which a value passes; `threshold` is the field's former form, a highest value."""
    limits = mapping(found.get("thresholdRange"))
    low, high = _plain(limits.get("min")), _plain(limits.get("max", found.get("threshold")))
    return ", ".join(filter(None, (f"at least {low}" if low else "", f"at most {high}" if high else "")))


def _plain(value: Any) -> str:
    """A number as people write it; "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) >= 1e15:
        return ""
    return f"{value:.10g}"
