"""The Service in front of a plain workload, and whether requests to it reach the workload's pods."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from cockpit.model.lookup import Objects
from cockpit.model.objects import DaemonSet, ReplicaSet, Service, StatefulSet
from cockpit.model.refs import SERVICES
from cockpit.model.rollout import Finding, PodState, Severity
from cockpit.planning.api_targets import with_api_target
from cockpit.planning.awaited import unseen_change
from cockpit.planning.edits import ref_to
from cockpit.planning.mesh_hosts import mesh_findings
from cockpit.routers.gateway_api.to_service import route_findings
from cockpit.routers.ingress.to_service import ingress_findings
from cockpit.routers.istio.to_service import virtual_service_findings
from cockpit.routers.traefik.to_service import traefik_findings
from cockpit.routers.traffic_findings import (
    ingress_ports,
    invalid_backend,
    near_first,
    no_ready_pods,
    none_ready_yet,
    other_ports,
    outside_names,
    published_unready,
    selector_misses,
    sticky_by_address,
    without_port,
)
from cockpit.systems.editions import Rolling, pods_reached, reasons
from cockpit.systems.phrases import NO_SERVICE
from cockpit.systems.progress_findings import not_observed, scaled_to_zero
from cockpit.workloads.endpoints import portless_pods, ready_endpoints
from cockpit.workloads.findings import finding, listed
from cockpit.workloads.lookups import find_service, ingresses_of_service
from cockpit.workloads.meant import Meant, meant_service, mismatch
from cockpit.workloads.naming import HASH_LABELS
from cockpit.workloads.others import NO_OTHERS, Others, outside
from cockpit.workloads.probe_targets import FoundTarget, ingress_target, is_canary, service_target
from cockpit.workloads.rolling import starts_first

# What routes say of a Service without ready pods, and the findings that say why it has none.
_EMPTY = frozenset({"empty-backend", "empty-destination"})
_WHY_EMPTY = frozenset({"no-ready-pods", "selector-misses", "pods-without-port"})


def with_service(
    state: Rolling,
    services: Sequence[Service],
    homes: Collection[str],
    objects: Objects,
    *,
    among: Sequence[Service] = (),
) -> Rolling:
    """The workload with its Service: one of `services`, which select its template, else one that is meant for it.

    Of `services` only those in `among` are looked at, if there are any; `homes` are the uids of what owns its pods.
    """
    service, others = service_in_front(among or services, homes, objects)
    labels = [e.candidate.labels for e in reversed(state.editions)]
    meant = meant_service(state.workload, services, labels, objects)
    if meant is not None and service is None and meant.service is not None:
        service, others = meant.service, outside(meant.service, objects, homes)
    if service is None:
        return replace(state, meant=meant)
    published: frozenset[str] = frozenset()
    if service.spec.publish_not_ready_addresses:
        published = frozenset(e.name for e in ready_endpoints(service, objects) if e.names_pod)
    portless = portless_pods(service, objects)
    return replace(state, service=service, others=others, portless=portless, published=published, meant=meant)


def way_in(state: Rolling, objects: Objects) -> FoundTarget:
    """Where a probe reaches the workload as its users do: by its Service, else by an Ingress that leads to none."""
    if state.service is not None:
        return with_api_target(service_target(state.service, objects), state.service, objects)
    if state.meant is not None:
        led = ingresses_of_service(objects, state.workload.metadata.namespace, state.meant.name)
        for ingress in [each for each in led if not is_canary(each)][:1]:
            return ingress_target(ingress, state.meant.name)
    return FoundTarget(missing=NO_SERVICE)


def service_in_front(
    services: Sequence[Service], homes: Collection[str], objects: Objects
) -> tuple[Service | None, Others]:
    """The first Service that selects only pods of `homes`, else the first that selects any; and its other pods.

    A Service for a whole namespace, such as one for monitoring, is not the one that users reach.
    """
    found = [(service, outside(service, objects, homes)) for service in services]
    return next((pair for pair in found if not pair[1].ready), next(iter(found), (None, NO_OTHERS)))


def service_findings(state: Rolling, objects: Objects) -> tuple[Finding, ...]:
    """Whether its controller runs, and what users of its Service notice."""
    found = [*_unseen(state), *_unready(state), *_missed(state), *_unnamed(state, objects)]
    if state.service and state.service.spec.session_affinity == "ClientIP":
        name = f"{state.service.metadata.namespace}/{state.service.metadata.name}"
        found.append(sticky_by_address(f"Service {name} keeps each client address on one pod"))
    found += [*without_port(state.service, objects), *ingress_ports(state.service, objects)]
    if state.service:
        found += [
            *outside_names([state.service], Severity.CRITICAL),
            *other_ports([state.service], [state.workload], beside=_templates(state)),
            *near_first(state.service),
            *mesh_findings(state.service, objects),
            *_routes_to(state.service, objects),
        ]
    # Where it is only a note that no pod is ready, nobody loses what was there before, by a route either.
    told = {each.id for each in found if each.severity is Severity.CRITICAL or each.id == "no-ready-pods"}
    # That the Service is empty is told with its reason; each route to it would say it again.
    return tuple(each for each in found if not (each.id in _EMPTY and told & _WHY_EMPTY))


def _templates(state: Rolling) -> list[ReplicaSet | None]:
    """The earlier templates of a workload; None for one that only a ControllerRevision holds."""
    now = state.current.source if state.current else None
    earlier = [source for source in state.history if source is not now]
    return [source if isinstance(source, ReplicaSet) else None for source in earlier]


def _routes_to(service: Service, objects: Objects) -> Iterator[Finding]:
    yield from ingress_findings(service, objects)
    yield from route_findings(service, objects)
    yield from virtual_service_findings(service, objects)
    yield from traefik_findings(service, objects)


def _unseen(state: Rolling) -> Iterator[Finding]:
    """Its controller has not seen its last change."""
    if awaited := unseen_change(state.workload):
        seen, last = state.workload.status.observed_generation, state.workload.metadata.generation
        yield not_observed(awaited, f"generation {last}, observed {seen}")


def _unready(state: Rolling) -> Iterator[Finding]:
    """No pod of any version is ready."""
    if state.service is None or any(e.version.ready for e in state.editions):
        return
    what = str(ref_to(state.workload))
    if not state.workload.desired:
        # A DaemonSet wants as many pods as nodes take it, and others may answer behind the Service.
        if not isinstance(state.workload, DaemonSet) and not state.others.ready:
            yield scaled_to_zero(what)
        return
    failing = any(pod.state is PodState.FAILING for e in state.editions for pod in e.version.pods)
    if state.published:
        yield published_unready(f"{what} has no ready pods", state.service, reasons(state.editions))
    elif starts_first(state.workload) and not failing:
        yield none_ready_yet(what, reasons(state.editions))
    else:
        yield no_ready_pods(f"{what} has no ready pods: requests fail", reasons(state.editions))


def _missed(state: Rolling) -> Iterator[Finding]:
    """The Service that is meant for the workload selects none of its pods, others, or not those of all versions."""
    meant, workload = state.meant, state.workload
    if meant is None:
        return
    what = f"Service {workload.metadata.namespace}/{meant.name}"
    led = f"requests come from {listed(meant.routes[:3])}" if meant.routes else ""
    if meant.service is None:
        wanted = f"; Service {state.service.metadata.name} selects the pods" if state.service else ""
        text = f"{what} does not exist, so requests from {listed(meant.routes[:3])} fail{wanted}"
        yield invalid_backend(text, takes=True)
        return
    asked, have = mismatch(meant.service, _labels(state))
    root = f"{ref_to(workload).resource.kind} {workload.metadata.name}"
    if meant.empty:
        text = f"{what} selects no pods, so its requests fail: it asks for {asked}, the pods of {root} have {have}"
        if not meant.certain and not meant.reached:
            text = f"{what} selects no pods and may be meant for {root}: it asks for {asked}, these have {have}"
        hurts = meant.certain or meant.reached
        severity = Severity.CRITICAL if hurts else Severity.WARNING
        yield selector_misses(severity, text, led, whatever_version=not _met_before(state, meant.service))
    elif not any(taker.metadata.uid == workload.metadata.uid for taker in meant.takers):
        takers = [f"{ref_to(taker).resource.kind} {taker.metadata.name}" for taker in meant.takers[:3]]
        other = f"pods of {listed(takers)}" if takers else "other pods"
        text = f"{what} sends its requests to {other}, not to {root}: it asks for {asked}, {root} has {have}"
        yield selector_misses(Severity.WARNING, text, led)
    elif newest := _left_out(state, meant):
        yield selector_misses(
            Severity.WARNING, f"{what} selects no pods of {newest}: it asks for {asked}, these have {have}", led
        )


def _unnamed(state: Rolling, objects: Objects) -> Iterator[Finding]:
    """The Service that gives the pods of a StatefulSet their names does not exist, and no other selects them."""
    workload = state.workload
    if not isinstance(workload, StatefulSet) or state.service or state.meant or not workload.desired:
        return
    name, namespace = workload.spec.service_name, workload.metadata.namespace
    if name and not objects.unread(SERVICES) and find_service(objects, namespace, name) is None:
        text = f"Service {namespace}/{name} does not exist: clients have no address for the pods of {ref_to(workload)}"
        yield finding("service-missing", Severity.WARNING, f"{text}; create it again")


def _labels(state: Rolling) -> Mapping[str, str]:
    """The labels of its newest pods: those of the template, and the hash that its controller adds."""
    given = state.current.candidate.labels if state.current else {}
    return {**{key: given[key] for key in HASH_LABELS if key in given}, **state.workload.template_labels}


def _met_before(state: Rolling, service: Service) -> bool:
    """Whether a Service selects an earlier version's pods, so that a roll back gives it some again."""
    selector = (service.spec.selector or {}).items()
    return any(selector <= edition.candidate.labels.items() for edition in state.editions)


def _left_out(state: Rolling, meant: Meant) -> str:
    """The newest version, if a Service selects the pods of older ones alone; "" where pods are chosen one by one."""
    current = state.current
    if meant.service is None or current is None or pods_reached(state, current):
        return ""
    selector = (meant.service.spec.selector or {}).items()
    older = any(selector <= e.candidate.labels.items() for e in state.editions if e is not current)
    return current.version.name if older else ""
