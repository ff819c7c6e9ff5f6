"""Pause and resume, abort and retry."""

from __future__ import annotations

from cockpit.model.plan import Act, Ask, Change, Milestone, Plan, Refused
from cockpit.model.rollout import Phase, Rollout
from cockpit.systems.argo.editions import Edition
from cockpit.systems.argo.phases import WAKES, asks
from cockpit.systems.argo.promises import expected, why_no_update, why_not_ready
from cockpit.systems.argo.reading import State
from cockpit.systems.argo.requests import VERSIONS, drop_status, pause, set_status, status_request, unpause
from cockpit.workloads.answers import refused
from cockpit.workloads.edits import json_patch, op, pointer
from cockpit.workloads.ownership import revert_warnings

_PAUSED = pointer("spec", "paused")


def why_not_pause(state: State) -> str:
    if state.status.paused:
        return "it is paused already"
    if state.status.abort or state.status.aborted:
        return "it was aborted: a pause would keep the pods of the aborted version"
    return ""


def why_not_resume(state: State) -> str:
    if state.status.paused:
        return ""
    if state.status.pauses:
        return "it is not paused by hand, it stops at a step: approve goes on"
    return "it is not paused"


def plan_pause(state: State, rollout: Rollout, ask: Ask) -> Plan:
    """`spec.paused` alone: no step is ended by it, and none by taking it away."""
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


def _freezes(state: State) -> tuple[str, ...]:
    if not state.updating:
        return ("nothing is under way: the next update and a change of the number of pods will wait",)
    return ("pods, steps and a change of their number stand still until it is resumed",)


def _stopped() -> Milestone:
    return Milestone("paused by hand", phases=(Phase.PAUSED,))


def _going(state: State) -> Milestone | None:
    """At a timed pause it reads as paused before and after."""
    timed = bool(state.status.pauses) and not asks(state)
    return None if timed else Milestone("no longer paused by hand", not_phases=(Phase.PAUSED,))


def why_not_abort(state: State) -> str:
    if why := why_no_update(state):
        return why
    if state.status.abort or state.status.aborted:
        return "it is aborted already"
    if state.in_window:
        return (
            "it goes back within its rollbackWindow, where the controller ignores an abort: roll the newer version out"
            " again with rollback --to"
        )
    return ""


def plan_abort(state: State, rollout: Rollout, ask: Ask) -> Plan | Refused:
    """All traffic back to the stable version; the spec keeps the new one.

    A full promotion has to end in the same patch: while it is asked for the controller drops an abort. A pause by
    hand ends after it, because it would keep the pods of the aborted version, and with them their traffic.
    """
    current, stable = state.current, state.stable
    if current is None or stable is None:
        return refused(rollout, ask.act, "the ReplicaSets of both versions are not known yet; wait a moment")
    changes = [*drop_status(state, "promoteFull"), set_status("abort", True)]
    request = status_request(state, changes, VERSIONS)
    paused = state.status.paused
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"abort {current.name}, back to {stable.name}",
        changes=(
            Change("update", "being promoted fully" if state.status.promote_full else "under way", "aborted"),
            Change("traffic", f"{stable.name} and {current.name}", stable.name),
        ),
        requests=(request, unpause(state)) if paused else (request,),
        expected=expected(rollout, current.name, 0.0),
        undo="retry starts the same version again from its first step",
        warnings=(
            f"the spec keeps {current.name}: it stays aborted until retry or rollback",
            *(
                ("it is paused by hand: that ends, else its pods would stay", *revert_warnings([state.rollout]))
                * paused
            ),
        ),
        reaches=Milestone("aborted", phases=(Phase.ABORTED,)),
    )


def why_not_retry(state: State) -> str:
    if why := why_not_ready(state):
        return why
    if state.status.abort:
        return ""
    if state.status.aborted:
        return f"the abort was taken back, and the controller is taking that up; {WAKES}"
    if any(c.reason == "ProgressDeadlineExceeded" for c in state.status.conditions.values()):
        return (
            "it was not aborted: its pods did not get ready in time, and retry does nothing for that; it goes on once"
            " they are ready, or abort it"
        )
    return "it was not aborted: there is nothing to retry"


def plan_retry(state: State, rollout: Rollout, ask: Ask) -> Plan | Refused:
    current = state.current
    if current is None:
        return refused(rollout, ask.act, "the aborted version has no ReplicaSet any more; set the image anew")
    first = state.strategy.steps[0].title if state.strategy.steps else "its pods"
    if ships_at_once(state, current):
        return _plan_switching_retry(state, rollout, ask, current)
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"retry {current.name} from the start",
        changes=(Change("update", "aborted", f"under way from {first}"),),
        requests=(status_request(state, drop_status(state, "abort"), VERSIONS),),
        expected=(),
        undo="abort it again",
        warnings=("it is paused by hand: it starts once it is resumed",) if state.status.paused else (),
        raises=True,
        reaches=Milestone("under way again", not_phases=(Phase.ABORTED, Phase.DEGRADED)),
    )


def ships_at_once(state: State, current: Edition) -> bool:
    """A blue-green version that waits for its pods to be taken away is one to go back to, for the controller.

    It then switches without pause and analysis (rollout/bluegreen.go, isBlueGreenFastTracked), and an aborted version
    waits like that for `abortScaleDownDelaySeconds`.
    """
    return state.strategy.style == "blue-green" and bool(current.leaves_at) and current.candidate.desired > 0


def _plan_switching_retry(state: State, rollout: Rollout, ask: Ask, current: Edition) -> Plan:
    active = next((e.name for e in state.editions if e.hash == state.status.active), "the active version")
    why = (
        f"it does not stop before the switch: until {current.leaves_at} the aborted pods still run, and the controller"
        " goes to a version with running pods without pause and analysis; after that time retry begins anew"
    )
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"retry {current.name}, which switches the active Service at once",
        changes=(
            Change("update", "aborted", "done"),
            Change(f"active Service {state.strategy.stable}", active, current.name),
        ),
        requests=(status_request(state, drop_status(state, "abort"), VERSIONS),),
        expected=expected(rollout, current.name, 1.0),
        undo="rollback: at once while the old version keeps its pods",
        warnings=(why,),
        raises=True,
        final=True,
        reaches=Milestone(f"{current.name} as the active version", not_phases=(Phase.ABORTED,), identity=current.uid),
    )
