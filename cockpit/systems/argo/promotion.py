"""Approve: go on by one step, or switch the active Service. Promote: skip what is left.

Facts of the controller's command line: pkg/kubectl-argo-rollouts/cmd/promote/promote.go.
"""

from __future__ import annotations

from cockpit.model.plan import Ask, Change, Milestone, Plan, Refused, Request
from cockpit.model.rollout import Phase, Rollout
from cockpit.systems.argo.editions import Edition
from cockpit.systems.argo.phases import TAKEN_UP, until
from cockpit.systems.argo.promises import expected, next_stop, share_at, why_no_update
from cockpit.systems.argo.reading import State
from cockpit.systems.argo.requests import PLACE, VERSIONS, drop_status, set_status, status_request, unpause
from cockpit.systems.argo.steps import JUDGED, StepSpec, scale_at, weight_at
from cockpit.workloads.answers import refused
from cockpit.workloads.findings import percent
from cockpit.workloads.ownership import revert_warnings

_ABORTED = "it was aborted: retry starts the same version again, rollback gives it up"
# What a pod may have to take, measured by what each takes at rest.
_OVERLOAD = 1.5
_PROMOTING = "it is being promoted fully already: abort stops that"


def why_not_approve(state: State) -> str:
    status = state.status
    if why := why_no_update(state):
        return why
    if status.abort or status.aborted:
        return _ABORTED
    if status.promote_full:
        return _PROMOTING
    if status.pauses:
        return ""
    if status.paused:
        return "it is paused by hand and waits at no step: resume it"
    if status.unpausing:
        return TAKEN_UP
    if state.strategy.style == "blue-green":
        return f"nothing waits for a decision: {state.status.message or 'the new version is getting ready'}"
    if state.step is None:
        return "all steps are done: the new version is becoming the stable one"
    if state.step.kind in JUDGED:
        return ""
    return (
        f"step {(state.at or 0) + 1} ({state.step.title}) ends by itself: {status.message or 'pods are getting ready'}"
    )


def plan_approve(state: State, rollout: Rollout, ask: Ask) -> Plan | Refused:
    current = state.current
    if current is None:
        return refused(rollout, ask.act, "the new version has no ReplicaSet yet; wait a moment")
    if state.strategy.style == "blue-green":
        return _plan_switch(state, rollout, ask, current)
    if state.step is None or state.at is None:
        return refused(rollout, ask.act, "it waits at no step")
    return _plan_step(state, rollout, ask, current, state.step, state.at)


def _plan_step(state: State, rollout: Rollout, ask: Ask, current: Edition, step: StepSpec, at: int) -> Plan:
    """One step on. A pause is ended and the controller counts on; what it judges itself is overruled by its index."""
    skips = not state.status.pauses or _inconclusive(state)
    changes = drop_status(state, "pauseConditions")
    if skips:
        changes += [*drop_status(state, "controllerPause"), set_status("currentStepIndex", at + 1)]
    stop = next_stop(state, at + 1)
    after = 1.0 if stop is None else share_at(state, stop) if stop >= 0 else None
    steps = state.strategy.steps
    then = steps[at + 1].title if at + 1 < len(steps) else "the end"
    now, to = state.weight, weight_at(steps, at + 1) / state.strategy.top if at + 1 < len(steps) else 1.0
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"approve step {at + 1} of {len(steps)} ({step.title})",
        changes=(
            Change("step", f"{at + 1} ({step.title})", f"{at + 2} ({then})" if at + 1 < len(steps) else then),
            *((Change(f"{current.name} declared", percent(now), percent(to)),) if now != to else ()),
        ),
        requests=_released(state, status_request(state, changes, PLACE, consumed=True, whole=not state.status.paused)),
        expected=() if after is None else expected(rollout, current.name, after),
        undo="abort sends everything back to the stable version; go to step returns to an earlier one",
        warnings=(*_early(state), *_overruled(step, skips), *_few_pods(state, current, at + 1, to), *_resumes(state)),
        raises=True,
        reaches=Milestone(f"step {at + 1} behind it", not_phases=(Phase.ABORTED,), left_step=at + 1),
    )


def _plan_switch(state: State, rollout: Rollout, ask: Ask, current: Edition) -> Plan:
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
        undo="abort before it is stable, rollback after: at once while the old version keeps its pods",
        warnings=(*_early(state), *_resumes(state)),
        raises=True,
        reaches=Milestone(f"{current.name} as the active version", not_phases=(Phase.ABORTED,), identity=current.uid),
    )


def _released(state: State, request: Request) -> tuple[Request, ...]:
    """Spec first: a pause condition that goes while `spec.paused` holds is made anew by the controller."""
    return (unpause(state), request) if state.status.paused else (request,)


def _inconclusive(state: State) -> bool:
    """Whether the step's own judgement came to nothing: the controller would pause for it again at once."""
    status = state.status
    if any(pause.reason == "InconclusiveExperiment" for pause in status.pauses):
        return True
    return status.step_run == "Inconclusive" and status.controller_pause


def _early(state: State) -> tuple[str, ...]:
    end = until(state)
    if end and state.status.paused:
        return (f"its own pause ends at {end}: once resumed it goes on by itself then",)
    return (f"it would go on by itself at {end}",) if end else ()


def _few_pods(state: State, current: Edition, index: int, weight: float) -> tuple[str, ...]:
    """A canary scale stays in force for later weights, until a step lets pods follow the weight again."""
    pods = scale_at(state.strategy.steps, index)
    if pods is None or weight * state.replicas <= _OVERLOAD * pods:
        return ()
    return (f"capacity: {percent(weight)} of the traffic on {pods} of {state.replicas} pods of {current.name}",)


def _overruled(step: StepSpec, skips: bool) -> tuple[str, ...]:
    return (f"{step.title} is skipped without its result",) if skips else ()


def _resumes(state: State) -> tuple[str, ...]:
    return ("it is paused by hand too: that ends", *revert_warnings([state.rollout])) if state.status.paused else ()


def why_not_promote(state: State) -> str:
    status = state.status
    if why := why_no_update(state):
        return why
    if status.abort or status.aborted:
        return (
            "it was aborted, and a full promotion would ship it all the same: retry it first if that is what you want"
        )
    return _PROMOTING if status.promote_full else ""


def plan_promote(state: State, rollout: Rollout, ask: Ask) -> Plan | Refused:
    current, stable = state.current, state.stable
    if current is None or stable is None:
        return refused(rollout, ask.act, "the ReplicaSets of both versions are not known yet; wait a moment")
    left = [step.title for step in state.strategy.steps[state.at or 0 :]]
    request = status_request(state, [set_status("promoteFull", True)], VERSIONS, consumed=True)
    # It holds while paused, and resuming first would let a step run on before it.
    requests = (request, unpause(state)) if state.status.paused else (request,)
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"promote {current.name} fully",
        changes=(Change("stable version", stable.name, current.name),),
        requests=requests,
        expected=expected(rollout, current.name, 1.0),
        undo="abort while it goes on; after that rollback",
        warnings=(
            *((f"skips {', '.join(left)}"[:300],) if left else ("skips pauses and analysis",)),
            *_resumes(state),
        ),
        raises=True,
        final=True,
        reaches=Milestone(f"{current.name} as the stable version", phases=(Phase.AT_REST,), identity=current.uid),
    )
