"""Acts on a main Ingress and its canary: which apply, and who plans them."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.advice import telling
from cockpit.model.lookup import Objects
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import INGRESSES, SERVICES
from cockpit.model.rights import rights
from cockpit.model.rollout import Rollout
from cockpit.planning.act_table import ActEntry, ActTable, applies, by_state
from cockpit.planning.edits import ref_to
from cockpit.planning.ownership import why_managed
from cockpit.planning.refusals import refused
from cockpit.planning.step_acts import (
    NO_PLAN,
    Weigh,
    approve_leads,
    carried,
    plan_approve,
    plan_jump,
    plan_steps,
    why_not_approve,
)
from cockpit.planning.steps import Stepping, stepping_of
from cockpit.planning.writes import CLEANING, SCALING
from cockpit.routers.ingress.finish import plan_finish, plan_finish_orphan, why_not_finish
from cockpit.routers.ingress.pairing import two_versions
from cockpit.routers.ingress.placement import CanaryIngress
from cockpit.routers.ingress.promote import plan_promote, ways, why_not_promote
from cockpit.routers.ingress.roll_back import leads, plan_back, why_not_back
from cockpit.routers.ingress.set_header import plan_header, why_not_header
from cockpit.routers.ingress.set_weight import plan_weight, why_not_weight
from cockpit.routers.ingress.split import CanarySplit
from cockpit.routers.version_lookup import plan_scale_of, services_of


def plan(split: CanarySplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    """What the table plans; if perhaps no controller serves it, the plan warns and promises no share."""
    found = TABLE.plan(split, rollout, ask, objects)
    if isinstance(found, Refused) or not split.no_controller:
        return found
    return replace(found, expected=(), warnings=(split.no_controller, *found.warnings))


def stepping_on(split: CanarySplit) -> Stepping | None:
    """The step plan on the canary Ingress, which holds the weight; None without one, or once main serves it."""
    placed = split.canary
    if placed is None or placed.canary.loose:
        return None
    found = stepping_of(ref_to(placed.canary.ingress), placed.canary.ingress.metadata, [v.name for v in split.versions])
    served = [v.name for v in split.behind(split.main)]
    return None if found.active and found.active.version in served else found


def _why_not_steps(split: CanarySplit, objects: Objects) -> str:
    """Why no plan can be started; an existing plan can always be ended."""
    stepping, pair = stepping_on(split), two_versions(split)
    return "" if stepping and stepping.text and not isinstance(pair, str) else why_not_weight(split)


def _why_not_approve(split: CanarySplit, objects: Objects) -> str:
    stepping, pair = stepping_on(split), two_versions(split)
    if isinstance(pair, str):
        return pair
    return why_not_approve(stepping) if stepping else NO_PLAN


def _leads_on(split: CanarySplit, objects: Objects) -> str:
    stepping = stepping_on(split)
    return approve_leads(stepping) if stepping else ""


def _closed(split: CanarySplit, objects: Objects) -> str:
    return why_managed([split.placement.main, *(b.canary.ingress for b in split.placed_canaries)], objects)


def _plan_promote(split: CanarySplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    return _ending(plan_promote(split, rollout, ask, objects), split)


def _plan_back(split: CanarySplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    return _ending(plan_back(split, rollout, ask, objects), split)


def _ending(found: Plan | Refused, split: CanarySplit) -> Plan | Refused:
    """All traffic to one version ends a step plan, if that is written to the Ingress that carries the plan."""
    stepping = stepping_on(split)
    return found if isinstance(found, Refused) or stepping is None else carried(found, stepping, None)


def _plan_steps(split: CanarySplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused | str:
    pair, stepping = two_versions(split), stepping_on(split)
    if isinstance(pair, str) or stepping is None:
        return pair if isinstance(pair, str) else NO_PLAN
    main, canary = pair
    why = why_not_weight(split)
    if ask.steps and (why or ask.version not in (None, canary.name)):
        return why or f"steps can only be planned for the canary's version {canary.name}"
    dialect = split.placement.dialect
    finest = 0.0001 if dialect.has_total and not dialect.whole_percent else 0.01
    return plan_steps(stepping, rollout, ask, canary.name, main.name, finest=finest)


def _plan_approve(split: CanarySplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused | str:
    stepping = stepping_on(split)
    return plan_approve(stepping, rollout, ask, _weighing(split, rollout, objects)) if stepping else NO_PLAN


def _plan_jump(split: CanarySplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused | str:
    stepping = stepping_on(split)
    return plan_jump(stepping, rollout, ask, _weighing(split, rollout, objects)) if stepping else NO_PLAN


def _weighing(split: CanarySplit, rollout: Rollout, objects: Objects) -> Weigh:
    pair = two_versions(split)

    def weigh(share: float) -> Plan | Refused:
        if isinstance(pair, str):
            return refused(rollout, Act.SET_WEIGHT, pair)
        return plan_weight(split, rollout, Ask(Act.SET_WEIGHT, weights=((pair[1].name, share),)), objects)

    return weigh


def _plan_scale(split: CanarySplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    return plan_scale_of(split, rollout, ask, objects, [v.name for v in split.behind(split.main)])


_ROUTES, _REMOVAL = rights("patch", (INGRESSES,)), rights("delete", (INGRESSES,))
TABLE: ActTable[CanarySplit] = ActTable(
    {
        Act.SET_WEIGHT: ActEntry(plan_weight, by_state(why_not_weight)),
        Act.HEADER: ActEntry(plan_header, by_state(why_not_header), named=by_state(why_not_header)),
        Act.STEPS: ActEntry(_plan_steps, _why_not_steps, named=_why_not_steps),
        Act.APPROVE: ActEntry(_plan_approve, _why_not_approve, leads=_leads_on),
        Act.JUMP: ActEntry(_plan_jump, _why_not_approve),
        Act.PROMOTE: ActEntry(_plan_promote, why_not_promote, named=why_not_promote, ways=ways),
        Act.ROLLBACK: ActEntry(_plan_back, why_not_back, named=applies, leads=leads),
        Act.SCALE: ActEntry(_plan_scale),
        Act.FINISH: ActEntry(plan_finish, by_state(why_not_finish), named=applies),
    },
    otherwise=telling(
        "no controller drives these Ingresses: set a weight, plan steps, promote or roll back",
        Act.SET_WEIGHT,
        Act.STEPS,
        Act.PROMOTE,
        Act.ROLLBACK,
    ),
    absent={Act.FLIP: telling("an Ingress splits by weight: promote moves all traffic at once", Act.PROMOTE)},
    closed=_closed,
    services=lambda split, objects: services_of(split),
    writes=_ROUTES,
    own={
        Act.HEADER: (*_ROUTES, *rights("create", (INGRESSES,)), *_REMOVAL),
        **dict.fromkeys((Act.PROMOTE, Act.ROLLBACK), (*_ROUTES, *rights("patch", (SERVICES,)))),
        Act.SCALE: SCALING,
        Act.FINISH: (*_REMOVAL, *CLEANING),
    },
)


def _orphan_closed(canary: CanaryIngress, objects: Objects) -> str:
    return why_managed([canary.ingress], objects)


ORPHAN_TABLE: ActTable[CanaryIngress] = ActTable(
    {Act.FINISH: ActEntry(plan_finish_orphan)},
    otherwise=telling("no main Ingress to split with: create it, or delete the canary with finish", Act.FINISH),
    closed=_orphan_closed,
    writes=_REMOVAL,
)
