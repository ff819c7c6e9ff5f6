"""The rollout of a StatefulSet or DaemonSet: its phase by counts, because neither tells how it is with conditions."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import StatefulSet
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Phase, PlannedStep, PodState, Rollout, Severity, Step
from cockpit.systems.editions import Edition, Rolling, lanes_by_ready_pods, reasons, service_findings
from cockpit.systems.sets.acts import NO_SPLIT, whys
from cockpit.systems.sets.reading import Set
from cockpit.workloads.answers import act_states, epoch_of
from cockpit.workloads.doors import WayIn, service_door
from cockpit.workloads.edits import ref_to
from cockpit.workloads.findings import finding, listed
from cockpit.workloads.ownership import owners_and_findings
from cockpit.workloads.rolling import ON_DELETE, is_rolling, strategy_of

# Longer plans are told as a count only.
_MOST_STEPS = 50


def rollout_of(workload: Set, state: Rolling, objects: Objects) -> Rollout:
    kind, service = ref_to(workload).resource.kind, state.service
    owners, owned = owners_and_findings([workload], objects)
    way = service_door(service, objects) if service else WayIn(missing="no Service selects its pods")
    lanes = lanes_by_ready_pods(state)
    phase = phase_of(workload, state)
    return Rollout(
        key=RolloutKey(objects.context, workload.metadata.namespace, workload.metadata.name, kind.lower()),
        router="pods",
        phase=phase,
        message=_message(workload, state),
        versions=tuple(e.version for e in state.editions),
        lanes=lanes,
        objects=(ref_to(workload), *((ref_to(service),) if service else ())),
        epoch=epoch_of(
            workload.metadata.uid,
            service.spec.selector if service else None,
            [(e.candidate.uid, s.written) for lane in lanes for e, s in zip(state.editions, lane.shares, strict=True)],
        ),
        step=_step(workload, state, phase),
        steps=_steps(workload, phase),
        findings=(*_findings(workload, state), *service_findings(state), *owned),
        acts=act_states(whys(workload, state, objects), NO_SPLIT[kind]),
        owners=owners,
        door=way.door,
        entrance=way.entrance,
        door_missing=way.missing,
        created=workload.metadata.creation_timestamp,
    )


def phase_of(workload: Set, state: Rolling) -> Phase:
    """Paused where a partition holds pods back, waiting where each pod has to be deleted by hand (OnDelete)."""
    if state.current is None:
        return Phase.PROGRESSING
    if any(cell.state is PodState.FAILING for cell in state.current.version.pods):
        return Phase.DEGRADED
    if state.before:
        if strategy_of(workload).type == ON_DELETE:
            return Phase.WAITING
        return Phase.PROGRESSING if is_rolling(workload) or not state.held else Phase.PAUSED
    ready = state.current.version.ready
    return Phase.AT_REST if ready >= workload.desired and not is_rolling(workload) else Phase.PROGRESSING


def _message(workload: Set, state: Rolling) -> str:
    if state.current is None:
        return "the controller has not seen the last change yet"
    new, old = _count(state.current), sum(map(_count, state.before))
    counts = f"{new} of {workload.desired} updated, {sum(e.version.ready for e in state.editions)} ready"
    if not old:
        return counts
    if strategy_of(workload).type == ON_DELETE:
        return f"{counts}, {old} old: each is replaced once somebody deletes it (OnDelete)"
    return f"{counts}, {old} old" + (f", {state.held} held back by the partition" if state.held else "")


def _count(edition: Edition) -> int:
    """Its pods, or where they cannot be read those that are reported to be ready."""
    return max(len(edition.version.pods), edition.version.ready)


def _step(workload: Set, state: Rolling, phase: Phase) -> Step | None:
    """While a partition holds pods back, each pod is a step: step 2 of 5 has two pods of the new template."""
    if not _stepped(workload) or not state.before or not state.held or not workload.desired:
        return None
    index = workload.desired - state.held
    if index < 1:
        return None
    waits = phase is Phase.PAUSED
    return Step(index, workload.desired, index / workload.desired, f"{index} of {workload.desired} pods", asks=waits)


def _steps(workload: Set, phase: Phase) -> tuple[PlannedStep, ...]:
    size = workload.desired
    if not _stepped(workload) or phase is Phase.AT_REST or not 0 < size <= _MOST_STEPS:
        return ()
    return tuple(PlannedStep(f"{n} of {size} pods", n / size, asks=n < size) for n in range(1, size + 1))


def _stepped(workload: Set) -> bool:
    return isinstance(workload, StatefulSet) and strategy_of(workload).type != ON_DELETE


def _findings(workload: Set, state: Rolling) -> tuple[Finding, ...]:
    what, found = str(ref_to(workload)), []
    failing = [e for e in state.editions if any(cell.state is PodState.FAILING for cell in e.version.pods)]
    if failing and state.before and isinstance(workload, StatefulSet):
        text = (
            f"{what} waits for pods that fail and replaces no other: roll back; mending the template alone does not"
            " replace them"
        )
        found.append(finding("stuck", Severity.WARNING, text, reasons(failing)))
    if strategy_of(workload).type == ON_DELETE and state.before:
        pods = [cell.name for e in state.before for cell in e.version.pods]
        text = f"{what} replaces a pod only once somebody deletes it: {listed(pods[:5])} run the older template"
        found.append(finding("on-delete", Severity.INFO, text, f"updateStrategy OnDelete, {len(pods)} old pods"))
    return tuple(found)
