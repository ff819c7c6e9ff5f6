"""Routing as Alibaba's ALB Ingress reads canary annotations.

Source: the vendor's help, use-alb-ingresses-to-perform-canary-releases-1: header before cookie before weight; a header
or cookie rule and a weight must not share one Ingress, here the weight is then dead; `order` from 1 to 1000, usually
10, sorts the Ingresses of one path, the lowest first. What it leaves open is taken as in nginx where it concerns one
route: equal host, path and path type, one canary by weight, an empty canary leaves all to main, an empty main
answers 503.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cockpit.demo.gateway.canary import Policy, by_rules, integer, is_canary, policy_of
from cockpit.demo.gateway.match import Hosts, Paths, Request
from cockpit.demo.gateway.nginx import in_order
from cockpit.demo.gateway.rules import Ingress, Upstream

PREFIX = "alb.ingress.kubernetes.io/"
USUAL_ORDER = 10


@dataclass
class Route:
    """One main route and the canaries beside it, in their order."""

    upstream: Upstream
    canaries: list[tuple[Policy, Upstream]] = field(default_factory=list)


@dataclass(frozen=True)
class AlbTable:
    """Compiled routes."""

    hosts: Hosts[Paths[Route]]

    def serves(self, host: str) -> bool:
        """Whether a route has the host or a wildcard for it."""
        return self.hosts.find_named(host) is not None

    def decide(self, request: Request, rng: random.Random, has_endpoints: Callable[[Upstream], bool]) -> Upstream | int:
        """The canaries in their order, then main; 404 without route, 503 when main has no endpoints."""
        paths = self.hosts.find(request.host)
        route = paths.find(request.path) if paths else None
        if route is None:
            return 404
        if not has_endpoints(route.upstream):
            return 503
        chosen = _chosen(route, request, rng)
        return chosen if chosen and has_endpoints(chosen) else route.upstream


def compile_table(ingresses: Sequence[Ingress]) -> AlbTable:
    """Routes of the Ingresses of one class."""
    ordered, hosts = in_order(ingresses), Hosts[Paths[Route]]()
    mains: dict[tuple[str, str, str], Route] = {}
    for ingress in ordered:
        for rule in ingress.rules if not is_canary(ingress.annotations, (PREFIX,)) else ():
            route = mains.setdefault((rule.host, rule.path, rule.path_type), Route(rule.upstream))
            hosts.names.setdefault(rule.host, Paths()).add(rule.path, rule.path_type, route)
    for ingress in sorted(ordered, key=order_of):
        seen: set[tuple[str, str, str]] = set()
        for rule in ingress.rules if is_canary(ingress.annotations, (PREFIX,)) else ():
            place = (rule.host, rule.path, rule.path_type)
            if place in mains and place not in seen:
                seen.add(place)
                mains[place].canaries.append((policy_of(ingress.annotations, (PREFIX,)), rule.upstream))
    return AlbTable(hosts)


def order_of(ingress: Ingress) -> int:
    """Its place among the Ingresses of one path: what is no number from 1 to 1000 counts as 10."""
    found = integer(ingress.annotations.get(f"{PREFIX}order", ""), USUAL_ORDER)
    return found if 1 <= found <= 1000 else USUAL_ORDER


def _chosen(route: Route, request: Request, rng: random.Random) -> Upstream | None:
    for policy, upstream in route.canaries:
        if policy.header or policy.cookie:
            decided = by_rules(policy, request)
            if decided is not None:
                return upstream if decided else None
    weighted = next(((p, up) for p, up in route.canaries if not (p.header or p.cookie)), None)
    if weighted and rng.randint(1, 100) <= weighted[0].weight:
        return weighted[1]
    return None
