"""Where requests for a Rollout arrive: at the router that splits them, else at its Service.

As in `written`, what reads a router is loaded for the first one of its kind.
"""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.lookup import Objects
from cockpit.planning.api_targets import with_api_target
from cockpit.systems.argo.split import ArgoSplit
from cockpit.systems.argo.state import ArgoState
from cockpit.systems.argo.strategy import ArgoRouter
from cockpit.systems.argo.written import istio_routes
from cockpit.workloads.lookups import find_ingress
from cockpit.workloads.probe_targets import FoundTarget, ingress_target, service_target


def way_in(state: ArgoState, split: ArgoSplit, objects: Objects) -> FoundTarget:
    """The first router with an address, else the first that names a host or path."""
    ways = [way for router in state.strategy.routers if (way := _through(state, router, objects))]
    if split.root and not ways:
        way = service_target(split.root, objects)
        return way if state.strategy.routers else with_api_target(way, split.root, objects)
    nowhere = FoundTarget(missing="no Service selects its pods")
    return next((way for way in ways if way.probe_target), ways[0] if ways else nowhere)


def _through(state: ArgoState, router: ArgoRouter, objects: Objects) -> FoundTarget | None:
    """The target behind one router object; None if it is missing or of a kind that is not read."""
    match router.word:
        case "nginx" | "alb":
            ingress = find_ingress(objects, router.namespace, router.name)
            return ingress_target(ingress, state.strategy.stable or None) if ingress else None
        case "gateway-api":
            return _by_route(state, router, objects)
        case "traefik":
            from cockpit.routers.traefik.probe_targets import traefik_target
            from cockpit.routers.traefik.split import find_traefik_service

            traefik = find_traefik_service(objects, router.namespace, router.name)
            return traefik_target(traefik, objects) if traefik else None
        case "istio":
            return _by_mesh(state, router, objects)
    return None


def _by_mesh(state: ArgoState, router: ArgoRouter, objects: Objects) -> FoundTarget | None:
    from cockpit.routers.istio.probe_targets import virtualservice_target
    from cockpit.routers.istio.route_groups import default_of, route_groups_of
    from cockpit.routers.istio.routes import find_virtual_service

    service = find_virtual_service(objects, router.namespace, router.name)
    group = next(iter(route_groups_of(service)), None) if service else None
    if group is None:
        return None
    listed = istio_routes(state, router)
    # Requests for a route that the controller does not edit say nothing about the release.
    steered = [route for route in group.routes if route.name in listed]
    default, path = default_of(steered, group.every)
    return virtualservice_target(replace(group, default=default, path=path) if default else group, objects)


def _by_route(state: ArgoState, router: ArgoRouter, objects: Objects) -> FoundTarget | None:
    """With the path of the first rule that sends ordinary requests to the stable Service."""
    if router.kind not in ("HTTPRoute", "GRPCRoute"):
        return None
    from cockpit.routers.gateway_api.matching import path_to
    from cockpit.routers.gateway_api.probe_targets import route_target
    from cockpit.routers.gateway_api.routes import find_route, rules_of

    route = find_route(objects, router.kind, router.namespace, router.name)
    if route is None:
        return None
    return route_target(route, path_to(rules_of(route).rules, state.strategy.stable), objects)
