"""What a plan can promise: shares that can be read, milestones that the controller reaches."""

from __future__ import annotations

from cockpit.model.advice import telling
from cockpit.model.plan import Act, Expected
from cockpit.model.reasons import WAIT
from cockpit.model.rollout import Rollout
from cockpit.systems.argo.state import ArgoState
from cockpit.systems.argo.steps import INSTANT, ArgoStepKind, weight_at
from cockpit.systems.phrases import NOT_SEEN

_USUAL_TOP = 100
NO_REPLICASET = "the new version has no ReplicaSet yet; wait a moment"
NO_REPLICASETS = "the ReplicaSets of both versions are not known yet; wait a moment"
_UNOBSERVED = NOT_SEEN + WAIT


def expected(rollout: Rollout, version: str, share: float) -> tuple[Expected, ...]:
    """The written share of a version afterwards; empty if its share cannot be read."""
    lane = rollout.default_lane
    found = next((s for s in lane.shares if s.version == version), None) if lane else None
    return (Expected(lane.name, version, share),) if lane and found and found.written is not None else ()


def next_stop(state: ArgoState, index: int) -> int | None:
    """The first step from `index` on (counted from 0) that waits for approval; None for the end.

    -1 if a step before it has an open duration or ends with an analysis, so the stop cannot be known in advance.
    """
    for place, step in enumerate(state.strategy.steps[index:], index):
        if step.asks:
            return place
        if step.kind not in (ArgoStepKind.WEIGHT, ArgoStepKind.SCALE, *INSTANT):
            return -1
    return None


def share_at(state: ArgoState, index: int) -> float | None:
    """The share that the routers get at a step; None if the weight is not in hundredths or nothing is routed."""
    if state.strategy.top != _USUAL_TOP or not state.strategy.routers:
        return None
    return weight_at(state.strategy.steps, index) / _USUAL_TOP


def why_not_seen(state: ArgoState) -> str:
    """Why the state of the current spec is unknown; "" if it is known."""
    if not state.strategy.style:
        return "its spec has no strategy, or both: set either canary or blueGreen"
    return "" if state.status.observed else _UNOBSERVED


def why_not_ready(state: ArgoState) -> str:
    """Why no act that depends on the controller's status is possible; "" if it is."""
    if why := why_not_seen(state):
        return why
    if state.invalid:
        return telling(
            f"its spec is invalid, so the controller does nothing: {state.invalid}; roll back, or fix the spec",
            Act.ROLLBACK,
        )
    if state.behind:
        held = telling(
            "it is paused by hand and its template changed since: resume it to roll out the change, or roll back",
            Act.RESUME,
            Act.ROLLBACK,
        )
        return held if state.status.paused else _UNOBSERVED
    return ""


def why_no_update(state: ArgoState) -> str:
    """Why there is no update to control; "" if there is one."""
    if why := why_not_ready(state):
        return why
    if state.status.promoted:
        return "no update in progress: the current version is the stable one"
    if not state.updating:
        return "no previous version exists: the first version is being rolled out"
    return ""
