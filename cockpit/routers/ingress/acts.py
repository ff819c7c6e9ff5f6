"""Acts on a main Ingress and its canary: which apply, and who plans them."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.rollout import Rollout
from cockpit.routers.ingress.cleanup import plan_finish, why_not_finish
from cockpit.routers.ingress.header import plan_header, why_not_header
from cockpit.routers.ingress.pairing import two_versions
from cockpit.routers.ingress.promotion import plan_promote, why_not_promote
from cockpit.routers.ingress.rollback import plan_back, why_not_back
from cockpit.routers.ingress.split import Split
from cockpit.routers.ingress.weights import plan_weight, why_not_weight
from cockpit.workloads.answers import refused
from cockpit.workloads.edits import ref_to
from cockpit.workloads.ownership import controller_ownership
from cockpit.workloads.scaling import plan_scale
from cockpit.workloads.step_acts import NO_PLAN, carried, plan_approve, plan_jump, plan_steps, why_not_approve
from cockpit.workloads.steps import Stepping, stepping_of

NO_STEPS = "nothing drives these Ingresses: set a weight, give them steps, promote or roll back"


def whys(split: Split, objects: Objects) -> dict[Act, str]:
    """Why each act does not apply; "" where it does."""
    owned = _owned(split, objects)
    if owned:
        return dict.fromkeys(Act, owned)
    stepping = stepping_on(split)
    return {
        Act.SET_WEIGHT: why_not_weight(split),
        Act.HEADER: why_not_header(split),
        Act.PROMOTE: why_not_promote(split, objects),
        Act.ROLLBACK: why_not_back(split, objects),
        Act.FINISH: why_not_finish(split),
        Act.STEPS: why_not_weight(split),
        Act.APPROVE: why_not_approve(stepping) if stepping else NO_PLAN,
        Act.JUMP: why_not_approve(stepping) if stepping else NO_PLAN,
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
            return _ending(plan_promote(split, rollout, ask, objects), split)
        case Act.ROLLBACK:
            return _ending(plan_back(split, rollout, ask, objects), split)
        case Act.FINISH:
            return plan_finish(split, rollout, ask, objects)
        case Act.STEPS | Act.APPROVE | Act.JUMP:
            return _plan_steps(split, rollout, ask, objects)
        case Act.SCALE:
            workloads = {v.name: c.workload for v, c in zip(split.versions, split.candidates, strict=True)}
            carrying = {v.name for v in split.behind(split.main)}
            carrying |= {s.version for lane in rollout.lanes for s in lane.shares if s.written}
            return plan_scale(rollout, ask, workloads, carrying, objects)
        case _:
            return refused(rollout, ask.act, whys(split, objects).get(ask.act, NO_STEPS))


def stepping_on(split: Split) -> Stepping | None:
    """The step plan on the canary Ingress, which holds the weight; None without one, or once main is its version."""
    branch = split.canary
    if branch is None or branch.canary.loose:
        return None
    found = stepping_of(ref_to(branch.canary.ingress), branch.canary.ingress.metadata, [v.name for v in split.versions])
    served = [v.name for v in split.behind(split.main)]
    return None if found.active and found.active.version in served else found


def _ending(found: Plan | Refused, split: Split) -> Plan | Refused:
    """All traffic to one version ends a step plan, where that is written to the Ingress that carries it."""
    stepping = stepping_on(split)
    return found if isinstance(found, Refused) or stepping is None else carried(found, stepping, None)


def _plan_steps(split: Split, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    pair, stepping = two_versions(split), stepping_on(split)
    if isinstance(pair, str) or stepping is None:
        return refused(rollout, ask.act, pair if isinstance(pair, str) else NO_PLAN)
    main, canary = pair

    def weigh(share: float) -> Plan | Refused:
        return plan_weight(split, rollout, Ask(Act.SET_WEIGHT, weights=((canary.name, share),)), objects)

    match ask.act:
        case Act.APPROVE:
            return plan_approve(stepping, rollout, ask, weigh)
        case Act.JUMP:
            return plan_jump(stepping, rollout, ask, weigh)
    why = why_not_weight(split)
    if ask.steps and (why or ask.version not in (None, canary.name)):
        return refused(rollout, ask.act, why or f"steps lead to the canary's version {canary.name}")
    dialect = split.fork.dialect
    finest = 0.0001 if dialect.has_total and not dialect.whole_percent else 0.01
    return plan_steps(stepping, rollout, ask, canary.name, main.name, finest=finest)


def _owned(split: Split, objects: Objects) -> str:
    owner = controller_ownership([split.fork.main, *(b.canary.ingress for b in split.branches)], objects)
    return owner.text if owner else ""
