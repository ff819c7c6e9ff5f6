"""Which acts apply to a Rollout, and what each sends."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.rollout import Rollout
from cockpit.systems.argo.jumping import plan_jump, plan_weight, why_not_jump
from cockpit.systems.argo.promotion import plan_approve, plan_promote, why_not_approve, why_not_promote
from cockpit.systems.argo.reading import State
from cockpit.systems.argo.stopping import (
    plan_abort,
    plan_pause,
    plan_retry,
    why_not_abort,
    why_not_pause,
    why_not_resume,
    why_not_retry,
)
from cockpit.systems.argo.templates import plan_back, plan_image, why_not_back, why_not_image
from cockpit.systems.argo.upkeep import plan_restart, plan_scale, why_not_restart, why_not_scale
from cockpit.workloads.answers import refused

_Plan = Callable[[State, Rollout, Ask], Plan | Refused]
_ACTS: dict[Act, tuple[Callable[[State], str], _Plan]] = {
    Act.APPROVE: (why_not_approve, plan_approve),
    Act.PROMOTE: (why_not_promote, plan_promote),
    Act.PAUSE: (why_not_pause, plan_pause),
    Act.RESUME: (why_not_resume, plan_pause),
    Act.ABORT: (why_not_abort, plan_abort),
    Act.RETRY: (why_not_retry, plan_retry),
    Act.JUMP: (why_not_jump, plan_jump),
    Act.SET_WEIGHT: (why_not_jump, plan_weight),
    Act.ROLLBACK: (why_not_back, plan_back),
    Act.SET_IMAGE: (why_not_image, plan_image),
    Act.RESTART: (why_not_restart, plan_restart),
    Act.SCALE: (why_not_scale, plan_scale),
}
ACTS = tuple(_ACTS)

STEERED = "Argo Rollouts drives this: approve, promote, pause, abort, or go to a step; edits by hand are overwritten"


def whys(state: State) -> dict[Act, str]:
    """Why each act does not apply; "" where it does."""
    return {act: why(state) for act, (why, _) in _ACTS.items()}


def plan(state: State, rollout: Rollout, ask: Ask) -> Plan | Refused:
    if ask.act not in _ACTS:
        return refused(rollout, ask.act, STEERED)
    why_not, make = _ACTS[ask.act]
    why = why_not(state)
    # Revisions that are named may be there where the one before is not.
    if why and not (ask.act is Act.ROLLBACK and ask.version and not why_not_named(state)):
        return refused(rollout, ask.act, why)
    return make(state, rollout, ask)


def why_not_named(state: State) -> str:
    """Why no template can be written at all."""
    return why_not_image(state)
