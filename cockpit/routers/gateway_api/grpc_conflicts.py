"""HTTPRoutes and GRPCRoutes for one host at one listener: a Gateway must accept only the older one.

Source: Gateway API, apis/v1/grpcroute_types.go, GRPCRouteSpec.Hostnames: exactly one of the two kinds is accepted. Seen
on Traefik 3.7: both are accepted, and a GRPCRoute without matches takes plain requests too, which get 500; those for a
longer path of an HTTPRoute it does not.
"""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.lookup import Objects
from cockpit.model.objects import GrpcRoute, HttpRoute
from cockpit.model.objects.gateway_api import place_key
from cockpit.model.refs import GRPCROUTES
from cockpit.model.rollout import Finding, Severity
from cockpit.routers.gateway_api.listeners import at_one_listener, is_by_traefik
from cockpit.routers.gateway_api.routes import AnyRoute, rules_of
from cockpit.workloads.findings import finding

_MOST_HOSTS, _MOST_ROUTES = 50, 20


def grpc_conflicts(route: AnyRoute, what: str, objects: Objects) -> Iterator[Finding]:
    """Each GRPCRoute for a host of an HTTPRoute that no Gateway has refused; `what` names the HTTPRoute."""
    if not isinstance(route, HttpRoute):
        return
    # A GRPCRoute has no paths, and is found at the path "/" of its hosts.
    found = {
        f"{other.metadata.namespace}/{other.metadata.name}": (host, other)
        for host in rules_of(route).hostnames[:_MOST_HOSTS] or ("",)
        for other in objects.anywhere(GRPCROUTES, place_key(host, "PathPrefix", "/"))[:_MOST_ROUTES]
        if isinstance(other, GrpcRoute) and at_one_listener(route, other)
    }
    for name, (host, other) in sorted(found.items()):
        begin = f"{what} and GRPCRoute {name} have the same host"
        if not is_by_traefik(route):
            text = f"{begin}: the Gateway must accept only the older one; give one of them a host of its own"
        elif _takes_all(route) and _takes_all(other):
            text = (
                f"{begin}: Traefik accepts both, and may give all requests to the GRPCRoute, where plain ones get 500;"
                " give it a host of its own, or matches with its gRPC services"
            )
        else:
            continue
        yield finding("http-and-grpc", Severity.WARNING, text, host)


def _takes_all(route: AnyRoute) -> bool:
    """Whether a rule takes every request; a call of gRPC by its name has a path type of its own."""
    matches = (match for rule in rules_of(route).rules for match in rule.matches)
    return any(match.is_plain and (match.path_type, match.path) == ("PathPrefix", "/") for match in matches)
