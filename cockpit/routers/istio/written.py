"""What a VirtualService says about the stable and the canary of a controller's rollout."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from cockpit.model.lookup import Objects
from cockpit.model.objects.istio import full_host
from cockpit.model.refs import VIRTUALSERVICE_VERSIONS, Ref
from cockpit.model.rollout import Finding, Severity
from cockpit.model.values import dataclass
from cockpit.routers.istio.destination_rules import viewer_of
from cockpit.routers.istio.destinations import side_of
from cockpit.routers.istio.findings import empty_destinations
from cockpit.routers.istio.matches import IstioMatch, example
from cockpit.routers.istio.route_groups import shadow_of
from cockpit.routers.istio.routes import Destination, IstioRoute, find_virtual_service, mirrors_of, routes_of
from cockpit.routers.traffic_findings import missing_route, no_weight, route_elsewhere
from cockpit.routers.written import HeaderLane, WrittenSplit, shares_that_differ
from cockpit.workloads.findings import finding
from cockpit.workloads.lookups import served


@dataclass(frozen=True, slots=True)
class DestinationPattern:
    """One of the two: a Service of the VirtualService's namespace (or any host), a subset of a host, or both.

    Without `host` every destination of that subset counts, as when a DestinationRule's subsets are steered.
    """

    host: str = ""
    subset: str = ""

    def takes(self, target: Destination, namespace: str) -> bool:
        host = not self.host or full_host(self.host, namespace) == target.host
        return host and self.subset == target.subset


def virtualservice_split(
    objects: Objects,
    namespace: str,
    name: str,
    stable: DestinationPattern,
    canary: DestinationPattern,
    *,
    routes: Collection[str] = (),
) -> WrittenSplit:
    """The split that a VirtualService writes between two sides; with `routes` only http routes of these names count
    for the default share, as Argo Rollouts steers them, and each other one is a lane that no controller moves. Routes
    that single requests out are lanes if they lead to the canary at all."""
    ref = Ref(served(objects, VIRTUALSERVICE_VERSIONS), namespace, name)
    what = f"VirtualService {namespace}/{name}"
    found = find_virtual_service(objects, namespace, name)
    if found is None:
        return missing_route(ref, objects)
    viewer = viewer_of(found, objects)
    shares: list[tuple[float, float]] = []
    lanes: dict[str, HeaderLane] = {}
    strangers: dict[str, None] = {}
    beside: dict[str, float] = {}
    problems: list[Finding] = []
    unserved: list[Finding] = []
    every = routes_of(found)
    listed = any(route.name in routes for route in every)
    for route in every:
        if not any(side.takes(entry.target, namespace) for entry in route.weighted for side in (stable, canary)):
            continue
        parts = _parts(route, stable, canary, namespace)
        if parts is None:
            why = f"{what} route {route.index + 1} has no weight above 0: requests fail"
            unserved.append(no_weight(why))
            continue
        share, others = parts
        singled = [match for match in route.matches if match.singles_out]
        plain = len(singled) < len(route.matches)
        counts = plain and (not routes or route.name in routes)
        if counts:
            beside = beside if shares else _beside(route, stable, canary, namespace)
            shares.append(parts)
        elif plain:
            if listed and not shadow_of(route, every):
                left = _left(route)
                lanes.setdefault(left, HeaderLane(left, None, share, declared=0.0, others=others))
                problems.append(_not_listed(what, left, routes))
        elif share:
            # Copies are taken of requests that are split like all others.
            _add_lanes(lanes, singled, share, others, None if any(mirrors_of(route, namespace)) else 1.0)
        if counts or not plain:
            strangers |= {str(t): None for t, s in route.shares() if s and not _either(t, stable, canary, namespace)}
            unserved += empty_destinations(what, route, lambda t: side_of(t, viewer, objects), plain=plain)
    problems += shares_that_differ(f"the routes of {what}", "the canary", [share for share, _ in shares])
    problems += [] if shares else [_elsewhere(what, routes)]
    first, rest = shares[0] if shares else (None, 0.0)
    found_all = (*unserved, *problems)
    return WrittenSplit(
        first, tuple(lanes.values()), (ref,), found_all, rest, tuple(strangers), tuple(unserved), tuple(beside.items())
    )


def _add_lanes(
    lanes: dict[str, HeaderLane], matches: Iterable[IstioMatch], share: float, others: float, declared: float | None
) -> None:
    """A lane for each kind of request that a route singles out; the first route of the same requests counts."""
    for match in matches:
        request = example(match)
        headers = tuple((request.headers or {}).items()) if request else None
        lanes.setdefault(match.text, HeaderLane(match.text, headers, share, declared, others))


def _elsewhere(what: str, routes: Collection[str]) -> Finding:
    named = f" named {', '.join(sorted(routes))}" if routes else ""
    why = f"no http route{named} of {what} sends plain requests to the stable or the canary"
    return route_elsewhere(why)


def _left(route: IstioRoute) -> str:
    """A route that no controller moves, in words: its name and its requests."""
    asked = " or ".join(match.text or "every other request" for match in route.matches)
    return f"route {route.name or route.index + 1} ({asked})"


def _not_listed(what: str, route: str, routes: Collection[str]) -> Finding:
    why = (
        f"{what}: the controller does not edit {route}, only {', '.join(sorted(routes))}: its requests"
        " stay on the stable version until the release ends, then all move at once; list the route there too"
    )
    return finding("route-not-listed", Severity.WARNING, why)


def _either(target: Destination, stable: DestinationPattern, canary: DestinationPattern, namespace: str) -> bool:
    return stable.takes(target, namespace) or canary.takes(target, namespace)


def _beside(
    route: IstioRoute, stable: DestinationPattern, canary: DestinationPattern, namespace: str
) -> dict[str, float]:
    """The parts of other whole Services in a route."""
    found: dict[str, float] = {}
    for target, share in route.shares():
        if share and target.service and not target.subset and not _either(target, stable, canary, namespace):
            name = "/".join(target.service)
            found[name] = found.get(name, 0.0) + share
    return found


def _parts(
    route: IstioRoute, stable: DestinationPattern, canary: DestinationPattern, namespace: str
) -> tuple[float, float] | None:
    """The canary's part of a route and the part of neither; None if no destination gets anything."""
    shares = route.shares()
    to_canary = sum(s for t, s in shares if canary.takes(t, namespace))
    both = sum(s for t, s in shares if _either(t, stable, canary, namespace))
    return (to_canary, max(1.0 - both, 0.0)) if route.total else None
