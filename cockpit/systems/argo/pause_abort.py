"""Pause and resume, abort and retry."""

from __future__ import annotations

from cockpit.model.advice import telling
from cockpit.model.plan import Act, Ask, Change, Milestone, Plan, Refused
from cockpit.model.rollout import Phase, Rollout
from cockpit.planning.edits import json_patch, op, pointer
from cockpit.planning.ownership import revert_warnings
from cockpit.planning.refusals import refused
from cockpit.planning.way_back import way_back_warnings
from cockpit.systems.argo.editions import ArgoEdition
from cockpit.systems.argo.expectations import NO_REPLICASETS, expected, why_no_update, why_not_ready
from cockpit.systems.argo.phases import WAKES, asks
from cockpit.systems.argo.state import ArgoState
from cockpit.systems.argo.strategy import AS_PODS_COME, is_dynamic
from cockpit.systems.argo.write import VERSIONS, drop_status, pause, set_status, status_request, unpause
from cockpit.systems.phrases import ALREADY_PAUSED, NOT_PAUSED

_PAUSED = pointer("spec", "paused")


def why_not_pause(state: ArgoState) -> str:
    if state.status.paused:
        return ALREADY_PAUSED
    if state.status.abort or state.status.aborted:
        return telling(
            "it was aborted, and a pause would keep the pods of the aborted version: retry it or roll back",
            Act.RETRY,
            Act.ROLLBACK,
        )
    return ""


def why_not_resume(state: ArgoState) -> str:
    if state.status.paused:
        return ""
    if state.status.pauses:
        return telling("it waits at a step, it is not paused by hand: approve the step to continue", Act.APPROVE)
    return NOT_PAUSED


def plan_pause(state: ArgoState, rollout: Rollout, ask: Ask) -> Plan:
    """Write `spec.paused` only: setting or removing it does not end a step."""
    stops = ask.act is Act.PAUSE
    words = ("running", "paused") if stops else ("paused", "running")
    inverse = [op("test", _PAUSED, True), op("remove", _PAUSED)]
    if not stops:
        inverse = [op("test", _PAUSED, None), op("add", _PAUSED, True)]
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"{ask.act} {state.rollout.metadata.name}",
        changes=(Change("rollout", *words),),
        requests=(pause(state) if stops else unpause(state),),
        expected=(),
        inverse=(json_patch(state.ref, inverse, "paused as written here"),),
        undo="resume it" if stops else "pause it again",
        warnings=(*(_freezes(state) if stops else ()), *revert_warnings([state.rollout])),
        raises=not stops,
        reaches=_stopped() if stops else _going(state),
    )


def _freezes(state: ArgoState) -> tuple[str, ...]:
    if not state.updating:
        return ("no update in progress: the next update and any scaling will wait",)
    return ("updates, steps and scaling stop until you resume it",)


def _stopped() -> Milestone:
    return Milestone("paused by hand", phases=(Phase.PAUSED,))


def _going(state: ArgoState) -> Milestone | None:
    """None at a timed pause, which shows as paused before and after."""
    timed = bool(state.status.pauses) and not asks(state)
    return None if timed else Milestone("no longer paused by hand", not_phases=(Phase.PAUSED,))


def why_not_abort(state: ArgoState) -> str:
    if why := why_no_update(state):
        return why
    if state.status.abort or state.status.aborted:
        return "it is already aborted"
    if state.in_window:
        return telling(
            "it is rolling back within its rollbackWindow, where the controller ignores an abort: roll out the newer"
            " version again with rollback --to",
            Act.ROLLBACK,
        )
    return ""


def plan_abort(state: ArgoState, rollout: Rollout, ask: Ask) -> Plan | Refused:
    """All traffic back to the stable version; the spec keeps the new one.

    A full promotion has to end in the same patch: the controller ignores an abort while one is requested. A manual
    pause is removed as well, because it would keep the pods of the aborted version and their traffic.
    """
    current, stable = state.current, state.stable
    if current is None or stable is None:
        return refused(rollout, ask.act, NO_REPLICASETS)
    changes = [*drop_status(state, "promoteFull"), set_status("abort", True)]
    request = status_request(state, changes, VERSIONS)
    paused = state.status.paused
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"abort {current.name}, back to {stable.name}",
        changes=(
            Change("update", "full promotion" if state.status.promote_full else "in progress", "aborted"),
            Change("traffic", f"{stable.name} and {current.name}", stable.name),
        ),
        requests=(request, unpause(state)) if paused else (request,),
        expected=expected(rollout, current.name, 0.0),
        undo="retry starts the same version again from its first step",
        warnings=(
            *way_back_warnings(stable.version),
            *((AS_PODS_COME,) if is_dynamic(state.rollout) else ()),
            f"the spec keeps {current.name}: the Rollout stays aborted until you retry or roll back",
            *(
                (
                    "this also removes the manual pause, which would keep the pods of the new version",
                    *revert_warnings([state.rollout]),
                )
                * paused
            ),
        ),
        reaches=Milestone("aborted", phases=(Phase.ABORTED,)),
        risky=not stable.version.ready,
    )


def why_not_retry(state: ArgoState) -> str:
    if why := why_not_ready(state):
        return why
    if state.status.abort:
        return ""
    if state.status.aborted:
        return f"the retry is already sent and the controller has not picked it up yet; {WAKES}"
    if any(c.reason == "ProgressDeadlineExceeded" for c in state.status.conditions.values()):
        return telling(
            "it was not aborted, its pods did not get ready in time, and a retry changes nothing: fix the pods (it"
            " continues once they are ready), or abort it",
            Act.ABORT,
        )
    return "it was not aborted: there is nothing to retry"


def plan_retry(state: ArgoState, rollout: Rollout, ask: Ask) -> Plan | Refused:
    current = state.current
    if current is None:
        return refused(rollout, ask.act, "the aborted version no longer has a ReplicaSet: set the image again")
    first = state.strategy.steps[0].title if state.strategy.steps else "its pods"
    if ships_at_once(state, current):
        return _plan_switching_retry(state, rollout, ask, current)
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"retry {current.name} from the start",
        changes=(Change("update", "aborted", f"in progress from {first}"),),
        requests=(status_request(state, drop_status(state, "abort"), VERSIONS),),
        expected=(),
        undo="abort it again",
        warnings=("it is paused by hand: the retry starts after you resume it",) if state.status.paused else (),
        raises=True,
        reaches=Milestone("update in progress again", not_phases=(Phase.ABORTED, Phase.DEGRADED)),
    )


def ships_at_once(state: ArgoState, current: ArgoEdition) -> bool:
    """Whether a retry switches immediately: a blue-green version whose pods are waiting for scale-down.

    The controller treats it as a rollback and skips pause and analysis (rollout/bluegreen.go,
    isBlueGreenFastTracked). An aborted version keeps its pods for `abortScaleDownDelaySeconds`.
    """
    return state.strategy.style == "blue-green" and bool(current.leaves_at) and current.candidate.desired > 0


def _plan_switching_retry(state: ArgoState, rollout: Rollout, ask: Ask, current: ArgoEdition) -> Plan:
    active = next((e.name for e in state.editions if e.hash == state.status.active), "the active version")
    why = (
        f"it does not stop before the switch: the aborted pods run until {current.leaves_at}, and the controller"
        " switches to a version with running pods without pause and analysis; after that time a retry starts over"
    )
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"retry {current.name}, which switches the active Service immediately",
        changes=(
            Change("update", "aborted", "done"),
            Change(f"active Service {state.strategy.stable}", active, current.name),
        ),
        requests=(status_request(state, drop_status(state, "abort"), VERSIONS),),
        expected=expected(rollout, current.name, 1.0),
        undo="rollback: immediate while the old version keeps its pods",
        warnings=(why,),
        raises=True,
        final=True,
        reaches=Milestone(f"{current.name} as the active version", not_phases=(Phase.ABORTED,), identity=current.uid),
    )
