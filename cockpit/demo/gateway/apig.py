"""Routing as Volcengine's API gateway reads the same annotations.

Source: the vendor's documents 6460/1328768 and 1327604. They name header, header value and weight from 0 to 100,
no cookie, pattern or total. What they leave open is taken as in nginx where it concerns one route: equal host, path
and path type, the oldest canary, an empty canary leaves all to main, an empty main answers 503. What follows from
nginx's shared upstreams (canaries that leak to other hosts, mains that vanish) is not assumed of it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from cockpit.demo.gateway.canary import Policy, header_key
from cockpit.demo.gateway.decisions import HasEndpoints
from cockpit.demo.gateway.main_routes import MainRoutes, compile_mains
from cockpit.demo.gateway.match import Request
from cockpit.demo.gateway.rules import Ingress, Upstream

INSTANCE = "ingress.vke.volcengine.com/apig-instance-name"


class ApigTable(MainRoutes):
    """Compiled routes."""

    def decide(self, request: Request, rng: random.Random, has_endpoints: HasEndpoints) -> Upstream | int:
        """Main or canary; 404 without route, 503 when main has no endpoints."""
        route = self.find(request)
        if route is None:
            return 404
        if not has_endpoints(route.upstream):
            return 503
        for policy, canary in route.canaries[:1]:
            if has_endpoints(canary) and _takes(policy, request, rng):
                return canary
        return route.upstream


def compile_table(ingresses: Sequence[Ingress]) -> ApigTable:
    """Routes of the Ingresses of one class."""
    return ApigTable(compile_mains(ingresses, group=lambda ingress: ingress.annotations.get(INSTANCE, "")))


def _takes(policy: Policy, request: Request, rng: random.Random) -> bool:
    """A header rule that is met decides; without a value the header's presence is enough."""
    header = request.headers.get(header_key(policy.header)) if policy.header else None
    if header is not None and (not policy.value or header == policy.value):
        return True
    return rng.randint(1, 100) <= policy.weight
