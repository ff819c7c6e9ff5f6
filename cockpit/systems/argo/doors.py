"""Where requests for a Rollout come in: by the router that splits them, else by its Service."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.routers.gateway_api.doors import route_door
from cockpit.routers.gateway_api.routes import find_route
from cockpit.routers.gateway_api.routes import rules_of as route_rules
from cockpit.routers.istio.bundles import bundles_of
from cockpit.routers.istio.doors import istio_door
from cockpit.routers.istio.routes import find_virtual_service
from cockpit.systems.argo.reading import State
from cockpit.systems.argo.shares import Split
from cockpit.systems.argo.strategy import Router
from cockpit.workloads.doors import WayIn, ingress_door, service_door
from cockpit.workloads.lookups import find_ingress


def way_in(state: State, split: Split, objects: Objects) -> WayIn:
    """The first router with an address; without one the first that says what requests would ask for."""
    ways = [way for router in state.strategy.routers if (way := _through(state, router, objects))]
    if split.root and not ways:
        return service_door(split.root, objects)
    nowhere = WayIn(missing="no Service that selects its pods is known")
    return next((way for way in ways if way.door), ways[0] if ways else nowhere)


def _through(state: State, router: Router, objects: Objects) -> WayIn | None:
    """The way through one router object; None where it is missing, or of a kind that is not read."""
    match router.word:
        case "nginx" | "alb":
            ingress = find_ingress(objects, router.namespace, router.name)
            return ingress_door(ingress, state.strategy.stable or None) if ingress else None
        case "gateway-api":
            return _by_route(state, router, objects)
        case "istio":
            service = find_virtual_service(objects, router.namespace, router.name)
            bundle = next(iter(bundles_of(service)), None) if service else None
            return istio_door(bundle, objects) if bundle else None
    return None


def _by_route(state: State, router: Router, objects: Objects) -> WayIn | None:
    """With the path of the first rule that leads plain requests to the stable Service."""
    if router.kind not in ("HTTPRoute", "GRPCRoute"):
        return None
    route = find_route(objects, router.kind, router.namespace, router.name)
    if route is None:
        return None
    paths = [
        match.path
        for rule in route_rules(route).rules
        if any(backend.service == state.strategy.stable for backend in rule.backends)
        for match in rule.matches
        if match.is_plain and match.path_type != "RegularExpression"
    ]
    return route_door(route, next(iter(paths), "/"), objects)
