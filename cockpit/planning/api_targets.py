"""Where a probe can reach a Service through the API server, and where that would not show what users get.

`GET .../services/NAME:PORT/proxy/` picks an endpoint for each request. For a split that a Service's endpoints decide
this is the split that clients of the Service get; what a mesh or an Ingress does on top is not seen.

Source: kubernetes, pkg/registry/core/service/storage/storage.go, ResourceLocation. The API server draws one of the
subsets of the Service's Endpoints (one subset for each set of container ports), then an address in it: pods that
listen on other ports than their neighbours get another share than by their number.
"""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.lookup import Objects
from cockpit.model.objects import EndpointSlice, Service, ServicePort, VirtualService
from cockpit.model.objects.istio import full_host
from cockpit.model.probe_target import ProbeTarget, ProxiedService, proxied_target
from cockpit.model.refs import ENDPOINTSLICES, SERVICES
from cockpit.model.rights import right
from cockpit.planning.mesh_hosts import MESH_KINDS
from cockpit.workloads.lookups import of_kind, served, slices_of
from cockpit.workloads.probe_targets import FoundTarget, usual_port

# What it takes to ask a Service through the API server; a Prometheus in the cluster is asked in the same way.
PROXY_RIGHT = right("get", SERVICES, "proxy")
# Endpoints hold at most this many addresses; the rest is left out (core/v1, endpoints.kubernetes.io/over-capacity).
_MOST_ADDRESSES = 1000


def with_api_target(way: FoundTarget, service: Service, objects: Objects) -> FoundTarget:
    """`way` with the target through the API server to `service`, whose endpoints decide the split.

    Where that would show another split than clients get, without one; `missing` then says why.
    """
    port = usual_port(service)
    if port is None or not service.spec.selector:
        return way
    if why := _unlike_clients(service, objects):
        return replace(way, missing=f"{way.missing}; not through the API server either: {why}" if way.missing else "")
    return replace(way, api_target=_target(service, port, objects.context, way))


def _target(service: Service, port: ServicePort, context: str, way: FoundTarget) -> ProbeTarget:
    """With the path that an Ingress in front of it takes; the host stays that of the Service."""
    own = service.metadata
    path = way.incomplete_target.path if way.incomplete_target else "/"
    tls = port.port == 443 or port.name == "https"
    return proxied_target(ProxiedService(context, own.namespace, own.name, str(port.port)), port.port, path, tls=tls)


def _unlike_clients(service: Service, objects: Objects) -> str:
    """Why clients get another split than the API server gives; "" if they do not."""
    own = service.metadata
    host = full_host(own.name, own.namespace)
    steering = of_kind(VirtualService, objects.anywhere(served(objects, MESH_KINDS), f"steers=Host/{host}"))
    for found in steering:
        return f"VirtualService {found.metadata.namespace}/{found.metadata.name} decides the split"
    if not objects.known(ENDPOINTSLICES):
        return "EndpointSlices cannot be read"
    ready = [part for part in slices_of(objects, own.namespace, own.name) if _ready(part)]
    if len({_ports(part) for part in ready}) > 1:
        return "its pods listen on different ports, and the API server would not choose them evenly"
    if sum(map(_ready, ready)) > _MOST_ADDRESSES:
        return f"it has more than {_MOST_ADDRESSES} endpoints, and the API server knows only those"
    return ""


def _ready(part: EndpointSlice) -> int:
    return sum(endpoint.conditions.ready is not False for endpoint in part.endpoints or ())


def _ports(part: EndpointSlice) -> frozenset[tuple[str, int | None]]:
    return frozenset((port.name or "", port.port) for port in part.ports or ())
