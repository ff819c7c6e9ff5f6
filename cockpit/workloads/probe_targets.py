"""Where a probe sends its requests, derived from a Service or an Ingress."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from cockpit.model.lazy_re import lazy_re
from cockpit.model.lookup import Objects
from cockpit.model.objects import BackendPort, Ingress, LoadBalancerIngress, Service, ServicePort
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.workloads.lookups import ingresses_of_service
from cockpit.workloads.patterns import example_of, takes

_HTTPS = 443
_HTTP = 80
_EXAMPLE = "example"
_NAMES = lazy_re(r"[A-Za-z0-9_.:-]{1,253}")
_LITERAL_PATH = lazy_re(r"(?:/[A-Za-z0-9._~-]*)+")
# What Go's strconv.ParseBool accepts as true; gateways take no other spelling, and no space around it.
TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_SENDABLE_PATH = lazy_re(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]{0,1000}")


@dataclass(frozen=True, slots=True)
class FoundTarget:
    """The probe target, or why there is none and what is known of it (see `Rollout`)."""

    probe_target: ProbeTarget | None = None
    missing: str = ""
    incomplete_target: ProbeTarget | None = None
    api_target: ProbeTarget | None = None


def unread(objects: Objects, what: str, *namespaces: str) -> str:
    """Why `what` is missing: namespaces that this session does not read, and the remedy; "" if it reads all of them."""
    out = [namespace for namespace in dict.fromkeys(namespaces) if not objects.covers(namespace)]
    return f"{what} of namespace {' or '.join(out)} were not read here: try -A for all namespaces" if out else ""


def service_target(service: Service, objects: Objects) -> FoundTarget:
    """The load balancer's address, else that of an Ingress that routes to the Service.

    If neither has an address, the incomplete target is that of the Ingress, else the cluster IP.
    """
    entry = _entry(service.status.load_balancer.ingress)
    if service.spec.type == "LoadBalancer" and entry and service.spec.ports:
        return FoundTarget(_service_port(service, _address(entry)))
    led = ingresses_of_service(objects, service.metadata.namespace, service.metadata.name)
    ways = [ingress_target(ingress, service.metadata.name) for ingress in led if not is_canary(ingress)]
    for way in ways:
        if way.probe_target:
            return way
    what = f"Service {service.metadata.namespace}/{service.metadata.name}"
    why = (
        f"{what} has no load balancer address yet"
        if service.spec.type == "LoadBalancer"
        else f"{what} is of type {service.spec.type} and no Ingress with an address routes to it"
    )
    return FoundTarget(missing=why, incomplete_target=ways[0].incomplete_target if ways else _inside(service))


def ingress_target(ingress: Ingress, service: str | None = None) -> FoundTarget:
    """The Ingress's address with host and path of its first rule (for `service`), with TLS if the Ingress has it.

    For a pattern, a path that matches it. If no rule gives a path, there is no target.
    """
    what = f"Ingress {ingress.metadata.namespace}/{ingress.metadata.name}"
    entry = _entry(ingress.status.load_balancer.ingress)
    host, path, pattern = _rule(ingress, service)
    tls = _has_tls(ingress, host)
    usual = _HTTPS if tls else _HTTP
    if not path:
        why = f"{what}: no example path could be derived from {safe_text(pattern, 80)}: give a URL"
        return FoundTarget(missing=why)
    if entry is None:
        return FoundTarget(
            missing=f"{what} has no address in its status", incomplete_target=ProbeTarget("", usual, host, path, tls)
        )
    address = _address(entry)
    return FoundTarget(ProbeTarget(address, _port(entry, tls), host or address, path, tls))


def _port(entry: LoadBalancerIngress, tls: bool) -> int:
    """The standard port if it is offered or none is named; of other ports the first for HTTP, the last for TLS."""
    usual, other = (_HTTPS, _HTTP) if tls else (_HTTP, _HTTPS)
    offered = [p.port for p in entry.ports or () if p.port != other]
    if not offered or usual in offered:
        return usual
    return offered[-1] if tls else offered[0]


def is_canary(ingress: Ingress) -> bool:
    """True for an Ingress that some ingress controller treats as the canary of another."""
    return any(key.endswith("/canary") and value in TRUE for key, value in (ingress.metadata.annotations or {}).items())


def ports_of_service(ingress: Ingress, service: str) -> Iterator[tuple[str, BackendPort]]:
    """Host and path of each rule that leads to a Service, with the port that it names."""
    for rule in ingress.spec.rules or ():
        for path in rule.http.paths if rule.http else ():
            if path.backend.service and path.backend.service.name == service:
                yield f"{rule.host or ''}{path.path or '/'}", path.backend.service.port
    default = ingress.spec.default_backend
    if default and default.service and default.service.name == service:
        yield "everything else", default.service.port


def example_host(host: str) -> str:
    """A host that a rule matches: a wildcard is replaced by a label, no host stays empty."""
    return _EXAMPLE + host[1:] if host.startswith("*.") else host


def _service_port(service: Service, address: str) -> ProbeTarget:
    port = usual_port(service) or ServicePort(_HTTP)
    return ProbeTarget(address, port.port, address, tls=port.port == _HTTPS or port.name == "https")


def usual_port(service: Service) -> ServicePort | None:
    """The port that is named for HTTP, else the first; None without a TCP port."""
    ports = [port for port in service.spec.ports or () if port.protocol == "TCP"]
    return next((port for port in ports if port.name in {"http", "web"}), next(iter(ports), None))


def _inside(service: Service) -> ProbeTarget | None:
    """The cluster IP; without an address for a headless Service ("None")."""
    if not service.spec.ports:
        return None
    try:
        return _service_port(service, str(ipaddress.ip_address(service.spec.cluster_ip or "")))
    except ValueError:
        return _service_port(service, "")


def _rule(ingress: Ingress, service: str | None) -> tuple[str, str, str]:
    """Host, path, and the rule's path that it was derived from, of the first rule that gives a path."""
    found: tuple[str, str, str] | None = None
    for rule in ingress.spec.rules or ():
        for path in rule.http.paths if rule.http else ():
            backend = path.backend.service
            if service is None or (backend and backend.name == service):
                wanted = path.path or "/"
                way = (safe_host(rule.host or ""), example_path(wanted), wanted)
                if way[1]:
                    return way
                found = found or way
    return found or ("", "/", "/")


def safe_host(host: str) -> str:
    """A host that a rule matches; "" if it is not a host name or address."""
    found = example_host(host)
    return found if _NAMES.fullmatch(found) else ""


def example_path(path: str, *, pattern: bool = True) -> str:
    """A path that matches a rule: the path itself, or an example for a pattern; "" if none is known."""
    if _LITERAL_PATH.fullmatch(path):
        return path
    found = example_of(path) if pattern else path
    if found and not found.startswith("/"):
        found = f"/{found}" if not pattern or takes(path, f"/{found}") else ""
    return found if found and _SENDABLE_PATH.fullmatch(found) else ""


def _has_tls(ingress: Ingress, host: str) -> bool:
    return any(not tls.hosts or any(_covers(name, host) for name in tls.hosts) for tls in ingress.spec.tls or ())


def _covers(name: str, host: str) -> bool:
    """Whether a certificate's name covers a host; a wildcard covers one label (networking/v1, IngressTLS)."""
    name, host = name.lower(), host.lower()
    return name == host or (name.startswith("*.") and host.partition(".")[2] == name[2:])


def _entry(entries: list[LoadBalancerIngress] | None) -> LoadBalancerIngress | None:
    return next((e for e in entries or () if _NAMES.fullmatch(e.ip or e.hostname or "")), None)


def _address(entry: LoadBalancerIngress) -> str:
    return entry.ip or entry.hostname or ""
