"""What an HTTPRoute says about the two Services of a controller's rollout."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.refs import GRPCROUTES, HTTPROUTE_VERSIONS, Ref
from cockpit.routers.gateway_api.acceptance import idle_gateway
from cockpit.routers.gateway_api.findings import route_not_taken, unserved_shares
from cockpit.routers.gateway_api.matching import example
from cockpit.routers.gateway_api.routes import (
    RouteBackend,
    RouteRule,
    find_route,
    match_text,
    rules_of,
    unresolved_refs,
)
from cockpit.routers.gateway_api.split import Sides, rule_backends_of
from cockpit.routers.traffic_findings import missing_route, route_elsewhere
from cockpit.routers.written import HeaderLane, WrittenSplit, shares_that_differ
from cockpit.workloads.lookups import find_service, served


def httproute_split(
    objects: Objects,
    namespace: str,
    route: str,
    stable: str,
    canary: str,
    *,
    kind: str = "HTTPRoute",
    services_in: str = "",
) -> WrittenSplit:
    """The split that a route (kind "HTTPRoute" or "GRPCRoute") writes between two Services of its namespace or another.

    Rules that single requests out (by header, query or method) are lanes if they lead to the canary at all; a rule
    that leads only to the canary gives it everything, one without it nothing.
    """
    ref = Ref(GRPCROUTES if kind == "GRPCRoute" else served(objects, HTTPROUTE_VERSIONS), namespace, route)
    found = find_route(objects, kind, namespace, route)
    if found is None:
        return missing_route(ref, objects, to=find_service(objects, services_in or namespace, stable))
    what, own = f"{kind} {namespace}/{route}", services_in or namespace
    shares: list[tuple[float, float]] = []
    lanes: dict[str, HeaderLane] = {}
    strangers: dict[str, None] = {}
    parts: dict[str, float] = {}
    led: list[RouteRule] = []
    idle = idle_gateway(found, objects)
    problems = [route_not_taken(what, idle)] if idle else []
    for rule in rules_of(found).rules:
        known = [[b for b in rule.backends if _is(b, own, service)] for service in (stable, canary)]
        if not any(known):
            continue
        led.append(rule)
        if not rule.total:
            continue
        named, beside = known[1], [b for b in rule.backends if b.weight and not any(b in two for two in known)]
        share, others = (sum(b.weight for b in backends) / rule.total for backends in (named, beside))
        strangers |= dict.fromkeys(f"Service {b.namespace}/{b.service}" for b in beside)
        singled = [match for match in rule.matches if not match.is_plain]
        if len(singled) < len(rule.matches):
            if not shares:
                parts = {f"{b.namespace}/{b.service}": b.weight / rule.total for b in beside}
            shares.append((share, others))
        elif named:
            for match in singled:
                lanes.setdefault(match_text(match), HeaderLane(match_text(match), example(match), share, others=others))
    problems += shares_that_differ(f"the rules of {what}", canary, [share for share, _ in shares])
    if not shares:
        why = f"no rule of {what} sends plain requests to {stable} or {canary}"
        problems.append(route_elsewhere(why))
    first, rest = shares[0] if shares else (None, 0.0)
    sides: Sides = {}
    refs = unresolved_refs(found)
    unserved = unserved_shares([rule_backends_of(rule, refs, objects, sides) for rule in led], what)
    found_all = (*unserved, *problems)
    return WrittenSplit(
        first, tuple(lanes.values()), (ref,), found_all, rest, tuple(strangers), unserved, tuple(parts.items())
    )


def _is(backend: RouteBackend, namespace: str, service: str) -> bool:
    return backend.is_service and backend.namespace == namespace and backend.service == service
