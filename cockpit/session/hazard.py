"""Plans that can leave users without an answer, and what makes them so. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cockpit.model.plan import Expected, Plan, Request, Verb
from cockpit.model.refs import (
    DESTINATIONRULES,
    DESTINATIONRULES_V1ALPHA3,
    DESTINATIONRULES_V1BETA1,
    GRPCROUTES,
    HTTPROUTES,
    HTTPROUTES_V1BETA1,
    INGRESSES,
    SERVICES,
    VIRTUALSERVICES,
    VIRTUALSERVICES_V1ALPHA3,
    VIRTUALSERVICES_V1BETA1,
    Ref,
)
from cockpit.model.rollout import Rollout

# Shares come from whole weights of at least 100: less than this is rounding.
_SHARE_TOLERANCE = 0.004
# Kinds that say where traffic goes.
_ROUTING = frozenset(
    {
        SERVICES,
        INGRESSES,
        HTTPROUTES,
        HTTPROUTES_V1BETA1,
        GRPCROUTES,
        VIRTUALSERVICES,
        VIRTUALSERVICES_V1BETA1,
        VIRTUALSERVICES_V1ALPHA3,
        DESTINATIONRULES,
        DESTINATIONRULES_V1BETA1,
        DESTINATIONRULES_V1ALPHA3,
    }
)


def takes_pods_away(plan: Plan) -> bool:
    """True where a request deletes an object or leaves a workload without pods."""
    return any(request.verb is Verb.DELETE or _to_zero(request) for request in plan.requests)


def routing(rollout: Rollout | None) -> tuple[Ref, ...]:
    """The objects of a rollout that decide where traffic goes."""
    refs = rollout.objects if rollout else ()
    return tuple(ref for ref in dict.fromkeys(refs) if ref.resource in _ROUTING)


def undo_hazard(plan: Plan, shares: Iterable[Expected], rollout: Rollout | None) -> str:
    """Why taking an act back would cut users off as the rollout stands; "" where it would not.

    `shares` are the written shares that it brings back. The rules are those of the acts themselves.
    """
    if rollout is None:
        return ""
    for share in shares:
        gains = share.share > _written(rollout, share.lane, share.version) + _SHARE_TOLERANCE
        version = rollout.version(share.version)
        if gains and (version is None or not version.ready):
            return f"{share.version} would take traffic and has no ready pods: give it pods first"
    emptied = {r.ref for r in plan.requests if _to_zero(r) or r.verb is Verb.DELETE}
    for version in rollout.versions:
        if version.workload in emptied and _carries(rollout, version.name):
            return f"{version.name} takes traffic and would be left without pods: move the traffic first"
    return ""


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
