"""The routes of a VirtualService that are about one thing, and what comes to each of them past the earlier ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from cockpit.model.objects import VirtualService
from cockpit.routers.istio.matches import Match, Request, example, implied, meets
from cockpit.routers.istio.routes import HTTP, PROTOCOLS, Route, routes_of


@dataclass(frozen=True, slots=True)
class Bundle:
    """The routes of a VirtualService that share a host or a place. `every` are all of its routes, in order.

    `default` is the route that plain requests meet, None where each route asks for something special or none is
    reached; `path` is one by which a request comes to it.
    """

    name: str
    service: VirtualService
    routes: tuple[Route, ...]
    every: tuple[Route, ...]
    default: Route | None
    path: str = "/"

    def shadow_of(self, route: Route) -> Route | None:
        """An earlier route that catches every request of this one; None where some come through."""
        return shadow_of(route, self.every)

    def request_for(self, route: Route) -> Request | None:
        """A request with the default's path that comes to this route past the earlier ones; None: none is known."""
        for match in route.matches:
            request = example(match)
            if request is None or match.gateways is not None:
                continue
            there = replace(request, path=self.path)
            # What an example was made from a pattern for, it meets; another path may not.
            met = meets(there, match)
            here = met or (met is None and there.path == request.path)
            # A condition on the client or the gateway leaves it open who comes past.
            if here and all(meets(there, m) is False for m in _before(route, self.every)):
                return there
        return None

    @property
    def protocol(self) -> str:
        """ "http", or "tls" or "tcp" for connections, which are only shown."""
        return self.routes[0].protocol


def bundles_of(service: VirtualService) -> tuple[Bundle, ...]:
    """The bundles of a VirtualService that split something, or name subsets as who releases does."""
    found = [bundle for protocol in PROTOCOLS for bundle in _bundles(service, routes_of(service, protocol))]
    several = len({bundle.protocol for bundle in found}) > 1
    named = [replace(b, name=f"{b.name}.{b.protocol}") if several and b.protocol != HTTP else b for b in found]
    return _told_apart(named)


def _bundles(service: VirtualService, every: tuple[Route, ...]) -> list[Bundle]:
    groups: list[tuple[set[object], list[Route]]] = []
    for route in every:
        marks = _marks(route)
        if not route.legs:
            continue
        touching = [g for g in groups if g[0] & marks]
        merged = (marks.union(*(g[0] for g in touching)), [*(r for g in touching for r in g[1]), route])
        groups = [g for g in groups if g not in touching] + [merged]
    found = []
    for _, members in sorted(groups, key=lambda g: min(r.index for r in g[1])):
        routes = tuple(sorted(members, key=lambda r: r.index))
        targets = {leg.target for r in routes for leg in r.legs}
        if len(targets) > 1 or any(target.subset for target in targets):
            name = service.metadata.name
            if len(groups) > 1:
                name = f"{name}.{min(target.host for target in targets).partition('.')[0]}"
            default, path = _default(routes, every)
            found.append(Bundle(name, service, routes, every, default, path))
    return found


def _told_apart(found: Sequence[Bundle]) -> tuple[Bundle, ...]:
    """Bundles of one name get the number of their first route."""
    names = [bundle.name for bundle in found]
    return tuple(
        replace(b, name=f"{b.name}-{b.routes[0].index + 1}") if names.index(b.name) < place else b
        for place, b in enumerate(found)
    )


def _marks(route: Route) -> set[object]:
    """What a route shares with others that are about the same thing: its hosts, and the places that it is for."""
    return {*(leg.target.host for leg in route.legs), *(match.place for match in route.matches)}


def shadow_of(route: Route, every: Iterable[Route]) -> Route | None:
    """The first of the earlier routes that takes all requests of this one."""
    earlier = [r for r in every if r.index < route.index]
    return next((r for r in earlier if all(_covered(m, r.matches) for m in route.matches)), None)


def _covered(match: Match, earlier: Iterable[Match]) -> bool:
    return any(implied(match, wide) for wide in earlier)


def _default(routes: Iterable[Route], every: Sequence[Route]) -> tuple[Route | None, str]:
    """The route that plain requests meet, and their path: the catch-all where they come to it, else the first."""
    plain = [r for r in routes if any(not m.singles_out for m in r.matches) and not shadow_of(r, every)]
    plain.sort(key=lambda r: (not r.catches_all, r.index))
    for route in plain:
        for request in _plain_requests(route):
            if all(meets(request, m) is not True for m in _before(route, every)):
                return route, request.path
    patterns = [r for r in plain if not any(_plain_requests(r))]
    return (patterns[0], "/") if patterns else (None, "/")


def _plain_requests(route: Route) -> Iterator[Request]:
    """Requests without special headers that meet a route: by the path that it names, and by one below."""
    for match in route.matches:
        request = None if match.singles_out else example(match)
        if request is None:
            continue
        for path in (request.path, f"{request.path.rstrip('/')}/probe"):
            if meets(there := replace(request, path=path), match) is not False:
                yield there


def _before(route: Route, every: Iterable[Route]) -> list[Match]:
    return [m for r in every if r.index < route.index for m in r.matches]
