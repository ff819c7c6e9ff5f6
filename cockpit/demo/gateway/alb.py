"""Routing as Alibaba's ALB Ingress reads canary annotations.

Source: the vendor's help, use-alb-ingresses-to-perform-canary-releases-1: header before cookie before weight; a header
or cookie rule and a weight must not share one Ingress, here the weight is then dead; `order` from 1 to 1000, usually
10, sorts the Ingresses of one path, the lowest first. What it leaves open is taken as in nginx where it concerns one
route: equal host, path and path type, one canary by weight, an empty canary leaves all to main, an empty main
answers 503.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from cockpit.demo.gateway.canary import by_rules, integer
from cockpit.demo.gateway.decisions import HasEndpoints
from cockpit.demo.gateway.main_routes import MainRoute, MainRoutes, compile_mains
from cockpit.demo.gateway.match import Request
from cockpit.demo.gateway.rules import Ingress, Upstream

PREFIX = "alb.ingress.kubernetes.io/"
USUAL_ORDER = 10


class AlbTable(MainRoutes):
    """Compiled routes."""

    def decide(self, request: Request, rng: random.Random, has_endpoints: HasEndpoints) -> Upstream | int:
        """The canaries in their order, then main; 404 without route, 503 when main has no endpoints."""
        route = self.find(request)
        if route is None:
            return 404
        if not has_endpoints(route.upstream):
            return 503
        chosen = _chosen(route, request, rng)
        return chosen if chosen and has_endpoints(chosen) else route.upstream


def compile_table(ingresses: Sequence[Ingress]) -> AlbTable:
    """Routes of the Ingresses of one class."""
    return AlbTable(compile_mains(ingresses, (PREFIX,), order=order_of))


def order_of(ingress: Ingress) -> int:
    """Its place among the Ingresses of one path: anything but a number from 1 to 1000 counts as 10."""
    found = integer(ingress.annotations.get(f"{PREFIX}order", ""), USUAL_ORDER)
    return found if 1 <= found <= 1000 else USUAL_ORDER


def _chosen(route: MainRoute, request: Request, rng: random.Random) -> Upstream | None:
    for policy, upstream in route.canaries:
        if policy.header or policy.cookie:
            decided = by_rules(policy, request)
            if decided is not None:
                return upstream if decided else None
    weighted = next(((p, up) for p, up in route.canaries if not (p.header or p.cookie)), None)
    if weighted and rng.randint(1, 100) <= weighted[0].weight:
        return weighted[1]
    return None
