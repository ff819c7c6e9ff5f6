"""Where requests for a VirtualService enter: its Istio Gateway's load balancer, or a proxy inside the mesh."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cockpit.model.door import Door
from cockpit.model.lookup import Objects
from cockpit.model.objects import IstioGateway, Pod, Service, VirtualService
from cockpit.model.objects.istio import service_of, texts
from cockpit.model.refs import PODS
from cockpit.routers.istio.bundles import Bundle
from cockpit.routers.istio.routes import (
    GATEWAYS,
    HTTP,
    MESH,
    ROOT_NAMESPACE,
    VIRTUAL_SERVICES,
    gateways_of,
    hosts_of,
    served,
)
from cockpit.workloads.doors import WayIn, example_host, unread
from cockpit.workloads.lookups import find_service, of_kind, services_selecting

_PLAIN_PORT, _TLS_PORT = 80, 443
_NAMES = re.compile(r"[A-Za-z0-9_.:-]{1,253}")
# Where installers put the pods of ingress gateways (istioctl, Helm chart istio/gateway).
_GATEWAY_NAMESPACES = (ROOT_NAMESPACE, "istio-ingress")


def istio_door(bundle: Bundle, objects: Objects) -> WayIn:
    """The first gateway with an address; without one what requests would ask for there, else inside the mesh."""
    service, path = bundle.service, bundle.path
    if bundle.protocol != HTTP:
        return WayIn(missing=f"a probe asks over HTTP, and these are {bundle.protocol} routes")
    if not hosts_of(service):
        return _through_parent(bundle, objects)
    gateways = [name for name in gateways_of(service) if name != MESH]
    ways = [_gateway_door(name, service, path, objects) for name in gateways]
    found = next((way for way in ways if way.door), ways[0] if ways else None)
    return found or _mesh_door(service, path, objects)


def _through_parent(bundle: Bundle, objects: Objects) -> WayIn:
    """The way into the VirtualService that hands requests to this one."""
    own = bundle.service.metadata
    key = f"delegate={own.namespace}/{own.name}"
    parents = of_kind(VirtualService, objects.keyed(served(objects, VIRTUAL_SERVICES), own.namespace, key))
    what = f"VirtualService {own.namespace}/{own.name}"
    for parent in parents:
        if hosts_of(parent):
            gateways = [name for name in gateways_of(parent) if name != MESH]
            if gateways:
                return _gateway_door(gateways[0], parent, bundle.path, objects)
            return _mesh_door(parent, bundle.path, objects)
    return WayIn(missing=f"{what} has no hosts, and no VirtualService of its namespace delegates to it")


def _gateway_door(name: str, service: VirtualService, path: str, objects: Objects) -> WayIn:
    namespace, _, short = name.partition("/")
    gateway = objects.get(served(objects, GATEWAYS), namespace, short)
    if not isinstance(gateway, IstioGateway):
        why = unread(objects, f"Gateway {name} is not known: the Gateways", namespace)
        entrance = Door("", _PLAIN_PORT, _host(service, None), path)
        return WayIn(missing=why or f"Gateway {name} does not exist", entrance=entrance)
    server = _server(gateway)
    host, number, tls = _host(service, server), _number(server), "tls" in server
    entrance = Door("", number, host, path, tls)
    behind = list(_services(gateway, objects))
    for found in behind:
        entry = next(
            (e for e in found.status.load_balancer.ingress or () if _NAMES.fullmatch(e.ip or e.hostname or "")), None
        )
        if entry:
            address = entry.ip or entry.hostname or ""
            return WayIn(Door(address, _port(found, number), host or address, path, tls))
    if behind:
        own = behind[0].metadata
        why = f"Service {own.namespace}/{own.name} of Gateway {name} has no address from outside"
        return WayIn(missing=why, entrance=entrance)
    why = unread(objects, f"where Gateway {name} takes requests in is not known: the Services", *_places(gateway))
    return WayIn(missing=why or f"no Service leads to the pods of Gateway {name}", entrance=entrance)


def _places(gateway: IstioGateway) -> tuple[str, ...]:
    """Namespaces where the pods of a Gateway are looked for."""
    return (gateway.metadata.namespace, *_GATEWAY_NAMESPACES)


def _services(gateway: IstioGateway, objects: Objects) -> Iterator[Service]:
    """Services of the proxies that a Gateway configures: those whose selector picks pods that it selects."""
    spec = gateway.spec if isinstance(gateway.spec, dict) else {}
    raw = spec.get("selector")
    labels = {str(k): str(v) for k, v in raw.items()} if isinstance(raw, dict) else {}
    for namespace in dict.fromkeys(_places(gateway)):
        for pod in of_kind(Pod, objects.selected(PODS, namespace, labels))[:1]:
            yield from services_selecting(objects, namespace, pod.metadata.labels or {})


def _server(gateway: IstioGateway) -> Mapping[str, Any]:
    """Its first HTTP server, else its first."""
    spec = gateway.spec if isinstance(gateway.spec, dict) else {}
    servers = spec.get("servers")
    found = [s for s in servers if isinstance(s, dict)] if isinstance(servers, list) else []
    return next((s for s in found if "tls" not in s), next(iter(found), {}))


def _number(server: Mapping[str, Any]) -> int:
    port = server.get("port")
    number = port.get("number") if isinstance(port, dict) else None
    usable = isinstance(number, int) and not isinstance(number, bool) and 0 < number < 65536
    return number if usable and isinstance(number, int) else _TLS_PORT if "tls" in server else _PLAIN_PORT


def _port(service: Service, number: int) -> int:
    """The Service's port for a Gateway's: by number, else by target, else its first."""
    ports = service.spec.ports or []
    named = next((p for p in ports if p.port == number), next((p for p in ports if p.target_port == number), None))
    chosen = named or next(iter(ports), None)
    return chosen.port if chosen else number


def _host(service: VirtualService, server: Mapping[str, Any] | None) -> str:
    """A host that the VirtualService is for and its gateway takes; "" for every host."""
    own = [h for h in hosts_of(service) if h != "*"]
    allowed = [h.partition("/")[2] or h for h in texts((server or {}).get("hosts"))]
    inside = next((h for h in own if any(_covers(pattern, h) for pattern in allowed)), None)
    chosen = inside or next(iter(own), next((h for h in allowed if h != "*"), ""))
    found = example_host(chosen)
    return found if _NAMES.fullmatch(found) else ""


def _covers(pattern: str, host: str) -> bool:
    """Whether a Gateway's host pattern takes a host."""
    return pattern in ("*", host) or (pattern.startswith("*.") and host.endswith(pattern[1:]))


def _mesh_door(service: VirtualService, path: str, objects: Objects) -> WayIn:
    """Only clients with a sidecar meet the routes, so what is missing is a proxy that has one."""
    host = _host(service, None)
    place = service_of(host)
    found = find_service(objects, *place) if place else None
    ports = found.spec.ports if found else None
    why = (
        f"VirtualService {service.metadata.namespace}/{service.metadata.name} is for clients inside the mesh:"
        " from outside only a proxy beside such a client (--proxy URL) meets its routes"
    )
    return WayIn(missing=why, entrance=Door("", ports[0].port if ports else _PLAIN_PORT, host, path))
