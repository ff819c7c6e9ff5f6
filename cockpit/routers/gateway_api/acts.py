"""Acts on a route: which apply, and who plans them."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.lookup import Objects
from cockpit.model.objects import GrpcRoute
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.rollout import Rollout
from cockpit.routers.gateway_api.cleanup import plan_finish, why_not_finish
from cockpit.routers.gateway_api.header import plan_header, why_not_header
from cockpit.routers.gateway_api.routes import ref_to_route
from cockpit.routers.gateway_api.split import Split
from cockpit.routers.gateway_api.weights import (
    carrier,
    going_back,
    plan_back,
    plan_promote,
    plan_weight,
    promoted,
    weigh,
    why_not_weight,
)
from cockpit.workloads.answers import refused
from cockpit.workloads.ownership import controller_ownership
from cockpit.workloads.scaling import plan_scale
from cockpit.workloads.step_acts import carried, plan_approve, plan_jump, plan_steps, why_not_approve
from cockpit.workloads.steps import Stepping, stepping_of

OTHERWISE = "nothing drives this route: set a weight, give it steps, promote or roll back"
READ_ONLY = "GRPCRoutes are only shown: edit its weights with kubectl"
# The smallest share that weights of at most 1,000,000 can say.
FINEST = 0.000001


def stepping_on(split: Split, objects: Objects) -> Stepping:
    """The step plan that the route carries."""
    return stepping_of(ref_to_route(split.route, objects), split.route.metadata, [v.name for v in split.versions])


def whys(split: Split, objects: Objects) -> dict[Act, str]:
    """Why each act does not apply; "" where it does."""
    barred = _barred(split, objects)
    if barred:
        return dict.fromkeys(Act, barred)
    stepping, back = stepping_on(split, objects), going_back(split, None)
    several = "" if len(split.versions) == 2 or stepping.text else _why_not_steps(split)
    return {
        Act.SET_WEIGHT: why_not_weight(split),
        Act.HEADER: why_not_header(split),
        Act.PROMOTE: why_not_weight(split),
        Act.ROLLBACK: back if isinstance(back, str) else "",
        Act.FINISH: why_not_finish(split),
        Act.STEPS: why_not_weight(split) or several,
        Act.APPROVE: why_not_approve(stepping),
        Act.JUMP: why_not_approve(stepping),
        Act.SCALE: "",
        Act.FLIP: "a route splits by weight: promote moves all traffic at once",
    }


def plan(split: Split, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    barred = _barred(split, objects)
    if barred:
        return refused(rollout, ask.act, barred)
    stepping = stepping_on(split, objects)

    def step(share: float) -> Plan | Refused:
        active = stepping.active
        if active is None:
            return refused(rollout, ask.act, why_not_approve(stepping))
        shares = {v.name: 0.0 for v in split.versions} | {active.base: round(1 - share, 9), active.version: share}
        why = why_not_weight(split)
        return refused(rollout, ask.act, why) if why else weigh(split, rollout, ask, shares, objects)

    match ask.act:
        case Act.SET_WEIGHT:
            return plan_weight(split, rollout, ask, objects)
        case Act.HEADER:
            return plan_header(split, rollout, ask, objects)
        case Act.PROMOTE:
            return _ending(plan_promote(split, rollout, ask, objects), stepping)
        case Act.ROLLBACK:
            return _ending(plan_back(split, rollout, ask, objects), stepping)
        case Act.FINISH:
            return plan_finish(split, rollout, ask, stepping, objects)
        case Act.STEPS:
            return _plan_steps(split, rollout, ask, stepping)
        case Act.APPROVE:
            return plan_approve(stepping, rollout, ask, step)
        case Act.JUMP:
            return plan_jump(stepping, rollout, ask, step)
        case Act.SCALE:
            workloads = {v.name: c.workload for v, c in zip(split.versions, split.candidates, strict=True)}
            carrying = {s.version for lane in rollout.lanes for s in lane.shares if s.written}
            return plan_scale(rollout, ask, workloads, carrying, objects)
        case _:
            return refused(rollout, ask.act, whys(split, objects).get(ask.act, OTHERWISE))


def _ending(found: Plan | Refused, stepping: Stepping) -> Plan | Refused:
    """All traffic to one version ends a step plan, in the same request."""
    return found if isinstance(found, Refused) else carried(found, stepping, None)


def _plan_steps(split: Split, rollout: Rollout, ask: Ask, stepping: Stepping) -> Plan | Refused:
    if not ask.steps:
        return plan_steps(stepping, rollout, ask, "", "")
    new = promoted(split, ask.version)
    why = why_not_weight(split) or (new if isinstance(new, str) else "")
    if why or isinstance(new, str):
        return refused(rollout, ask.act, why)
    base = carrier(split, new.name)
    return plan_steps(stepping, rollout, replace(ask, version=None), new.name, base, finest=FINEST)


def _why_not_steps(split: Split) -> str:
    return "" if len(split.versions) > 1 else "there is one version only: steps lead from one to another"


def _barred(split: Split, objects: Objects) -> str:
    """Why nobody edits here by hand: a controller drives the route or its Services, or it is read only."""
    if isinstance(split.route, GrpcRoute):
        return READ_ONLY
    services = [side.service for side in split.sides if side.service]
    owner = controller_ownership([split.route, *services], objects)
    return owner.text if owner else ""
