"""What an HTTPRoute says about the two Services of a controller's rollout."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.refs import GRPCROUTES, Ref
from cockpit.model.rollout import Severity
from cockpit.routers.behind import Behind, HeaderLane
from cockpit.routers.gateway_api.intake import idle_gateway
from cockpit.routers.gateway_api.matching import example
from cockpit.routers.gateway_api.routes import find_route, http_resource, match_text, rules_of
from cockpit.workloads.findings import finding, percent


def httproute_behind(
    objects: Objects,
    namespace: str,
    route: str,
    stable: str,
    canary: str,
    *,
    kind: str = "HTTPRoute",
    services_in: str = "",
) -> Behind:
    """The split that a route (kind "HTTPRoute" or "GRPCRoute") writes between two Services of its or another namespace.

    Rules that single requests out (by header, query or method) are lanes where they lead to the canary at all; a rule
    that leads only to the canary gives it everything, one without it nothing.
    """
    ref = Ref(GRPCROUTES if kind == "GRPCRoute" else http_resource(objects), namespace, route)
    found = find_route(objects, kind, namespace, route)
    if found is None:
        why = f"{kind} {namespace}/{route} does not exist in {objects.context}: nothing splits the traffic"
        return Behind(None, refs=(ref,), problems=(finding("route-missing", Severity.WARNING, why),))
    shares: list[float] = []
    lanes: dict[str, HeaderLane] = {}
    idle = idle_gateway(found, objects)
    why = f"no gateway has taken {kind} {namespace}/{route} in: {idle}"
    problems = [finding("route-not-taken", Severity.WARNING, why)] if idle else []
    for rule in rules_of(found).rules:
        found_in = [b for b in rule.backends if b.is_service and b.namespace == (services_in or namespace)]
        weights = [sum(b.weight for b in found_in if b.service == service) for service in (stable, canary)]
        named = [any(b.service == service for b in found_in) for service in (stable, canary)]
        if not any(named):
            continue
        if not sum(weights):
            why = (
                f"{kind} {namespace}/{route} rule {rule.index + 1} gives {stable} and {canary} weight 0: requests fail"
            )
            problems.append(finding("no-weight", Severity.CRITICAL, why))
            continue
        share = weights[1] / sum(weights)
        singled = [match for match in rule.matches if not match.is_plain]
        if len(singled) < len(rule.matches):
            shares.append(share)
        elif named[1]:
            for match in singled:
                lanes.setdefault(match_text(match), HeaderLane(match_text(match), example(match), share))
    if len(set(shares)) > 1:
        each = ", ".join(map(percent, shares))
        why = f"the rules of {kind} {namespace}/{route} give {canary} different shares: {each}; the first is shown"
        problems.append(finding("rules-differ", Severity.WARNING, why))
    if not shares:
        why = f"no rule of {kind} {namespace}/{route} leads plain requests to {stable} or {canary}"
        problems.append(finding("route-elsewhere", Severity.WARNING, why))
    return Behind(shares[0] if shares else None, tuple(lanes.values()), (ref,), tuple(problems))
