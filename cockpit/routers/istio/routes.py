"""VirtualServices and DestinationRules as values: routes in order, destinations with weights, subsets with labels.

Source: istio/api, networking/v1/virtual_service.proto and destination_rule.proto; istio,
pilot/pkg/networking/core/route: the first route that matches wins; one destination takes all whatever its weight
says; of several each gets weight by sum, and one without weight gets nothing. Invalid entries are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cockpit.model.lookup import Objects
from cockpit.model.objects import DestinationRule, VirtualService
from cockpit.model.objects.istio import full_host, service_of, texts
from cockpit.model.refs import VIRTUALSERVICE_VERSIONS
from cockpit.model.values import dataclass
from cockpit.routers.istio.matches import IstioMatch, matches_of
from cockpit.workloads.lookups import served

MESH = "mesh"
ROOT_NAMESPACE = "istio-system"
HTTP, PROTOCOLS = "http", ("http", "tls", "tcp")
# Each block is compared with all blocks before it, and each destination with all others, so the count is bounded.
MOST_BLOCKS, MOST_PARTS = 150, 600
MOST_GATEWAYS = 50


@dataclass(frozen=True, slots=True, order=True)
class Destination:
    """Where requests go: a full host and a subset of it ("": the whole host). `port` None: the only or the first."""

    host: str
    subset: str = ""
    port: int | None = None

    @property
    def service(self) -> tuple[str, str] | None:
        """Namespace and name of the Service; None for hosts outside the cluster."""
        return service_of(self.host)

    @property
    def place(self) -> tuple[str, str]:
        """Host and subset: what a weight is for."""
        return (self.host, self.subset)

    def __str__(self) -> str:
        name = self.service[1] if self.service else self.host
        return f"{name} subset {self.subset}" if self.subset else name


@dataclass(frozen=True, slots=True)
class WeightedDestination:
    """One entry of a route. `weight` is as written, None if it is missing or not a number."""

    target: Destination
    weight: int | None


@dataclass(frozen=True, slots=True)
class IstioRoute:
    """One entry of `spec.http` (or `tls`, `tcp`: `protocol`), at `index`.

    `raw` is it as the API has it; `other` is what it does without destinations.
    """

    index: int
    name: str
    matches: tuple[IstioMatch, ...]
    weighted: tuple[WeightedDestination, ...]
    raw: Mapping[str, Any]
    other: str = ""
    protocol: str = HTTP

    @property
    def total(self) -> int:
        """The sum of the weights; a single destination needs none."""
        return 100 if len(self.weighted) == 1 else sum(max(entry.weight or 0, 0) for entry in self.weighted)

    def shares(self) -> tuple[tuple[Destination, float], ...]:
        """Each destination with its share of the requests that match the route; all 0 if no weight is above 0."""
        if len(self.weighted) == 1:
            return ((self.weighted[0].target, 1.0),)
        total = self.total
        return tuple((entry.target, max(entry.weight or 0, 0) / total if total else 0.0) for entry in self.weighted)

    @property
    def catches_all(self) -> bool:
        return any(not match.conditions and match.gateways is None for match in self.matches)


def routes_of(service: VirtualService, protocol: str = HTTP) -> tuple[IstioRoute, ...]:
    """The routes of a protocol in the order in which they are tried; only the first if too many (see `is_cut`)."""
    found: list[IstioRoute] = []
    blocks = parts = 0
    for index, raw in enumerate(_entries(service, protocol)):
        if isinstance(raw, dict):
            route = _route(index, raw, service.metadata.namespace, protocol)
            blocks += len(route.matches)
            parts += len(route.weighted) + sum(len(match.conditions) for match in route.matches)
            if blocks > MOST_BLOCKS or parts > MOST_PARTS:
                break
            found.append(route)
    return tuple(found)


def is_cut(service: VirtualService) -> bool:
    """Whether it has more routes than are read."""
    return any(_is_cut(service, protocol) for protocol in PROTOCOLS)


def _is_cut(service: VirtualService, protocol: str) -> bool:
    last = next(reversed(routes_of(service, protocol)), None)
    return len(_entries(service, protocol)) > (last.index + 1 if last else 0)


def _entries(service: VirtualService, protocol: str) -> list[Any]:
    spec = service.spec if isinstance(service.spec, dict) else {}
    entries = spec.get(protocol)
    return entries if isinstance(entries, list) else []


def _route(index: int, raw: Mapping[str, Any], namespace: str, protocol: str) -> IstioRoute:
    weighted = tuple(_weighted(raw.get("route"), namespace))
    other = next((key for key in ("redirect", "directResponse", "delegate") if isinstance(raw.get(key), dict)), "")
    name = raw.get("name")
    return IstioRoute(
        index,
        name if isinstance(name, str) else "",
        matches_of(raw),
        weighted,
        raw,
        "" if weighted else other,
        protocol,
    )


def mirrors_of(route: IstioRoute, namespace: str) -> Iterator[Destination]:
    """Where copies of the requests go, whose answers are dropped: `mirror` and `mirrors` of a route."""
    mirrors = route.raw.get("mirrors")
    entries = [e.get("destination") for e in (mirrors if isinstance(mirrors, list) else ()) if isinstance(e, dict)]
    found = (_destination(raw, namespace) for raw in (route.raw.get("mirror"), *entries))
    yield from (target for target in found if target)


def _destination(raw: Any, namespace: str) -> Destination | None:
    host = raw.get("host") if isinstance(raw, dict) else None
    if not isinstance(host, str) or not host:
        return None
    subset, port = raw.get("subset"), raw.get("port")
    number = port.get("number") if isinstance(port, dict) else None
    return Destination(
        full_host(host, namespace),
        subset if isinstance(subset, str) else "",
        number if isinstance(number, int) else None,
    )


def _weighted(entries: Any, namespace: str) -> Iterator[WeightedDestination]:
    for entry in entries if isinstance(entries, list) else ():
        target = _destination(entry.get("destination"), namespace) if isinstance(entry, dict) else None
        if target is None:
            continue
        weight = entry.get("weight")
        yield WeightedDestination(target, weight if isinstance(weight, int) and not isinstance(weight, bool) else None)


def hosts_of(service: VirtualService) -> tuple[str, ...]:
    """The full hosts that it is for; none for a delegate."""
    spec = service.spec if isinstance(service.spec, dict) else {}
    return tuple(full_host(host, service.metadata.namespace) for host in texts(spec.get("hosts")))


def gateways_of(service: VirtualService) -> tuple[str, ...]:
    """`mesh`, and gateways as "namespace/name"; without any it applies to the mesh only."""
    spec = service.spec if isinstance(service.spec, dict) else {}
    named = texts(spec.get("gateways")) or [MESH]
    return tuple(name if name == MESH else _gateway_place(name, service.metadata.namespace) for name in named)


def _gateway_place(name: str, own: str) -> str:
    """A Gateway's name with its namespace (istio, model/virtualservice.go, resolveGatewayName)."""
    if "/" in name:
        return f"{own}{name[1:]}" if name.startswith("./") else name
    short, dot, rest = name.partition(".")
    # The name of a Service, as in "gate.edge.svc.cluster.local", is an older way to write "edge/gate".
    return f"{rest.partition('.')[0]}/{short}" if dot else f"{own}/{name}"


@dataclass(frozen=True, slots=True)
class Subset:
    """One subset of a DestinationRule, at `index`; `labels` are those that pods must have besides the selector's."""

    name: str
    labels: Mapping[str, str]
    rule: DestinationRule
    index: int
    raw: Mapping[str, Any]


def subsets_of(rule: DestinationRule) -> tuple[Subset, ...]:
    """The subsets in order; of several with one name the first counts."""
    spec = rule.spec if isinstance(rule.spec, dict) else {}
    entries = spec.get("subsets")
    found: dict[str, Subset] = {}
    for index, raw in enumerate(entries if isinstance(entries, list) else ()):
        name = raw.get("name") if isinstance(raw, dict) else None
        if isinstance(name, str) and name:
            labels = raw.get("labels")
            pairs = {str(k): str(v) for k, v in labels.items()} if isinstance(labels, dict) else {}
            found.setdefault(name, Subset(name, pairs, rule, index, raw))
    return tuple(found.values())


def find_virtual_service(objects: Objects, namespace: str, name: str) -> VirtualService | None:
    found = objects.get(served(objects, VIRTUALSERVICE_VERSIONS), namespace, name)
    return found if isinstance(found, VirtualService) else None
