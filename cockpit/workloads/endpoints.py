"""The ready endpoints behind a Service, counted by workload.

EndpointSlices are what proxies follow (discovery.k8s.io/v1); a missing `ready` means true.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from cockpit.model.fields import entries, mapping, text
from cockpit.model.lookup import Objects
from cockpit.model.objects import BackendPort, EndpointSlice, Pod, Service, ServicePort, Workload
from cockpit.model.refs import ENDPOINTSLICES, PODS
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.workloads.findings import listed
from cockpit.workloads.lookups import find_pod, of_kind, slices_of
from cockpit.workloads.owners import home_of, workloads_matching


@dataclass(frozen=True, slots=True)
class Backing:
    """Ready endpoints of a Service by the uid of their owner; "" for those without a known owner."""

    counts: tuple[tuple[str, int], ...] = ()

    @property
    def total(self) -> int:
        return sum(count for _, count in self.counts)

    def count(self, uid: str) -> int:
        return dict(self.counts).get(uid, 0)

    def fraction(self, uid: str) -> float:
        """Share of connections that `uid` gets with even load balancing; 0 if nothing is ready."""
        return self.count(uid) / self.total if self.total else 0.0


def is_alias(service: Service) -> bool:
    """True for an ExternalName Service: a DNS name instead of pods. It needs no ports (core/v1, ServiceSpec.ports)."""
    return service.spec.type == "ExternalName"


def alias_words(service: Service) -> str:
    """Why the pods that an ExternalName Service selects get none of its requests; "" for a Service of another type."""
    if not is_alias(service):
        return ""
    host = safe_text(service.spec.external_name or "another host", 253)
    what = f"Service {service.metadata.namespace}/{service.metadata.name}"
    return f"{what} is an ExternalName: it leads to {host}, and its selector does nothing"


def is_headless(service: Service) -> bool:
    """Whether clients get the addresses of the pods from DNS, and choose the port themselves (core/v1, clusterIP)."""
    return service.spec.cluster_ip == "None"


def port_of(service: Service, wanted: BackendPort, *, by_target: bool = False) -> ServicePort | None:
    """The Service port that a backend names, by number or by name; `by_target` allows its targetPort too."""
    named = wanted.number if wanted.name is None else wanted.name
    for port in service.spec.ports or ():
        if port.port == wanted.number or (wanted.name is not None and port.name == wanted.name):
            return port
        if by_target and named is not None and str(port.target_port) == str(named):
            return port
    return None


def selected_pods(service: Service, objects: Objects) -> tuple[Pod, ...]:
    """Pods that the selector matches, ready or not; none for a Service without a selector."""
    return of_kind(Pod, objects.selected(PODS, service.metadata.namespace, service.spec.selector or {}))


def member_pods(service: Service, objects: Objects) -> tuple[Pod, ...]:
    """The same pods, of which only names, labels and owners are read (`Objects.members`)."""
    return of_kind(Pod, objects.members(PODS, service.metadata.namespace, service.spec.selector or {}))


def backing_of(service: Service, objects: Objects, port: ServicePort | None = None) -> Backing:
    """Ready endpoints behind a Service; with `port`, only those that serve it.

    If EndpointSlices cannot be read, falls back to the selector's ready pods. Without pods nothing says whose they are;
    then the status of workloads does, and of endpoints that none of them can have it stays unknown.
    """
    counts: Counter[str] = Counter()
    by_status = not objects.known(PODS)
    if objects.known(ENDPOINTSLICES) or not by_status:
        found = ready_endpoints(service, objects, port)
        counts.update(home_of(endpoint.pod, objects) if endpoint.pod else "" for endpoint in found)
        by_status = by_status and any(endpoint.names_pod for endpoint in found)
    if by_status:
        ready = {
            workload.metadata.uid: workload.status.ready_replicas
            for workload in workloads_matching(service.spec.selector or {}, service.metadata.namespace, objects)
            if workload.status.ready_replicas > 0
        }
        counts.update(ready)
        counts[""] = max(counts[""] - sum(ready.values()), 0)
    return Backing(tuple(sorted((uid, count) for uid, count in counts.items() if count)))


@dataclass(frozen=True, slots=True)
class ReadyEndpoint:
    """One endpoint that receives requests. `pod` is None if it is not a pod, or one that is not read (yet)."""

    name: str
    names_pod: bool
    pod: Pod | None = None


def ready_endpoints(service: Service, objects: Objects, port: ServicePort | None = None) -> tuple[ReadyEndpoint, ...]:
    """The ready endpoints behind a Service; its ready pods if EndpointSlices cannot be read.

    An endpoint in several slices counts once.
    """
    if not objects.known(ENDPOINTSLICES):
        ready = [pod for pod in selected_pods(service, objects) if pod.ready] if objects.known(PODS) else []
        return tuple(ReadyEndpoint(pod.metadata.name, True, pod) for pod in ready)
    found: dict[str, ReadyEndpoint] = {}
    # One question for all pods that the Service selects, which are those of its endpoints: a question for each would
    # be remembered for each.
    selected = {pod.metadata.name: pod for pod in selected_pods(service, objects)}
    known = objects.known(PODS)
    for part in slices_of(objects, service.metadata.namespace, service.metadata.name):
        if not _serves(part, service, port):
            continue
        for endpoint in part.endpoints or ():
            if endpoint.conditions.ready is False:
                continue
            target, address = endpoint.target_ref, endpoint.addresses[0] if endpoint.addresses else ""
            if target is None or target.kind != "Pod":
                found.setdefault(address, ReadyEndpoint(address, False))
                continue
            pod = selected.get(target.name)
            if pod is None and known:
                pod = find_pod(objects, service.metadata.namespace, target.name)
            found.setdefault(target.uid or target.name, ReadyEndpoint(target.name, True, pod))
    return tuple(found.values())


def _serves(part: EndpointSlice, service: Service, port: ServicePort | None) -> bool:
    """Whether a slice serves a port, or any port for None: it uses the Service's port names.

    Pods that have none of the ports are in slices without ports (discovery.k8s.io/v1, EndpointSlice.ports).
    """
    if not part.ports:
        return not service.spec.ports or (port is None and is_headless(service))
    return port is None or any((p.name or "") == (port.name or "") for p in part.ports)


def portless_pods(service: Service, objects: Objects) -> frozenset[str]:
    """Names of the ready pods that a Service selects and that have none of its ports: they get none of its requests.

    A `targetPort` by name is looked up in each pod, and nothing else tells that a pod lacks it.
    """
    if not objects.known(ENDPOINTSLICES) or not service.spec.ports or is_headless(service):
        return frozenset()
    parts = slices_of(objects, service.metadata.namespace, service.metadata.name)
    return frozenset(
        endpoint.target_ref.name
        for part in parts
        if not part.ports
        for endpoint in part.endpoints or ()
        if endpoint.conditions.ready is not False and endpoint.target_ref and endpoint.target_ref.kind == "Pod"
    )


def portless_words(service: Service, objects: Objects, port: ServicePort | None = None) -> str:
    """That its ready pods lack the port that it names, worded to follow "Service NAME"; "" if one has it.

    `port` is the one that a backend names; None for all of them.
    """
    wanted = [port.target_port for port in ([port] if port else service.spec.ports or ())]
    names = list(dict.fromkeys(name for name in wanted if isinstance(name, str)))
    if not names or is_headless(service) or ready_endpoints(service, objects, port):
        return ""
    lacking = portless_pods(service, objects) or (port is not None and ready_endpoints(service, objects))
    return portless_clause(names) if lacking else ""


def portless_clause(names: Sequence[str]) -> str:
    """Why ready pods that lack the ports of these names get no requests, worded to follow "Service NAME"."""
    return f"sends to a port named {listed(list(names))}, which the containers of its ready pods do not have"


def lacking_ports(service: Service, workload: Workload) -> tuple[str, ...]:
    """The target ports by name of a Service of which the pods of a workload would have none; () if they have one.

    The names of a pod's ports are searched in its containers, sidecars among the init containers included
    (kubernetes, pkg/api/v1/pod, FindPort).
    """
    wanted = [port.target_port for port in service.spec.ports or ()]
    names = tuple(dict.fromkeys(port for port in wanted if isinstance(port, str)))
    if not names or len(names) < len(set(wanted)) or is_headless(service):
        return ()
    have = {text(port, "name") for port in _declared(workload)}
    return names if have.isdisjoint(names) else ()


def undeclared_ports(service: Service, workload: Workload) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The target ports by number of a Service and those that a workload's containers declare, if none is in both.

    Else both are empty, and so they are where nothing is declared: a container may listen on any port (core/v1,
    Container.ports).
    """
    ports = service.spec.ports or ()
    wanted = [port.port if port.target_port is None else port.target_port for port in ports]
    numbers = tuple(dict.fromkeys(port for port in wanted if isinstance(port, int)))
    if not numbers or len(numbers) < len(set(wanted)) or is_headless(service):
        return (), ()
    found = (port.get("containerPort") for port in _declared(workload))
    have = tuple(sorted({number for number in found if isinstance(number, int)}))
    return (numbers, have) if have and not set(have) & set(numbers) else ((), ())


def _declared(workload: Workload) -> Iterator[Mapping[str, Any]]:
    """The ports that its containers declare, those of sidecars among the init containers included."""
    spec = mapping(msgspec.json.decode(workload.spec.raw_template), "spec")
    for container in (*entries(spec, "containers"), *entries(spec, "initContainers")):
        yield from entries(container, "ports")


def reached(pods: Iterable[Pod], ready: int, portless: Collection[str]) -> int:
    """How many of the `ready` pods get requests: not those of `pods` that are `portless`."""
    return ready - sum(pod.ready and pod.metadata.name in portless for pod in pods) if portless else ready
