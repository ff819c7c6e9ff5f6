"""The rollout of a blue-green Service: shares, findings, phase."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Lane, Phase, PodState, Rollout, Severity, Share
from cockpit.model.text import safe_text
from cockpit.planning.api_targets import with_api_target
from cockpit.planning.edits import ref_to
from cockpit.planning.mesh_hosts import mesh_findings
from cockpit.planning.ownership import owners_and_findings
from cockpit.planning.refusals import epoch_of
from cockpit.routers.service.acts import TABLE
from cockpit.routers.service.split import BlueGreen, SelectorVersion
from cockpit.routers.traffic_findings import (
    ingress_ports,
    near_first,
    no_ready_pods,
    none_ready_yet,
    not_pinned,
    other_ports,
    outside_names,
    rolling_versions,
    selector_misses,
    sticky_by_address,
    without_port,
)
from cockpit.workloads.endpoints import is_alias, portless_words
from cockpit.workloads.findings import finding, listed
from cockpit.workloads.meant import is_inside_only
from cockpit.workloads.missed import mismatch_words
from cockpit.workloads.others import outside, with_others
from cockpit.workloads.probe_targets import service_target
from cockpit.workloads.reached_names import name_of_service
from cockpit.workloads.rolling import starts_first


def rollout_of(state: BlueGreen, objects: Objects) -> Rollout:
    service = state.service
    workloads = [c.candidate.workload for c in state.choices if c.candidate.workload]
    owners, owned = owners_and_findings([service, *workloads], objects)
    way = with_api_target(service_target(service, objects), service, objects)
    portless = portless_words(service, objects)
    named = name_of_service(service, objects)
    lane = Lane("default", "", _shares(state), derived=state.mixed)
    found = Rollout(
        key=RolloutKey(objects.context, service.metadata.namespace, named.name, "service"),
        aliases=named.others,
        router="pods" if state.mixed else "service",
        phase=_phase(state),
        message=_message(state, portless),
        versions=tuple(c.version for c in state.choices),
        lanes=(lane,),
        objects=(ref_to(service), *(c.candidate.ref for c in state.choices if c.candidate.ref)),
        epoch=_epoch(state),
        findings=(
            *_findings(state, portless),
            *without_port(service, objects),
            *ingress_ports(service, objects),
            *other_ports([service], workloads),
            *near_first(service),
            *mesh_findings(service, objects),
            *owned,
        ),
        acts=TABLE.states(state, objects),
        owners=owners,
        probe_target=way.probe_target,
        incomplete_target=way.incomplete_target,
        probe_target_missing=way.missing,
        api_target=way.api_target,
        inside_only=is_inside_only(service, objects),
        created=service.metadata.creation_timestamp,
    )
    return with_others(found, outside(service, objects, {c.candidate.uid for c in state.choices}))


def _shares(state: BlueGreen) -> tuple[Share, ...]:
    """`declared` follows from the selector; if it matches several versions, pods decide and nothing is declared."""
    active = state.active

    def declared(serving: bool) -> float | None:
        return None if state.mixed or active is None else float(serving)

    return tuple(Share(c.name, declared(c.serving), state.backing.fraction(c.candidate.uid)) for c in state.choices)


def _epoch(state: BlueGreen) -> str:
    shares = [(c.candidate.uid, round(state.backing.fraction(c.candidate.uid), 9)) for c in state.choices]
    return epoch_of(state.service.metadata.uid, state.service.spec.selector, shares)


def _phase(state: BlueGreen) -> Phase:
    if state.backing.total == 0:
        return Phase.PROGRESSING if _starts(state) else Phase.DEGRADED
    return Phase.CANARY if state.mixed else Phase.AT_REST


def _starts(state: BlueGreen) -> bool:
    """Whether all that it selects starts for the first time, and nothing of it fails."""
    failing = any(pod.state is PodState.FAILING for c in state.serving for pod in c.version.pods)
    return bool(state.serving) and not failing and all(starts_first(c.candidate.workload) for c in state.serving)


def _message(state: BlueGreen, portless: str) -> str:
    if is_alias(state.service):
        return f"its Service leads to {safe_text(state.service.spec.external_name or 'another host', 253)}"
    if state.backing.total == 0:
        return f"the Service {portless}" if portless else "no ready pods behind the Service"
    if state.active is None:
        return _sharing(state)
    waiting = [f"{c.name} {c.version.ready}/{c.version.desired} ready" for c in state.choices if not c.serving]
    return f"{state.active.name} takes all traffic" + (f"; {', '.join(waiting)}" if waiting else "")


def _sharing(state: BlueGreen) -> str:
    """Which of several versions get requests: not those whose ready pods are behind the Service without its port."""
    cut = [c.name for c in state.serving if c.version.ready and not c.endpoints]
    rest = [c.name for c in state.serving if c.name not in cut]
    if not cut or not rest:
        return f"{listed([c.name for c in state.serving])} share the requests by number of ready pods"
    taking = f"{rest[0]} takes all traffic" if len(rest) == 1 else f"{listed(rest)} share the requests"
    return f"{taking}; {listed(cut)} gets none, though its pods are ready"


def _unanswered(state: BlueGreen, what: str, selector: str) -> Finding:
    """Why nobody answers: its selector meets no version, while one has ready pods, or no pod is ready."""
    ready = [c for c in state.choices if c.version.ready and c.candidate.workload]
    if state.serving or not ready:
        return no_ready_pods(f"{what} selects no ready pods: requests fail", selector)
    wanted = (state.service.spec.selector or {}).items()
    nearest = max(ready, key=lambda c: len(wanted & c.candidate.labels.items()))
    words = mismatch_words(state.service, _root_of(nearest), nearest.candidate.labels)
    return selector_misses(Severity.CRITICAL, f"{what} {words}; its requests fail", selector)


def _root_of(choice: SelectorVersion) -> str:
    ref = choice.candidate.ref
    return f"{ref.resource.kind} {ref.name}" if ref else choice.name


def _findings(state: BlueGreen, portless: str) -> tuple[Finding, ...]:
    service = state.service
    what = f"Service {service.metadata.namespace}/{service.metadata.name}"
    selector = ",".join(f"{k}={v}" for k, v in sorted((service.spec.selector or {}).items()))
    found: list[Finding] = []
    found += outside_names([service], Severity.CRITICAL)
    if state.backing.total == 0 and not portless and not found:
        starts = _starts(state)
        found.append(none_ready_yet(what, selector) if starts else _unanswered(state, what, selector))
    if state.mixed:
        parts = ", ".join(f"{c.name}: {c.endpoints}" for c in state.serving)
        found.append(
            not_pinned(
                f"{what} is not pinned to one version: {_sharing(state)}",
                f"selector {selector}; ready endpoints {parts}",
            )
        )
    active, newest = state.active, state.newest if state.choices else None
    found += [
        finding(
            "preview-smaller",
            Severity.INFO,
            f"{c.name} has {c.version.ready} ready pods, {active.name} carries the traffic with {active.version.ready}",
        )
        for c in state.choices
        if active and not c.serving and c is newest and c.version.ready < active.version.ready
    ]
    if service.spec.session_affinity == "ClientIP":
        found.append(
            sticky_by_address(
                f"{what} keeps each client address on one pod: known clients follow a flip late, and a probe"
                " from one address sees one pod"
            )
        )
    found += rolling_versions((c.name, c.candidate) for c in state.choices)
    return tuple(found)
