"""Ingress objects read into the few values that routing needs; what makes no sense is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, order=True)
class Upstream:
    """A Service port as a route names it: by number, or by name; of its pods those with all of `labels`."""

    namespace: str
    service: str
    port: str
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Rule:
    """One path of one host; "" is every host."""

    host: str
    path: str
    path_type: str
    upstream: Upstream


@dataclass(frozen=True)
class Tls:
    """Hosts that are served over TLS with the certificate of a Secret; "" is the gateway's own certificate."""

    hosts: tuple[str, ...]
    secret: str


@dataclass(frozen=True)
class Ingress:
    """The rules of one Ingress. `created` is its creation time, RFC 3339."""

    namespace: str
    name: str
    created: str
    annotations: Mapping[str, str]
    rules: tuple[Rule, ...]
    hosts: tuple[str, ...]
    fallback: Upstream | None
    tls: tuple[Tls, ...] = ()

    @property
    def full_name(self) -> str:
        """namespace/name."""
        return f"{self.namespace}/{self.name}"


def read(obj: Mapping[str, Any]) -> Ingress:
    """An Ingress as stored; backends that are not Services and values of a wrong type are left out."""
    meta, spec = obj["metadata"], _mapping(obj.get("spec"))
    namespace = str(meta.get("namespace", ""))
    annotations = {key: value for key, value in _mapping(meta.get("annotations")).items() if isinstance(value, str)}
    rules, hosts = [], []
    for rule in _mappings(spec.get("rules")):
        host = rule.get("host") or ""
        if not isinstance(host, str):
            continue
        hosts.append(host.lower())
        for path in _mappings(_mapping(rule.get("http")).get("paths")):
            upstream = _upstream(namespace, path.get("backend"))
            text = path.get("path") or "/"
            if upstream and isinstance(text, str):
                type_ = "Exact" if path.get("pathType") == "Exact" else "Prefix"
                rules.append(Rule(host.lower(), text, type_, upstream))
    created, fallback = str(meta.get("creationTimestamp", "")), _upstream(namespace, spec.get("defaultBackend"))
    name = str(meta.get("name", ""))
    tls = tuple(_tls(entry) for entry in _mappings(spec.get("tls")))
    return Ingress(namespace, name, created, annotations, tuple(rules), tuple(hosts), fallback, tls)


def _tls(entry: Mapping[str, Any]) -> Tls:
    hosts, secret = entry.get("hosts"), entry.get("secretName")
    named = [host.lower() for host in hosts if isinstance(host, str)] if isinstance(hosts, list) else []
    return Tls(tuple(named), secret if isinstance(secret, str) else "")


def _upstream(namespace: str, backend: Any) -> Upstream | None:
    service = _mapping(_mapping(backend).get("service"))
    name, port = service.get("name"), _mapping(service.get("port"))
    wanted = port.get("number") or port.get("name")
    if not isinstance(name, str) or not name or isinstance(wanted, bool) or not isinstance(wanted, int | str):
        return None
    return Upstream(namespace, name, str(wanted))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (entry for entry in value if isinstance(entry, Mapping))
