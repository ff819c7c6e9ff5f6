"""Where a probe's request enters, derived from a Service or an Ingress."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from cockpit.model.door import Door
from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress, LoadBalancerIngress, Service, ServicePort
from cockpit.workloads.lookups import ingresses_of_service

_HTTPS = 443
_HTTP = 80
_EXAMPLE = "example"
_NAMES = re.compile(r"[A-Za-z0-9_.:-]{1,253}")
_LITERAL_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]*)+")


@dataclass(frozen=True, slots=True)
class WayIn:
    """The door, or why there is none and what requests would ask for (see `Rollout.entrance`)."""

    door: Door | None = None
    missing: str = ""
    entrance: Door | None = None


def unread(objects: Objects, what: str, *namespaces: str) -> str:
    """That `what` was not read in those namespaces that this session leaves out, and the remedy; "" for none."""
    out = [namespace for namespace in dict.fromkeys(namespaces) if not objects.covers(namespace)]
    return f"{what} of namespace {' or '.join(out)} were not read here: try -A for all namespaces" if out else ""


def service_door(service: Service, objects: Objects) -> WayIn:
    """The load balancer's address, else an Ingress that leads to the Service.

    Where neither has an address, what requests would ask for is what that Ingress says, else the cluster IP.
    """
    entry = _entry(service.status.load_balancer.ingress)
    if service.spec.type == "LoadBalancer" and entry and service.spec.ports:
        return WayIn(_service_port(service, _address(entry)))
    led = ingresses_of_service(objects, service.metadata.namespace, service.metadata.name)
    ways = [ingress_door(ingress, service.metadata.name) for ingress in led if not is_canary(ingress)]
    for way in ways:
        if way.door:
            return way
    what = f"Service {service.metadata.namespace}/{service.metadata.name}"
    why = (
        f"{what} has no load balancer address yet"
        if service.spec.type == "LoadBalancer"
        else f"{what} is of type {service.spec.type} and no Ingress with an address leads to it"
    )
    return WayIn(missing=why, entrance=ways[0].entrance if ways else _inside(service))


def ingress_door(ingress: Ingress, service: str | None = None) -> WayIn:
    """The Ingress's address with host and path of its first rule (that leads to `service`)."""
    entry = _entry(ingress.status.load_balancer.ingress)
    host, path = _rule(ingress, service)
    tls = _has_tls(ingress, host)
    usual = _HTTPS if tls else _HTTP
    if entry is None:
        what = f"Ingress {ingress.metadata.namespace}/{ingress.metadata.name}"
        return WayIn(missing=f"{what} has no address in its status", entrance=Door("", usual, host, path, tls))
    address = _address(entry)
    offered = [p.port for p in entry.ports or ()]
    port = usual if usual in offered or not offered else offered[0]
    return WayIn(Door(address, port, host or address, path, tls))


def is_canary(ingress: Ingress) -> bool:
    """True for an Ingress that some dialect reads as an alternative of another."""
    return any(
        key.endswith("/canary") and value.strip().lower() in {"1", "t", "true"}
        for key, value in (ingress.metadata.annotations or {}).items()
    )


def example_host(host: str) -> str:
    """A host that a rule matches: a wildcard gets a label, no host stays empty."""
    return _EXAMPLE + host[1:] if host.startswith("*.") else host


def _service_port(service: Service, address: str) -> Door:
    """The port that speaks HTTP by its name, else the first, at this address."""
    ports = service.spec.ports or [ServicePort(_HTTP)]
    port = next((p for p in ports if p.name in {"http", "web"}), ports[0])
    return Door(address, port.port, address, tls=port.port == _HTTPS or port.name == "https")


def _inside(service: Service) -> Door | None:
    """The cluster IP; without an address where a headless Service ("None") has none."""
    if not service.spec.ports:
        return None
    try:
        return _service_port(service, str(ipaddress.ip_address(service.spec.cluster_ip or "")))
    except ValueError:
        return _service_port(service, "")


def _rule(ingress: Ingress, service: str | None) -> tuple[str, str]:
    for rule in ingress.spec.rules or ():
        for path in rule.http.paths if rule.http else ():
            backend = path.backend.service
            if service is None or (backend and backend.name == service):
                return safe_host(rule.host or ""), example_path(path.path or "/")
    return "", "/"


def safe_host(host: str) -> str:
    """A host that a rule matches; "" for what is no host name or address."""
    found = example_host(host)
    return found if _NAMES.fullmatch(found) else ""


def example_path(path: str) -> str:
    """The path itself; of a pattern the literal part that it starts with."""
    found = _LITERAL_PATH.match(path)
    if found is None:
        return "/"
    literal = found.group(0)
    if literal == path:
        return literal
    return literal.rpartition("/")[0] or "/"


def _has_tls(ingress: Ingress, host: str) -> bool:
    return any(not tls.hosts or host in map(example_host, tls.hosts) for tls in ingress.spec.tls or ())


def _entry(entries: list[LoadBalancerIngress] | None) -> LoadBalancerIngress | None:
    return next((e for e in entries or () if _NAMES.fullmatch(e.ip or e.hostname or "")), None)


def _address(entry: LoadBalancerIngress) -> str:
    return entry.ip or entry.hostname or ""
