"""Acts on a main Ingress and its canary: which apply, and who plans them."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import Workload
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.rollout import Rollout
from cockpit.routers.ingress.split import Split
from cockpit.routers.ingress.weights import plan_weight, why_not_weight
from cockpit.workloads.answers import refused
from cockpit.workloads.ownership import controller_ownership
from cockpit.workloads.scaling import plan_scale


def whys(split: Split, objects: Objects) -> dict[Act, str]:
    """Why each act does not apply; "" where it does."""
    owned = _owned(split)
    if owned:
        return dict.fromkeys(Act, owned)
    return {Act.SET_WEIGHT: why_not_weight(split), Act.SCALE: ""}


def plan(split: Split, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    owned = _owned(split)
    if owned:
        return refused(rollout, ask.act, owned)
    match ask.act:
        case Act.SET_WEIGHT:
            return plan_weight(split, rollout, ask)
        case Act.SCALE:
            return plan_scale(rollout, ask, _workloads(split), _carrying(rollout))
        case _:
            return refused(rollout, ask.act, "nothing drives these Ingresses step by step")


def _owned(split: Split) -> str:
    owner = controller_ownership([split.fork.main, *(b.canary.ingress for b in split.branches)])
    return owner.text if owner else ""


def _workloads(split: Split) -> dict[str, Workload | None]:
    return {v.name: c.workload for v, c in zip(split.versions, split.candidates, strict=True)}


def _carrying(rollout: Rollout) -> set[str]:
    return {s.version for lane in rollout.lanes for s in lane.shares if s.written}
