"""What a plan may promise: shares that can be read, milestones that the controller reaches."""

from __future__ import annotations

from cockpit.model.plan import Expected
from cockpit.model.rollout import Rollout
from cockpit.systems.argo.reading import State
from cockpit.systems.argo.steps import INSTANT, Kind, weight_at

_USUAL_TOP = 100
_UNOBSERVED = "the controller has not seen the last change yet; wait a moment"


def expected(rollout: Rollout, version: str, share: float) -> tuple[Expected, ...]:
    """The written share of a version afterwards; nothing where its share cannot be read."""
    lane = rollout.default_lane
    found = next((s for s in lane.shares if s.version == version), None) if lane else None
    return (Expected(lane.name, version, share),) if lane and found and found.written is not None else ()


def next_stop(state: State, index: int) -> int | None:
    """The first step from `index` on, counted from 0, at which the controller stays for a person; None for the end.

    -1 where it passes something that takes its own time or ends by a judgement, so that nobody can say.
    """
    for place, step in enumerate(state.strategy.steps[index:], index):
        if step.asks:
            return place
        if step.kind not in (Kind.WEIGHT, Kind.SCALE, *INSTANT):
            return -1
    return None


def share_at(state: State, index: int) -> float | None:
    """The share that the routers get at a step; None where the weight is not in hundredths or nothing is routed."""
    if state.strategy.top != _USUAL_TOP or not state.strategy.routers:
        return None
    return weight_at(state.strategy.steps, index) / _USUAL_TOP


def why_not_seen(state: State) -> str:
    """Why nothing at all is known of how the present spec stands; "" where something is."""
    if not state.strategy.style:
        return "its spec has no strategy, or two: give it canary or blueGreen"
    return "" if state.status.observed else _UNOBSERVED


def why_not_ready(state: State) -> str:
    """Why nothing that depends on the controller's status can be asked for; "" where it can."""
    if why := why_not_seen(state):
        return why
    if state.invalid:
        return f"its spec is invalid, so the controller does nothing: {state.invalid}; roll back, or mend the spec"
    if state.behind:
        held = "it is paused by hand, and its template was changed since: resume it to roll that out, or roll back"
        return held if state.status.paused else _UNOBSERVED
    return ""


def why_no_update(state: State) -> str:
    """Why there is nothing under way that could be steered; "" where there is."""
    if why := why_not_ready(state):
        return why
    if state.status.promoted:
        return "no update is under way: the present version is the stable one"
    if not state.updating:
        return "nothing was released before: the first version is being rolled out"
    return ""
