"""At which of its Gateways a VirtualService takes requests, and why not at the others.

A Gateway serves it for the hosts that one of its servers allows, perhaps only to VirtualServices of one namespace, and
only if the VirtualService is exported to the namespace of the Gateway's proxies (istio, core/gateway.go,
pickMatchingGatewayHosts; model/push_context.go, VirtualServicesForGateway).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from cockpit.model.fields import entries, mapping
from cockpit.model.lookup import Objects
from cockpit.model.objects import IstioGateway, VirtualService
from cockpit.model.objects.istio import texts
from cockpit.model.rollout import Finding, Severity
from cockpit.routers.istio.delegates import root_of
from cockpit.routers.istio.proxies import proxy_namespaces
from cockpit.routers.istio.routes import GATEWAYS, MESH, MOST_GATEWAYS, gateways_of, hosts_of
from cockpit.workloads.findings import finding, listed
from cockpit.workloads.lookups import served

_MOST_HOSTS = 5
# Far above what people write: what has more hosts is not judged, of more Gateways the rest is not looked at.
_MOST_COMPARED = 300


def exposure_findings(service: VirtualService, objects: Objects) -> tuple[Finding, ...]:
    """A finding for each Gateway that takes no requests for it: critical if no other way leads to it."""
    entry = _entry(service, objects)
    if entry is None:
        return ()
    silent = dict(_silent(entry, objects))
    severity = Severity.CRITICAL if set(silent) == set(gateways_of(entry)) else Severity.WARNING
    what = f"VirtualService {entry.metadata.namespace}/{entry.metadata.name}"
    return tuple(
        finding("not-at-gateway", severity, f"{what} gets no requests from Gateway {name}: {why}")
        for name, why in silent.items()
    )


def is_unreachable(service: VirtualService, objects: Objects) -> bool:
    """Whether no request gets to it: none of its Gateways takes any, and it is not for the mesh."""
    entry = _entry(service, objects)
    return entry is not None and {name for name, _ in _silent(entry, objects)} == set(gateways_of(entry))


def _entry(service: VirtualService, objects: Objects) -> VirtualService | None:
    """The VirtualService with the hosts by which requests enter: itself, or the one that delegates to it."""
    return service if hosts_of(service) else root_of(service, objects)


def _silent(service: VirtualService, objects: Objects) -> Iterator[tuple[str, str]]:
    """Each Gateway that takes no requests for it, and why; not those that are unknown."""
    resource = served(objects, GATEWAYS)
    for name in islice(dict.fromkeys(gateways_of(service)), MOST_GATEWAYS):
        namespace, _, short = name.partition("/")
        if name == MESH or not objects.known(resource) or not objects.covers(namespace):
            continue
        gateway = objects.get(resource, namespace, short)
        why = _why_silent(gateway, service, objects) if isinstance(gateway, IstioGateway) else "it does not exist"
        if why:
            yield name, why


def _why_silent(gateway: IstioGateway, service: VirtualService, objects: Objects) -> str:
    own, place = service.metadata.namespace, gateway.metadata.namespace
    allowed = [host for server in entries(gateway.spec, "servers") for host in texts(mapping(server).get("hosts"))]
    asked = hosts_of(service)
    inside = [_pattern(host, own, place) for host in allowed[:_MOST_COMPARED]]
    read = len(allowed) <= _MOST_COMPARED and len(asked) <= _MOST_COMPARED
    if read and not any(_meet(pattern, host) for pattern in inside if pattern for host in asked):
        return f"its servers take no requests for {listed(list(asked[:_MOST_HOSTS]))} from namespace {own}"
    exported = set(texts(mapping(service.spec).get("exportTo")))
    proxies = proxy_namespaces(gateway, objects)
    seen = {own if target == "." else target for target in exported}
    if proxies and exported and "*" not in seen and not seen & set(proxies):
        return f"its exportTo ({listed(sorted(exported))}) leaves out namespace {listed(list(proxies))} of the proxies"
    return ""


def _pattern(host: str, own: str, place: str) -> str:
    """A Gateway's host without its namespace; "" if it is for VirtualServices of another one."""
    namespace, slash, name = host.rpartition("/")
    wanted = place if namespace == "." else namespace
    return name.lower() if not slash or wanted in ("*", own) else ""


def _meet(pattern: str, host: str) -> bool:
    """Whether a Gateway's host and a VirtualService's host have any name in common."""
    if "*" in (pattern, host) or pattern == host:
        return True
    wide, narrow = (pattern, host) if pattern.startswith("*.") else (host, pattern)
    if not wide.startswith("*."):
        return False
    return narrow.removeprefix("*").endswith(wide[1:]) or (narrow.startswith("*.") and wide.endswith(narrow[1:]))
