"""The partition of a StatefulSet: pods with a lower number keep the older template.

Raising it takes no updated pod back, and one below it that is made anew gets the older template (kubernetes.io,
StatefulSets, "Partitioned rolling updates").
"""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import StatefulSet
from cockpit.model.plan import Act, Ask, Change, Milestone, Plan, Refused
from cockpit.model.rollout import Phase, Rollout
from cockpit.systems.editions import Rolling
from cockpit.workloads.answers import refused
from cockpit.workloads.edits import json_patch, op, pointer, ref_to
from cockpit.workloads.ownership import revert_warnings
from cockpit.workloads.rolling import ON_DELETE, strategy_of


def whys(workload: StatefulSet, state: Rolling) -> dict[Act, str]:
    """Why each act on the partition does not apply; "" where it does."""
    if strategy_of(workload).type == ON_DELETE:
        why = "updateStrategy OnDelete has no partition: a pod is replaced once somebody deletes it"
        return dict.fromkeys((Act.PAUSE, Act.RESUME, Act.APPROVE, Act.PROMOTE, Act.JUMP), why)
    if state.current is None:
        why = "the controller has not seen the last change yet; wait a moment"
        return dict.fromkeys((Act.PAUSE, Act.RESUME, Act.APPROVE, Act.PROMOTE, Act.JUMP), why)
    if not state.before:
        why = "all its pods are of one template: nothing is being rolled out"
        return dict.fromkeys((Act.PAUSE, Act.RESUME, Act.APPROVE, Act.PROMOTE, Act.JUMP), why)
    held = "" if state.held else "no pod is held back: it goes on by itself"
    moves = _lowest_touched(workload, state) > state.held
    return {
        Act.PAUSE: "" if moves and _lowest_touched(workload, state) > 0 else _why_no_pause(state),
        Act.RESUME: held,
        Act.APPROVE: held,
        Act.PROMOTE: held,
        Act.JUMP: held,
    }


def plan(workload: StatefulSet, state: Rolling, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    """Move the partition. `ask.step` of a jump is the number of pods of the new template."""
    size = workload.desired
    match ask.act:
        case Act.PAUSE:
            goal = _lowest_touched(workload, state)
        case Act.APPROVE:
            goal = state.held - 1
        case Act.JUMP:
            if ask.step is None or not 0 < ask.step <= size:
                return refused(rollout, ask.act, f"say how many pods of the new template: 1 to {size}")
            goal = size - ask.step
            if goal >= state.held:
                back = "raising the partition takes no updated pod back: roll back instead"
                return refused(rollout, ask.act, f"{size - state.held} pods may be new already; {back}")
        case _:
            goal = 0
    return _plan(workload, state, rollout, ask, objects, goal)


def _plan(workload: StatefulSet, state: Rolling, rollout: Rollout, ask: Ask, objects: Objects, goal: int) -> Plan:
    ref, size = ref_to(workload), workload.desired
    path = pointer("spec", "updateStrategy", "rollingUpdate", "partition")
    # The number as it is written, which may be beyond the number of pods.
    rolling = strategy_of(workload).rolling_update
    before = rolling.partition if rolling and rolling.partition is not None else 0
    new = state.current.version.name if state.current else ""
    template = op("test", pointer("status", "updateRevision"), workload.status.update_revision)
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=_title(workload, ask, size - goal, new),
        changes=(
            Change(f"pods that may be {new}", str(size - state.held), str(size - goal)),
            Change("partition", str(before), str(goal)),
        ),
        requests=(json_patch(ref, [template, op("test", path, before), op("replace", path, goal)], "the partition"),),
        expected=(),
        inverse=(json_patch(ref, [op("test", path, goal), op("replace", path, before)], "the partition"),),
        undo=(
            "the partition of before: it goes on"
            if goal > state.held
            else "the partition of before: what was replaced stays replaced, roll back for that"
        ),
        warnings=revert_warnings([workload], objects),
        raises=goal < state.held,
        final=goal == 0 and ask.act in (Act.PROMOTE, Act.RESUME),
        reaches=_milestone(state, size, goal),
        pods=((new, size - goal),) if goal else (),
    )


def _title(workload: StatefulSet, ask: Ask, new: int, name: str) -> str:
    if ask.act is Act.PAUSE:
        return f"pause {workload.metadata.name}: no pod but the {new} that are {name} or on their way there is replaced"
    return f"{workload.metadata.name}: {new} of {workload.desired} pods {name}"


def _milestone(state: Rolling, size: int, goal: int) -> Milestone:
    if goal == 0:
        identity = state.current.candidate.uid if state.current else None
        return Milestone("every pod of the new template", (Phase.AT_REST,), identity=identity)
    return Milestone(f"{size - goal} pods of the new template", (Phase.PAUSED,))


def _lowest_touched(workload: StatefulSet, state: Rolling) -> int:
    """The lowest place, from 0, of a pod that is of the new template, or missing on its way there."""
    start = workload.spec.ordinals.start if workload.spec.ordinals else 0
    old = {cell.name for e in state.before for cell in e.version.pods}
    numbers = [n for n in range(workload.desired) if f"{workload.metadata.name}-{start + n}" not in old]
    return min(numbers, default=workload.desired)


def _why_no_pause(state: Rolling) -> str:
    if state.held:
        return "the partition holds it already: no further pod is replaced"
    return "every pod is of the new template or on its way there: nothing is left to hold"
