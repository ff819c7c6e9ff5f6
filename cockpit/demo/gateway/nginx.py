"""Routing as ingress-nginx does it, with everything that surprises.

Source: ingress-nginx, internal/ingress/controller/controller.go (createUpstreams, createServers, getBackendServers,
mergeAlternativeBackends), store/store.go (order), and rootfs/etc/nginx/lua/balancer.lua.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cockpit.demo.gateway.canary import Policy, is_canary, policy_of, takes
from cockpit.demo.gateway.decisions import Decision, HasEndpoints
from cockpit.demo.gateway.match import Hosts, Paths, Request
from cockpit.demo.gateway.nginx_location import PREFIX_TYPE, Location, PathOptions, Patterns, looked_up, read
from cockpit.demo.gateway.rules import Ingress, Rule, Upstream


@dataclass
class Backend:
    """One upstream: `policy` and `server_less` come from the first Ingress that names it."""

    upstream: Upstream
    policy: Policy | None = None
    server_less: bool = False
    alternatives: list[Upstream] = field(default_factory=list)


Backends = dict[Upstream, Backend]
Servers = dict[str, list[Location]]


@dataclass(frozen=True)
class NginxTable:
    """Compiled servers, locations and upstreams."""

    hosts: Hosts[Paths[Location] | Patterns]
    backends: Backends
    secured: Hosts[bool]

    def serves(self, host: str) -> bool:
        """Whether a server block has the host or a wildcard for it."""
        return self.hosts.find_named(host) is not None

    def decide(self, request: Request, rng: random.Random, has_endpoints: HasEndpoints) -> Decision:
        """The upstream of a request: main or canary; 404 without location, 503 when main has no endpoints.

        If TLS is required, a plain request is redirected before anything else.
        """
        paths = self.hosts.find(request.host)
        location = paths.find(request.path) if paths else None
        if location is None:
            return 404
        secured = bool(self.secured.find_named(request.host))
        if redirect := location.redirect(request, secured):
            return redirect
        found = self._upstream(location, request, rng, has_endpoints)
        return found if isinstance(found, int) else location.sent(found, request)

    def _upstream(
        self, location: Location, request: Request, rng: random.Random, has_endpoints: HasEndpoints
    ) -> Upstream | int:
        if location.upstream is None:
            return 404
        main = self.backends.get(location.upstream)
        if main is None or not has_endpoints(main.upstream):
            return 503
        # Only the first alternative is looked at.
        canary = self.backends.get(main.alternatives[0]) if main.alternatives else None
        if canary is None or canary.policy is None or not has_endpoints(canary.upstream):
            return main.upstream
        return canary.upstream if takes(canary.policy, request, rng) else main.upstream


def compile_table(ingresses: Sequence[Ingress]) -> NginxTable:
    """Routes of the Ingresses of one class."""
    ordered = in_order(ingresses)
    backends = _backends(ordered)
    servers = _servers(ordered, backends)
    for ingress in ordered:
        options = read(ingress.annotations)
        for rule in ingress.rules:
            _locate(rule, options, servers, backends)
    canaries = [ingress for ingress in ordered if is_canary(ingress.annotations)]
    if len(canaries) < len(ordered):
        for ingress in canaries:
            _merge_fallback(ingress, servers, backends)
            for rule in ingress.rules:
                _merge(rule, servers, backends)
    hosts = {host: looked_up(locations) for host, locations in servers.items()}
    return NginxTable(Hosts(hosts), backends, Hosts(dict.fromkeys(_secured(ordered), True)))


def in_order(ingresses: Sequence[Ingress]) -> list[Ingress]:
    """Oldest first; of the same second, names in descending order."""
    by_name = sorted(ingresses, key=lambda ingress: ingress.full_name, reverse=True)
    return sorted(by_name, key=lambda ingress: ingress.created)


def _backends(ordered: Sequence[Ingress]) -> Backends:
    backends: Backends = {}
    for ingress in ordered:
        canary = is_canary(ingress.annotations)
        policy = policy_of(ingress.annotations) if canary else None
        if ingress.fallback:
            backends[ingress.fallback] = Backend(ingress.fallback, policy, canary)
        for rule in ingress.rules:
            if rule.upstream not in backends:
                backends[rule.upstream] = Backend(rule.upstream, policy, canary)
    return backends


def _servers(ordered: Sequence[Ingress], backends: Backends) -> Servers:
    """A server per host that is not a canary's alone, each with a location for everything."""
    servers: Servers = {"": [Location("/", PREFIX_TYPE, None, is_default=True)]}
    for ingress in ordered:
        if is_canary(ingress.annotations):
            continue
        fallback = ingress.fallback if ingress.fallback in backends else None
        root = servers[""][0]
        if fallback and root.is_default and not ingress.hosts:
            root.upstream, root.is_default = fallback, False
        for host in ingress.hosts:
            made = Location("/", PREFIX_TYPE, fallback, is_default=True, options=read(ingress.annotations))
            servers.setdefault(host, [made])
    return servers


def _secured(ordered: Sequence[Ingress]) -> set[str]:
    """Hosts with a certificate: those of an Ingress with TLS, the gateway's own where its Secret is none."""
    return {host for one in ordered if one.tls and not is_canary(one.annotations) for host in one.hosts if host}


def _locate(rule: Rule, options: PathOptions, servers: Servers, backends: Backends) -> None:
    if backends[rule.upstream].server_less:
        return
    locations = servers.get(rule.host, servers[""])
    for location in locations:
        if location.path != rule.path:
            continue
        if location.path_type != rule.path_type:
            break
        if location.is_default:
            location.upstream, location.is_default, location.options = rule.upstream, False, options
        return
    locations.append(Location(rule.path, rule.path_type, rule.upstream, options=options))


def _merge_fallback(ingress: Ingress, servers: Servers, backends: Backends) -> None:
    alternative = backends.get(ingress.fallback) if ingress.fallback else None
    if alternative is not None:
        _attach(alternative, servers[""], backends, lambda location: True)


def _merge(rule: Rule, servers: Servers, backends: Backends) -> None:
    """Attach a canary's upstream to the main of the same host, path and path type."""
    alternative, locations = backends.get(rule.upstream), servers.get(rule.host)
    if alternative is None or locations is None:
        return
    _attach(
        alternative,
        locations,
        backends,
        lambda location: location.path == rule.path and location.path_type == rule.path_type,
    )


def _attach(
    alternative: Backend, locations: list[Location], backends: Backends, fits: Callable[[Location], bool]
) -> None:
    """Without a main for it the upstream is dropped, even where another Ingress has it as its main."""
    merged = False
    for location in locations:
        main = backends.get(location.upstream) if location.upstream else None
        if main is None:
            continue
        if main is alternative:
            return
        if not main.server_less and fits(location):
            if alternative.upstream not in main.alternatives:
                main.alternatives.append(alternative.upstream)
            merged = True
    if not merged:
        del backends[alternative.upstream]
