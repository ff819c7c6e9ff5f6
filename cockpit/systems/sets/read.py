"""The rollout of a set: its phase by counts, because its conditions do not show progress."""

from __future__ import annotations

from cockpit.model.advice import telling
from cockpit.model.counts import counted
from cockpit.model.lookup import Objects
from cockpit.model.objects import CloneSet, StatefulSet
from cockpit.model.plan import Act, ActState
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Phase, PlannedStep, PodState, Rollout, Severity, Step
from cockpit.planning.edits import ref_to
from cockpit.planning.ownership import owners_and_findings
from cockpit.planning.refusals import epoch_of
from cockpit.systems.editions import Rolling, TemplateEdition, lanes_by_ready_pods, reasons
from cockpit.systems.in_front import service_findings, way_in
from cockpit.systems.phrases import NOT_SEEN
from cockpit.systems.progress_findings import stuck
from cockpit.systems.sets.acts import CLONESET_TABLE, DAEMONSET_TABLE, STATEFULSET_TABLE
from cockpit.systems.sets.state import Set, system_of
from cockpit.systems.template_acts import blocking
from cockpit.workloads.findings import finding, listed
from cockpit.workloads.meant import is_inside_only
from cockpit.workloads.others import with_others
from cockpit.workloads.reached_names import name_of_workload
from cockpit.workloads.rolling import ON_DELETE, is_paused, is_rolling, strategy_of

# Longer plans are shown as a count only.
_MOST_STEPS = 50


def rollout_of(workload: Set, state: Rolling, objects: Objects) -> Rollout:
    service = state.service
    owners, owned = owners_and_findings([workload], objects)
    way = way_in(state, objects)
    lanes = lanes_by_ready_pods(state)
    phase = phase_of(workload, state)
    named = name_of_workload(workload, objects, state.meant)
    found = Rollout(
        key=RolloutKey(objects.context, workload.metadata.namespace, named.name, system_of(workload)),
        aliases=named.others,
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
        findings=(*_findings(workload, state), *service_findings(state, objects), *owned),
        acts=_acts(workload, state, objects),
        owners=owners,
        probe_target=way.probe_target,
        incomplete_target=way.incomplete_target,
        probe_target_missing=way.missing,
        api_target=way.api_target,
        inside_only=state.service is not None and is_inside_only(state.service, objects),
        created=workload.metadata.creation_timestamp,
    )
    return with_others(found, state.others)


def _acts(workload: Set, state: Rolling, objects: Objects) -> tuple[ActState, ...]:
    if isinstance(workload, StatefulSet):
        table = CLONESET_TABLE if isinstance(workload, CloneSet) else STATEFULSET_TABLE
        return table.states((workload, state), objects)
    return DAEMONSET_TABLE.states((workload, state), objects)


def phase_of(workload: Set, state: Rolling) -> Phase:
    """Paused if a partition holds pods back, waiting if each pod has to be deleted by hand (OnDelete)."""
    if state.current is None:
        return Phase.PROGRESSING
    if any(cell.state is PodState.FAILING for cell in state.current.version.pods):
        return Phase.DEGRADED
    if state.before:
        if strategy_of(workload).type == ON_DELETE:
            return Phase.WAITING
        holds = state.held or is_paused(workload)
        return Phase.PROGRESSING if is_rolling(workload) or not holds else Phase.PAUSED
    ready = state.current.version.ready
    return Phase.AT_REST if ready >= workload.desired and not is_rolling(workload) else Phase.PROGRESSING


def _message(workload: Set, state: Rolling) -> str:
    if state.current is None:
        return NOT_SEEN
    new, old = _count(state.current), sum(map(_count, state.before))
    counts = f"{new} of {workload.desired} updated, {sum(e.version.ready for e in state.editions)} ready"
    counts += ", paused" if is_paused(workload) else ""
    if not old:
        return counts
    if strategy_of(workload).type == ON_DELETE:
        return f"{counts}, {old} old: delete each to replace it (OnDelete)"
    return f"{counts}, {old} old" + (f", {state.held} held back by the partition" if state.held else "")


def _count(edition: TemplateEdition) -> int:
    """Its pods; if they cannot be read, those that are reported ready."""
    return max(len(edition.version.pods), edition.version.ready)


def _step(workload: Set, state: Rolling, phase: Phase) -> Step | None:
    """While a partition holds pods back, each pod is a step: at step 2 of 5 two pods have the new template."""
    if not _stepped(workload) or not state.before or not state.held or not workload.desired:
        return None
    index = workload.desired - state.held
    if index < 1:
        return None
    waits = phase is Phase.PAUSED
    return Step(
        index, workload.desired, index / workload.desired, f"{index} of {counted(workload.desired, 'pod')}", asks=waits
    )


def _steps(workload: Set, phase: Phase) -> tuple[PlannedStep, ...]:
    size = workload.desired
    if not _stepped(workload) or phase is Phase.AT_REST or not 0 < size <= _MOST_STEPS:
        return ()
    return tuple(PlannedStep(f"{n} of {counted(size, 'pod')}", n / size, asks=n < size) for n in range(1, size + 1))


def _stepped(workload: Set) -> bool:
    return isinstance(workload, StatefulSet) and strategy_of(workload).type != ON_DELETE


def _findings(workload: Set, state: Rolling) -> tuple[Finding, ...]:
    what, found = str(ref_to(workload)), []
    failing = [e for e in state.editions if any(cell.state is PodState.FAILING for cell in e.version.pods)]
    if failing and state.before and isinstance(workload, StatefulSet) and not isinstance(workload, CloneSet):
        waited = listed([pod.name for pod in blocking(state)])
        text = telling(
            f"{what} waits for {waited} and replaces no others: roll back, which deletes what it waits for"
            if waited
            else f"{what} waits for failing pods and replaces no others: roll back; fixing the template alone does not"
            " replace them",
            Act.ROLLBACK,
        )
        found.append(stuck(text, reasons(failing)))
    if strategy_of(workload).type == ON_DELETE and state.before:
        pods = [cell.name for e in state.before for cell in e.version.pods]
        words = f"{what} replaces a pod only after you delete it: {listed(pods[:5])} still have the old template"
        found.append(finding("on-delete", Severity.INFO, words, f"updateStrategy OnDelete, {len(pods)} old pods"))
    return tuple(found)
