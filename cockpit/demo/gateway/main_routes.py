"""Main routes and the canaries beside them, for the gateways that pair Ingresses by host, path and path type.

The oldest Ingress has a route; a canary without a main route of its place serves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cockpit.demo.gateway.canary import PREFIX, Policy, is_canary, policy_of
from cockpit.demo.gateway.match import Hosts, Paths, Request
from cockpit.demo.gateway.nginx import in_order
from cockpit.demo.gateway.rules import Ingress, Upstream


@dataclass
class MainRoute:
    """One main route and the canaries beside it, in their order."""

    upstream: Upstream
    canaries: list[tuple[Policy, Upstream]] = field(default_factory=list)


@dataclass(frozen=True)
class MainRoutes:
    """Main routes by host and path."""

    hosts: Hosts[Paths[MainRoute]]

    def serves(self, host: str) -> bool:
        """Whether a route has the host or a wildcard for it."""
        return self.hosts.find_named(host) is not None

    def find(self, request: Request) -> MainRoute | None:
        """The route of a request."""
        paths = self.hosts.find(request.host)
        return paths.find(request.path) if paths else None


def _nothing(ingress: Ingress) -> str:
    return ""


def _as_created(ingress: Ingress) -> int:
    return 0


def compile_mains(
    ingresses: Sequence[Ingress],
    prefixes: Sequence[str] = (PREFIX,),
    *,
    group: Callable[[Ingress], str] = _nothing,
    order: Callable[[Ingress], int] = _as_created,
) -> Hosts[Paths[MainRoute]]:
    """Read Ingresses of one class, whose annotations have one of `prefixes`, into routes.

    Only Ingresses of one `group` are paired; canaries are sorted by `order`, then the oldest first. Of several paths
    of one canary in one place the first counts.
    """
    ordered, hosts = in_order(ingresses), Hosts[Paths[MainRoute]]()
    mains: dict[tuple[str, str, str, str], MainRoute] = {}
    for ingress in ordered:
        for rule in ingress.rules if not is_canary(ingress.annotations, prefixes) else ():
            place = (group(ingress), rule.host, rule.path, rule.path_type)
            route = mains.setdefault(place, MainRoute(rule.upstream))
            hosts.names.setdefault(rule.host, Paths()).add(rule.path, rule.path_type, route)
    for ingress in sorted(ordered, key=order):
        found: dict[tuple[str, str, str, str], Upstream] = {}
        for rule in ingress.rules if is_canary(ingress.annotations, prefixes) else ():
            found.setdefault((group(ingress), rule.host, rule.path, rule.path_type), rule.upstream)
        for place, upstream in found.items():
            if place in mains:
                mains[place].canaries.append((policy_of(ingress.annotations, prefixes), upstream))
    return hosts
