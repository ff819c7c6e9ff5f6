"""What a session saw that speaks against a plan, and what it keeps of it for the undo. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.model.journal import HEALTH, Origin
from cockpit.model.plan import Plan
from cockpit.model.refs import RolloutKey
from cockpit.model.remedies import FAILED
from cockpit.model.rollout import Finding, Rollout, Severity
from cockpit.model.view import Entry
from cockpit.planning.undo_of_others import WAYS_BACK
from cockpit.planning.way_back import no_help
from cockpit.session.acts.undo import UndoStep

_MOST_KEPT = 3
# Seconds before an act in which an outage can have ended that it was sent for: another act may have ended it first.
_BEFORE_SECONDS = 300.0


def concerns(plan: Plan, shown: Rollout | None, before: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Findings that speak against sending more users to the new version; of a way back, that it mends nothing.

    `before` is what was wrong before an act that this plan undoes, as the session saw it that sent the act.
    """
    now = _now(plan, shown) if shown else ()
    return (*now, *(f"before this act: {text}" for text in before if text not in now))


def hurting(plan: Plan, shown: Rollout | None, noted: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What is wrong now, for an act that leads away from it.

    `noted` is what the journal says of an outage, for a session that measures nothing itself.
    """
    if shown is None or plan.raises:
        return ()
    grave = [f for f in shown.findings if f.severity is Severity.CRITICAL or f.id in FAILED]
    return (tuple(map(_with_evidence, grave)) or noted)[:_MOST_KEPT]


def before_act(step: UndoStep, plan: Plan, noted: tuple[str, ...]) -> tuple[str, ...]:
    """What was wrong before the act that `plan` undoes: as its session saw it, and as the journal here notes it.

    What another session says of it can have been written by anybody: it is a warning, and says whose word it is.
    """
    if step.told is None:
        return tuple(dict.fromkeys((*step.hurt, *(noted if step.raises else ()))))
    away = plan.raises or step.told.act in WAYS_BACK
    said = tuple(f"{text}, as the Event of {step.told.who} says" for text in step.told.hurt)
    return (*said, *(noted if away else ()))


def noted_outages(entries: Iterable[Entry], key: RolloutKey, at: float) -> tuple[str, ...]:
    """What a journal notes of users who were hurt when an act was sent, or a moment before it."""
    found = [e for e in entries if e.act == HEALTH and e.rollout == key and e.origin is Origin.HERE]
    near = [e.title for e in found if e.at <= at and (e.until is None or e.until >= at - _BEFORE_SECONDS)]
    return tuple(near[-1:])


def _now(plan: Plan, rollout: Rollout) -> tuple[str, ...]:
    if plan.raises and not plan.ends_outage:
        grave = [f for f in rollout.findings if f.severity is not Severity.INFO or f.id in FAILED]
    elif plan.raises:
        # That nobody is answered is why it is sent; what a version failed when it was is not.
        grave = [f for f in rollout.findings if f.id in FAILED]
    else:
        return () if plan.ends_outage else no_help(plan, rollout)
    return tuple(map(_with_evidence, grave))


def _with_evidence(found: Finding) -> str:
    return f"{found.text} ({found.evidence})" if found.evidence else found.text
