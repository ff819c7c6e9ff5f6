"""What stands ready behind a Service, counted by workload.

EndpointSlices are the truth that proxies obey (discovery.k8s.io/v1): absent `ready` means true.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from cockpit.model.lookup import Objects
from cockpit.model.objects import BackendPort, EndpointSlice, Pod, Service, ServicePort
from cockpit.model.refs import ENDPOINTSLICES, PODS
from cockpit.workloads.lookups import find_pod, of_kind, slices_of
from cockpit.workloads.owners import home_of, workloads_matching


@dataclass(frozen=True, slots=True)
class Backing:
    """Ready endpoints of a Service by the uid of what keeps them; "" for those of nothing known."""

    counts: tuple[tuple[str, int], ...] = ()

    @property
    def total(self) -> int:
        return sum(count for _, count in self.counts)

    def count(self, uid: str) -> int:
        return dict(self.counts).get(uid, 0)

    def fraction(self, uid: str) -> float:
        """Share of connections that even balancing gives to `uid`; 0 when nothing is ready."""
        return self.count(uid) / self.total if self.total else 0.0


def port_of(service: Service, wanted: BackendPort) -> ServicePort | None:
    """The Service port that a backend names, by number or by name."""
    for port in service.spec.ports or ():
        if port.port == wanted.number or (wanted.name is not None and port.name == wanted.name):
            return port
    return None


def selected_pods(service: Service, objects: Objects) -> tuple[Pod, ...]:
    """Pods that the selector picks, ready or not; none where others manage the endpoints."""
    return of_kind(Pod, objects.selected(PODS, service.metadata.namespace, service.spec.selector or {}))


def backing_of(service: Service, objects: Objects, port: ServicePort | None = None) -> Backing:
    """Ready endpoints behind a Service; with `port` only those that serve it.

    Falls back to ready pods by selector, then to what workloads report, where slices or pods cannot be read.
    """
    counts: Counter[str] = Counter()
    if objects.known(ENDPOINTSLICES):
        for uid in _ready_endpoints(service, objects, port):
            counts[uid] += 1
    elif objects.known(PODS):
        counts.update(home_of(pod, objects) for pod in selected_pods(service, objects) if pod.ready)
    else:
        for workload in workloads_matching(service.spec.selector or {}, service.metadata.namespace, objects):
            counts[workload.metadata.uid] += max(workload.status.ready_replicas, 0)
    return Backing(tuple(sorted((uid, count) for uid, count in counts.items() if count)))


def _ready_endpoints(service: Service, objects: Objects, port: ServicePort | None) -> list[str]:
    """The home of each ready endpoint; an endpoint that is in several slices counts once."""
    homes: dict[str, str] = {}
    for part in slices_of(objects, service.metadata.namespace, service.metadata.name):
        if port is not None and not _serves(part, port):
            continue
        for endpoint in part.endpoints or ():
            if endpoint.conditions.ready is False:
                continue
            target = endpoint.target_ref
            if target is None or target.kind != "Pod":
                homes.setdefault(endpoint.addresses[0] if endpoint.addresses else "", "")
                continue
            pod = find_pod(objects, service.metadata.namespace, target.name)
            homes.setdefault(target.uid or target.name, home_of(pod, objects) if pod else "")
    return list(homes.values())


def _serves(part: EndpointSlice, port: ServicePort) -> bool:
    """A slice names its ports as the Service does; one without ports says nothing about them."""
    return not part.ports or any((p.name or "") == (port.name or "") for p in part.ports)
