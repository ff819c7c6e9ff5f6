"""Jump to a step, and set a weight, which is a jump to the step that sets it.

The controller computes the weight from the step and overwrites any other (rollout/trafficrouting.go).
"""

from __future__ import annotations

from cockpit.model.advice import telling
from cockpit.model.lanes import CLOSE
from cockpit.model.plan import Act, Ask, Change, Milestone, Plan, Refused
from cockpit.model.rollout import Phase, Rollout
from cockpit.planning.refusals import refused
from cockpit.planning.shares import wanted_shares
from cockpit.systems.argo.emptied import emptied_warnings
from cockpit.systems.argo.expectations import NO_REPLICASET, expected, next_stop, share_at, why_no_update
from cockpit.systems.argo.phases import TAKEN_UP
from cockpit.systems.argo.state import ArgoState
from cockpit.systems.argo.steps import INSTANT, JUDGED, ArgoStepKind, StepSpec, weight_at
from cockpit.systems.argo.write import PLACE, drop_status, set_status, status_request
from cockpit.workloads.findings import listed, percent


def why_not_jump(state: ArgoState) -> str:
    status = state.status
    if not state.strategy.is_canary:
        return telling("a blue-green release has no steps: approve switches the active Service", Act.APPROVE)
    if not state.strategy.steps:
        return "it has no steps"
    if why := why_no_update(state):
        return why
    if status.abort or status.aborted:
        return telling("it was aborted, which keeps it at the first step: retry it first", Act.RETRY)
    if status.promote_full:
        return telling("a full promotion is in progress: abort stops it", Act.ABORT)
    if status.paused:
        return telling("it is paused by hand: resume it first; it stays at its step", Act.RESUME)
    if status.unpausing:
        return TAKEN_UP
    return "" if state.current else NO_REPLICASET


def plan_jump(state: ArgoState, rollout: Rollout, ask: Ask) -> Plan | Refused:
    steps = state.strategy.steps
    if ask.step is None or not 1 <= ask.step <= len(steps):
        return refused(
            rollout, ask.act, telling(f"say which step: 1 to {len(steps)}; promote skips them all", Act.PROMOTE)
        )
    if state.at == ask.step - 1:
        return refused(rollout, ask.act, f"it is already at step {ask.step} ({steps[ask.step - 1].title})")
    return _to(state, rollout, ask, ask.step - 1)


def _to(state: ArgoState, rollout: Rollout, ask: Ask, index: int) -> Plan | Refused:
    """The pause is removed with its mark (`controllerPause`): otherwise a pause at the new step counts as ended."""
    current = state.current
    if current is None:
        return refused(rollout, ask.act, NO_REPLICASET)
    steps, at = state.strategy.steps, state.at
    now, to = state.weight, weight_at(steps, index) / state.strategy.top
    stop = next_stop(state, index)
    share = share_at(state, stop) if stop is not None and stop >= 0 else None
    changes = [*drop_status(state, "pauseConditions", "controllerPause"), set_status("currentStepIndex", index)]
    before = f"{at + 1} ({steps[at].title})" if at is not None else "after the last"
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"go to step {index + 1} of {len(steps)} ({steps[index].title})",
        changes=(
            Change("step", before, f"{index + 1} ({steps[index].title})"),
            *((Change(f"{current.name} declared", percent(now), percent(to)),) if now != to else ()),
        ),
        requests=(status_request(state, changes, PLACE, consumed=True),),
        expected=() if share is None else expected(rollout, current.name, share),
        undo=f"go to step {at + 1} again" if at is not None else "abort, or promote",
        warnings=(
            *emptied_warnings(state.emptied, state.strategy, index, stop),
            *_jump_warnings(steps, at, index, stop),
        ),
        raises=to > now or (at is not None and index > at),
        reaches=_landing(steps, index, stop),
    )


def _landing(steps: tuple[StepSpec, ...], index: int, stop: int | None) -> Milestone:
    """A step that needs no approval is passed, so the milestone is the step where the controller stops."""
    if stop is None or stop < 0:
        return Milestone(f"step {index + 1} or later", not_phases=(Phase.ABORTED,), at_step=index + 1)
    return Milestone(f"step {stop + 1} ({steps[stop].title})", not_phases=(Phase.ABORTED,), at_step=stop + 1)


def _jump_warnings(steps: tuple[StepSpec, ...], at: int | None, index: int, stop: int | None) -> tuple[str, ...]:
    found = []
    passed = [s.title for s in steps[(at or 0) : index] if s.kind in JUDGED] if at is not None and index > at else []
    if passed:
        found.append(f"{listed(passed)} is skipped without its result")
    if stop != index:
        where = f"step {stop + 1} ({steps[stop].title})" if stop is not None and stop >= 0 else "the next stop"
        found.append(f"it does not stay at step {index + 1}: it continues to {where}")
    return tuple(found)


def plan_weight(state: ArgoState, rollout: Rollout, ask: Ask) -> Plan | Refused:
    """Jump to a setWeight step of that weight with a pause after it; otherwise refused with the weights there are."""
    wanted = _wanted(state, ask)
    if isinstance(wanted, str):
        return refused(rollout, ask.act, wanted)
    # Of several with that weight the first, so that no other step is skipped.
    reachable = {share: index for index, share in reversed(_held(state))}
    index = next((i for share, i in reachable.items() if abs(share - wanted) < CLOSE), None)
    if index is None:
        found = ", ".join(percent(share) for share in sorted(reachable)) or "none"
        why = (
            f"Argo Rollouts takes the weight from its steps, and no step sets {percent(wanted)} with a pause after it;"
            f" choose one of {found}, or change the steps in the manifest"
        )
        return refused(rollout, ask.act, why)
    if state.at is not None and abs(state.weight - wanted) < CLOSE and state.status.pauses:
        return refused(rollout, ask.act, f"{percent(wanted)} is already set")
    return _to(state, rollout, ask, index)


def _wanted(state: ArgoState, ask: Ask) -> float | str:
    """The share asked for the new version; otherwise the reason as text."""
    current, stable = state.current, state.stable
    if current is None:
        return NO_REPLICASET
    before = {e.name: 1 - state.weight for e in (stable,) if e} | {current.name: state.weight}
    found = wanted_shares(ask.weights, before, stable=next(iter(before)), example=current.name)
    return found if isinstance(found, str) else found.shares[current.name]


def _held(state: ArgoState) -> list[tuple[int, float]]:
    """The setWeight steps followed by a pause, with no other weight and no waiting step between."""
    steps = state.strategy.steps
    found = []
    for index, step in enumerate(steps):
        if step.weight is None:
            continue
        after = next((s for s in steps[index + 1 :] if s.kind not in (*INSTANT, ArgoStepKind.SCALE)), None)
        if after is not None and after.kind is ArgoStepKind.PAUSE:
            found.append((index, step.weight / state.strategy.top))
    return found
