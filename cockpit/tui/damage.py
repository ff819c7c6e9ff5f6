"""How large the share of users is that a rollout hurts, as far as is known; pure."""

from __future__ import annotations

import math
from collections.abc import Iterable

from cockpit.model.finding_order import ALL_LOST
from cockpit.model.health import AnswerHealth
from cockpit.model.lanes import DEFAULT_LANE
from cockpit.model.rollout import Finding, Severity
from cockpit.model.view import RolloutView

# What fails whole: nothing answers, or nothing that requests lead to is there.
_WHOLE = frozenset({*ALL_LOST, "no-answers"})
# What a probe counted, with the version or the lane that it is about.
_COUNTED = frozenset({"errors", "service-fails", "nobody-answers", "client-errors"})
# Below this all are alike.
_LEAST = 2.0**-7


def damage_rank(view: RolloutView) -> int:
    """Where it stands among those that are hurt, worst first: shares within a factor of two are alike.

    Figures that move a little with each answer then do not move its row.
    """
    return round(-math.log2(max(hurt_share(view), _LEAST)))


def hurt_share(view: RolloutView) -> float:
    """The fraction of users that are hurt: as counted, else the share of the version that fails; else all."""
    critical = [found for found in view.rollout.findings if found.severity is Severity.CRITICAL]
    if any(found.id in _WHOLE for found in critical):
        return 1.0
    counted = [found for found in critical if found.id in _COUNTED]
    if counted:
        return min(sum(_counted(view, counted)), 1.0) or _uncounted(counted)
    return max((_share_of(view, found.about) for found in critical), default=0.0)


def _counted(view: RolloutView, findings: Iterable[Finding]) -> Iterable[float]:
    """What each version, and who answers for none, takes part in of all requests that fail."""
    about = {word for found in findings for word in found.about.split()}
    whole = any(found.id in ("service-fails", "nobody-answers") for found in findings)
    for one in view.probe.health:
        # Who sends a header is not counted among the usual requests.
        if one.lane == DEFAULT_LANE and (one.version in about or whole):
            yield _rate(one) * (_share_of(view, one.version) if one.version else 1.0)


def _uncounted(findings: Iterable[Finding]) -> float:
    """Requests that get a status which is no error are counted by none; those of another lane are few."""
    usual = any(found.id == "nobody-answers" and found.about == DEFAULT_LANE for found in findings)
    return 1.0 if usual else 0.0


def _rate(one: AnswerHealth) -> float:
    return max(one.error_rate, one.rejected_rate)


def _share_of(view: RolloutView, about: str) -> float:
    """The share of the versions that a text names, as written or as answered; 1 if none is known."""
    lane = view.rollout.default_lane
    named = [share for share in lane.shares if share.version in about.split()] if lane else []
    seen = [(share.written, share.observed.share if share.observed else None) for share in named]
    known = [max(part for part in each if part is not None) for each in seen if any(p is not None for p in each)]
    return sum(known) if known else 1.0
