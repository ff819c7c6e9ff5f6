"""Acts on a Kruise Rollout: which apply now, why the others do not, and the plans."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.rollout import Rollout
from cockpit.systems.kruise import approving, releasing, switching, weighing
from cockpit.systems.kruise.reading import Release
from cockpit.workloads.answers import refused

NOT_HERE = "Kruise Rollouts has no such act: approve, pause, resume, jump, set-weight, rollback, disable"
_NEVER = {
    Act.PROMOTE: "Kruise Rollouts has no full promotion: approve step by step, jump to the last step, or disable it,"
    " which finishes the release forward without steps",
    Act.ABORT: "Kruise Rollouts has no abort: roll back, which sends all traffic to the stable version first",
    Act.RETRY: "Kruise Rollouts has no retry: set the image again, which starts at step 1",
    Act.HEADER: "header rules belong to its steps (matches): change them in the Rollout's spec",
    Act.FLIP: "it moves traffic by its steps: approve, jump or roll back",
    Act.FINISH: "the controller removes what it made when the release ends: approve its steps",
    Act.STEPS: "its steps are in its spec: change them there",
    Act.SCALE: "the Rollout has no number of pods of its own: scale its workload",
}
Planner = Callable[[Release, Rollout, Ask], Plan | str]
_PLANNERS: dict[Act, Planner] = {
    Act.APPROVE: approving.plan_approve,
    Act.JUMP: approving.plan_jump,
    Act.PAUSE: switching.plan_pause,
    Act.RESUME: switching.plan_resume,
    Act.DISABLE: switching.plan_disable,
    Act.ENABLE: switching.plan_enable,
    Act.SET_WEIGHT: weighing.plan_weight,
    Act.ROLLBACK: releasing.plan_rollback,
    Act.SET_IMAGE: releasing.plan_image,
    Act.RESTART: releasing.plan_restart,
}
ACTS: tuple[Act, ...] = tuple(_PLANNERS)


def whys(release: Release) -> dict[Act, str]:
    """Why each act does not apply; "" where it does."""
    return {
        **_NEVER,
        Act.APPROVE: approving.why_not_approve(release),
        Act.JUMP: approving.why_not_jump(release),
        Act.PAUSE: switching.why_not_pause(release),
        Act.RESUME: switching.why_not_resume(release),
        Act.DISABLE: switching.why_not_disable(release),
        Act.ENABLE: switching.why_not_enable(release),
        Act.SET_WEIGHT: weighing.why_not_weight(release),
        Act.ROLLBACK: releasing.why_not_rollback(release),
        Act.SET_IMAGE: releasing.why_not_release(release),
        Act.RESTART: releasing.why_not_restart(release),
    }


def plan(release: Release, rollout: Rollout, ask: Ask) -> Plan | Refused:
    planner = _PLANNERS.get(ask.act)
    why = whys(release).get(ask.act, NOT_HERE)
    # A named version may be reachable where the one before is not.
    named = ask.act is Act.ROLLBACK and ask.version is not None
    if planner is None or (why and not named):
        return refused(rollout, ask.act, why or NOT_HERE)
    made = planner(release, rollout, ask)
    return refused(rollout, ask.act, made) if isinstance(made, str) else made
