"""Other VirtualServices for the hosts of one: sidecars go by one of them, gateways merge them.

A gateway takes the routes of the oldest VirtualService first, all catch-alls at the end; of the same age the first by
name, then by namespace (istio, pilot/pkg/model/config.go, sortConfigByCreationTime; core/route, SortVHostRoutes).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from cockpit.model.fields import mapping
from cockpit.model.lookup import Objects
from cockpit.model.objects import VirtualService
from cockpit.model.objects.istio import texts
from cockpit.model.refs import VIRTUALSERVICE_VERSIONS
from cockpit.model.rollout import Finding, Severity
from cockpit.routers.istio.route_groups import RouteGroup, covers
from cockpit.routers.istio.routes import MESH, IstioRoute, gateways_of, hosts_of, routes_of
from cockpit.workloads.findings import finding
from cockpit.workloads.lookups import served

_MOST_HOSTS, _MOST_RIVALS = 50, 20


def rival_findings(group: RouteGroup, objects: Objects) -> Iterator[Finding]:
    """What other VirtualServices for the same hosts mean for this one."""
    own = group.service
    here = own.metadata.namespace
    what = _name(own, "")
    takers: dict[tuple[str, str], IstioRoute | None] = {}
    for host in hosts_of(own)[:_MOST_HOSTS]:
        for other in _others(own, host, objects):
            both = set(gateways_of(own)) & set(gateways_of(other))
            if both and _place(other) not in takers:  # once, however many hosts they share
                takers[_place(other)] = _taken_by(group, other)
            if MESH in both:
                first = min((own, other), key=_age)
                why = (
                    f"{what} and {_name(other, here)} are both for {host} in the mesh: which one counts is undefined,"
                    f" usually the older ({_short(first, here)}); merge them into one"
                )
                yield _two(why, host, own, other)
            elif both and (taken := takers[_place(other)]):
                why = (
                    f"{what} gets no plain requests for {host}: route {taken.index + 1} of {_name(other, here)} at the"
                    " same gateway takes them first; merge them into one"
                )
                yield _two(why, host, own, other)
            elif both:
                why = f"{_name(other, here)} is for {host} at the same gateway: their routes are merged"
                yield finding("merged-at-gateway", Severity.INFO, why, host)


def _others(own: VirtualService, host: str, objects: Objects) -> list[VirtualService]:
    """The others that the same proxies see."""
    found = objects.anywhere(served(objects, VIRTUALSERVICE_VERSIONS), f"host={host}")
    beside = (e for e in found if isinstance(e, VirtualService) and _place(e) != _place(own) and _seen_together(own, e))
    return list(islice(beside, _MOST_RIVALS))


def _two(why: str, host: str, one: VirtualService, other: VirtualService) -> Finding:
    """Of two namespaces, a mesh can keep them apart by its default of exportTo, which is not read."""
    named = all(texts(mapping(each.spec).get("exportTo")) for each in (one, other))
    sure = named or one.metadata.namespace == other.metadata.namespace
    return finding("two-virtual-services", Severity.CRITICAL if sure else Severity.WARNING, why, host)


def _seen_together(one: VirtualService, other: VirtualService) -> bool:
    """Whether proxies that see one certainly see the other: both are public, or of one namespace."""
    if one.metadata.namespace == other.metadata.namespace:
        return True
    targets = [texts(mapping(each.spec).get("exportTo")) for each in (one, other)]
    return all(not exported or "*" in exported for exported in targets)


def _taken_by(group: RouteGroup, other: VirtualService) -> IstioRoute | None:
    """The other's route that takes all plain requests before this one's default route."""
    if group.default is None:
        return None
    mine = (group.default.catches_all, _age(group.service))
    earlier = [route for route in routes_of(other) if (route.catches_all, _age(other)) < mine]
    return _covering(earlier, group.default)


def _covering(routes: Iterable[IstioRoute], default: IstioRoute) -> IstioRoute | None:
    return next((route for route in routes if covers(route, default)), None)


def _age(service: VirtualService) -> tuple[str, str, str]:
    meta = service.metadata
    return (meta.creation_timestamp or "", meta.name, meta.namespace)


def _place(service: VirtualService) -> tuple[str, str]:
    return (service.metadata.namespace, service.metadata.name)


def _short(service: VirtualService, here: str) -> str:
    namespace, name = _place(service)
    return name if namespace == here else f"{namespace}/{name}"


def _name(service: VirtualService, here: str) -> str:
    return f"VirtualService {_short(service, here)}"
