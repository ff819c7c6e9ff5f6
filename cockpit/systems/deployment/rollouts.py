"""The rollout of a Deployment: phase by its conditions, shares by ready pods behind its Service."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import Condition, Deployment
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Lane, Phase, Rollout, Severity, Share
from cockpit.model.text import safe_text
from cockpit.systems.deployment.acts import whys
from cockpit.systems.deployment.reading import Edition, Rolling
from cockpit.workloads.answers import act_states, epoch_of
from cockpit.workloads.doors import WayIn, service_door
from cockpit.workloads.edits import ref_to
from cockpit.workloads.findings import finding
from cockpit.workloads.ownership import owners_and_findings

NO_SPLIT = "a Deployment splits by number of pods: pause, resume, scale or roll back"


def rollout_of(state: Rolling, objects: Objects) -> Rollout:
    deployment, service = state.deployment, state.service
    owners, owned = owners_and_findings([deployment], objects)
    way = service_door(service, objects) if service else WayIn(missing="no Service selects its pods")
    lanes = _lanes(state)
    return Rollout(
        key=RolloutKey(objects.context, deployment.metadata.namespace, deployment.metadata.name, "deployment"),
        router="pods",
        phase=phase_of(deployment),
        message=_message(deployment),
        versions=tuple(e.version for e in state.editions),
        lanes=lanes,
        objects=(
            ref_to(deployment),
            *(ref_to(e.replica_set) for e in state.editions),
            *((ref_to(service),) if service else ()),
        ),
        epoch=epoch_of(
            deployment.metadata.uid,
            service.spec.selector if service else None,
            [(e.candidate.uid, s.written) for lane in lanes for e, s in zip(state.editions, lane.shares, strict=True)],
        ),
        findings=(*_findings(state), *owned),
        acts=act_states(whys(state, objects), NO_SPLIT),
        owners=owners,
        door=way.door,
        entrance=way.entrance,
        door_missing=way.missing,
        created=deployment.metadata.creation_timestamp,
    )


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
        return "the controller has not seen the last change yet"
    counts = f"{status.updated_replicas} of {desired} updated, {status.available_replicas} available"
    old = status.replicas - status.updated_replicas
    return counts + (f", {old} old" if old > 0 else "") + (", paused" if deployment.spec.paused else "")


def _lanes(state: Rolling) -> tuple[Lane, ...]:
    """Shares by ready pods: what a Service that selects them all makes of them."""
    if state.service is None:
        return ()
    selector = (state.service.spec.selector or {}).items()
    ready = [e.version.ready if selector <= e.candidate.labels.items() else 0 for e in state.editions]
    total = sum(ready)
    shares = tuple(
        Share(e.version.name, None, count / total if total else 0.0)
        for e, count in zip(state.editions, ready, strict=True)
    )
    return (Lane("default", "", shares, derived=True),) if shares else ()


def _findings(state: Rolling) -> tuple[Finding, ...]:
    deployment = state.deployment
    what = str(ref_to(deployment))
    found = []
    for kind, reasons in (("Progressing", {"ProgressDeadlineExceeded"}), ("ReplicaFailure", None)):
        condition = _condition(deployment, kind)
        if condition and (condition.status == "True" if reasons is None else condition.reason in reasons):
            slug = "stuck" if kind == "Progressing" else "replica-failure"
            text = f"{what}: {condition.reason}: {condition.message or 'no message'}"
            found.append(finding(slug, Severity.CRITICAL if slug != "stuck" else Severity.WARNING, text))
    if state.service and deployment.desired and not any(e.version.ready for e in state.editions):
        found.append(
            finding("no-ready-pods", Severity.CRITICAL, f"{what} has no ready pods: requests fail", _reasons(state))
        )
    if state.service and state.service.spec.session_affinity == "ClientIP":
        name = f"{state.service.metadata.namespace}/{state.service.metadata.name}"
        found.append(
            finding("sticky", Severity.INFO, f"Service {name} keeps each client address on one pod", "ClientIP")
        )
    return tuple(found)


def _reasons(state: Rolling) -> str:
    def reasons(edition: Edition) -> list[str]:
        return [cell.reason for cell in edition.version.pods if cell.reason]

    return safe_text(", ".join(dict.fromkeys(r for e in state.editions for r in reasons(e))))
