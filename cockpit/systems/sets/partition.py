"""The partition of a StatefulSet or CloneSet: the number of pods (lowest ordinals first) that keep the old template.

Raising it does not take back updated pods, and a recreated pod below it gets the old template (kubernetes.io,
StatefulSets, "Partitioned rolling updates"; openkruise.io, CloneSet, "Rollback by partition"). OpenKruise's kinds have
a separate field to pause; the partition stays unchanged.
"""

from __future__ import annotations

from cockpit.model.advice import telling
from cockpit.model.counts import counted, plural
from cockpit.model.lookup import Objects
from cockpit.model.objects import AdvancedStatefulSet, CloneSet, StatefulSet
from cockpit.model.plan import Act, Ask, Change, Milestone, Plan
from cockpit.model.reasons import WAIT
from cockpit.model.rollout import Phase, Rollout
from cockpit.planning.edits import json_patch, op, pointer, ref_to
from cockpit.planning.ownership import revert_warnings
from cockpit.planning.wording import gives_everyone
from cockpit.systems.editions import Rolling
from cockpit.systems.phrases import ALREADY_PAUSED, ENDS_PAUSE, NOT_SEEN
from cockpit.systems.template_acts import TemplateWriter
from cockpit.workloads.rolling import ON_DELETE, is_paused, partition_for, strategy_of

StatefulState = tuple[StatefulSet, Rolling]


def why_not_pause(state: StatefulState, objects: Objects) -> str:
    workload, rolling = state
    if is_paused(workload):
        return _why_not_seen(*state) or ALREADY_PAUSED
    if why := _why_not_rolling(*state):
        return why
    if _has_flag(workload):
        moves = sum(max(len(e.version.pods), e.version.ready) for e in rolling.before) > rolling.held
        return "" if moves else _why_no_pause(rolling)
    return "" if _lowest_touched(workload, rolling) > max(rolling.held, 0) else _why_no_pause(rolling)


def why_not_resume(state: StatefulState, objects: Objects) -> str:
    return _why_not_seen(*state) if is_paused(state[0]) else why_not_go_on(state, objects)


def why_not_go_on(state: StatefulState, objects: Objects) -> str:
    """Why no held pod can be released."""
    if is_paused(state[0]):
        return _why_not_seen(*state) or telling(
            "it is paused, and no pod is replaced while paused: resume it first", Act.RESUME
        )
    why = _why_not_rolling(*state)
    return why or ("" if state[1].held else "no pod is held back: it continues by itself")


def _why_not_rolling(workload: StatefulSet, state: Rolling) -> str:
    why = _why_not_seen(workload, state)
    return why or ("" if state.before else "all pods have the same template: no update in progress")


def _why_not_seen(workload: StatefulSet, state: Rolling) -> str:
    """Why neither partition nor pause can be set, regardless of the update."""
    if strategy_of(workload).type == ON_DELETE:
        return "updateStrategy OnDelete has no partition: delete a pod to replace it"
    if state.current is None:
        return NOT_SEEN + WAIT
    return ""


def plan_pause(state: StatefulState, rollout: Rollout, ask: Ask, objects: Objects) -> Plan:
    """Hold back every pod that does not have the new template."""
    if _has_flag(state[0]):
        return _plan_flag(*state, rollout, ask, objects)
    return _plan(*state, rollout, ask, objects, _lowest_touched(*state))


def plan_approve(state: StatefulState, rollout: Rollout, ask: Ask, objects: Objects) -> Plan:
    """Update one more pod."""
    return _plan(*state, rollout, ask, objects, state[1].held - 1)


def approve_leads(state: StatefulState) -> str:
    """Where an approval leads, where that is to everyone: it lets the last held pod go."""
    current = state[1].current
    return gives_everyone(current.version.name) if current and state[1].held == 1 else ""


def plan_jump(state: StatefulState, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | str:
    """`ask.step` is the number of pods of the new template."""
    workload, rolling = state
    size = workload.desired
    if ask.step is None or not 0 < ask.step <= size:
        return f"say how many pods should have the new template: 1 to {size}"
    goal = size - ask.step
    if goal >= rolling.held:
        back = "raising the partition does not take them back: roll back instead"
        return telling(
            f"up to {counted(size - rolling.held, 'pod is', 'pods are')} already new, and {back}", Act.ROLLBACK
        )
    return _plan(workload, rolling, rollout, ask, objects, goal)


def plan_all(state: StatefulState, rollout: Rollout, ask: Ask, objects: Objects) -> Plan:
    """Hold back no pod."""
    return _plan(*state, rollout, ask, objects, 0)


def plan_resume(state: StatefulState, rollout: Rollout, ask: Ask, objects: Objects) -> Plan:
    """Remove the pause, if paused by the field (the partition stays); otherwise hold back no pod."""
    if _has_flag(state[0]) and is_paused(state[0]):
        return _plan_flag(*state, rollout, ask, objects)
    return plan_all(state, rollout, ask, objects)


def _plan(workload: StatefulSet, state: Rolling, rollout: Rollout, ask: Ask, objects: Objects, goal: int) -> Plan:
    ref, size = ref_to(workload), workload.desired
    path = pointer(*_place(workload), "partition")
    before = _written(workload)
    after = partition_for(goal, size, before) if isinstance(workload, CloneSet) else goal
    new = state.current.version.name if state.current else ""
    template = op("test", pointer("status", "updateRevision"), workload.status.update_revision)
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=_title(workload, ask, size - goal, new),
        changes=(
            Change(f"pods that may be {new}", str(size - state.held), str(size - goal)),
            Change("partition", str(before), str(after)),
        ),
        requests=(json_patch(ref, [template, op("test", path, before), op("replace", path, after)], "the partition"),),
        expected=(),
        inverse=(json_patch(ref, [op("test", path, after), op("replace", path, before)], "the partition"),),
        undo=(
            "the previous partition: the update continues"
            if goal > state.held
            else "the previous partition: replaced pods stay replaced; roll back to get the old ones"
        ),
        warnings=revert_warnings([workload], objects),
        raises=goal < state.held,
        final=goal == 0 and ask.act is not Act.PAUSE,
        reaches=_milestone(state, size, goal),
        pods=((new, size - goal),) if goal else (),
    )


def freed(workload: StatefulSet, state: Rolling) -> TemplateWriter | None:
    """What a rollback also has to write so that every pod takes part; None if partition and pause do not block one.

    An ordinal holds back pods that still have the old template. A count holds back any pod, also those to replace.
    """
    rolling = strategy_of(workload).rolling_update
    counts = isinstance(workload, CloneSet) or bool(rolling and rolling.unordered_update is not None)
    partition, paused = pointer(*_place(workload), "partition"), pointer(*_place(workload), "paused")
    frees, holds, words = [], [], []
    if is_paused(workload):
        frees += [op("test", paused, True), op("remove", paused)]
        holds.append(op("add", paused, True))
        words.append(ENDS_PAUSE)
    if counts and state.held:
        before = _written(workload)
        frees += [op("test", partition, before), op("replace", partition, 0)]
        holds += [op("test", partition, 0), op("replace", partition, before)]
        words.append(
            f"the partition changes from {before} to 0 so that every pod rolls back: set it again for the next release"
        )
    if not frees:
        return None
    return TemplateWriter((*TemplateWriter().warnings, *words), frees=tuple(frees), holds=tuple(holds))


def _written(workload: StatefulSet) -> int | str:
    """The partition as written: it can exceed the number of pods, and for a CloneSet it can be a percentage."""
    fields = strategy_of(workload) if isinstance(workload, CloneSet) else strategy_of(workload).rolling_update
    return fields.partition if fields and fields.partition is not None else 0


def _has_flag(workload: StatefulSet) -> bool:
    """Whether its kind has a field to pause, as OpenKruise's kinds do."""
    return isinstance(workload, CloneSet | AdvancedStatefulSet)


def _place(workload: StatefulSet) -> tuple[str, ...]:
    """Path of partition and pause: a CloneSet has them one level higher."""
    strategy = ("spec", "updateStrategy")
    return strategy if isinstance(workload, CloneSet) else (*strategy, "rollingUpdate")


def _plan_flag(workload: StatefulSet, state: Rolling, rollout: Rollout, ask: Ask, objects: Objects) -> Plan:
    """Pause or resume by the field for it."""
    pause, ref, path = ask.act is Act.PAUSE, ref_to(workload), pointer(*_place(workload), "paused")
    strategy = workload.spec.update_strategy
    missing = strategy is None or (strategy.rolling_update is None and not isinstance(workload, CloneSet))
    on = op("add", pointer(*_place(workload)), {"paused": True}) if missing else op("add", path, True)
    generation = op("test", pointer("metadata", "generation"), workload.metadata.generation)
    off = [op("test", path, True), op("remove", path)]
    words = {True: "paused", False: "running"}
    goes_on = None if state.held or not state.before else _milestone(state, workload.desired, 0)
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"{ask.act} {workload.metadata.name}",
        changes=(Change("update", words[not pause], words[pause]),),
        requests=(json_patch(ref, [generation, on] if pause else off, "paused as shown"),),
        expected=(),
        inverse=(json_patch(ref, off if pause else [op("add", path, True)], "paused as written here"),),
        undo="resume it" if pause else "pause it again",
        warnings=revert_warnings([workload], objects),
        raises=not pause,
        reaches=Milestone("no more pods are replaced", (Phase.PAUSED,)) if pause else goes_on,
    )


def _title(workload: StatefulSet, ask: Ask, new: int, name: str) -> str:
    if ask.act is Act.PAUSE:
        pods = counted(new, "pod that is", "pods that are")
        are = plural(new, "is", "are")
        return f"pause {workload.metadata.name}: only the {pods} {name} or becoming {name} {are} replaced"
    everyone = f", {gives_everyone(name)}" if new == workload.desired and name else ""
    return f"{workload.metadata.name}: {new} of {counted(workload.desired, 'pod')} {name}{everyone}"


def _milestone(state: Rolling, size: int, goal: int) -> Milestone:
    if goal == 0:
        identity = state.current.candidate.uid if state.current else None
        return Milestone("every pod has the new template", (Phase.AT_REST,), identity=identity)
    return Milestone(f"{counted(size - goal, 'pod has', 'pods have')} the new template", (Phase.PAUSED,))


def _lowest_touched(workload: StatefulSet, state: Rolling) -> int:
    """The lowest ordinal of a pod with the new template, or that is missing because it is being replaced."""
    start = workload.spec.ordinals.start if workload.spec.ordinals else 0
    old = {cell.name for e in state.before for cell in e.version.pods}
    numbers = [n for n in range(workload.desired) if f"{workload.metadata.name}-{start + n}" not in old]
    return min(numbers, default=workload.desired)


def _why_no_pause(state: Rolling) -> str:
    if state.held:
        return "the partition already holds it: no more pods are replaced"
    return "every pod has the new template or is getting it: nothing left to hold back"
