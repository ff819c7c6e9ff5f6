"""Istio's routing kinds (networking.istio.io).

Their specs are kept as the API has them: a mesh's admission is often absent, so that any shape may be stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.model.objects.meta import Meta, Obj

_CLUSTER = ".svc.cluster.local"
_MOST_KEYS = 200


def full_host(host: str, namespace: str) -> str:
    """A host as Istio resolves it: a name without dots is a Service of the object's own namespace.

    Source: istio, pilot/pkg/model/virtualservice.go (ResolveShortnameToFQDN). Lower case; domain cluster.local.
    """
    name = host.lower()
    return name if not name or "." in name or name == "*" else f"{name}.{namespace}{_CLUSTER}"


def service_of(host: str) -> tuple[str, str] | None:
    """Namespace and name of the Service that a full host names; None for hosts outside the cluster."""
    name, dot, namespace = host.removesuffix(_CLUSTER).partition(".")
    return (namespace, name) if host.endswith(_CLUSTER) and dot and "." not in namespace else None


class VirtualService(Obj, frozen=True):
    metadata: Meta
    spec: Any = None

    def index_keys(self) -> Iterator[str]:
        """ "host=" of each host it is for, "to=" of each host it sends to, "delegate=ns/name" of each delegate."""
        namespace = self.metadata.namespace
        found = [f"host={full_host(host, namespace)}" for host in texts(_get(self.spec, "hosts"))]
        for protocol in ("http", "tcp", "tls"):
            for route in _items(_get(self.spec, protocol)):
                hosts = (_get(_get(leg, "destination"), "host") for leg in _items(_get(route, "route")))
                found += [f"to={full_host(host, namespace)}" for host in hosts if isinstance(host, str)]
                delegate = _get(route, "delegate")
                if isinstance(name := _get(delegate, "name"), str):
                    found.append(f"delegate={_get(delegate, 'namespace') or namespace}/{name}")
        yield from list(dict.fromkeys(found))[:_MOST_KEYS]


class DestinationRule(Obj, frozen=True):
    metadata: Meta
    spec: Any = None

    def index_keys(self) -> Iterator[str]:
        """ "host=" of the host it is for."""
        host = _get(self.spec, "host")
        if isinstance(host, str):
            yield f"host={full_host(host, self.metadata.namespace)}"


class IstioGateway(Obj, frozen=True):
    metadata: Meta
    spec: Any = None


def texts(value: Any) -> list[str]:
    """The texts of a list; none for anything else."""
    return [item for item in _items(value) if isinstance(item, str)]


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
