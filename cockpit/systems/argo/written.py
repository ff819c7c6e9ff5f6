"""What the router objects of a Rollout say: the part of the requests that its canary gets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from cockpit.model.fields import entries, mapping, text, whole
from cockpit.model.lookup import Objects
from cockpit.model.refs import INGRESSES, Ref
from cockpit.model.rollout import Finding, Severity
from cockpit.routers.behind import Behind
from cockpit.routers.gateway_api.behind import httproute_behind
from cockpit.routers.ingress.behind import ingress_behind
from cockpit.routers.istio.behind import Side, virtualservice_behind
from cockpit.systems.argo.reading import State
from cockpit.systems.argo.strategy import Router
from cockpit.workloads.findings import finding, percent
from cockpit.workloads.lookups import find_ingress

_READABLE_ROUTES = ("HTTPRoute", "GRPCRoute")


@dataclass(frozen=True, slots=True)
class Written:
    """The split of the first router that can be read; `steered` is false where no object splits at all.

    `by_version` is true where the router names versions (subsets) and no Service stands between.
    """

    split: Behind = field(default_factory=lambda: Behind(None))
    steered: bool = True
    by_version: bool = False
    refs: tuple[Ref, ...] = ()
    findings: tuple[Finding, ...] = ()


def written_of(state: State, objects: Objects) -> Written:
    """Several routers get the same weight from the controller; where they say something else, that is told."""
    strategy = state.strategy
    if not strategy.routers:
        return Written(steered=False)
    readings = [(router, found) for router in strategy.routers if (found := _behind(state, router, objects))]
    unread = [r for r in strategy.routers if all(r is not router for router, _ in readings)]
    told = [
        finding(
            "router-not-read",
            Severity.INFO,
            f"what {' '.join(filter(None, (r.kind or r.word, r.name)))} says of the split is not read here:"
            " only the declared and the observed share are known",
        )
        for r in unread
    ]
    told += [problem for _, found in readings for problem in found.problems]
    first = next((found for _, found in readings if found.share is not None), None) or (
        readings[0][1] if readings else Behind(None)
    )
    shares = [(router, found.share) for router, found in readings if found.share is not None]
    if len({share for _, share in shares}) > 1:
        each = ", ".join(f"{router.kind} {router.name} {percent(share)}" for router, share in shares)
        told.append(
            finding("routers-differ", Severity.WARNING, f"the routers give the canary different shares: {each}")
        )
    refs = tuple(dict.fromkeys(ref for _, found in readings for ref in found.refs))
    return Written(first, True, _subsets(state) is not None, refs, tuple(dict.fromkeys(told)))


def _behind(state: State, router: Router, objects: Objects) -> Behind | None:
    """What one router object says; None where its kind is not read."""
    stable, canary = state.strategy.stable, state.strategy.canary
    own = state.rollout.metadata.namespace
    match router.word, router.kind:
        case "nginx", _:
            return ingress_behind(objects, own, router.name, stable, canary)
        case "gateway-api", kind if kind in _READABLE_ROUTES:
            return httproute_behind(objects, router.namespace, router.name, stable, canary, kind=kind, services_in=own)
        case "istio", _:
            sides = _subsets(state) or tuple(Side(_host(state, router, name)) for name in (stable, canary))
            routes = tuple(_routes(state, router))
            return virtualservice_behind(objects, router.namespace, router.name, *sides, routes=routes)
        case "alb", _:
            return _alb_behind(state, router, objects)
    return None


def _host(state: State, router: Router, service: str) -> str:
    own = state.rollout.metadata.namespace
    return service if router.namespace == own or "." in service or not service else f"{service}.{own}.svc.cluster.local"


def _subsets(state: State) -> tuple[Side, Side] | None:
    """The two subsets of the DestinationRule that the controller keeps the hashes in; None for a split by host."""
    rule = mapping(state.rollout.spec, "strategy", "canary", "trafficRouting", "istio", "destinationRule")
    stable, canary = text(rule, "stableSubsetName"), text(rule, "canarySubsetName")
    return (Side(subset=stable), Side(subset=canary)) if stable and canary else None


def _routes(state: State, router: Router) -> Iterator[str]:
    """The http routes that the controller is told to edit; all of them where it names none."""
    istio = mapping(state.rollout.spec, "strategy", "canary", "trafficRouting", "istio")
    own = state.rollout.metadata.namespace
    for entry in (istio.get("virtualService"), *entries(istio, "virtualServices")):
        name, _, namespace = text(entry, "name").partition(".")
        if (namespace or own, name) == (router.namespace, router.name):
            yield from (route for route in entries(entry, "routes") if isinstance(route, str))


def _alb_behind(state: State, router: Router, objects: Objects) -> Behind:
    """The forward action in an annotation of the Ingress (rollout/trafficrouting/alb/alb.go)."""
    settings = mapping(state.rollout.spec, "strategy", "canary", "trafficRouting", "alb")
    prefix = text(settings, "annotationPrefix") or "alb.ingress.kubernetes.io"
    key = f"{prefix}/actions.{text(settings, 'rootService') or state.strategy.stable}"
    ingress = find_ingress(objects, router.namespace, router.name)
    ref = Ref(INGRESSES, router.namespace, router.name)
    if ingress is None:
        why = (
            f"Ingress {router.namespace}/{router.name} does not exist in {objects.context}: nothing splits the traffic"
        )
        return Behind(None, refs=(ref,), problems=(finding("route-missing", Severity.WARNING, why),))
    weights: dict[str, int] = {}
    for group in _target_groups((ingress.metadata.annotations or {}).get(key, "")):
        name = text(group, "ServiceName")
        weights[name] = weights.get(name, 0) + max(whole(group, "Weight") or 0, 0)
    stable, canary = (weights.get(name, 0) for name in (state.strategy.stable, state.strategy.canary))
    if not stable + canary:
        why = f"Ingress {router.namespace}/{router.name} has no weights of the two Services under {key}"
        return Behind(None, refs=(ref,), problems=(finding("route-elsewhere", Severity.WARNING, why),))
    return Behind(canary / (stable + canary), refs=(ref,))


def _target_groups(annotation: str) -> list[object]:
    try:
        return entries(json.loads(annotation), "ForwardConfig", "TargetGroups")
    except (ValueError, RecursionError):
        return []
