"""A backend of a router's object: its Service and port, what stands ready behind it, the versions there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cockpit.model.lookup import Objects
from cockpit.model.objects import BackendPort, Service
from cockpit.workloads.endpoints import Backing, backing_of, port_of, selected_pods
from cockpit.workloads.lookups import find_service
from cockpit.workloads.owners import workloads_matching
from cockpit.workloads.versions import Candidate, candidate_of, stray_candidates


@dataclass(frozen=True, slots=True)
class Upstream:
    """A Service and its port, as a backend names them."""

    service: str
    number: int | None
    port_name: str | None

    @property
    def port(self) -> BackendPort:
        return BackendPort(self.number, self.port_name)

    def __str__(self) -> str:
        return f"{self.service}:{self.port_name or self.number}"


@dataclass(frozen=True, slots=True)
class Side:
    """One backend: its Service (None where missing), what stands ready behind it, the versions there."""

    upstream: Upstream
    service: Service | None
    has_port: bool
    backing: Backing
    candidates: tuple[Candidate, ...]

    @property
    def uids(self) -> tuple[str, ...]:
        return tuple(c.uid for c in self.candidates)

    @property
    def empty(self) -> bool:
        return self.backing.total == 0

    def fractions(self) -> Mapping[str, float]:
        """How one request spreads over the versions here; they sum to 1, or to 0 when nothing is ready."""
        if self.empty or not self.candidates:
            return {}
        counts = {uid: self.backing.count(uid) for uid in self.uids}
        known = sum(counts.values())
        if known:
            return {uid: count / known for uid, count in counts.items()}
        # Endpoints whose pods are not read yet: nothing tells the versions apart.
        return {uid: 1 / len(counts) for uid in counts}


def side_of(upstream: Upstream, namespace: str, objects: Objects) -> Side:
    """A backend with what stands behind it; without candidates where the Service is missing."""
    service = find_service(objects, namespace, upstream.service)
    if service is None:
        return Side(upstream, None, False, Backing(), ())
    port = port_of(service, upstream.port)
    backing = backing_of(service, objects, port) if port else Backing()
    if service.spec.type == "ExternalName":
        backing = Backing((("", 1),))
    known = [candidate_of(w, objects) for w in workloads_matching(service.spec.selector or {}, namespace, objects)]
    strays = stray_candidates(selected_pods(service, objects), {c.uid for c in known}, objects)
    candidates = (*known, *strays) or (faceless(upstream, backing.total),)
    return Side(upstream, service, port is not None, backing, candidates)


def faceless(upstream: Upstream, ready: int) -> Candidate:
    """Whatever answers for a Service of which no pods are known."""
    return Candidate(f"service/{upstream.service}", upstream.service, None, {}, (), (), ready, ready, "")
