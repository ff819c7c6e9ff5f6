"""Routing as Istio's gateways and sidecars do it.

Source: istio, pilot/pkg/networking/core/route/route.go: the first match wins; one destination takes all whatever its
weight says, of several each is drawn by weight, anew for each request; what leads nowhere is 503, no match 404.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cockpit.demo.gateway.decisions import Decision, HasEndpoints
from cockpit.demo.gateway.istio_actions import own_answer, sent
from cockpit.demo.gateway.istio_match import Client, meets
from cockpit.demo.gateway.istio_rules import (
    Entry,
    Host,
    Object,
    Rules,
    Subsets,
    full_host,
    inside_name,
    items,
    mapping,
    read_routes,
    read_subsets,
    service_of,
)
from cockpit.demo.gateway.match import Request
from cockpit.demo.gateway.rules import Upstream

HTTP = 80
ROOT_NAMESPACE = "istio-system"
Ports = Callable[[str, str], list[int] | None]


@dataclass(frozen=True)
class IstioTable:
    """Compiled routes: `hosts` of the gateways, `rules` of the mesh; `ports` are those of a Service."""

    hosts: Mapping[str, Host]
    rules: Mapping[str, Rules]
    subsets: Subsets
    ports: Ports = field(repr=False)

    def without_rules(self) -> IstioTable:
        """The same Services without any VirtualService: what a pod without a sidecar knows."""
        return replace(self, hosts={}, rules={}, subsets={})

    def serves(self, host: str) -> bool:
        """Whether a VirtualService at a gateway is for the host by name or wildcard."""
        return self._find(host) is not None

    def decide(self, request: Request, rng: random.Random, has_endpoints: HasEndpoints) -> Decision:
        """The pods that get a request from outside, or what answers it."""
        host = self._find(request.host) or self.hosts.get("*")
        if host is None:
            return 404
        return self._route(host.entries, request, Client(host.gateways, ROOT_NAMESPACE), rng, has_endpoints)

    def decide_inside(
        self, request: Request, client: Client, rng: random.Random, has_endpoints: HasEndpoints
    ) -> Decision:
        """The pods that get a request of a client in the mesh; without a VirtualService those of the Service."""
        name = inside_name(request.host, client.namespace)
        rules = self.rules.get(name) or self._wildcard(name)
        if rules and rules.entries:
            return self._route(rules.entries, request, client, rng, has_endpoints)
        place = service_of(name)
        ports = self.ports(*place) if place else None
        # A Service without ports is an alias of an external name, which has every port.
        if place is None or ports is None or (ports and client.port is not None and client.port not in ports):
            return 502
        port = client.port or next(iter(ports), HTTP)
        return self._answering(Upstream(*place, str(port)), has_endpoints)

    def _find(self, host: str) -> Host | None:
        if host in self.hosts and host != "*":
            return self.hosts[host]
        parts = host.split(".")
        names = (f"*.{'.'.join(parts[n:])}" for n in range(1, len(parts)))
        return next((self.hosts[name] for name in names if name in self.hosts), None)

    def _wildcard(self, name: str) -> Rules | None:
        parts = name.split(".")
        names = [*(f"*.{'.'.join(parts[n:])}" for n in range(1, len(parts))), "*"]
        return next((self.rules[n] for n in names if n in self.rules), None)

    def _route(
        self,
        entries: Sequence[Entry],
        request: Request,
        client: Client,
        rng: random.Random,
        has_endpoints: HasEndpoints,
    ) -> Decision:
        """The first entry that matches; none is 404."""
        for entry in entries:
            if not meets(entry.block, request, client, entry.namespace):
                continue
            own = own_answer(entry.action, request, rng)
            if own is not None:
                return own
            legs = [leg for leg in items(entry.action.get("route")) if items([leg.get("destination")])]
            chosen = drawn(legs, rng)
            if chosen is None:
                return 503

            def leads_to(destination: Mapping[str, Any], namespace: str = entry.namespace) -> Upstream | None:
                return self._upstream(destination, namespace, client)

            upstream = leads_to(chosen["destination"])
            if upstream is None or not has_endpoints(upstream):
                return 503
            return sent(entry.action, chosen, entry.block, request, upstream, leads_to, rng)
        return 404

    def _answering(self, upstream: Upstream, has_endpoints: HasEndpoints) -> Upstream | int:
        return upstream if has_endpoints(upstream) else 503

    def _upstream(self, destination: Mapping[str, Any], namespace: str, client: Client) -> Upstream | None:
        """The Service port and the labels of the subset; None where one of them does not exist."""
        host = full_host(str(destination.get("host", "")), namespace)
        place = service_of(host)
        ports = self.ports(*place) if place else None
        if place is None or not ports:
            return None
        asked = mapping(destination.get("port")).get("number") or (
            ports[0] if len(ports) == 1 else client.port if client.port in ports else None
        )
        if asked not in ports:
            return None
        subset = destination.get("subset")
        if not subset:
            return Upstream(*place, str(asked))
        labels = self._labels(host, str(subset), client.namespace, place[0])
        return None if labels is None else Upstream(*place, str(asked), tuple(sorted(labels.items())))

    def _labels(self, host: str, subset: str, client: str, own: str) -> Mapping[str, str] | None:
        """From the DestinationRules of the client's namespace, else the Service's, else the root."""
        for namespace in dict.fromkeys((client, own, ROOT_NAMESPACE)):
            found = self.subsets.get((namespace, host))
            if found is not None:
                return found.get(subset)
        return None


def drawn(legs: Sequence[Mapping[str, Any]], rng: random.Random) -> Mapping[str, Any] | None:
    """One of the destinations by weight; a single one takes all, one without weight nothing."""
    if len(legs) == 1:
        return legs[0]
    weights = [w if isinstance(w := leg.get("weight"), int) and w > 0 else 0 for leg in legs]
    total = sum(weights)
    if not total:
        return None
    place = rng.randrange(total)
    for leg, weight in zip(legs, weights, strict=True):
        place -= weight
        if place < 0:
            return leg
    return None


def compile_table(
    services: Iterable[Object], rules: Iterable[Object], gateways: Iterable[Object], ports: Ports
) -> IstioTable:
    """Read VirtualServices, DestinationRules and Gateways, as stored, into routes."""
    hosts, inside = read_routes(services, gateways)
    return IstioTable(hosts, inside, read_subsets(rules), ports)
