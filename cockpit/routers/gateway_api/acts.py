"""Acts on a route: which apply, and who plans them."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.advice import telling
from cockpit.model.lookup import Objects
from cockpit.model.objects import GrpcRoute
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import HTTPROUTES
from cockpit.model.rights import rights
from cockpit.model.rollout import Rollout
from cockpit.planning.act_table import ActEntry, ActTable, applies, by_state
from cockpit.planning.ownership import why_managed
from cockpit.planning.refusals import refused
from cockpit.planning.shares import from_base
from cockpit.planning.step_acts import (
    Weigh,
    approve_leads,
    carried,
    plan_approve,
    plan_jump,
    plan_steps,
    why_not_approve,
)
from cockpit.planning.steps import Stepping, stepping_of
from cockpit.planning.wording import sends_everyone
from cockpit.planning.writes import CLEANING, SCALING
from cockpit.routers.gateway_api.finish import plan_finish, why_not_finish
from cockpit.routers.gateway_api.routes import ref_to_route
from cockpit.routers.gateway_api.set_header import plan_header, why_not_header
from cockpit.routers.gateway_api.set_weight import (
    carrier,
    default_shares,
    going_back,
    plan_back,
    plan_promote,
    plan_weight,
    promotable,
    promoted,
    weigh,
    why_not_promote,
    why_not_weight,
)
from cockpit.routers.gateway_api.split import HttpRouteSplit
from cockpit.routers.version_lookup import plan_scale_of, services_of

READ_ONLY = "GRPCRoutes are only shown: edit their weights with kubectl"
# The smallest share that weights of at most 1,000,000 can express.
FINEST = 0.000001


def stepping_on(split: HttpRouteSplit, objects: Objects) -> Stepping:
    """The step plan that the route carries."""
    return stepping_of(ref_to_route(split.route, objects), split.route.metadata, [v.name for v in split.versions])


def _why_not_back(split: HttpRouteSplit, objects: Objects) -> str:
    back = going_back(split, None)
    return back if isinstance(back, str) else ""


def _leads_back(split: HttpRouteSplit, objects: Objects) -> str:
    back = going_back(split, None)
    return "" if isinstance(back, str) else sends_everyone(back.name)


def _why_not_steps(split: HttpRouteSplit, objects: Objects) -> str:
    """Why no plan can be started; an existing plan can always be ended."""
    return "" if stepping_on(split, objects).text else why_not_weight(split)


def _why_not_approve(split: HttpRouteSplit, objects: Objects) -> str:
    return why_not_approve(stepping_on(split, objects))


def _leads_on(split: HttpRouteSplit, objects: Objects) -> str:
    return approve_leads(stepping_on(split, objects))


def _promotable(split: HttpRouteSplit, objects: Objects) -> tuple[str, ...]:
    return tuple(v.name for v in promotable(split))


def _closed(split: HttpRouteSplit, objects: Objects) -> str:
    """Why nobody edits this by hand: a controller manages the route or its Services, or it is read only."""
    if isinstance(split.route, GrpcRoute):
        return READ_ONLY
    return why_managed([split.route, *services_of(split)], objects)


def _plan_promote(split: HttpRouteSplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    return _ending(plan_promote(split, rollout, ask, objects), stepping_on(split, objects))


def _plan_back(split: HttpRouteSplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    return _ending(plan_back(split, rollout, ask, objects), stepping_on(split, objects))


def _ending(found: Plan | Refused, stepping: Stepping) -> Plan | Refused:
    """All traffic to one version ends a step plan, in the same request."""
    return found if isinstance(found, Refused) else carried(found, stepping, None)


def _plan_finish(split: HttpRouteSplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    return plan_finish(split, rollout, ask, stepping_on(split, objects), objects)


def _plan_steps(split: HttpRouteSplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    stepping = stepping_on(split, objects)
    if not ask.steps:
        return plan_steps(stepping, rollout, ask, "", "")
    new = promoted(split, ask.version)
    why = why_not_weight(split) or (new if isinstance(new, str) else "")
    if why or isinstance(new, str):
        return refused(rollout, ask.act, why)
    base = carrier(split, new.name)
    return plan_steps(stepping, rollout, replace(ask, version=None), new.name, base, finest=FINEST)


def _plan_approve(split: HttpRouteSplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    return plan_approve(stepping_on(split, objects), rollout, ask, _weighing(split, rollout, ask, objects))


def _plan_jump(split: HttpRouteSplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    return plan_jump(stepping_on(split, objects), rollout, ask, _weighing(split, rollout, ask, objects))


def _weighing(split: HttpRouteSplit, rollout: Rollout, ask: Ask, objects: Objects) -> Weigh:
    stepping = stepping_on(split, objects)

    def step(share: float) -> Plan | Refused:
        active = stepping.active
        if active is None:
            return refused(rollout, ask.act, why_not_approve(stepping))
        wanted = why_not_weight(split) or from_base(active.version, share, active.base, default_shares(split))
        if isinstance(wanted, str):
            return refused(rollout, ask.act, wanted)
        return weigh(split, rollout, ask, wanted.shares, objects)

    return step


_ROUTES = rights("patch", (HTTPROUTES,))
TABLE: ActTable[HttpRouteSplit] = ActTable(
    {
        Act.SET_WEIGHT: ActEntry(plan_weight, by_state(why_not_weight)),
        Act.HEADER: ActEntry(plan_header, by_state(why_not_header), named=by_state(why_not_header)),
        Act.STEPS: ActEntry(_plan_steps, _why_not_steps, named=_why_not_steps),
        Act.APPROVE: ActEntry(_plan_approve, _why_not_approve, leads=_leads_on),
        Act.JUMP: ActEntry(_plan_jump, _why_not_approve),
        Act.PROMOTE: ActEntry(
            _plan_promote, by_state(why_not_promote), named=by_state(why_not_weight), versions=_promotable
        ),
        Act.ROLLBACK: ActEntry(_plan_back, _why_not_back, named=applies, leads=_leads_back),
        Act.SCALE: ActEntry(plan_scale_of),
        Act.FINISH: ActEntry(_plan_finish, by_state(why_not_finish), named=applies),
    },
    otherwise=telling(
        "no controller drives this route: set a weight, plan steps, promote or roll back",
        Act.SET_WEIGHT,
        Act.STEPS,
        Act.PROMOTE,
        Act.ROLLBACK,
    ),
    absent={Act.FLIP: telling("a route splits by weight: promote moves all traffic at once", Act.PROMOTE)},
    closed=_closed,
    services=lambda split, objects: services_of(split),
    writes=_ROUTES,
    own={Act.SCALE: SCALING, Act.FINISH: (*_ROUTES, *CLEANING)},
)
