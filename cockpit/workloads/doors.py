"""Where a probe's request enters, derived from a Service or an Ingress."""

from __future__ import annotations

import re

from cockpit.model.door import Door
from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress, IngressPath, LoadBalancerIngress, Service
from cockpit.workloads.lookups import ingresses_of_service

_HTTPS = 443
_HTTP = 80
_EXAMPLE = "example"
_NAMES = re.compile(r"[A-Za-z0-9_.:-]{1,253}")
_LITERAL_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]*)+")


def service_door(service: Service, objects: Objects) -> tuple[Door | None, str]:
    """The load balancer's address, else an Ingress that leads to the Service; or None and why, and what to type."""
    entry = _entry(service.status.load_balancer.ingress)
    ports = service.spec.ports or []
    if service.spec.type == "LoadBalancer" and entry and ports:
        port = next((p for p in ports if p.name in {"http", "web"}), ports[0])
        address = _address(entry)
        return Door(address, port.port, address, tls=port.port == _HTTPS or port.name == "https"), ""
    for ingress in ingresses_of_service(objects, service.metadata.namespace, service.metadata.name):
        if not is_canary(ingress):
            door, missing = ingress_door(ingress, service.metadata.name)
            if door:
                return door, missing
    what = f"Service {service.metadata.namespace}/{service.metadata.name}"
    why = (
        f"{what} has no load balancer address yet"
        if service.spec.type == "LoadBalancer"
        else f"{what} is of type {service.spec.type} and no Ingress with an address leads to it"
    )
    return None, f"{why}; say where to ask: probe URL --resolve HOST:PORT:ADDRESS"


def ingress_door(ingress: Ingress, service: str | None = None) -> tuple[Door | None, str]:
    """The Ingress's address with host and path of its first rule (that leads to `service`)."""
    entry = _entry(ingress.status.load_balancer.ingress)
    host, path = _rule(ingress, service)
    if entry is None:
        what = f"Ingress {ingress.metadata.namespace}/{ingress.metadata.name}"
        return None, (
            f"{what} has no address in its status; say where its gateway is: "
            f"probe http://{host or 'HOST'}{path} --resolve {host or 'HOST'}:80:ADDRESS"
        )
    address = _address(entry)
    tls = _has_tls(ingress, host)
    offered = [p.port for p in entry.ports or ()]
    usual = _HTTPS if tls else _HTTP
    port = usual if usual in offered or not offered else offered[0]
    return Door(address, port, host or address, path, tls), ""


def is_canary(ingress: Ingress) -> bool:
    """True for an Ingress that some dialect reads as an alternative of another."""
    return any(
        key.endswith("/canary") and value.strip().lower() in {"1", "t", "true"}
        for key, value in (ingress.metadata.annotations or {}).items()
    )


def example_host(host: str) -> str:
    """A host that a rule matches: a wildcard gets a label, no host stays empty."""
    return _EXAMPLE + host[1:] if host.startswith("*.") else host


def _rule(ingress: Ingress, service: str | None) -> tuple[str, str]:
    for rule in ingress.spec.rules or ():
        for path in rule.http.paths if rule.http else ():
            backend = path.backend.service
            if service is None or (backend and backend.name == service):
                return _safe_host(rule.host or ""), _example_path(path)
    return "", "/"


def _safe_host(host: str) -> str:
    found = example_host(host)
    return found if _NAMES.fullmatch(found) else ""


def _example_path(path: IngressPath) -> str:
    """The path itself; of a pattern the literal part that it starts with."""
    found = _LITERAL_PATH.match(path.path or "/")
    if found is None:
        return "/"
    literal = found.group(0)
    if literal == path.path:
        return literal
    return literal.rpartition("/")[0] or "/"


def _has_tls(ingress: Ingress, host: str) -> bool:
    return any(not tls.hosts or host in map(example_host, tls.hosts) for tls in ingress.spec.tls or ())


def _entry(entries: list[LoadBalancerIngress] | None) -> LoadBalancerIngress | None:
    return next((e for e in entries or () if _NAMES.fullmatch(e.ip or e.hostname or "")), None)


def _address(entry: LoadBalancerIngress) -> str:
    return entry.ip or entry.hostname or ""
