"""Routing as Higress reads canary annotations, and Alibaba's MSE Ingress, which is a Higress.

Source: alibaba/higress, annotations/canary.go, ingressv1/controller.go and config/ingress_config.go
(`normalizeWeightedCluster`): a header, cookie or query key makes a canary a route of its own, in which its weight is
dead; without a value it asks for `always`, a value is the pattern `always|VALUE` for the whole of the header. The
weights of several canaries add up, of at least the first one's total, each cut to whole percent; the rest is main's.
A canary without endpoints leaves its requests to main; main without endpoints answers 503 for its own share.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from urllib.parse import parse_qsl

from cockpit.demo.gateway.canary import Policy, header_key
from cockpit.demo.gateway.decisions import HasEndpoints
from cockpit.demo.gateway.main_routes import MainRoute, MainRoutes, compile_mains
from cockpit.demo.gateway.match import Request
from cockpit.demo.gateway.patterns import full_match
from cockpit.demo.gateway.rules import Ingress, Upstream

PREFIXES = (
    "nginx.ingress.kubernetes.io/",
    "mse.ingress.kubernetes.io/",
    "higress.ingress.kubernetes.io/",
    "higress.io/",
)


class HigressTable(MainRoutes):
    """Compiled routes."""

    def decide(self, request: Request, rng: random.Random, has_endpoints: HasEndpoints) -> Upstream | int:
        """A canary's own route first, then the draw by weight; 404 without a route, 503 if no backend is left."""
        route = self.find(request)
        if route is None:
            return 404
        chosen = _singled(route, request) or _drawn(route, rng)
        if chosen and has_endpoints(chosen):
            return chosen
        return route.upstream if has_endpoints(route.upstream) else 503


def compile_table(ingresses: Sequence[Ingress]) -> HigressTable:
    """Routes of the Ingresses of one class."""
    return HigressTable(compile_mains(ingresses, PREFIXES))


def is_route(policy: Policy) -> bool:
    """Whether a canary is a separate route."""
    return bool(policy.header or policy.cookie or policy.query)


def _singled(route: MainRoute, request: Request) -> Upstream | None:
    return next((upstream for policy, upstream in route.canaries if is_route(policy) and _meets(policy, request)), None)


def _meets(policy: Policy, request: Request) -> bool:
    """One of several keys counts: header before cookie before query."""
    if policy.header:
        found = request.headers.get(header_key(policy.header))
        return found is not None and _fits(policy.value, policy.pattern, found)
    if policy.cookie:
        return request.cookies.get(policy.cookie) == "always"
    asked = dict(reversed(parse_qsl(request.query, keep_blank_values=True)))
    return policy.query in asked and _fits(policy.query_value, policy.query_pattern, asked[policy.query])


def _fits(value: str, pattern: str, text: str) -> bool:
    if value:
        return full_match(f"always|{value}", text)
    return full_match(f".*{pattern}.*", text) if pattern else text == "always"


def _drawn(route: MainRoute, rng: random.Random) -> Upstream | None:
    weighted = [(max(policy.weight, 0), policy.total, up) for policy, up in route.canaries if not is_route(policy)]
    if not any(weight for weight, _, _ in weighted):
        return None
    total = max(sum(weight for weight, _, _ in weighted), weighted[0][1], 1)
    draw = rng.randint(1, 100)
    for weight, _, upstream in weighted:
        draw -= weight * 100 // total
        if draw <= 0:
            return upstream
    return None
