"""The canary's share of the requests by the router objects of a Rollout.

How a router's objects are read is loaded for the first one of its kind: most clusters have one kind.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import field

from cockpit.model.fields import entries, mapping, text, whole
from cockpit.model.lookup import Objects
from cockpit.model.refs import INGRESSES, Ref
from cockpit.model.rollout import Finding, Severity
from cockpit.model.values import dataclass
from cockpit.routers.traffic_findings import missing_route, route_elsewhere
from cockpit.routers.written import WrittenSplit
from cockpit.systems.argo.state import ArgoState
from cockpit.systems.argo.strategy import ArgoRouter
from cockpit.workloads.findings import finding, percent
from cockpit.workloads.lookups import find_ingress, find_service

_READABLE_ROUTES = ("HTTPRoute", "GRPCRoute")


@dataclass(frozen=True, slots=True)
class Written:
    """The split of the first router that can be read; `steered` is false if no object splits the traffic.

    `unserved_shares` are the findings of all routers because of which a configured share is not served.
    `by_version` is true if the router selects versions directly (subsets), without a Service per version.
    """

    split: WrittenSplit = field(default_factory=lambda: WrittenSplit(None))
    steered: bool = True
    by_version: bool = False
    refs: tuple[Ref, ...] = ()
    findings: tuple[Finding, ...] = ()
    unserved_shares: tuple[Finding, ...] = ()


def written_of(state: ArgoState, objects: Objects) -> Written:
    """The controller gives all routers the same weight; a finding reports routers that differ."""
    strategy = state.strategy
    if not strategy.routers:
        return Written(steered=False)
    readings = [(router, found) for router in strategy.routers if (found := _behind(state, router, objects))]
    unread = [r for r in strategy.routers if all(r is not router for router, _ in readings)]
    reported = [
        finding(
            "router-not-read",
            Severity.INFO,
            f"the split in {' '.join(filter(None, (r.kind or r.word, r.name)))} cannot be read:"
            " only the declared and the observed share are known",
        )
        for r in unread
    ]
    reported += [problem for _, found in readings for problem in found.problems]
    first = next((found for _, found in readings if found.share is not None), None) or (
        readings[0][1] if readings else WrittenSplit(None)
    )
    shares = [(router, found.share) for router, found in readings if found.share is not None]
    if len({share for _, share in shares}) > 1:
        each = ", ".join(f"{router.kind} {router.name} {percent(share)}" for router, share in shares)
        reported.append(
            finding("routers-differ", Severity.WARNING, f"the routers give the canary different shares: {each}")
        )
    refs = tuple(dict.fromkeys(ref for _, found in readings for ref in found.refs))
    unserved = tuple(dict.fromkeys(lost for _, found in readings for lost in found.unserved_shares))
    return Written(first, True, _subsets(state) is not None, refs, tuple(dict.fromkeys(reported)), unserved)


def _behind(state: ArgoState, router: ArgoRouter, objects: Objects) -> WrittenSplit | None:
    """The split of one router object; None if its kind is not read."""
    stable, canary = state.strategy.stable, state.strategy.canary
    own = state.rollout.metadata.namespace
    match router.word, router.kind:
        case "nginx", _:
            from cockpit.routers.ingress.written import ingress_split

            return ingress_split(objects, own, router.name, stable, canary)
        case "gateway-api", kind if kind in _READABLE_ROUTES:
            from cockpit.routers.gateway_api.written import httproute_split

            return httproute_split(objects, router.namespace, router.name, stable, canary, kind=kind, services_in=own)
        case "istio", _:
            return _istio_behind(state, router, objects)
        case "alb", _:
            return _alb_behind(state, router, objects)
        case "smi", _:
            from cockpit.routers.smi.written import trafficsplit_split

            return trafficsplit_split(objects, own, router.name, stable, canary)
        case "traefik", _:
            from cockpit.routers.traefik.written import traefikservice_split

            return traefikservice_split(objects, own, router.name, stable, canary)
        case "apisix", _:
            from cockpit.routers.apisix.written import apisixroute_split

            rules, managed = apisix_rules(state), managed_routes(state)
            return apisixroute_split(objects, own, router.name, stable, canary, rules=rules, managed=managed)
    return None


def _istio_behind(state: ArgoState, router: ArgoRouter, objects: Objects) -> WrittenSplit:
    from cockpit.routers.istio.written import DestinationPattern, virtualservice_split

    if subsets := _subsets(state):
        sides = tuple(DestinationPattern(subset=name) for name in subsets)
    else:
        services = (state.strategy.stable, state.strategy.canary)
        sides = tuple(DestinationPattern(_host(state, router, name)) for name in services)
    listed = istio_routes(state, router)
    routes = (*listed, *managed_routes(state)) if listed else ()
    return virtualservice_split(objects, router.namespace, router.name, *sides, routes=routes)


def _host(state: ArgoState, router: ArgoRouter, service: str) -> str:
    own = state.rollout.metadata.namespace
    return service if router.namespace == own or "." in service or not service else f"{service}.{own}.svc.cluster.local"


def _subsets(state: ArgoState) -> tuple[str, str] | None:
    """The subsets of the DestinationRule where the controller writes the hashes, by name; None for a split by host."""
    rule = mapping(state.rollout.spec, "strategy", "canary", "trafficRouting", "istio", "destinationRule")
    stable, canary = text(rule, "stableSubsetName"), text(rule, "canarySubsetName")
    return (stable, canary) if stable and canary else None


def istio_routes(state: ArgoState, router: ArgoRouter) -> tuple[str, ...]:
    """The http routes that the Rollout lists for a VirtualService; empty if it has only one route."""
    return tuple(_listed(state, router))


def apisix_rules(state: ArgoState) -> tuple[str, ...]:
    """The rules of its ApisixRoute that the Rollout lists; empty if that is the one with the route's own name."""
    route = mapping(state.rollout.spec, "strategy", "canary", "trafficRouting", "apisix", "route")
    return tuple(name for name in entries(route, "rules") if isinstance(name, str))


def managed_routes(state: ArgoState) -> tuple[str, ...]:
    """The routes that steps add and remove."""
    routing = mapping(state.rollout.spec, "strategy", "canary", "trafficRouting")
    return tuple(name for entry in entries(routing, "managedRoutes") if (name := text(entry, "name")))


def _listed(state: ArgoState, router: ArgoRouter) -> Iterator[str]:
    istio = mapping(state.rollout.spec, "strategy", "canary", "trafficRouting", "istio")
    own = state.rollout.metadata.namespace
    for entry in (istio.get("virtualService"), *entries(istio, "virtualServices")):
        name, _, namespace = text(entry, "name").partition(".")
        if (namespace or own, name) == (router.namespace, router.name):
            yield from (route for route in entries(entry, "routes") if isinstance(route, str))


def _alb_behind(state: ArgoState, router: ArgoRouter, objects: Objects) -> WrittenSplit:
    """The forward action in an annotation of the Ingress (rollout/trafficrouting/alb/alb.go)."""
    settings = mapping(state.rollout.spec, "strategy", "canary", "trafficRouting", "alb")
    prefix = text(settings, "annotationPrefix") or "alb.ingress.kubernetes.io"
    key = f"{prefix}/actions.{text(settings, 'rootService') or state.strategy.stable}"
    ingress = find_ingress(objects, router.namespace, router.name)
    ref = Ref(INGRESSES, router.namespace, router.name)
    if ingress is None:
        return missing_route(ref, objects, to=find_service(objects, ref.namespace, state.strategy.stable))
    weights: dict[str, int] = {}
    for group in _target_groups((ingress.metadata.annotations or {}).get(key, "")):
        name = text(group, "ServiceName")
        weights[name] = weights.get(name, 0) + max(whole(group, "Weight") or 0, 0)
    stable, canary = (weights.get(name, 0) for name in (state.strategy.stable, state.strategy.canary))
    total = sum(weights.values())
    if not stable + canary:
        why = f"Ingress {router.namespace}/{router.name} has no weights for the two Services in annotation {key}"
        return WrittenSplit(None, refs=(ref,), problems=(route_elsewhere(why),))
    own = (state.strategy.stable, state.strategy.canary)
    beside = [name for name, weight in weights.items() if weight and name not in own]
    strangers = tuple(f"Service {name}" for name in beside)
    return WrittenSplit(
        canary / total,
        refs=(ref,),
        others=sum(weights[name] for name in beside) / total,
        strangers=strangers,
        beside=tuple((f"{router.namespace}/{name}", weights[name] / total) for name in beside),
    )


def _target_groups(annotation: str) -> list[object]:
    try:
        return entries(json.loads(annotation), "ForwardConfig", "TargetGroups")
    except (ValueError, RecursionError):
        return []
