"""Istio's routing kinds (networking.istio.io).

Specs are raw JSON: without the mesh's admission webhook, the API server stores any shape.
"""

from collections.abc import Iterator
from typing import Any

from cockpit.model.objects.meta import Meta, Obj

_CLUSTER = ".svc.cluster.local"
_MOST_KEYS = 200


def full_host(host: str, namespace: str) -> str:
    """A host as Istio resolves it: a name without dots is a Service in the object's own namespace.

    Source: istio, pilot/pkg/model/virtualservice.go (ResolveShortnameToFQDN). Lower case; domain cluster.local.
    """
    name = host.lower()
    return name if not name or "." in name or name == "*" else f"{name}.{namespace}{_CLUSTER}"


def service_of(host: str) -> tuple[str, str] | None:
    """Namespace and name of a full host's Service; None for hosts outside the cluster."""
    name, dot, namespace = host.removesuffix(_CLUSTER).partition(".")
    return (namespace, name) if host.endswith(_CLUSTER) and dot and "." not in namespace else None


class VirtualService(Obj, frozen=True):
    metadata: Meta
    spec: Any = None

    def index_keys(self) -> Iterator[str]:
        """ "host=" for each host it matches, "to=" for each destination host, "delegate=ns/name" for each delegate.

        Destination hosts are those of its routes and of their mirrors. For objects that it controls in other
        namespaces: "steers=Host/" of each host inside the mesh, and "steers=VirtualService/ns/name" of each delegate.
        """
        namespace = self.metadata.namespace
        hosts = [full_host(host, namespace) for host in texts(_get(self.spec, "hosts"))]
        found = [f"host={host}" for host in hosts]
        if "mesh" in (texts(_get(self.spec, "gateways")) or ["mesh"]):
            found += [f"steers=Host/{host}" for host in hosts]
        for protocol in ("http", "tcp", "tls"):
            for route in _items(_get(self.spec, protocol)):
                legs = (*_items(_get(route, "route")), *_items(_get(route, "mirrors")))
                named = (*(_get(leg, "destination") for leg in legs), _get(route, "mirror"))
                led = (_get(destination, "host") for destination in named)
                found += [f"to={full_host(host, namespace)}" for host in led if isinstance(host, str)]
                delegate = _get(route, "delegate")
                if isinstance(name := _get(delegate, "name"), str):
                    place = f"{_get(delegate, 'namespace') or namespace}/{name}"
                    found += [f"delegate={place}", f"steers=VirtualService/{place}"]
        yield from list(dict.fromkeys(found))[:_MOST_KEYS]


class DestinationRule(Obj, frozen=True):
    metadata: Meta
    spec: Any = None

    def index_keys(self) -> Iterator[str]:
        """ "host=" for its host."""
        host = _get(self.spec, "host")
        if isinstance(host, str):
            yield f"host={full_host(host, self.metadata.namespace)}"


class IstioGateway(Obj, frozen=True):
    metadata: Meta
    spec: Any = None


def texts(value: Any) -> list[str]:
    """The strings of a list; none for anything else."""
    return [item for item in _items(value) if isinstance(item, str)]


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
