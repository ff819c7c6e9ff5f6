"""Where a destination leads: its Service and subset, the pods that both select, the versions there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cockpit.model.lookup import Objects
from cockpit.model.objects import BackendPort, Service
from cockpit.routers.istio.routes import Subset, Target, rules_for, subsets_of
from cockpit.workloads.endpoints import backing_of, port_of, selected_pods
from cockpit.workloads.lookups import find_service
from cockpit.workloads.owners import workloads_matching
from cockpit.workloads.versions import Candidate, candidate_of, stray_candidates


@dataclass(frozen=True, slots=True)
class Side:
    """One destination. `missing` says why nothing answers for it at all (its share gets 503); "" where pods can.

    `counts` are the ready endpoints by candidate's uid. A side that no pods are known of has one faceless candidate.
    """

    target: Target
    service: Service | None
    subset: Subset | None
    missing: str
    counts: tuple[tuple[str, int], ...]
    candidates: tuple[Candidate, ...]

    @property
    def uids(self) -> tuple[str, ...]:
        return tuple(c.uid for c in self.candidates)

    @property
    def ready(self) -> int:
        return sum(count for _, count in self.counts)

    @property
    def empty(self) -> bool:
        """Whether requests that are sent here get 503."""
        return not self.ready

    def fractions(self) -> Mapping[str, float]:
        """How requests spread over the versions here, by even balancing; where none is ready, as if all were."""
        if self.ready:
            return {uid: count / self.ready for uid, count in self.counts}
        return {uid: 1 / len(self.uids) for uid in self.uids}


def subsets_for(host: str, namespace: str, objects: Objects) -> tuple[Subset, ...]:
    """The subsets of a host; of one name in several DestinationRules the first counts."""
    found: dict[str, Subset] = {}
    for rule in rules_for(host, namespace, objects):
        for subset in subsets_of(rule):
            found.setdefault(subset.name, subset)
    return tuple(found.values())


def side_of(target: Target, namespace: str, objects: Objects) -> Side:
    """The destination as a VirtualService of `namespace` names it."""
    place = target.service
    service = find_service(objects, *place) if place else None
    subset = next((s for s in subsets_for(target.host, namespace, objects) if s.name == target.subset), None)
    missing = _missing(target, service, subset)
    if missing:
        return Side(target, service, subset, missing, (), (_faceless(target),))
    if service is None or service.spec.type == "ExternalName":
        outside = _faceless(target)
        return Side(target, service, subset, "", ((outside.uid, 1),), (outside,))
    labels = {**(service.spec.selector or {}), **(subset.labels if subset else {})}
    own = service.metadata.namespace
    known = [candidate_of(w, objects) for w in workloads_matching(labels, own, objects)] if labels else []
    pods = [p for p in selected_pods(service, objects) if labels.items() <= (p.metadata.labels or {}).items()]
    strays = stray_candidates(pods, {c.uid for c in known}, objects)
    candidates = (*known, *strays)
    port = port_of(service, BackendPort(target.port)) if target.port else None
    backing = backing_of(service, objects, port)
    uids = {c.uid for c in candidates}
    counts = tuple((uid, count) for uid, count in backing.counts if uid in uids)
    if candidates:
        return Side(target, service, subset, "", counts, candidates)
    # Endpoints that others write: nothing tells versions apart. Of a subset they would have to have its labels.
    ready = 0 if target.subset else backing.total
    nobody = _faceless(target, ready)
    return Side(target, service, subset, "", ((nobody.uid, ready),) if ready else (), (nobody,))


def _missing(target: Target, service: Service | None, subset: Subset | None) -> str:
    if target.service is None:
        return ""  # a ServiceEntry may say where it is
    if service is None:
        return f"Service {'/'.join(target.service)} does not exist"
    if target.subset and subset is None:
        return f"no DestinationRule for {target.host} has a subset {target.subset}"
    if target.port and port_of(service, BackendPort(target.port)) is None:
        return f"Service {'/'.join(target.service)} has no port {target.port}"
    return ""


def _faceless(target: Target, ready: int = 0) -> Candidate:
    """Whatever answers for a destination of which no pods are known."""
    title = target.subset or (target.service[1] if target.service else target.host)
    return Candidate(f"target/{target.host}/{target.subset}", title, None, {}, (), (), ready, ready, "")
