"""Gateway API kinds (gateway.networking.k8s.io/v1 and v1beta1, which are the same objects).

`spec` and `status` stay as the API has them: routes are read by `cockpit.routers.gateway_api.routes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.model.objects.meta import Meta, Obj

# The API allows 16 rules with 16 backends each; what is beyond is not found by its key.
_MOST_KEYS = 1000


class Route(Obj, frozen=True):
    """What HTTPRoutes and GRPCRoutes have in common."""

    metadata: Meta
    spec: Any = None
    status: Any = None

    def index_keys(self) -> Iterator[str]:
        """ "service=NAME" of each backend in its own namespace, and a `place_key` of each path of each host name."""
        hosts = self.spec.get("hostnames") if isinstance(self.spec, dict) else None
        named = [str(host) for host in (hosts if isinstance(hosts, list) else ())] or [""]
        services: dict[str, None] = {}
        places: dict[str, None] = {}
        for rule in _entries(self.spec, "rules"):
            for backend in _entries(rule, "backendRefs"):
                if backend.get("namespace") in (None, "", self.metadata.namespace):
                    services[f"service={backend.get('name')}"] = None
            for match in list(_entries(rule, "matches")) or [{}]:
                path = match.get("path")
                path = path if isinstance(path, dict) else {}
                kind, text = str(path.get("type") or "PathPrefix"), str(path.get("value") or "/")
                places |= dict.fromkeys(place_key(host, kind, text) for host in named)
        yield from [*services, *places][:_MOST_KEYS]


def place_key(host: str, path_type: str, path: str) -> str:
    """The index key of routes that have a path of a host; "" is the host of those without host names."""
    return f"at={path_type} {host}{path}"


class HttpRoute(Route, frozen=True):
    """A route for HTTP requests."""


class GrpcRoute(Route, frozen=True):
    """A route for gRPC calls."""


class Gateway(Obj, frozen=True):
    """`spec.listeners` and `status.addresses` are what a way in is derived from."""

    metadata: Meta
    spec: Any = None
    status: Any = None


def _entries(parent: Any, key: str) -> Iterator[dict[str, Any]]:
    found = parent.get(key) if isinstance(parent, dict) else None
    yield from (entry for entry in (found if isinstance(found, list) else ()) if isinstance(entry, dict))
