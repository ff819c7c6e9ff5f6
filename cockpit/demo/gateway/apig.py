"""Routing as Volcengine's API gateway reads the same annotations.

Source: the vendor's documents 6460/1328768 and 1327604. They name header, header value and weight from 0 to 100,
no cookie, pattern or total. What they leave open is taken as in nginx where it concerns one route: equal host, path
and path type, the oldest canary, an empty canary leaves all to main, an empty main answers 503. What follows from
nginx's shared upstreams (canaries that leak to other hosts, mains that vanish) is not assumed of it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cockpit.demo.gateway.canary import Policy, header_key, is_canary, policy_of
from cockpit.demo.gateway.match import Hosts, Paths, Request
from cockpit.demo.gateway.nginx import in_order
from cockpit.demo.gateway.rules import Ingress, Rule, Upstream

INSTANCE = "ingress.vke.volcengine.com/apig-instance-name"


@dataclass
class Route:
    """One main route and the canary beside it."""

    instance: str
    upstream: Upstream
    canary: Upstream | None = None
    policy: Policy | None = None


@dataclass(frozen=True)
class ApigTable:
    """Compiled routes."""

    hosts: Hosts[Paths[Route]]

    def serves(self, host: str) -> bool:
        """Whether a route has the host or a wildcard for it."""
        return self.hosts.find_named(host) is not None

    def decide(self, request: Request, rng: random.Random, has_endpoints: Callable[[Upstream], bool]) -> Upstream | int:
        """Main or canary; 404 without route, 503 when main has no endpoints."""
        paths = self.hosts.find(request.host)
        route = paths.find(request.path) if paths else None
        if route is None:
            return 404
        if not has_endpoints(route.upstream):
            return 503
        if route.canary and route.policy and has_endpoints(route.canary) and _takes(route.policy, request, rng):
            return route.canary
        return route.upstream


def compile_table(ingresses: Sequence[Ingress]) -> ApigTable:
    """Routes of the Ingresses of one class."""
    ordered, hosts = in_order(ingresses), Hosts[Paths[Route]]()
    mains: dict[tuple[str, str, str, str], Route] = {}
    for ingress in ordered:
        if is_canary(ingress.annotations):
            continue
        for rule in ingress.rules:
            instance = ingress.annotations.get(INSTANCE, "")
            route = mains.setdefault(_place(instance, rule), Route(instance, rule.upstream))
            hosts.names.setdefault(rule.host, Paths()).add(rule.path, rule.path_type, route)
    for ingress in ordered:
        if is_canary(ingress.annotations):
            for rule in ingress.rules:
                main = mains.get(_place(ingress.annotations.get(INSTANCE, ""), rule))
                if main and main.canary is None:
                    main.canary, main.policy = rule.upstream, policy_of(ingress.annotations)
    return ApigTable(hosts)


def _place(instance: str, rule: Rule) -> tuple[str, str, str, str]:
    return (instance, rule.host, rule.path, rule.path_type)


def _takes(policy: Policy, request: Request, rng: random.Random) -> bool:
    """A header rule that is met decides; without a value the header's presence is enough."""
    header = request.headers.get(header_key(policy.header)) if policy.header else None
    if header is not None and (not policy.value or header == policy.value):
        return True
    return rng.randint(1, 100) <= policy.weight
