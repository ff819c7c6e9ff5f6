"""Acts on a main Ingress and its canary: which apply, and who plans them."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.rollout import Rollout
from cockpit.routers.ingress.cleanup import plan_finish, why_not_finish
from cockpit.routers.ingress.header import plan_header, why_not_header
from cockpit.routers.ingress.promotion import plan_promote, why_not_promote
from cockpit.routers.ingress.rollback import plan_back, why_not_back
from cockpit.routers.ingress.split import Split
from cockpit.routers.ingress.weights import plan_weight, why_not_weight
from cockpit.workloads.answers import refused
from cockpit.workloads.ownership import controller_ownership
from cockpit.workloads.scaling import plan_scale

NO_STEPS = "nothing drives these Ingresses step by step: set a weight, promote or roll back"


def whys(split: Split, objects: Objects) -> dict[Act, str]:
    """Why each act does not apply; "" where it does."""
    owned = _owned(split, objects)
    if owned:
        return dict.fromkeys(Act, owned)
    return {
        Act.SET_WEIGHT: why_not_weight(split),
        Act.HEADER: why_not_header(split),
        Act.PROMOTE: why_not_promote(split, objects),
        Act.ROLLBACK: why_not_back(split, objects),
        Act.FINISH: why_not_finish(split),
        Act.SCALE: "",
        Act.FLIP: "an Ingress splits by weight: promote moves all traffic at once",
    }


def plan(split: Split, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    owned = _owned(split, objects)
    if owned:
        return refused(rollout, ask.act, owned)
    match ask.act:
        case Act.SET_WEIGHT:
            return plan_weight(split, rollout, ask, objects)
        case Act.HEADER:
            return plan_header(split, rollout, ask, objects)
        case Act.PROMOTE:
            return plan_promote(split, rollout, ask, objects)
        case Act.ROLLBACK:
            return plan_back(split, rollout, ask, objects)
        case Act.FINISH:
            return plan_finish(split, rollout, ask, objects)
        case Act.SCALE:
            workloads = {v.name: c.workload for v, c in zip(split.versions, split.candidates, strict=True)}
            carrying = {v.name for v in split.behind(split.main)}
            carrying |= {s.version for lane in rollout.lanes for s in lane.shares if s.written}
            return plan_scale(rollout, ask, workloads, carrying, objects)
        case _:
            return refused(rollout, ask.act, whys(split, objects).get(ask.act, NO_STEPS))


def _owned(split: Split, objects: Objects) -> str:
    owner = controller_ownership([split.fork.main, *(b.canary.ingress for b in split.branches)], objects)
    return owner.text if owner else ""
