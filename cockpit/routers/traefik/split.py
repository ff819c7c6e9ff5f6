"""The split that a TraefikService makes: its weights down to the Services at the end, and the versions behind them.

Weights are parts of their sum, one that is not written is 1, and one of 0 or less gets nothing. A Service without ready
pods keeps its share, of which every request gets 503. What Traefik cannot resolve takes the whole TraefikService with
it, whatever its weight: then every request gets 404 (Traefik 3.7, pkg/provider/kubernetes/crd/kubernetes_http.go and
pkg/server/service/loadbalancer/wrr).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from cockpit.model.fields import entries, mapping, text, whole
from cockpit.model.lanes import DEFAULT_LANE
from cockpit.model.lookup import Objects
from cockpit.model.objects import TraefikService
from cockpit.model.refs import TRAEFIKSERVICE_VERSIONS, TRAEFIKSERVICES, Resource
from cockpit.model.rollout import Lane, Role, Share, Version
from cockpit.model.values import dataclass
from cockpit.planning.stable_version import stable_of
from cockpit.routers.backends import BackendVersions, Upstream, faceless, side_of
from cockpit.routers.version_lookup import VersionLookup
from cockpit.workloads.endpoints import Backing
from cockpit.workloads.versions import Candidate, versions_of

# TraefikServices within each other, and Services at the end of them: far above what people write.
_DEEPEST = 8
_MOST_ENDS = 200


@dataclass(frozen=True, slots=True)
class WeightedEnd:
    """A Service at the end of a TraefikService's weights, and the fraction of the requests that they give it.

    `fault` says why Traefik cannot resolve it, as it reads after the TraefikService's name. `unread` is true where
    something that is not read decides which Service gets the requests.
    """

    namespace: str
    share: float
    side: BackendVersions
    fault: str = ""
    unread: bool = False

    @property
    def service(self) -> str:
        return f"{self.namespace}/{self.side.upstream.service}"


@dataclass(frozen=True, slots=True)
class TraefikSplit(VersionLookup):
    """A TraefikService that leads to more than one Service, with the versions behind it, the oldest first."""

    service: TraefikService
    ends: tuple[WeightedEnd, ...]
    candidates: tuple[Candidate, ...]
    versions: tuple[Version, ...]

    @property
    def sides(self) -> tuple[BackendVersions, ...]:
        """Each Service once."""
        return tuple({(end.namespace, str(end.side.upstream)): end.side for end in self.ends}.values())

    @property
    def lost(self) -> float:
        """The fraction of the requests whose weights are all 0."""
        return 0.0 if len(self.ends) >= _MOST_ENDS else max(1.0 - sum(end.share for end in self.ends), 0.0)

    def written(self) -> Mapping[str, float]:
        """The share of each version by uid."""
        found: dict[str, float] = {}
        for end in self.ends:
            parts = end.side.fractions() or {uid: 1 / len(end.side.uids) for uid in end.side.uids}
            for uid, part in parts.items():
                found[uid] = found.get(uid, 0.0) + end.share * part
        return found


def split_of(service: TraefikService, objects: Objects, group: Resource = TRAEFIKSERVICES) -> TraefikSplit | None:
    """The split of a TraefikService; None where it leads to one Service, or does not split by weight."""
    reading = _Reading(objects, group)
    ends = tuple(islice(_ends(service, 1.0, (), reading), _MOST_ENDS))
    if len({end.service for end in ends}) < 2:
        return None
    found = {c.uid: c for end in ends for c in end.side.candidates}
    # What nobody knows the age of, such as a Service that is not there, is not the stable version.
    candidates = tuple(sorted(found.values(), key=lambda c: (not c.born, c.age_key)))
    split = TraefikSplit(service, ends, candidates, ())
    taking = {uid for uid, share in split.written().items() if share}
    serving = {uid for end in ends if not end.fault for uid, part in end.side.fractions().items() if part}
    stable = stable_of([c.uid for c in candidates], taking, serving)
    roles = {c.uid: Role.STABLE if c.uid == stable else Role.CANARY for c in candidates}
    return replace(split, versions=versions_of(candidates, roles))


def lanes_of(split: TraefikSplit) -> tuple[Lane, ...]:
    """One lane: a TraefikService looks at nothing of a request."""
    written = split.written()
    shares = tuple(Share(v.name, written.get(c.uid, 0.0), written.get(c.uid, 0.0)) for v, c in split.named)
    mixed = any(len(end.side.fractions()) > 1 for end in split.ends)
    return (Lane(DEFAULT_LANE, "", shares, (), derived=mixed),)


def find_traefik_service(
    objects: Objects, namespace: str, name: str, group: Resource = TRAEFIKSERVICES
) -> TraefikService | None:
    found = objects.get(group, namespace, name)
    return found if isinstance(found, TraefikService) else None


@dataclass(frozen=True, slots=True)
class _Reading:
    """The objects, and the API group in which names of other TraefikServices are looked up first."""

    objects: Objects
    group: Resource

    def named(self, namespace: str, name: str) -> TraefikService | None:
        """Traefik 2.10 serves both groups, and a name is looked up in both."""
        groups = (self.group, *(each for each in TRAEFIKSERVICE_VERSIONS if each != self.group))
        found = (find_traefik_service(self.objects, namespace, name, group) for group in groups)
        return next(filter(None, found), None)


def _ends(
    service: TraefikService, share: float, above: tuple[tuple[str, str], ...], reading: _Reading
) -> Iterator[WeightedEnd]:
    """What is at the end of its weights, where it gets `share`; every branch ends in one, so that a bound holds."""
    place = service.metadata.namespace
    listed = entries(service.spec, "weighted", "services")
    weights = [weight_of(entry) for entry in listed]
    total = sum(weights)
    for entry, weight in zip(listed, weights, strict=True):
        part = share * weight / total if total else 0.0
        yield from _end(entry, part, place, (*above, (place, service.metadata.name)), reading)


def _end(
    entry: object, share: float, place: str, above: tuple[tuple[str, str], ...], reading: _Reading
) -> Iterator[WeightedEnd]:
    namespace, name = text(entry, "namespace") or place, text(entry, "name")
    if text(entry, "kind") != "TraefikService":
        yield service_end(entry, share, namespace, name, reading.objects)
        return
    if "@" in name:
        yield _blank(namespace, name, share, unread=True)
        return
    nested = reading.named(namespace, name)
    if (namespace, name) in above:
        yield _blank(namespace, name, share, f"leads back to itself through TraefikService {namespace}/{name}")
    elif nested is None:
        yield _blank(namespace, name, share, f"names TraefikService {namespace}/{name}, which does not exist")
    elif len(above) >= _DEEPEST:
        yield _blank(namespace, name, share, unread=True)
    elif entries(nested.spec, "weighted", "services"):
        yield from _ends(nested, share, above, reading)
    elif main := mapping(nested.spec, "mirroring"):
        # The mirrored Service answers; what the mirrors answer nobody sees.
        yield from _end(main, share, namespace, (*above, (namespace, name)), reading)
    else:
        yield _blank(namespace, name, share, unread=True)


def service_end(entry: object, share: float, namespace: str, name: str, objects: Objects) -> WeightedEnd:
    """The Service that an entry of a list of services names, with what is wrong with that."""
    upstream = Upstream(name, whole(entry, "port"), text(entry, "port") or None)
    side, fault = side_of(upstream, namespace, objects), ""
    if side.service is None:
        fault = f"names Service {namespace}/{name}, which {side.trouble}"
    elif upstream.number is None and upstream.port_name is None:
        fault = f"names no port of Service {namespace}/{name}"
    elif not side.has_port:
        fault = f"names Service {namespace}/{name}, which {side.trouble}"
    if not side.candidates:
        side = replace(side, candidates=(faceless(upstream, 0),))
    return WeightedEnd(namespace, share, side, fault)


def _blank(namespace: str, name: str, share: float, fault: str = "", *, unread: bool = False) -> WeightedEnd:
    """Something that is not a Service; where it is not at fault, it answers somehow."""
    upstream, ready = Upstream(name, None, None), 0 if fault else 1
    backing = Backing((("", ready),)) if ready else Backing()
    return WeightedEnd(
        namespace, share, BackendVersions(upstream, None, True, backing, (faceless(upstream, ready),)), fault, unread
    )


def weight_of(entry: object) -> int:
    """What it weighs beside the others: 1 if that is not written, nothing below 0."""
    written = whole(entry, "weight")
    return 1 if written is None else max(written, 0)
