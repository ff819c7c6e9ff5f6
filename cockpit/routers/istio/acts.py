"""Acts on a VirtualService: which apply, and who plans them."""

from __future__ import annotations

from cockpit.model.advice import telling
from cockpit.model.lookup import Objects
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import DESTINATIONRULES, VIRTUALSERVICES
from cockpit.model.rights import rights
from cockpit.model.rollout import Rollout, Version
from cockpit.planning.act_table import ActEntry, ActTable, applies, by_state
from cockpit.planning.ownership import why_managed
from cockpit.planning.refusals import refused
from cockpit.planning.shares import from_base
from cockpit.planning.step_acts import Weigh, approve_leads, plan_approve, plan_jump, plan_steps, why_not_approve
from cockpit.planning.wording import no_version
from cockpit.planning.writes import CLEANING, SCALING
from cockpit.routers.istio.finish import plan_finish, why_not_finish
from cockpit.routers.istio.roll_back import leads, plan_back, why_not_back
from cockpit.routers.istio.routes import HTTP
from cockpit.routers.istio.set_header import plan_header, why_not_header
from cockpit.routers.istio.set_weight import (
    new_version,
    plan_promote,
    plan_weight,
    shares_now,
    totals_of,
    weights_plan,
    why_not_promote,
    why_not_weight,
)
from cockpit.routers.istio.split import VirtualServiceSplit
from cockpit.routers.version_lookup import plan_scale_of


def _why_not_steps(split: VirtualServiceSplit, objects: Objects) -> str:
    """Why no plan can be started; an existing plan can always be ended."""
    return "" if split.stepping.text else why_not_weight(split) or _no_new(split)


def _why_not_approve(split: VirtualServiceSplit, objects: Objects) -> str:
    return why_not_approve(split.stepping)


def _no_new(split: VirtualServiceSplit) -> str:
    return "" if new_version(split) else "no version is newer than the stable one: deploy it first"


def _closed(split: VirtualServiceSplit, objects: Objects) -> str:
    """Why nobody edits anything here by hand."""
    if split.group.protocol != HTTP:
        return f"{split.group.protocol} routes are only shown: edit them with kubectl"
    return why_managed([split.group.service], objects)


def _plan_approve(split: VirtualServiceSplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    return plan_approve(split.stepping, rollout, ask, _weighing(split, rollout, ask, objects))


def _plan_jump(split: VirtualServiceSplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    return plan_jump(split.stepping, rollout, ask, _weighing(split, rollout, ask, objects))


def _weighing(split: VirtualServiceSplit, rollout: Rollout, ask: Ask, objects: Objects) -> Weigh:
    def weigh(share: float) -> Plan | Refused:
        """The new version of the step plan at this share, as set-weight writes it."""
        plan = split.stepping.active
        if plan is None:
            return refused(rollout, ask.act, why_not_approve(split.stepping))
        wanted = from_base(plan.version, share, plan.base, shares_now(split), totals_of(split))
        if isinstance(wanted, str):
            return refused(rollout, ask.act, wanted)
        return weights_plan(split, rollout, ask, wanted, objects)

    return weigh


def _plan_steps(split: VirtualServiceSplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused | str:
    """A plan for the named version, else for the new one; its shares are taken from the stable version."""
    if not ask.steps:
        return plan_steps(split.stepping, rollout, ask, "", "")
    chosen = split.candidate(ask.version) if ask.version else None
    new: Version | None = split.version_of(chosen.uid) if chosen else None if ask.version else new_version(split)
    why = why_not_weight(split)
    if why or new is None:
        return why or (no_version(ask.version) if ask.version else _no_new(split))
    stable = split.stable
    if stable is None or stable.name == new.name:
        return f"{new.name} is the stable version: plan steps for a newer one"
    return plan_steps(split.stepping, rollout, ask, new.name, stable.name)


_ROUTES = rights("patch", (VIRTUALSERVICES, DESTINATIONRULES))
TABLE: ActTable[VirtualServiceSplit] = ActTable(
    {
        Act.SET_WEIGHT: ActEntry(plan_weight, by_state(why_not_weight)),
        Act.HEADER: ActEntry(plan_header, by_state(why_not_header), named=by_state(why_not_header)),
        Act.STEPS: ActEntry(_plan_steps, _why_not_steps, named=applies),
        Act.APPROVE: ActEntry(_plan_approve, _why_not_approve, leads=lambda split, _: approve_leads(split.stepping)),
        Act.JUMP: ActEntry(_plan_jump, _why_not_approve),
        Act.PROMOTE: ActEntry(plan_promote, by_state(why_not_promote), named=applies),
        Act.ROLLBACK: ActEntry(plan_back, by_state(why_not_back), named=applies, leads=by_state(leads)),
        Act.SCALE: ActEntry(plan_scale_of),
        Act.FINISH: ActEntry(plan_finish, why_not_finish, named=applies),
    },
    otherwise=telling(
        "no controller drives this VirtualService: set a weight, plan steps, promote or roll back",
        Act.SET_WEIGHT,
        Act.STEPS,
        Act.PROMOTE,
        Act.ROLLBACK,
    ),
    absent={Act.FLIP: telling("a VirtualService splits by weight: promote moves all traffic at once", Act.PROMOTE)},
    closed=_closed,
    writes=_ROUTES,
    own={Act.SCALE: SCALING, Act.FINISH: (*_ROUTES, *CLEANING)},
)
