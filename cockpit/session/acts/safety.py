"""Plans that can leave users without an answer, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cockpit.model.kinds import ROUTING
from cockpit.model.lanes import SHARE_TOLERANCE
from cockpit.model.plan import Act, Expected, Plan, Request, Verb
from cockpit.model.refs import PODS, REPLICASETS, Ref
from cockpit.model.rollout import Rollout
from cockpit.planning.readiness import without_pods
from cockpit.planning.way_back import version_warnings

_BY_CONTROLLER = "its controller moves the traffic as pods get ready"


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
    if not _by_controller(plan.requests):
        for share in _gaining(shares, rollout):
            return _without_pods(share, rollout)
    emptied = {r.ref for r in plan.requests if _to_zero(r) or r.verb is Verb.DELETE}
    for version in rollout.versions:
        if version.workload in emptied and _carries(rollout, version.name):
            return f"{version.name} receives traffic and would be left without pods; move the traffic first"
    return ""


def undo_risks(requests: Iterable[Request], shares: Iterable[Expected], rollout: Rollout | None) -> tuple[str, ...]:
    """What a plan says of versions without a ready pod to which a controller moves the traffic, pod by pod."""
    if rollout is None or not _by_controller(requests):
        return ()
    names = dict.fromkeys(share.version for share in _gaining(shares, rollout))
    return tuple(text for name in names for text in version_warnings(rollout, name, how=_BY_CONTROLLER))


def why_nowhere(requests: Iterable[Request], rollout: Rollout | None) -> str:
    """Why an act after which no version took traffic before is not undone, and what to do; "" where pods decide."""
    if _by_controller(requests):
        return ""
    ways = [str(act) for act in (Act.FLIP, Act.ROLLBACK, Act.SET_WEIGHT) if rollout and _applies(rollout, act)]
    instead = f"to move it elsewhere: {' or '.join(ways)}" if ways else "leave it as it is"
    return f"before this act no version took the traffic, and an undo would lead back to that; {instead}"


def _by_controller(requests: Iterable[Request]) -> bool:
    """Whether a controller moves the traffic: nothing that decides it, no label of a pod, is written."""
    return not any(r.ref.resource in ROUTING or r.ref.resource in (PODS, REPLICASETS) for r in requests)


def _gaining(shares: Iterable[Expected], rollout: Rollout) -> Iterator[Expected]:
    """The shares that rise for a version that cannot answer now."""
    for share in shares:
        version = rollout.version(share.version)
        gains = share.share > _written(rollout, share.lane, share.version) + SHARE_TOLERANCE
        if gains and (version is None or not version.ready):
            yield share


def _without_pods(share: Expected, rollout: Rollout) -> str:
    version = rollout.version(share.version)
    if version is None:
        return f"{share.version} is gone: it cannot answer requests; deploy it again first"
    return without_pods(version, rollout.own_versions, f"{rollout.key.namespace}/{rollout.key.name}")


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
