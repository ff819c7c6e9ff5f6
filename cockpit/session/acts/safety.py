"""Plans that can leave users without an answer, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cockpit.model.kinds import ROUTING
from cockpit.model.lanes import SHARE_TOLERANCE
from cockpit.model.plan import Act, Expected, Plan, Request, Verb
from cockpit.model.refs import Ref
from cockpit.model.rollout import Rollout


def takes_pods_away(plan: Plan) -> bool:
    """True if a request deletes an object or scales a workload to 0."""
    return any(request.verb is Verb.DELETE or _to_zero(request) for request in plan.requests)


def routing(rollout: Rollout | None) -> tuple[Ref, ...]:
    """The rollout's objects that decide where traffic goes."""
    refs = rollout.objects if rollout else ()
    return tuple(ref for ref in dict.fromkeys(refs) if ref.resource in ROUTING)


def why_undo_is_unsafe(plan: Plan, shares: Iterable[Expected], rollout: Rollout | None) -> str:
    """Why undoing an act would cut users off in the rollout's current state; "" if it would not.

    `shares` are the written shares that it restores. The rules are those of the acts themselves.
    """
    if rollout is None:
        return ""
    for share in shares:
        gains = share.share > _written(rollout, share.lane, share.version) + SHARE_TOLERANCE
        version = rollout.version(share.version)
        if gains and (version is None or not version.ready):
            scalable = version is not None and version.workload and not version.desired
            way = "scale it up first" if scalable and _applies(rollout, Act.SCALE) else "wait until it has some"
            return f"{share.version} would receive traffic but has no ready pods; {way}"
    emptied = {r.ref for r in plan.requests if _to_zero(r) or r.verb is Verb.DELETE}
    for version in rollout.versions:
        if version.workload in emptied and _carries(rollout, version.name):
            return f"{version.name} receives traffic and would be left without pods; move the traffic first"
    return ""


def _applies(rollout: Rollout, act: Act) -> bool:
    return any(state.act is act and state.enabled for state in rollout.acts)


def _to_zero(request: Request) -> bool:
    """Whether a patch sets the number of pods of a workload to 0."""
    if request.verb is not Verb.PATCH:
        return False
    body: Any = request.body
    if isinstance(body, dict):
        return (body.get("spec") or {}).get("replicas") == 0
    return any(
        operation.get("op") in ("add", "replace")
        and operation.get("path") == "/spec/replicas"
        and operation.get("value") == 0
        for operation in body
    )


def _written(rollout: Rollout, lane: str, version: str) -> float:
    return sum(
        share.written or 0.0
        for found in rollout.lanes
        if found.name == lane
        for share in found.shares
        if share.version == version
    )


def _carries(rollout: Rollout, version: str) -> bool:
    return any(_written(rollout, lane.name, version) > 0 for lane in rollout.lanes)
