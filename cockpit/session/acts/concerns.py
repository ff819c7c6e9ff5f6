"""What a session saw that speaks against a plan, and what it keeps of it for the undo. Pure."""

from __future__ import annotations

from cockpit.model.plan import Plan
from cockpit.model.rollout import Finding, Rollout, Severity
from cockpit.planning.way_back import no_help

_MOST_KEPT = 3
# What a version failed when it took traffic counts, though it takes none now.
_ERRORS = ("errors", "real-errors")


def concerns(plan: Plan, shown: Rollout | None, before: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Findings that speak against sending more users to the new version; of a way back, that it mends nothing.

    `before` is what was wrong before an act that this plan undoes, as the session saw it that sent the act.
    """
    now = _now(plan, shown) if shown else ()
    return (*now, *(f"before this act: {text}" for text in before if text not in now))


def hurting(plan: Plan, shown: Rollout | None) -> tuple[str, ...]:
    """What is wrong now, for an act that leads away from it."""
    if shown is None or plan.raises:
        return ()
    grave = [f for f in shown.findings if f.severity is Severity.CRITICAL or f.id in _ERRORS]
    return tuple(map(_with_evidence, grave))[:_MOST_KEPT]


def _now(plan: Plan, rollout: Rollout) -> tuple[str, ...]:
    if not plan.raises:
        return no_help(plan, rollout)
    grave = [f for f in rollout.findings if f.severity is not Severity.INFO or f.id in _ERRORS]
    return tuple(map(_with_evidence, grave))


def _with_evidence(found: Finding) -> str:
    return f"{found.text} ({found.evidence})" if found.evidence else found.text
