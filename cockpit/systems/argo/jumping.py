"""Go to a step; and the weight by hand, which is going to a step that sets it.

The controller computes the weight from the step and would overwrite any other (rollout/trafficrouting.go).
"""

from __future__ import annotations

from cockpit.model.plan import Ask, Change, Milestone, Plan, Refused
from cockpit.model.rollout import Phase, Rollout
from cockpit.systems.argo.phases import TAKEN_UP
from cockpit.systems.argo.promises import expected, next_stop, share_at, why_no_update
from cockpit.systems.argo.reading import State
from cockpit.systems.argo.requests import PLACE, drop_status, set_status, status_request
from cockpit.systems.argo.steps import INSTANT, JUDGED, Kind, StepSpec, weight_at
from cockpit.workloads.answers import refused
from cockpit.workloads.findings import listed, percent

_CLOSE = 1e-6


def why_not_jump(state: State) -> str:
    status = state.status
    if not state.strategy.is_canary:
        return "a blue-green release has no steps: approve switches the active Service"
    if not state.strategy.steps:
        return "it has no steps"
    if why := why_no_update(state):
        return why
    if status.abort or status.aborted:
        return "it was aborted, which holds it at its first step: retry it first"
    if status.promote_full:
        return "it is being promoted fully: abort stops that"
    if status.paused:
        return "it is paused by hand: resume it first, it stays at its step"
    return TAKEN_UP if status.unpausing else ""


def plan_jump(state: State, rollout: Rollout, ask: Ask) -> Plan | Refused:
    steps = state.strategy.steps
    if ask.step is None or not 1 <= ask.step <= len(steps):
        return refused(rollout, ask.act, f"say which step, 1 to {len(steps)}; promote skips them all")
    if state.at == ask.step - 1:
        return refused(rollout, ask.act, f"it is at step {ask.step} ({steps[ask.step - 1].title}) already")
    return _to(state, rollout, ask, ask.step - 1)


def _to(state: State, rollout: Rollout, ask: Ask, index: int) -> Plan | Refused:
    """The pause goes with its mark (`controllerPause`): with the mark left, a pause landed on counts as ended."""
    current = state.current
    if current is None:
        return refused(rollout, ask.act, "the new version has no ReplicaSet yet; wait a moment")
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
        warnings=_jump_warnings(steps, at, index, stop),
        raises=to > now or (at is not None and index > at),
        reaches=_landing(steps, index, stop),
    )


def _landing(steps: tuple[StepSpec, ...], index: int, stop: int | None) -> Milestone:
    """It goes on from a step that needs nobody: it is there where it stops."""
    if stop is None or stop < 0:
        return Milestone(f"step {index + 1} or later", not_phases=(Phase.ABORTED,), at_step=index + 1)
    return Milestone(f"step {stop + 1} ({steps[stop].title})", not_phases=(Phase.ABORTED,), at_step=stop + 1)


def _jump_warnings(steps: tuple[StepSpec, ...], at: int | None, index: int, stop: int | None) -> tuple[str, ...]:
    found = []
    passed = [s.title for s in steps[(at or 0) : index] if s.kind in JUDGED] if at is not None and index > at else []
    if passed:
        found.append(f"{listed(passed)} is passed over without its result")
    if stop != index:
        where = f"step {stop + 1} ({steps[stop].title})" if stop is not None and stop >= 0 else "where it ends"
        found.append(f"it does not stay at step {index + 1}: it goes on to {where}")
    return tuple(found)


def plan_weight(state: State, rollout: Rollout, ask: Ask) -> Plan | Refused:
    """A setWeight step of that weight at which a pause follows; where none is, the reason and what there is."""
    wanted = _wanted(state, ask)
    if isinstance(wanted, str):
        return refused(rollout, ask.act, wanted)
    # Of several with that weight the first, so that no other step is passed over.
    reachable = {share: index for index, share in reversed(_held(state))}
    index = next((i for share, i in reachable.items() if abs(share - wanted) < _CLOSE), None)
    if index is None:
        found = ", ".join(percent(share) for share in sorted(reachable)) or "none"
        why = (
            f"Argo Rollouts takes its weight from the steps, and no step sets {percent(wanted)} with a pause after it;"
            f" there is {found}: go to one of these, or change the steps where they are kept"
        )
        return refused(rollout, ask.act, why)
    if state.at is not None and abs(state.weight - wanted) < _CLOSE and state.status.pauses:
        return refused(rollout, ask.act, f"{percent(wanted)} is set already, and it waits there")
    return _to(state, rollout, ask, index)


def _wanted(state: State, ask: Ask) -> float | str:
    """The share that is asked for the new version; as text why it cannot be told."""
    weights = dict(ask.weights)
    current, stable = state.current, state.stable
    names = {e.name for e in (current, stable) if e}
    if not weights or current is None or not set(weights) <= names:
        return f"say {current.name if current else 'VERSION'}=PERCENT; other versions cannot take traffic here"
    rest = 1.0 - sum(weights.values())
    if any(not 0 <= share <= 1 for share in weights.values()) or rest < -_CLOSE:
        return "weights are 0 to 100 percent, together no more than 100"
    if len(weights) == len(names) and abs(rest) > _CLOSE:
        return "the weights do not sum to 100 percent"
    return weights.get(current.name, rest)


def _held(state: State) -> list[tuple[int, float]]:
    """The setWeight steps at which a pause follows, with nothing between that takes its time or another weight."""
    steps = state.strategy.steps
    found = []
    for index, step in enumerate(steps):
        if step.weight is None:
            continue
        after = next((s for s in steps[index + 1 :] if s.kind not in (*INSTANT, Kind.SCALE)), None)
        if after is not None and after.kind is Kind.PAUSE:
            found.append((index, step.weight / state.strategy.top))
    return found
