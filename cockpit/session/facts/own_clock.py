"""What objects say of the time to come, by this machine's clock: what is left is counted by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cockpit.model.ages import age
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Rollout, Severity
from cockpit.workloads.findings import finding

# Clocks that differ by less are as good as the same, and by how much two have to differ for a person to be told.
_SAME, _TOLD = 2.0, 60.0


def by_own_clock(rollout: Rollout, ahead_of: Callable[[RolloutKey], float]) -> Rollout:
    """The rollout with the end of a timed pause by this machine's clock, which is so many seconds ahead; that two
    clocks differ is told where something depends on it, and asked for there alone."""
    step = rollout.step
    if not (rollout.awaited or (step and step.until)) or abs(ahead := ahead_of(rollout.key)) < _SAME:
        return rollout
    findings = (*rollout.findings, _clock_off(ahead)) if abs(ahead) >= _TOLD else rollout.findings
    if step and step.until:
        step = replace(step, until=_moved(step.until, ahead))
    return replace(rollout, step=step, findings=findings)


def _moved(text: str, seconds: float) -> str:
    """An RFC 3339 time so many whole seconds later; what is none stays."""
    try:
        moment = datetime.fromisoformat(text[:40])
        moved = moment.astimezone(UTC) + timedelta(seconds=round(seconds))
    except (ValueError, OverflowError):
        return text
    return moved.strftime("%Y-%m-%dT%H:%M:%SZ") if moment.tzinfo else text


def _clock_off(ahead: float) -> Finding:
    words = f"{age(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'}"
    text = f"this machine's clock is {words} the API server's: what its objects have to wait is counted by its clock"
    return finding("clock-off", Severity.INFO, text)
