"""Where requests for a VirtualService enter: its Istio Gateway's load balancer, or a proxy inside the mesh."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cockpit.model.lazy_re import lazy_re
from cockpit.model.lookup import Objects
from cockpit.model.objects import IstioGateway, Service, VirtualService
from cockpit.model.objects.istio import service_of, texts
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import ISTIO_GATEWAY_VERSIONS
from cockpit.routers.istio.delegates import root_of
from cockpit.routers.istio.proxies import proxy_places, proxy_services
from cockpit.routers.istio.route_groups import RouteGroup
from cockpit.routers.istio.routes import HTTP, MESH, gateways_of, hosts_of
from cockpit.workloads.lookups import find_service, served
from cockpit.workloads.probe_targets import FoundTarget, example_host, unread

_PLAIN_PORT, _TLS_PORT = 80, 443
_NAMES = lazy_re(r"[A-Za-z0-9_.:-]{1,253}")


def virtualservice_target(group: RouteGroup, objects: Objects) -> FoundTarget:
    """The first gateway with an address; without one, what requests to it would be; else inside the mesh."""
    service, path = group.service, group.path
    if group.protocol != HTTP:
        return FoundTarget(missing=f"a probe speaks HTTP, and these are {group.protocol} routes")
    if not hosts_of(service):
        return _through_parent(group, objects)
    gateways = [name for name in gateways_of(service) if name != MESH]
    ways = [_gateway_target(name, service, path, objects) for name in gateways]
    found = next((way for way in ways if way.probe_target), ways[0] if ways else None)
    return found or _mesh_target(service, path, objects)


def _through_parent(group: RouteGroup, objects: Objects) -> FoundTarget:
    """The probe target of the VirtualService that delegates requests to this one."""
    root = root_of(group.service, objects)
    if root is not None:
        gateways = [name for name in gateways_of(root) if name != MESH]
        if gateways:
            return _gateway_target(gateways[0], root, group.path, objects)
        return _mesh_target(root, group.path, objects)
    own = group.service.metadata
    what = f"VirtualService {own.namespace}/{own.name} has no hosts, and no VirtualService"
    if objects.covers(""):
        return FoundTarget(missing=f"{what} delegates to it")
    why = (
        f"of namespace {own.namespace} delegates to it; other namespaces were not read here: try -A for all namespaces"
    )
    return FoundTarget(missing=f"{what} {why}")


def _gateway_target(name: str, service: VirtualService, path: str, objects: Objects) -> FoundTarget:
    namespace, _, short = name.partition("/")
    gateway = objects.get(served(objects, ISTIO_GATEWAY_VERSIONS), namespace, short)
    if not isinstance(gateway, IstioGateway):
        why = unread(objects, f"Gateway {name} is not known: the Gateways", namespace)
        incomplete_target = ProbeTarget("", _PLAIN_PORT, _host(service, None), path)
        return FoundTarget(missing=why or f"Gateway {name} does not exist", incomplete_target=incomplete_target)
    server = _server(gateway)
    host, number, tls = _host(service, server), _number(server), _is_tls(server)
    incomplete_target = ProbeTarget("", number, host, path, tls)
    behind = list(proxy_services(gateway, objects))
    for found in behind:
        entry = next(
            (e for e in found.status.load_balancer.ingress or () if _NAMES.fullmatch(e.ip or e.hostname or "")), None
        )
        if entry:
            address = entry.ip or entry.hostname or ""
            return FoundTarget(ProbeTarget(address, _port(found, number), host or address, path, tls))
    if behind:
        own = behind[0].metadata
        why = f"Service {own.namespace}/{own.name} of Gateway {name} has no external address"
        return FoundTarget(missing=why, incomplete_target=incomplete_target)
    why = unread(objects, f"the address of Gateway {name} is not known: the Services", *proxy_places(gateway))
    return FoundTarget(
        missing=why or f"no Service selects the pods of Gateway {name}", incomplete_target=incomplete_target
    )


def _server(gateway: IstioGateway) -> Mapping[str, Any]:
    """Its first HTTP server that does not redirect to TLS, else its first with TLS, else its first."""
    spec = gateway.spec if isinstance(gateway.spec, dict) else {}
    servers = spec.get("servers")
    found = [s for s in servers if isinstance(s, dict)] if isinstance(servers, list) else []
    plain = [s for s in found if "tls" not in s]
    return next(iter((*plain, *filter(_is_tls, found), *found)), {})


def _is_tls(server: Mapping[str, Any]) -> bool:
    """Whether it serves TLS; `tls.httpsRedirect` alone belongs to a server of plain HTTP (networking/v1, Server)."""
    tls = server.get("tls")
    return bool(tls) and not (isinstance(tls, dict) and tls.get("httpsRedirect") is True and "mode" not in tls)


def _number(server: Mapping[str, Any]) -> int:
    port = server.get("port")
    number = port.get("number") if isinstance(port, dict) else None
    usable = isinstance(number, int) and not isinstance(number, bool) and 0 < number < 65536
    return number if usable and isinstance(number, int) else _TLS_PORT if _is_tls(server) else _PLAIN_PORT


def _port(service: Service, number: int) -> int:
    """The Service's port for a Gateway's: by number, else by target, else its first."""
    ports = service.spec.ports or []
    named = next((p for p in ports if p.port == number), next((p for p in ports if p.target_port == number), None))
    chosen = named or next(iter(ports), None)
    return chosen.port if chosen else number


def _host(service: VirtualService, server: Mapping[str, Any] | None) -> str:
    """A host of the VirtualService that its gateway accepts; "" for every host."""
    own = [h for h in hosts_of(service) if h != "*"]
    allowed = [h.partition("/")[2] or h for h in texts((server or {}).get("hosts"))]
    inside = next((h for h in own if any(_covers(pattern, h) for pattern in allowed)), None)
    chosen = inside or next(iter(own), next((h for h in allowed if h != "*"), ""))
    found = example_host(chosen)
    return found if _NAMES.fullmatch(found) else ""


def _covers(pattern: str, host: str) -> bool:
    """Whether a Gateway's host pattern matches a host."""
    return pattern in ("*", host) or (pattern.startswith("*.") and host.endswith(pattern[1:]))


def mesh_target(service: VirtualService, objects: Objects) -> ProbeTarget | None:
    """The first Service whose name the VirtualService routes for pods with a sidecar; None if it routes none."""
    if MESH not in gateways_of(service):
        return None
    for host in hosts_of(service):
        place = service_of(host)
        found = find_service(objects, *place) if place else None
        if found and found.spec.ports:
            name = f"{found.metadata.name}.{found.metadata.namespace}.svc.cluster.local"
            return ProbeTarget(name, found.spec.ports[0].port, name)
    return None


def _mesh_target(service: VirtualService, path: str, objects: Objects) -> FoundTarget:
    """Only clients with a sidecar use the routes, so the missing part is a proxy that has one."""
    host = _host(service, None)
    place = service_of(host)
    found = find_service(objects, *place) if place else None
    ports = found.spec.ports if found else None
    why = (
        f"VirtualService {service.metadata.namespace}/{service.metadata.name} is for clients inside the mesh:"
        " from outside, probe through a proxy next to such a client (--proxy URL)"
    )
    return FoundTarget(
        missing=why, incomplete_target=ProbeTarget("", ports[0].port if ports else _PLAIN_PORT, host, path)
    )
