"""Gateway API kinds (gateway.networking.k8s.io/v1 and v1beta1, which are the same objects).

`spec` and `status` are raw JSON: routes are read by `cockpit.routers.gateway_api.routes`.
"""

from collections.abc import Iterator
from typing import Any

from cockpit.model.objects.meta import Meta, Obj

# The API allows 16 rules with 16 backends each; more are not indexed.
_MOST_KEYS = 1000


class Route(Obj, frozen=True):
    """Common base of HTTPRoute and GRPCRoute."""

    metadata: Meta
    spec: Any = None
    status: Any = None

    def index_keys(self) -> Iterator[str]:
        """ "service=NAME" for each backend and mirror, and a `place_key` for each path of each host name.

        "service=NAMESPACE/NAME" for one in another namespace, which a ReferenceGrant there can allow.
        """
        hosts = self.spec.get("hostnames") if isinstance(self.spec, dict) else None
        named = [str(host) for host in (hosts if isinstance(hosts, list) else ())] or [""]
        services: dict[str, None] = {}
        places: dict[str, None] = {}
        for rule in _entries(self.spec, "rules"):
            for backend in _targets(rule):
                place = backend.get("namespace")
                away = f"{place}/" if place not in (None, "", self.metadata.namespace) else ""
                services[f"service={away}{backend.get('name')}"] = None
            for match in list(_entries(rule, "matches")) or [{}]:
                path = match.get("path")
                path = path if isinstance(path, dict) else {}
                kind, text = str(path.get("type") or "PathPrefix"), str(path.get("value") or "/")
                places |= dict.fromkeys(place_key(host, kind, text) for host in named)
        yield from [*services, *places][:_MOST_KEYS]


def place_key(host: str, path_type: str, path: str) -> str:
    """The index key of routes with this path on this host; routes without host names have the host ""."""
    return f"at={path_type} {host}{path}"


class HttpRoute(Route, frozen=True):
    """A route for HTTP requests."""


class GrpcRoute(Route, frozen=True):
    """A route for gRPC calls."""


class Gateway(Obj, frozen=True):
    """A probe target is derived from `spec.listeners` and `status.addresses`."""

    metadata: Meta
    spec: Any = None
    status: Any = None


def _targets(rule: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Where a rule sends requests or copies of them: its backends, its mirrors and those of each backend."""
    for holder in (rule, *_entries(rule, "backendRefs")):
        if holder is not rule:
            yield holder
        for entry in _entries(holder, "filters"):
            mirror = entry.get("requestMirror")
            target = mirror.get("backendRef") if isinstance(mirror, dict) else None
            if isinstance(target, dict):
                yield target


def _entries(parent: Any, key: str) -> Iterator[dict[str, Any]]:
    found = parent.get(key) if isinstance(parent, dict) else None
    yield from (entry for entry in (found if isinstance(found, list) else ()) if isinstance(entry, dict))
