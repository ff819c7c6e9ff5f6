"""Gateway API kinds (gateway.networking.k8s.io/v1 and v1beta1, which are the same objects).

`spec` and `status` stay as the API has them: routes are read by `cockpit.routers.gateway_api.routes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.model.objects.meta import Meta, Obj


class Route(Obj, frozen=True):
    """What HTTPRoutes and GRPCRoutes have in common."""

    metadata: Meta
    spec: Any = None
    status: Any = None

    def index_keys(self) -> Iterator[str]:
        """ "host=NAME" of each host name ("host=" for none), "service=NAME" of each backend in its own namespace."""
        hosts = self.spec.get("hostnames") if isinstance(self.spec, dict) else None
        found = {f"host={host}" for host in (hosts if isinstance(hosts, list) else ())} or {"host="}
        for rule in _entries(self.spec, "rules"):
            for backend in _entries(rule, "backendRefs"):
                if backend.get("namespace") in (None, "", self.metadata.namespace):
                    found.add(f"service={backend.get('name')}")
        yield from sorted(found)


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
