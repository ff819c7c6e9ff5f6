"""Acts on a VirtualService: which apply, and who plans them."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.rollout import Rollout, Version
from cockpit.routers.istio.cleanup import plan_finish, why_not_finish
from cockpit.routers.istio.header import plan_header, why_not_header
from cockpit.routers.istio.rollback import plan_back, why_not_back
from cockpit.routers.istio.routes import HTTP
from cockpit.routers.istio.split import Split
from cockpit.routers.istio.weights import (
    new_version,
    plan_promote,
    plan_weight,
    weights_plan,
    why_not_promote,
    why_not_weight,
    with_rest,
)
from cockpit.workloads.answers import refused
from cockpit.workloads.ownership import controller_ownership
from cockpit.workloads.scaling import plan_scale
from cockpit.workloads.step_acts import plan_approve, plan_jump, plan_steps, why_not_approve

NO_CONTROLLER = "nothing drives this VirtualService: set a weight, take steps, promote or roll back"


def whys(split: Split, objects: Objects) -> dict[Act, str]:
    """Why each act does not apply; "" where it does."""
    closed = _closed(split, objects)
    if closed:
        return dict.fromkeys(Act, closed)
    return {
        Act.SET_WEIGHT: why_not_weight(split),
        Act.HEADER: why_not_header(split),
        Act.PROMOTE: why_not_promote(split),
        Act.ROLLBACK: why_not_back(split),
        Act.FINISH: why_not_finish(split, objects),
        Act.SCALE: "",
        Act.STEPS: "" if split.stepping.text else why_not_weight(split) or _no_new(split),
        Act.APPROVE: why_not_approve(split.stepping),
        Act.JUMP: why_not_approve(split.stepping),
        Act.FLIP: "a VirtualService splits by weight: promote moves all traffic at once",
    }


def plan(split: Split, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    closed = _closed(split, objects)
    if closed:
        return refused(rollout, ask.act, closed)

    def weigh(share: float) -> Plan | Refused:
        """The new version of the step plan at this share, as set-weight writes it."""
        plan = split.stepping.active
        wanted = with_rest(split, {plan.version: round(share * 100)}, plan.base) if plan else ""
        if isinstance(wanted, str):
            return refused(rollout, ask.act, wanted)
        return weights_plan(split, rollout, ask, wanted, objects)

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
            return _scale(split, rollout, ask, objects)
        case Act.STEPS:
            return _steps(split, rollout, ask)
        case Act.APPROVE:
            return plan_approve(split.stepping, rollout, ask, weigh)
        case Act.JUMP:
            return plan_jump(split.stepping, rollout, ask, weigh)
        case _:
            return refused(rollout, ask.act, whys(split, objects).get(ask.act, NO_CONTROLLER))


def _steps(split: Split, rollout: Rollout, ask: Ask) -> Plan | Refused:
    """A plan for the version that is named, else for the new one; what it takes comes from the stable version."""
    if not ask.steps:
        return plan_steps(split.stepping, rollout, ask, "", "")
    chosen = split.candidate(ask.version) if ask.version else None
    new: Version | None = split.version_of(chosen.uid) if chosen else None if ask.version else new_version(split)
    why = why_not_weight(split)
    if why or new is None:
        return refused(
            rollout, ask.act, why or (f"there is no version {ask.version}" if ask.version else _no_new(split))
        )
    stable = split.stable
    if stable is None or stable.name == new.name:
        return refused(rollout, ask.act, f"{new.name} is the stable version: a plan is for the one that comes after it")
    return plan_steps(split.stepping, rollout, ask, new.name, stable.name)


def _scale(split: Split, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    workloads = {v.name: c.workload for v, c in zip(split.versions, split.candidates, strict=True)}
    # Without weights proxies go on as before, and who takes requests is not known.
    carrying = {s.version for lane in rollout.lanes for s in lane.shares if s.written or s.written is None}
    return plan_scale(rollout, ask, workloads, carrying, objects)


def _no_new(split: Split) -> str:
    return "" if new_version(split) else "there is no version newer than the stable one: deploy it first"


def _closed(split: Split, objects: Objects) -> str:
    """Why nothing here is edited by hand at all."""
    if split.bundle.protocol != HTTP:
        return f"{split.bundle.protocol} routes are only shown: edit them with kubectl"
    owner = controller_ownership([split.bundle.service], objects)
    return owner.text if owner else ""
