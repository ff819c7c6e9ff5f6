"""Which Gateways are obeyed, which of their listeners a route hangs on, and where its backends lead. Pure functions.

Source: Gateway API, apis/v1/httproute_types.go and gateway_types.go; reasons and messages as Traefik 3.7 writes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

CLASS, CONTROLLER_NAME = "traefik", "traefik.io/gateway-controller"
GROUP = "gateway.networking.k8s.io"
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """Why something is not the case, as in a condition."""

    reason: str
    message: str


@dataclass(frozen=True)
class Attached:
    """A route on a Gateway: the host names under which it is served ("" is every name)."""

    hostnames: tuple[str, ...]


def is_ours(gateway: Json, classes: Iterable[Json]) -> bool:
    """Whether the Gateway's class is one that this controller obeys."""
    name = _mapping(gateway.get("spec")).get("gatewayClassName")
    return any(
        found["metadata"]["name"] == name and _mapping(found.get("spec")).get("controllerName") == CONTROLLER_NAME
        for found in classes
    )


def parents_of(route: Json) -> Iterator[Json]:
    """The parentRefs that name a Gateway."""
    for parent in mappings(_mapping(route.get("spec")).get("parentRefs")):
        if parent.get("kind", "Gateway") == "Gateway" and parent.get("group", GROUP) == GROUP:
            yield parent


def place_of(route: Json, ref: Json) -> tuple[str, str]:
    """Namespace and name that a reference in a route means."""
    return (str(ref.get("namespace") or route["metadata"].get("namespace", "")), str(ref.get("name", "")))


def attach(route: Json, parent: Json, gateway: Json) -> Attached | Problem:
    """How a route hangs on a Gateway by one of its parentRefs."""
    listeners = [
        listener
        for listener in mappings(_mapping(gateway.get("spec")).get("listeners"))
        if parent.get("sectionName") in (None, listener.get("name"))
        and parent.get("port") in (None, listener.get("port"))
        and listener.get("protocol") in ("HTTP", "HTTPS")
    ]
    if not listeners:
        return Problem("NoMatchingParent", "")
    allowed = [listener for listener in listeners if _allows(listener, gateway, route)]
    if not allowed:
        return Problem("NotAllowedByListeners", "no listener takes routes of this namespace")
    asked = [host.lower() for host in _mapping(route.get("spec")).get("hostnames") or [] if isinstance(host, str)]
    names = [name for listener in allowed for name in _common(str(listener.get("hostname") or "").lower(), asked)]
    if not names:
        return Problem("NoMatchingListenerHostname", "no listener serves a host name of this route")
    return Attached(tuple(dict.fromkeys(names)))


def _allows(listener: Json, gateway: Json, route: Json) -> bool:
    origin = _mapping(_mapping(listener.get("allowedRoutes")).get("namespaces")).get("from", "Same")
    same = bool(gateway["metadata"].get("namespace") == route["metadata"].get("namespace"))
    return origin == "All" or (origin == "Same" and same)


def _common(offered: str, asked: list[str]) -> list[str]:
    """Host names that a listener offers and a route asks for; "" offers or asks for all."""
    if not asked or not offered:
        return asked or [offered]
    found = []
    for name in asked:
        if covers(offered, name):
            found.append(name)
        elif covers(name, offered):
            found.append(offered)
    return found


def covers(pattern: str, host: str) -> bool:
    """Whether a host name (or narrower pattern) is under a pattern: `*.x` covers any depth, "" everything."""
    if not pattern or pattern == host:
        return True
    return pattern.startswith("*.") and host.endswith(pattern[1:]) and len(host) >= len(pattern)


def backend_problem(
    route: Json, backend: Json, grants: Iterable[Json], ports: Callable[[str, str], list[int] | None]
) -> Problem | None:
    """Why a backendRef cannot be resolved; `ports` answers a Service's port numbers, None where it does not exist."""
    if backend.get("group") or backend.get("kind", "Service") != "Service":
        return Problem("InvalidKind", f"kind {backend.get('kind')} of group {backend.get('group')} is not supported")
    namespace, name = place_of(route, backend)
    what = f"Cannot load HTTPBackendRef {namespace}/{name}"
    if namespace != route["metadata"].get("namespace") and not _granted(route, namespace, name, grants):
        return Problem("RefNotPermitted", f"{what}: missing ReferenceGrant")
    found = ports(namespace, name)
    if found is None:
        return Problem("BackendNotFound", f'{what}: getting service: service "{name}" not found')
    if backend.get("port") not in found:
        return Problem("BackendNotFound", f"{what}: service port {backend.get('port')} not found")
    return None


def _granted(route: Json, namespace: str, name: str, grants: Iterable[Json]) -> bool:
    """Whether a ReferenceGrant of the backend's namespace lets the route's kind and namespace in."""
    for grant in grants:
        spec = _mapping(grant.get("spec"))
        if grant["metadata"].get("namespace") != namespace:
            continue
        comes = any(
            entry.get("group") == GROUP
            and entry.get("kind") == route.get("kind")
            and entry.get("namespace") == route["metadata"].get("namespace")
            for entry in mappings(spec.get("from"))
        )
        if comes and any(
            not entry.get("group") and entry.get("kind") == "Service" and entry.get("name") in (None, name)
            for entry in mappings(spec.get("to"))
        ):
            return True
    return False


def backends_of(route: Json) -> Iterator[Json]:
    """Every backendRef of every rule."""
    for rule in mappings(_mapping(route.get("spec")).get("rules")):
        yield from mappings(rule.get("backendRefs"))


def mappings(value: Any) -> Iterator[Json]:
    """The objects in a list, whatever it is."""
    yield from (entry for entry in (value if isinstance(value, list) else ()) if isinstance(entry, Mapping))


def _mapping(value: Any) -> Json:
    return value if isinstance(value, Mapping) else {}
