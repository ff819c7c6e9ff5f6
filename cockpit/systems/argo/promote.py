"""Approve: continue with the next step, or switch the active Service. Promote: skip all remaining steps.

Source: argo-rollouts, pkg/kubectl-argo-rollouts/cmd/promote/promote.go.
"""

from __future__ import annotations

from cockpit.model.advice import telling
from cockpit.model.lanes import CLOSE
from cockpit.model.plan import Act, Ask, Change, Milestone, Plan, Refused, Request
from cockpit.model.rollout import Phase, Rollout
from cockpit.planning.capacity import share_capacity
from cockpit.planning.ownership import revert_warnings
from cockpit.planning.refusals import refused
from cockpit.planning.wording import gives_everyone
from cockpit.systems.argo.editions import ArgoEdition
from cockpit.systems.argo.emptied import emptied_warnings
from cockpit.systems.argo.expectations import (
    NO_REPLICASET,
    NO_REPLICASETS,
    expected,
    next_stop,
    share_at,
    why_no_update,
)
from cockpit.systems.argo.phases import TAKEN_UP, until
from cockpit.systems.argo.state import ArgoState
from cockpit.systems.argo.steps import JUDGED, StepSpec, scale_at, weight_at
from cockpit.systems.argo.write import PLACE, VERSIONS, drop_status, set_status, status_request, unpause
from cockpit.workloads.findings import percent

_ABORTED = telling("it was aborted: retry starts the same version again, rollback abandons it", Act.RETRY, Act.ROLLBACK)
# How much load a pod may get, relative to its load before the release.
_OVERLOAD = 1.5
_PROMOTING = telling("a full promotion is already in progress: abort stops it", Act.ABORT)


def why_not_approve(state: ArgoState) -> str:
    status = state.status
    if why := why_no_update(state):
        return why
    if status.abort or status.aborted:
        return _ABORTED
    if status.promote_full:
        return _PROMOTING
    if state.current is None:
        return NO_REPLICASET
    if status.pauses:
        return "" if state.strategy.style == "blue-green" or state.step is not None else "it is not waiting at a step"
    if status.paused:
        return telling("it is paused by hand and not waiting at a step: resume it", Act.RESUME)
    if status.unpausing:
        return TAKEN_UP
    return _why_nothing_waits(state)


def approve_leads(state: ArgoState) -> str:
    """Where an approval leads, where that is to everyone; else the steps say it."""
    current = state.current
    if current is None:
        return ""
    if state.strategy.style == "blue-green":
        return gives_everyone(current.name)
    return _to_everyone(state, current, state.at) if state.at is not None else ""


def _to_everyone(state: ArgoState, current: ArgoEdition, at: int) -> str:
    """That everyone gets the new version after step `at` without another approval; "" if they do not."""
    stop = next_stop(state, at + 1)
    if stop is None or (stop >= 0 and (share_at(state, stop) or 0.0) > 1 - CLOSE):
        return gives_everyone(current.name)
    last = not any(step.asks for step in state.strategy.steps[at + 1 :])
    return f"{gives_everyone(current.name)} in the end: no other step asks" if last else ""


def _why_nothing_waits(state: ArgoState) -> str:
    """Why there is nothing to approve without a pause; "" at a step that the controller judges itself."""
    status = state.status
    if state.strategy.style == "blue-green":
        return f"nothing waits for approval: {state.status.message or 'the new version is getting ready'}"
    if state.step is None:
        return "all steps are done: the new version is becoming stable"
    if state.step.kind in JUDGED:
        return ""
    return (
        f"step {(state.at or 0) + 1} ({state.step.title}) ends by itself: {status.message or 'pods are getting ready'}"
    )


def plan_approve(state: ArgoState, rollout: Rollout, ask: Ask) -> Plan | Refused:
    current = state.current
    if current is None:
        return refused(rollout, ask.act, NO_REPLICASET)
    if state.strategy.style == "blue-green":
        return _plan_switch(state, rollout, ask, current)
    if state.step is None or state.at is None:
        return refused(rollout, ask.act, "it is not waiting at a step")
    return _plan_step(state, rollout, ask, current, state.step, state.at)


def _plan_step(state: ArgoState, rollout: Rollout, ask: Ask, current: ArgoEdition, step: StepSpec, at: int) -> Plan:
    """Continue with the next step: ends a pause, or skips an analysis by writing the step index."""
    skips = not state.status.pauses or _inconclusive(state)
    changes = drop_status(state, "pauseConditions")
    if skips:
        changes += [*drop_status(state, "controllerPause"), set_status("currentStepIndex", at + 1)]
    stop = next_stop(state, at + 1)
    after = 1.0 if stop is None else share_at(state, stop) if stop >= 0 else None
    steps, everyone = state.strategy.steps, _to_everyone(state, current, at)
    then = steps[at + 1].title if at + 1 < len(steps) else "the end"
    now, to = state.weight, weight_at(steps, at + 1) / state.strategy.top if at + 1 < len(steps) else 1.0
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"approve step {at + 1} of {len(steps)} ({step.title})" + (f": {everyone}" if everyone else ""),
        changes=(
            Change("step", f"{at + 1} ({step.title})", f"{at + 2} ({then})" if at + 1 < len(steps) else then),
            *((Change(f"{current.name} declared", percent(now), percent(to)),) if now != to else ()),
        ),
        requests=_released(state, status_request(state, changes, PLACE, consumed=True, whole=not state.status.paused)),
        expected=() if after is None else expected(rollout, current.name, after),
        undo="abort sends all traffic back to the stable version; jump returns to an earlier step",
        warnings=(
            *emptied_warnings(state.emptied, state.strategy, at + 1, stop),
            *_early(state),
            *_overruled(step, skips),
            *_few_pods(state, current, at + 1, to),
            *_resumes(state),
        ),
        raises=True,
        final=everyone == gives_everyone(current.name),
        reaches=Milestone(f"step {at + 1} done", not_phases=(Phase.ABORTED,), left_step=at + 1),
    )


def _plan_switch(state: ArgoState, rollout: Rollout, ask: Ask, current: ArgoEdition) -> Plan:
    active = next((e.name for e in state.editions if e.hash == state.status.active), "the active version")
    request = status_request(
        state, drop_status(state, "pauseConditions"), PLACE, consumed=True, whole=not state.status.paused
    )
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"switch the active Service {state.strategy.stable} to {current.name}",
        changes=(Change(f"active Service {state.strategy.stable}", active, current.name),),
        requests=_released(state, request),
        expected=expected(rollout, current.name, 1.0),
        undo="abort before it is stable, rollback afterwards: immediate while the old version keeps its pods",
        warnings=(*_early(state), *_resumes(state)),
        raises=True,
        final=True,
        reaches=Milestone(f"{current.name} as the active version", not_phases=(Phase.ABORTED,), identity=current.uid),
    )


def _released(state: ArgoState, request: Request) -> tuple[Request, ...]:
    """Spec first: while `spec.paused` is set the controller adds a removed pause condition again."""
    return (unpause(state), request) if state.status.paused else (request,)


def _inconclusive(state: ArgoState) -> bool:
    """Whether the step's analysis was inconclusive: the controller would pause for it again immediately."""
    status = state.status
    if any(pause.reason == "InconclusiveExperiment" for pause in status.pauses):
        return True
    return status.step_run == "Inconclusive" and status.controller_pause


def _early(state: ArgoState) -> tuple[str, ...]:
    end = until(state)
    if end and state.status.paused:
        return (f"its own pause ends at {end}: after you resume it, it continues by itself then",)
    return (f"it would continue by itself at {end}",) if end else ()


def _few_pods(state: ArgoState, current: ArgoEdition, index: int, weight: float) -> tuple[str, ...]:
    """A setCanaryScale applies to later weights too, until a step lets the pods follow the weight again."""
    pods = scale_at(state.strategy.steps, index)
    if pods is None or weight * state.replicas <= _OVERLOAD * pods:
        return ()
    return share_capacity(current.name, weight, pods, state.replicas)


def _overruled(step: StepSpec, skips: bool) -> tuple[str, ...]:
    return (f"{step.title} is skipped without its result",) if skips else ()


def _resumes(state: ArgoState) -> tuple[str, ...]:
    return ("this also removes the manual pause", *revert_warnings([state.rollout])) if state.status.paused else ()


def why_not_promote(state: ArgoState) -> str:
    status = state.status
    if why := why_no_update(state):
        return why
    if status.abort or status.aborted:
        return telling(
            "it was aborted, and a full promotion would release it anyway: retry it first if you want that", Act.RETRY
        )
    if status.promote_full:
        return _PROMOTING
    return "" if state.current and state.stable else NO_REPLICASETS


def plan_promote(state: ArgoState, rollout: Rollout, ask: Ask) -> Plan | Refused:
    current, stable = state.current, state.stable
    if current is None or stable is None:
        return refused(rollout, ask.act, NO_REPLICASETS)
    left = [step.title for step in state.strategy.steps[state.at or 0 :]]
    request = status_request(state, [set_status("promoteFull", True)], VERSIONS, consumed=True)
    # A full promotion also works while paused; resuming first would let a step run before it.
    requests = (request, unpause(state)) if state.status.paused else (request,)
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"promote {current.name} fully",
        changes=(Change("stable version", stable.name, current.name),),
        requests=requests,
        expected=expected(rollout, current.name, 1.0),
        undo="abort while it is in progress, rollback afterwards",
        warnings=(
            *emptied_warnings(state.emptied, state.strategy, len(state.strategy.steps), None),
            *((f"skips {', '.join(left)}"[:300],) if left else ("skips pauses and analysis",)),
            *_resumes(state),
        ),
        raises=True,
        final=True,
        reaches=Milestone(f"{current.name} as the stable version", phases=(Phase.AT_REST,), identity=current.uid),
    )
