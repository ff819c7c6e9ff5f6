"""Where a destination leads: its Service and subset, the pods that both select, the versions there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cockpit.model.fields import entries, text
from cockpit.model.lookup import Objects
from cockpit.model.objects import BackendPort, Pod, Service
from cockpit.model.refs import PODS
from cockpit.model.values import dataclass
from cockpit.routers.istio.destination_rules import Viewer, rules_in_force, rules_naming
from cockpit.routers.istio.routes import Destination, Subset, subsets_of
from cockpit.workloads.endpoints import backing_of, is_alias, port_of, portless_clause, portless_pods, selected_pods
from cockpit.workloads.findings import listed
from cockpit.workloads.lookups import find_service
from cockpit.workloads.missed import missed_words
from cockpit.workloads.others import NO_OTHERS, Others
from cockpit.workloads.owners import workloads_matching
from cockpit.workloads.versions import Candidate, candidate_of, ownerless_candidates

# Subsets of rules that do not count which are searched for a name.
_MOST_SUBSETS = 1000
# Labels that a sentence names.
_MOST_LABELS = 3


@dataclass(frozen=True, slots=True)
class DestinationVersions:
    """One destination. `missing` says why nothing can answer for it (its share gets 503); "" if pods can.

    `counts` are the ready endpoints by candidate's uid, "" for those of `others`, which no version owns. A side without
    known pods has one faceless candidate. `unserved` is why pods that seem meant for it get none of its requests, "" if
    nothing speaks for any.
    """

    target: Destination
    service: Service | None
    subset: Subset | None
    missing: str
    counts: tuple[tuple[str, int], ...]
    candidates: tuple[Candidate, ...]
    others: Others = NO_OTHERS
    unserved: str = ""

    @property
    def uids(self) -> tuple[str, ...]:
        return tuple(c.uid for c in self.candidates)

    @property
    def ready(self) -> int:
        return sum(count for _, count in self.counts)

    @property
    def empty(self) -> bool:
        """Whether requests sent here get 503."""
        return not self.ready

    def fractions(self) -> Mapping[str, float]:
        """How requests spread over the versions here, with even balancing; if none is ready, as if all were."""
        if self.ready:
            return {uid: count / self.ready for uid, count in self.counts if uid}
        return {uid: 1 / len(self.uids) for uid in self.uids}


def subsets_for(host: str, viewer: Viewer, objects: Objects) -> dict[str, Subset]:
    """The subsets of a host by name; if several DestinationRules have the same name, the first counts."""
    found: dict[str, Subset] = {}
    for rule in rules_in_force(host, viewer, objects):
        for subset in subsets_of(rule):
            found.setdefault(subset.name, subset)
    return found


def side_of(
    target: Destination, viewer: Viewer, objects: Objects, subsets: Mapping[str, Subset] | None = None
) -> DestinationVersions:
    """The destination as the proxies of `viewer` know it.

    `subsets` are the host's; a caller with many destinations of a host reads them once.
    """
    if subsets is None:
        subsets = subsets_for(target.host, viewer, objects)
    place = target.service
    service = find_service(objects, *place) if place else None
    subset = subsets.get(target.subset)
    # A Service in a namespace that is not read may exist.
    missing = "" if place and not objects.covers(place[0]) else _missing(target, service, subset, viewer, objects)
    portless = missing and service is not None and (subset is not None or not target.subset) and not is_alias(service)
    if missing and not portless:
        return DestinationVersions(target, service, subset, missing, (), (_faceless(target),))
    if service is None or is_alias(service):
        outside = _faceless(target)
        return DestinationVersions(target, service, subset, "", ((outside.uid, 1),), (outside,))
    labels = {**(service.spec.selector or {}), **(subset.labels if subset else {})}
    own = service.metadata.namespace
    known = [candidate_of(w, objects) for w in workloads_matching(labels, own, objects)] if labels else []
    pods = [p for p in selected_pods(service, objects) if labels.items() <= (p.metadata.labels or {}).items()]
    ownerless = ownerless_candidates(pods, {c.uid for c in known}, objects)
    # Beside workloads, pods of nobody are no versions: no act leads to them, and they count as others.
    candidates = tuple(known) or ownerless
    port = port_of(service, BackendPort(target.port)) if target.port else None
    backing = backing_of(service, objects, port)
    uids = {c.uid for c in candidates}
    counts = tuple((uid, count) for uid, count in backing.counts if uid in uids)
    if missing:
        # The versions are known, and nothing gets to them.
        return DestinationVersions(target, service, subset, missing, (), candidates or (_faceless(target),))
    if candidates:
        loose = tuple(pod for one in ownerless if one.uid not in uids for pod in one.pods if pod.ready)
        others = Others(loose, through=str(target))
        counts += (("", others.ready),) if others.ready else ()
        unserved = "" if counts else _unserved(service, subset, pods, objects)
        return DestinationVersions(target, service, subset, "", counts, candidates, others, unserved)
    # Endpoints written by others: versions cannot be told apart. For a subset they would need its labels.
    ready = 0 if target.subset else backing.total
    nobody = _faceless(target, ready)
    unserved = "" if ready else _unserved(service, subset, pods, objects)
    counts = ((nobody.uid, ready),) if ready else ()
    return DestinationVersions(target, service, subset, "", counts, (nobody,), unserved=unserved)


def _unserved(service: Service, subset: Subset | None, pods: Sequence[Pod], objects: Objects) -> str:
    """Why a destination without endpoints has none, by its Service and subset; `pods` are those that both select."""
    what = f"Service {service.metadata.namespace}/{service.metadata.name}"
    selector, labels = service.spec.selector or {}, subset.labels if subset else {}
    if subset and (against := {key: value for key, value in labels.items() if selector.get(key, value) != value}):
        narrow = _labelled({key: selector[key] for key in against})
        return f"{what} selects {narrow} only, and subset {subset.name} asks for {_labelled(against)}"
    ready = [pod for pod in pods if pod.ready]
    if ready and portless_pods(service, objects).issuperset(pod.metadata.name for pod in ready):
        named = [str(port.target_port) for port in service.spec.ports or () if isinstance(port.target_port, str)]
        return f"its Service {portless_clause(named)}" if named else ""
    if missed := missed_words(service, objects):
        return f"its Service {missed}"
    everybody = selected_pods(service, objects)
    if subset is None or objects.unread(PODS) or not any(pod.ready for pod in everybody):
        return ""
    lacking = {k: v for k, v in labels.items() if not any((p.metadata.labels or {}).get(k) == v for p in everybody)}
    if not lacking or workloads_matching({**selector, **labels}, service.metadata.namespace, objects):
        return ""
    return f"no pod of {what} has {_labelled(lacking)}, which subset {subset.name} asks for"


def _labelled(labels: Mapping[str, str]) -> str:
    return listed([f"{key}={value}" for key, value in sorted(labels.items())][:_MOST_LABELS])


def _missing(
    target: Destination, service: Service | None, subset: Subset | None, viewer: Viewer, objects: Objects
) -> str:
    if target.service is None:
        return ""  # a ServiceEntry may define it
    if service is None:
        return f"Service {'/'.join(target.service)} does not exist"
    if target.subset and subset is None:
        rules = rules_naming(target.host, viewer.namespace, objects)
        named = (text(raw, "name") for rule in rules for raw in entries(rule.spec, "subsets")[:_MOST_SUBSETS])
        if target.subset in named:
            return f"proxies of namespace {viewer.client} do not go by the DestinationRule with subset {target.subset}"
        return f"no DestinationRule for {target.host} has a subset {target.subset}"
    bare = is_alias(service) and not service.spec.ports
    if target.port and not bare and port_of(service, BackendPort(target.port)) is None:
        return f"Service {'/'.join(target.service)} has no port {target.port}"
    return ""


def _faceless(target: Destination, ready: int = 0) -> Candidate:
    """The candidate that answers for a destination whose pods are not known."""
    title = target.subset or (target.service[1] if target.service else target.host)
    return Candidate(f"target/{target.host}/{target.subset}", title, None, {}, (), (), ready, ready, "")
