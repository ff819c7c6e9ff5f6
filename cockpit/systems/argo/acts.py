"""Which acts apply to a Rollout, and what each sends."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.advice import telling
from cockpit.model.lookup import Objects
from cockpit.model.objects import Service
from cockpit.model.plan import Act
from cockpit.model.refs import ARGO_ROLLOUTS
from cockpit.model.rights import rights
from cockpit.planning.act_table import ActTable, state_entry
from cockpit.systems.argo.jump import plan_jump, plan_weight, why_not_jump
from cockpit.systems.argo.pause_abort import (
    plan_abort,
    plan_pause,
    plan_retry,
    why_not_abort,
    why_not_pause,
    why_not_resume,
    why_not_retry,
)
from cockpit.systems.argo.promote import approve_leads, plan_approve, plan_promote, why_not_approve, why_not_promote
from cockpit.systems.argo.restart_scale import plan_restart, plan_scale, why_not_restart, why_not_scale
from cockpit.systems.argo.roll_back import plan_back, plan_image, why_not_image
from cockpit.systems.argo.state import SOURCES, ArgoState
from cockpit.systems.argo.way_back import leads, why_not_back
from cockpit.workloads.lookups import find_service


def _moved(state: ArgoState, objects: Objects) -> tuple[Service, ...]:
    """The active Service of a blue-green release: the controller moves its selector."""
    name = "" if state.strategy.is_canary else state.strategy.stable
    found = find_service(objects, state.rollout.metadata.namespace, name) if name else None
    return (found,) if found else ()


_SPEC, _STATUS = rights("patch", (ARGO_ROLLOUTS,)), rights("patch", (ARGO_ROLLOUTS,), "status")
TABLE: ActTable[ArgoState] = ActTable(
    {
        Act.APPROVE: state_entry(why_not_approve, plan_approve, leads=approve_leads),
        Act.PROMOTE: state_entry(why_not_promote, plan_promote),
        Act.PAUSE: state_entry(why_not_pause, plan_pause),
        Act.RESUME: state_entry(why_not_resume, plan_pause),
        Act.ABORT: state_entry(why_not_abort, plan_abort, undoable=False),
        Act.RETRY: state_entry(why_not_retry, plan_retry),
        Act.JUMP: state_entry(why_not_jump, plan_jump),
        Act.SET_WEIGHT: state_entry(why_not_jump, plan_weight),
        # A named revision can exist where the previous one does not.
        Act.ROLLBACK: replace(state_entry(why_not_back, plan_back, why_not_image, undoable=False), leads=leads),
        Act.SET_IMAGE: state_entry(why_not_image, plan_image),
        Act.RESTART: state_entry(why_not_restart, plan_restart),
        Act.SCALE: state_entry(why_not_scale, plan_scale),
    },
    otherwise=telling(
        "Argo Rollouts controls this Rollout and overwrites manual edits: approve, promote, pause, abort or jump"
        " to a step",
        Act.APPROVE,
        Act.PROMOTE,
        Act.PAUSE,
        Act.ABORT,
        Act.JUMP,
    ),
    services=_moved,
    writes=_SPEC,
    own={
        **dict.fromkeys((Act.APPROVE, Act.PROMOTE, Act.ABORT), (*_SPEC, *_STATUS)),
        **dict.fromkeys((Act.RETRY, Act.JUMP, Act.SET_WEIGHT), _STATUS),
        **dict.fromkeys((Act.ROLLBACK, Act.SET_IMAGE), (*_SPEC, *rights("patch", SOURCES.values()))),
    },
)
