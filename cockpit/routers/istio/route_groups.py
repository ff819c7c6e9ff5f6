"""Groups of routes of a VirtualService that share hosts or paths, and which requests reach each route."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace

from cockpit.model.objects import VirtualService
from cockpit.model.values import dataclass
from cockpit.routers.istio.matches import ExampleRequest, IstioMatch, example, implied, meets
from cockpit.routers.istio.routes import HTTP, PROTOCOLS, IstioRoute, routes_of
from cockpit.routers.rule_groups import grouped


@dataclass(frozen=True, slots=True)
class RouteGroup:
    """The routes of a VirtualService that share a host or a path. `every` are all of its routes, in order.

    `default` is the route that plain requests match, None if every route has special conditions or none is reached;
    `path` is one by which a request reaches it. For a delegate, `outside` are its root's own routes to the same hosts,
    and `before` are the matches that the root takes before it delegates. `dropped` are routes that Istio does not join
    with any route of the root; they are in `routes`, and not in `every`.
    """

    name: str
    service: VirtualService
    routes: tuple[IstioRoute, ...]
    every: tuple[IstioRoute, ...]
    default: IstioRoute | None
    path: str = "/"
    outside: tuple[IstioRoute, ...] = ()
    before: tuple[IstioMatch, ...] = ()
    dropped: tuple[IstioRoute, ...] = ()

    def shadow_of(self, route: IstioRoute) -> IstioRoute | None:
        """An earlier route that takes every request of this one; None if some get through."""
        return shadow_of(route, self.every)

    def request_for(self, route: IstioRoute) -> ExampleRequest | None:
        """A request with the default's path that reaches this route past the earlier ones; None if none is known."""
        for match in route.matches:
            request = example(match)
            if request is None or match.gateways is not None:
                continue
            there = replace(request, path=self.path)
            # An example made from a pattern matches it; another path may not.
            met = meets(there, match)
            here = met or (met is None and there.path == request.path)
            # With a condition on the client or the gateway it is unknown which requests get past.
            if here and all(meets(there, m) is False for m in (*self.before, *_before(route, self.every))):
                return there
        return None

    @property
    def protocol(self) -> str:
        """ "http", or "tls" or "tcp" for connections, which are only shown."""
        return self.routes[0].protocol


def route_groups_of(service: VirtualService) -> tuple[RouteGroup, ...]:
    """The groups of a VirtualService that split something, or name subsets as releases do."""
    found = [group for protocol in PROTOCOLS for group in _groups(service, routes_of(service, protocol))]
    several = len({group.protocol for group in found}) > 1
    named = [replace(b, name=f"{b.name}.{b.protocol}") if several and b.protocol != HTTP else b for b in found]
    return _told_apart(named)


def _groups(service: VirtualService, every: tuple[IstioRoute, ...]) -> list[RouteGroup]:
    ordered = sorted((route for route in every if route.weighted), key=lambda r: r.index)
    groups = grouped((route, _marks(route)) for route in ordered)
    found = []
    for routes in map(tuple, groups):
        targets = {entry.target for r in routes for entry in r.weighted}
        if len(targets) > 1 or any(target.subset for target in targets):
            name = service.metadata.name
            if len(groups) > 1:
                name = f"{name}.{min(target.host for target in targets).partition('.')[0]}"
            default, path = default_of(routes, every)
            found.append(RouteGroup(name, service, routes, every, default, path))
    return found


def _told_apart(found: Sequence[RouteGroup]) -> tuple[RouteGroup, ...]:
    """Groups of the same name get the number of their first route."""
    taken: set[str] = set()
    named = []
    for group in found:
        again = group.name in taken
        taken.add(group.name)
        named.append(replace(group, name=f"{group.name}-{group.routes[0].index + 1}") if again else group)
    return tuple(named)


def _marks(route: IstioRoute) -> set[Hashable]:
    """What a route shares with others of its group: its hosts, and the paths that it is for."""
    return {*(entry.target.host for entry in route.weighted), *(match.place for match in route.matches)}


def shadow_of(route: IstioRoute, every: Iterable[IstioRoute]) -> IstioRoute | None:
    """The first of the earlier routes that takes all requests of this one."""
    earlier = [r for r in every if r.index < route.index]
    return next((r for r in earlier if covers(r, route)), None)


def covers(wide: IstioRoute, route: IstioRoute) -> bool:
    """Whether every request that matches a route also matches another one."""
    return all(_covered(match, wide.matches) for match in route.matches)


def _covered(match: IstioMatch, earlier: Iterable[IstioMatch]) -> bool:
    return any(implied(match, wide) for wide in earlier)


def default_of(routes: Iterable[IstioRoute], every: Sequence[IstioRoute]) -> tuple[IstioRoute | None, str]:
    """The route that plain requests match, and their path: the catch-all if they reach it, else the first."""
    plain = [r for r in routes if any(not m.singles_out for m in r.matches) and not shadow_of(r, every)]
    plain.sort(key=lambda r: (not r.catches_all, r.index))
    for route in plain:
        for request in _plain_requests(route):
            if all(meets(request, m) is not True for m in _before(route, every)):
                return route, request.path
    patterns = [r for r in plain if not any(_plain_requests(r))]
    return (patterns[0], "/") if patterns else (None, "/")


def _plain_requests(route: IstioRoute) -> Iterator[ExampleRequest]:
    """Requests without special headers that match a route: by the path that it names, and by one below it."""
    for match in route.matches:
        request = None if match.singles_out else example(match)
        if request is None:
            continue
        for path in (request.path, f"{request.path.rstrip('/')}/probe"):
            if meets(there := replace(request, path=path), match) is not False:
                yield there


def _before(route: IstioRoute, every: Iterable[IstioRoute]) -> list[IstioMatch]:
    return [m for r in every if r.index < route.index for m in r.matches]
