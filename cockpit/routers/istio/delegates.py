"""VirtualServices that hand requests on to others: a delegate is read together with its root.

A delegate has no hosts; the root's route says which requests reach it, so both are read as one
(istio/api, networking/v1/virtual_service.proto, Delegate). They can be in different namespaces.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cockpit.model.lookup import Objects
from cockpit.model.objects import VirtualService
from cockpit.model.refs import VIRTUALSERVICE_VERSIONS
from cockpit.routers.istio.delegate_conflicts import conflicts
from cockpit.routers.istio.matches import IstioMatch, example
from cockpit.routers.istio.route_groups import RouteGroup, default_of, route_groups_of
from cockpit.routers.istio.routes import IstioRoute, find_virtual_service, hosts_of, routes_of
from cockpit.workloads.lookups import of_kind, served


def groups_of(service: VirtualService, objects: Objects) -> tuple[RouteGroup, ...]:
    """The groups of a VirtualService: a delegate's with what its root adds, a root's without its delegates' part."""
    groups = route_groups_of(service)
    if hosts_of(service):
        delegates = [found for place in delegates_of(service) if (found := find_virtual_service(objects, *place))]
        led = {host for found in delegates for group in route_groups_of(found) for host in _hosts(group)}
        return tuple(group for group in groups if not (_leads_on(group) and _hosts(group) & led))
    root = root_of(service, objects)
    return tuple(_joined(group, root) for group in groups) if root else groups


def roots_of(service: VirtualService, objects: Objects) -> tuple[VirtualService, ...]:
    """The VirtualServices that hand requests to this one, of any namespace that is read."""
    key = f"steers=VirtualService/{service.metadata.namespace}/{service.metadata.name}"
    return of_kind(VirtualService, objects.anywhere(served(objects, VIRTUALSERVICE_VERSIONS), key))


def root_of(service: VirtualService, objects: Objects) -> VirtualService | None:
    """The first that has its own hosts: a delegate of a delegate gets no requests."""
    return next((root for root in roots_of(service, objects) if hosts_of(root)), None)


def delegates_of(service: VirtualService) -> tuple[tuple[str, str], ...]:
    """Namespace and name of each delegate, in the order of the routes."""
    return tuple(dict.fromkeys(place for route in routes_of(service) if (place := _delegate(route, service))))


def routes_to(root: VirtualService, service: VirtualService) -> tuple[IstioRoute, ...]:
    """The root's routes that hand requests to a delegate."""
    place = (service.metadata.namespace, service.metadata.name)
    return tuple(route for route in routes_of(root) if _delegate(route, root) == place)


def _delegate(route: IstioRoute, service: VirtualService) -> tuple[str, str] | None:
    found = route.raw.get("delegate") if route.other == "delegate" else None
    name = found.get("name") if isinstance(found, dict) else None
    namespace = found.get("namespace") if isinstance(found, dict) else None
    if not isinstance(name, str) or not name:
        return None
    return (namespace if isinstance(namespace, str) and namespace else service.metadata.namespace, name)


def _joined(group: RouteGroup, root: VirtualService) -> RouteGroup:
    """The group with the path by which the root routes to it, and the root's other routes for the same hosts."""
    entries = routes_to(root, group.service)
    dropped = tuple(route for route in group.every if all(conflicts(entry, route) for entry in entries))
    group = _left(group, dropped) if dropped and entries else group
    first = min((route.index for route in entries), default=0)
    every = routes_of(root)
    hosts = _hosts(group)
    outside = (route for route in every if any(entry.target.host in hosts for entry in route.weighted))
    return replace(
        group,
        path=next(_paths(group, [match for route in entries for match in route.matches]), group.path),
        outside=tuple(outside) if len(hosts) else (),
        before=tuple(match for route in every if route.index < first for match in route.matches),
    )


def _left(group: RouteGroup, dropped: tuple[IstioRoute, ...]) -> RouteGroup:
    """The group as it is without routes that Istio drops."""
    every = tuple(route for route in group.every if route not in dropped)
    default, path = default_of([route for route in group.routes if route in every], every)
    return replace(group, every=every, default=default, path=path, dropped=dropped)


def _paths(group: RouteGroup, above: list[IstioMatch]) -> Iterator[str]:
    """Paths of plain requests that the root delegates and the default route takes."""
    for outer in above:
        for inner in group.default.matches if group.default else ():
            request = None if inner.singles_out else example(IstioMatch((*inner.conditions, *outer.conditions)))
            nested = None if inner.singles_out else example(IstioMatch((*outer.conditions, *inner.conditions)))
            yield from (found.path for found in (request, nested) if found)


def _hosts(group: RouteGroup) -> set[str]:
    return {entry.target.host for route in group.routes for entry in route.weighted}


def _leads_on(group: RouteGroup) -> bool:
    """Whether each of its routes has one destination: then it splits nothing itself."""
    return all(len({entry.target.place for entry in route.weighted}) == 1 for route in group.routes)
