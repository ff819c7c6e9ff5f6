"""Acts on a Kruise Rollout: which apply now, why the others do not, and their plans."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.model.advice import telling
from cockpit.model.plan import Act
from cockpit.model.refs import KRUISE_ROLLOUTS
from cockpit.model.rights import rights
from cockpit.planning.act_table import ActTable, state_entry
from cockpit.systems.kruise import approve, pause_disable, roll_back, set_weight
from cockpit.systems.kruise.state import KruiseState
from cockpit.systems.kruise.workload import WORKLOADS

_NEVER: dict[Act, str | Callable[[KruiseState], str]] = {
    Act.PROMOTE: telling(
        "Kruise Rollouts has no full promotion: approve step by step, jump to the last step, or disable it,"
        " which completes the release without steps",
        Act.APPROVE,
        Act.JUMP,
        Act.DISABLE,
    ),
    Act.ABORT: telling(
        "Kruise Rollouts has no abort: roll back, which first sends all traffic to the stable version", Act.ROLLBACK
    ),
    Act.RETRY: telling("Kruise Rollouts has no retry: set the image again, which starts at step 1", Act.SET_IMAGE),
    Act.HEADER: "header rules are part of its steps (matches): change them in the Rollout's spec",
    Act.FLIP: telling("its steps move the traffic: approve, jump or roll back", Act.APPROVE, Act.JUMP, Act.ROLLBACK),
    Act.FINISH: telling("the controller cleans up when the release ends: approve its steps", Act.APPROVE),
    Act.STEPS: "its steps are part of its spec: change them there",
    Act.SCALE: "the Rollout has no replica count: scale its workload",
}


_SPEC = rights("patch", (KRUISE_ROLLOUTS,))
TABLE: ActTable[KruiseState] = ActTable(
    {
        Act.APPROVE: state_entry(approve.why_not_approve, approve.plan_approve, leads=approve.leads),
        Act.JUMP: state_entry(approve.why_not_jump, approve.plan_jump),
        Act.PAUSE: state_entry(pause_disable.why_not_pause, pause_disable.plan_pause),
        Act.RESUME: state_entry(pause_disable.why_not_resume, pause_disable.plan_resume),
        Act.DISABLE: state_entry(pause_disable.why_not_disable, pause_disable.plan_disable),
        Act.ENABLE: state_entry(pause_disable.why_not_enable, pause_disable.plan_enable),
        Act.SET_WEIGHT: state_entry(set_weight.why_not_weight, set_weight.plan_weight),
        # A named version can be available where the previous one is not.
        Act.ROLLBACK: state_entry(
            *(roll_back.why_not_rollback, roll_back.plan_rollback, lambda _: "", roll_back.leads), undoable=False
        ),
        Act.SET_IMAGE: state_entry(roll_back.why_not_release, roll_back.plan_image),
        Act.RESTART: state_entry(roll_back.why_not_restart, roll_back.plan_restart),
    },
    otherwise=telling(
        "Kruise Rollouts does not support this: approve, pause, resume, jump, set-weight, rollback or disable",
        Act.APPROVE,
        Act.PAUSE,
        Act.RESUME,
        Act.JUMP,
        Act.SET_WEIGHT,
        Act.ROLLBACK,
        Act.DISABLE,
    ),
    absent=_NEVER,
    writes=_SPEC,
    own={
        **dict.fromkeys((Act.APPROVE, Act.JUMP), rights("patch", (KRUISE_ROLLOUTS,), "status")),
        **dict.fromkeys((Act.ROLLBACK, Act.SET_IMAGE), (*_SPEC, *rights("patch", WORKLOADS.values()))),
        Act.RESTART: rights("patch", (w for w in WORKLOADS.values() if w.group == "apps")),
    },
)
