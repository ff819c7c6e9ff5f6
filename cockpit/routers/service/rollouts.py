"""The rollout of a blue-green Service: shares, findings, phase."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Lane, Phase, Rollout, Severity, Share
from cockpit.routers.service.acts import whys
from cockpit.routers.service.reading import BlueGreen
from cockpit.workloads.answers import act_states, epoch_of
from cockpit.workloads.doors import service_door
from cockpit.workloads.edits import ref_to
from cockpit.workloads.findings import finding, listed
from cockpit.workloads.ownership import owners_and_findings
from cockpit.workloads.rolling import is_rolling

NOT_A_CONTROLLER = "nothing drives this Service step by step: flip it, or roll back"


def rollout_of(state: BlueGreen, objects: Objects) -> Rollout:
    service = state.service
    workloads = [c.candidate.workload for c in state.choices if c.candidate.workload]
    owners, owned = owners_and_findings([service, *workloads], objects)
    way = service_door(service, objects)
    lane = Lane("default", "", _shares(state), derived=state.mixed)
    return Rollout(
        key=RolloutKey(objects.context, service.metadata.namespace, service.metadata.name, "service"),
        router="pods" if state.mixed else "service",
        phase=_phase(state),
        message=_message(state),
        versions=tuple(c.version for c in state.choices),
        lanes=(lane,),
        objects=(ref_to(service), *(c.candidate.ref for c in state.choices if c.candidate.ref)),
        epoch=_epoch(state),
        findings=(*_findings(state), *owned),
        acts=act_states(whys(state, objects), NOT_A_CONTROLLER),
        owners=owners,
        door=way.door,
        entrance=way.entrance,
        door_missing=way.missing,
        created=service.metadata.creation_timestamp,
    )


def _shares(state: BlueGreen) -> tuple[Share, ...]:
    """Declared is what the selector means; where it picks several, pods decide and nobody declared it."""
    active = state.active

    def declared(serving: bool) -> float | None:
        return None if state.mixed or active is None else float(serving)

    return tuple(Share(c.name, declared(c.serving), state.backing.fraction(c.candidate.uid)) for c in state.choices)


def _epoch(state: BlueGreen) -> str:
    shares = [(c.candidate.uid, round(state.backing.fraction(c.candidate.uid), 9)) for c in state.choices]
    return epoch_of(state.service.metadata.uid, state.service.spec.selector, shares)


def _phase(state: BlueGreen) -> Phase:
    if state.backing.total == 0:
        return Phase.DEGRADED
    return Phase.CANARY if state.mixed else Phase.AT_REST


def _message(state: BlueGreen) -> str:
    if state.backing.total == 0:
        return "no ready pods behind the Service"
    if state.active is None:
        return f"{listed([c.name for c in state.serving])} share the traffic by number of ready pods"
    waiting = [f"{c.name} {c.version.ready}/{c.version.desired} ready" for c in state.choices if not c.serving]
    return f"{state.active.name} takes all traffic" + (f"; {', '.join(waiting)}" if waiting else "")


def _findings(state: BlueGreen) -> tuple[Finding, ...]:
    service = state.service
    what = f"Service {service.metadata.namespace}/{service.metadata.name}"
    selector = ",".join(f"{k}={v}" for k, v in sorted((service.spec.selector or {}).items()))
    found = []
    if state.backing.total == 0:
        found.append(
            finding("no-ready-pods", Severity.CRITICAL, f"{what} picks no ready pods: requests fail", selector)
        )
    if state.mixed:
        parts = ", ".join(f"{c.name}: {c.endpoints}" for c in state.serving)
        found.append(
            finding(
                "not-pinned",
                Severity.WARNING,
                f"{what} is not pinned to one version: {listed([c.name for c in state.serving])} answer by number"
                " of ready pods",
                f"selector {selector}; ready endpoints {parts}",
            )
        )
    found += [
        finding(
            "preview-smaller",
            Severity.INFO,
            f"{c.name} has {c.version.ready} ready pods, {state.active.name} carries the traffic"
            f" with {state.active.version.ready}",
        )
        for c in state.choices
        if state.active and not c.serving and c is state.choices[-1] and c.version.ready < state.active.version.ready
    ]
    if service.spec.session_affinity == "ClientIP":
        found.append(
            finding(
                "sticky",
                Severity.INFO,
                f"{what} keeps each client address on one pod: a flip reaches known clients late, and a probe"
                " from one address sees one pod",
                "sessionAffinity: ClientIP",
            )
        )
    found += [
        finding(
            "rolling",
            Severity.WARNING,
            f"{c.name} is itself being replaced by a rolling update: its pods are of two templates",
            str(c.candidate.ref),
        )
        for c in state.choices
        if c.candidate.workload and c.candidate.ready and is_rolling(c.candidate.workload)
    ]
    return tuple(found)
