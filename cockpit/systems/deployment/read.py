"""The rollout of a Deployment: phase by its conditions, shares by ready pods behind its Service."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import Condition, Deployment
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Phase, Rollout
from cockpit.planning.edits import ref_to
from cockpit.planning.ownership import owners_and_findings
from cockpit.planning.refusals import epoch_of
from cockpit.systems.deployment.acts import TABLE
from cockpit.systems.editions import Rolling, lanes_by_ready_pods, reasons
from cockpit.systems.in_front import service_findings, way_in
from cockpit.systems.phrases import NOT_SEEN
from cockpit.systems.progress_findings import replica_failure, stuck
from cockpit.workloads.meant import is_inside_only
from cockpit.workloads.others import with_others
from cockpit.workloads.reached_names import name_of_workload


def rollout_of(deployment: Deployment, state: Rolling, objects: Objects) -> Rollout:
    service = state.service
    owners, owned = owners_and_findings([deployment], objects)
    way = way_in(state, objects)
    lanes = lanes_by_ready_pods(state)
    named = name_of_workload(deployment, objects, state.meant)
    found = Rollout(
        key=RolloutKey(objects.context, deployment.metadata.namespace, named.name, "deployment"),
        aliases=named.others,
        router="pods",
        phase=phase_of(deployment),
        message=_message(deployment),
        versions=tuple(e.version for e in state.editions),
        lanes=lanes,
        objects=(
            ref_to(deployment),
            *(e.candidate.ref for e in state.editions if e.candidate.ref),
            *((ref_to(service),) if service else ()),
        ),
        epoch=epoch_of(
            deployment.metadata.uid,
            service.spec.selector if service else None,
            [(e.candidate.uid, s.written) for lane in lanes for e, s in zip(state.editions, lane.shares, strict=True)],
        ),
        findings=(*_findings(deployment, state), *service_findings(state, objects), *owned),
        acts=TABLE.states(state, objects),
        owners=owners,
        probe_target=way.probe_target,
        incomplete_target=way.incomplete_target,
        probe_target_missing=way.missing,
        api_target=way.api_target,
        inside_only=state.service is not None and is_inside_only(state.service, objects),
        created=deployment.metadata.creation_timestamp,
    )
    return with_others(found, state.others)


def phase_of(deployment: Deployment) -> Phase:
    """By the conditions that the controller sets (apps/v1: Progressing, ReplicaFailure), then by its counts."""
    progressing = _condition(deployment, "Progressing")
    failed = _condition(deployment, "ReplicaFailure")
    if (progressing and progressing.reason == "ProgressDeadlineExceeded") or (failed and failed.status == "True"):
        return Phase.DEGRADED
    status, desired = deployment.status, deployment.desired
    settled = status.updated_replicas == status.replicas == desired and status.available_replicas == desired
    seen = status.observed_generation >= deployment.metadata.generation
    if seen and settled:
        return Phase.PAUSED if deployment.spec.paused else Phase.AT_REST
    return Phase.PAUSED if deployment.spec.paused else Phase.PROGRESSING


def _condition(deployment: Deployment, kind: str) -> Condition | None:
    return next((c for c in deployment.status.conditions or () if c.type == kind), None)


def _message(deployment: Deployment) -> str:
    status, desired = deployment.status, deployment.desired
    if status.observed_generation < deployment.metadata.generation:
        return NOT_SEEN
    counts = f"{status.updated_replicas} of {desired} updated, {status.available_replicas} available"
    old = status.replicas - status.updated_replicas
    return counts + (f", {old} old" if old > 0 else "") + (", paused" if deployment.spec.paused else "")


def _findings(deployment: Deployment, state: Rolling) -> tuple[Finding, ...]:
    what = str(ref_to(deployment))
    found = []
    for kind, named in (("Progressing", {"ProgressDeadlineExceeded"}), ("ReplicaFailure", None)):
        condition = _condition(deployment, kind)
        if condition and (condition.status == "True" if named is None else condition.reason in named):
            reason, message = condition.reason or kind, condition.message or ""
            if kind == "Progressing":
                found.append(stuck(f"{what}: {reason}: {message or 'no message'}", reasons(state.editions)))
            else:
                ready = deployment.status.ready_replicas
                found.append(replica_failure(what, reason, message, ready=ready))
    return tuple(found)
