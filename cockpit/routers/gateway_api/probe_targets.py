"""Where requests for a route enter: the addresses of its Gateways, the ports of their listeners."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.model.lookup import Objects
from cockpit.model.objects import Gateway, GrpcRoute
from cockpit.model.probe_target import ProbeTarget
from cockpit.routers.gateway_api.routes import AnyRoute, RouteParent, find_gateway, rules_of
from cockpit.workloads.probe_targets import FoundTarget, safe_host, unread

_HTTP = 80


def route_target(route: AnyRoute, path: str, objects: Objects) -> FoundTarget:
    """The first address of a Gateway that the route is attached to, with the route's own host name."""
    if isinstance(route, GrpcRoute):
        return FoundTarget(missing="a probe speaks plain HTTP, this route is for gRPC")
    spec = rules_of(route)
    incomplete_target, missing = None, "the route names no Gateway: it is for traffic inside a mesh"
    for parent in spec.parents:
        if parent.kind != "Gateway":
            continue
        gateway = find_gateway(objects, parent.namespace, parent.name)
        what = f"Gateway {parent.namespace}/{parent.name}"
        if gateway is None:
            why = unread(objects, f"{what} is not known: the Gateways", parent.namespace)
            missing = why or f"{what} does not exist in {objects.context}"
            continue
        missing = f"{what} has no listener for HTTP or HTTPS that serves a host of the route"
        for listener in _listeners(gateway, parent):
            port = listener.get("port")
            number = port if isinstance(port, int) and 0 < port < 65536 else _HTTP
            host = _host(_text(listener.get("hostname")), spec.hostnames)
            if host is None:
                continue
            tls = listener.get("protocol") == "HTTPS"
            address = next(_addresses(gateway), "")
            if address:
                return FoundTarget(ProbeTarget(address, number, host or address, path, tls))
            missing = f"{what} has no address in its status"
            incomplete_target = incomplete_target or ProbeTarget("", number, host, path, tls)
    return FoundTarget(missing=missing, incomplete_target=incomplete_target)


def _listeners(gateway: Gateway, parent: RouteParent) -> Iterator[dict[str, Any]]:
    for listener in _mappings(gateway.spec, "listeners"):
        if parent.section in ("", listener.get("name")) and listener.get("protocol") in ("HTTP", "HTTPS"):
            yield listener


def _host(offered: str, asked: tuple[str, ...]) -> str | None:
    """A host name that both a listener and a route accept, "" if any will do; None if there is none.

    Source: Gateway API, apis/v1/httproute_types.go, Hostnames: a listener serves those of the route that it covers.
    """
    if not offered or not asked:
        return safe_host(next(iter(asked), offered))
    narrow = (name if _covers(offered, name) else offered for name in asked if _covers(offered, name, either=True))
    return next(map(safe_host, narrow), None)


def _covers(pattern: str, host: str, *, either: bool = False) -> bool:
    """Whether a name, such as `*.x` for all below x, covers another; `either`: or the other way round."""
    pattern, host = pattern.lower(), host.lower()
    found = pattern == host or (pattern.startswith("*.") and host.endswith(pattern[1:]))
    return found or (either and _covers(host, pattern))


def _addresses(gateway: Gateway) -> Iterator[str]:
    for entry in _mappings(gateway.status, "addresses"):
        if found := safe_host(_text(entry.get("value"))):
            yield found


def _mappings(parent: Any, key: str) -> Iterator[dict[str, Any]]:
    found = parent.get(key) if isinstance(parent, dict) else None
    yield from (entry for entry in (found if isinstance(found, list) else ()) if isinstance(entry, dict))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
