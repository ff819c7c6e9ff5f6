"""HTTPRoutes and GRPCRoutes as values: rules, matches, backends with their weights. Invalid entries are left out.

Source: Gateway API, apis/v1/httproute_types.go, grpcroute_types.go and shared_types.go: an absent weight is 1,
a rule without matches matches every path, a reference without group and kind names a Service of the route's namespace.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import Any

from cockpit.model.lookup import Objects
from cockpit.model.objects import Gateway, GrpcRoute, HttpRoute
from cockpit.model.refs import GATEWAY_VERSIONS, GRPCROUTES, HTTPROUTE_VERSIONS, Ref
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.workloads.lookups import served

USUAL_WEIGHT = 1
AnyRoute = HttpRoute | GrpcRoute


@dataclass(frozen=True, slots=True)
class RouteBackend:
    """One entry of `backendRefs`; `written` is its weight field, None if it has none."""

    index: int
    namespace: str
    service: str
    port: int | None
    written: int | None
    is_service: bool = True
    raw: Any = None

    @property
    def weight(self) -> int:
        return USUAL_WEIGHT if self.written is None else max(self.written, 0)


@dataclass(frozen=True, slots=True)
class MatchField:
    """One condition on a header or a query parameter; `kind` is Exact or RegularExpression."""

    name: str
    value: str
    kind: str = "Exact"


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """Conditions that must all hold. Path types: Exact, PathPrefix, RegularExpression; of gRPC Method, with the path
    service/method.
    """

    path: str = "/"
    path_type: str = "PathPrefix"
    method: str = ""
    headers: tuple[MatchField, ...] = ()
    query: tuple[MatchField, ...] = ()

    @property
    def is_plain(self) -> bool:
        """True if only the path decides."""
        return not (self.headers or self.query or self.method)


@dataclass(frozen=True, slots=True)
class RouteRule:
    """One rule by its index; `matches` is never empty."""

    index: int
    name: str
    matches: tuple[RouteMatch, ...]
    backends: tuple[RouteBackend, ...]
    raw: Any = None
    # The sum of the weights: each backend gets its part of it.
    total: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "total", sum(backend.weight for backend in self.backends))


@dataclass(frozen=True, slots=True)
class RouteParent:
    """A Gateway that the route is attached to; `section` is the listener, "" for all, `port` that of its listeners."""

    namespace: str
    name: str
    section: str
    kind: str = "Gateway"
    port: int | None = None

    @property
    def place(self) -> tuple[str, str, str]:
        return (self.namespace, self.name, self.section)

    def meets(self, other: RouteParent) -> bool:
        """Whether both can be the same listener of the same Gateway."""
        if (self.kind, self.namespace, self.name) != (other.kind, other.namespace, other.name):
            return False
        apart = self.section and other.section and self.section != other.section
        return not apart and (None in (self.port, other.port) or self.port == other.port)


@dataclass(frozen=True, slots=True)
class RouteRules:
    """A route's spec."""

    hostnames: tuple[str, ...]
    parents: tuple[RouteParent, ...]
    rules: tuple[RouteRule, ...]


def rules_of(route: AnyRoute) -> RouteRules:
    """The spec of a route, read from any JSON."""
    spec, namespace = _mapping(route.spec), route.metadata.namespace
    parents = tuple(
        RouteParent(
            _text(p.get("namespace")) or namespace,
            _text(p.get("name")),
            _text(p.get("sectionName")),
            _text(p.get("kind")) or "Gateway",
            _integer(p.get("port")),
        )
        for p in _mappings(spec.get("parentRefs"))
    )
    hosts = spec.get("hostnames")
    names = tuple(h for h in (hosts if isinstance(hosts, list) else ()) if isinstance(h, str) and h)
    listed = spec.get("rules")
    found = [
        _rule(index, entry, namespace, isinstance(route, GrpcRoute))
        for index, entry in enumerate(listed if isinstance(listed, list) else ())
        if isinstance(entry, dict)
    ]
    return RouteRules(names, parents, tuple(found))


def _rule(index: int, entry: dict[str, Any], namespace: str, grpc: bool) -> RouteRule:
    matches = tuple(_grpc_match(m) if grpc else _http_match(m) for m in _mappings(entry.get("matches")))
    listed = entry.get("backendRefs")
    backends = tuple(
        _backend(at, ref, namespace)
        for at, ref in enumerate(listed if isinstance(listed, list) else ())
        if isinstance(ref, dict)
    )
    return RouteRule(index, _text(entry.get("name")), matches or (RouteMatch(),), backends, entry)


def _backend(index: int, ref: dict[str, Any], namespace: str) -> RouteBackend:
    is_service = not ref.get("group") and ref.get("kind", "Service") == "Service"
    return RouteBackend(
        index,
        _text(ref.get("namespace")) or namespace,
        _text(ref.get("name")),
        _integer(ref.get("port")),
        _integer(ref.get("weight")),
        is_service,
        ref,
    )


def _http_match(entry: dict[str, Any]) -> RouteMatch:
    path = _mapping(entry.get("path"))
    return RouteMatch(
        _text(path.get("value")) or "/",
        _text(path.get("type")) or "PathPrefix",
        _text(entry.get("method")),
        _headers(entry),
        _fields(entry.get("queryParams")),
    )


def _grpc_match(entry: dict[str, Any]) -> RouteMatch:
    method = _mapping(entry.get("method"))
    called = "/".join(part or "*" for part in (_text(method.get("service")), _text(method.get("method"))))
    return RouteMatch(called if method else "/", "Method" if method else "PathPrefix", headers=_headers(entry))


def _headers(entry: dict[str, Any]) -> tuple[MatchField, ...]:
    return _fields(entry.get("headers"), fold=True)


def _fields(entries: Any, *, fold: bool = False) -> tuple[MatchField, ...]:
    """Conditions by name; the first of a name counts. `fold` is for case-insensitive names."""
    found: dict[str, MatchField] = {}
    for entry in _mappings(entries):
        name, value = _text(entry.get("name")), entry.get("value")
        if name and isinstance(value, str):
            found.setdefault(
                name.lower() if fold else name, MatchField(name, value, _text(entry.get("type")) or "Exact")
            )
    return tuple(found.values())


def find_route(objects: Objects, kind: str, namespace: str, name: str) -> AnyRoute | None:
    """An HTTPRoute or GRPCRoute by its kind and name."""
    found = objects.get(GRPCROUTES if kind == "GRPCRoute" else served(objects, HTTPROUTE_VERSIONS), namespace, name)
    return found if isinstance(found, HttpRoute | GrpcRoute) else None


def find_gateway(objects: Objects, namespace: str, name: str) -> Gateway | None:
    found = objects.get(served(objects, GATEWAY_VERSIONS), namespace, name)
    return found if isinstance(found, Gateway) else None


def ref_to_route(route: AnyRoute, objects: Objects) -> Ref:
    resource = GRPCROUTES if isinstance(route, GrpcRoute) else served(objects, HTTPROUTE_VERSIONS)
    return Ref(resource, route.metadata.namespace, route.metadata.name)


def match_text(match: RouteMatch) -> str:
    """The conditions besides the path in words: "header a=b", "query x=1"; "" if there are none."""
    parts = [f"header {_pair(f)}" for f in match.headers] + [f"query {_pair(f)}" for f in match.query]
    if match.method:
        parts.append(f"method {safe_text(match.method, 60)}")
    return " and ".join(parts)


def place_text(match: RouteMatch) -> str:
    """The path of a match in words: "/api", "= /login", "~ ^/v[0-9]"."""
    sign = {"Exact": "= ", "RegularExpression": "~ "}.get(match.path_type, "")
    return sign + safe_text(match.path, 60)


def _pair(field: MatchField) -> str:
    sign = "=" if field.kind == "Exact" else "~"
    return f"{safe_text(field.name, 60)}{sign}{safe_text(field.value, 60)}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _integer(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def refused_parents(route: AnyRoute) -> frozenset[tuple[str, str, str]]:
    """The parents that a controller refuses a route at: namespace, name and listener ("" for all)."""
    found = set()
    for status in _mappings(_mapping(route.status).get("parents")):
        said = [c for c in _mappings(status.get("conditions")) if c.get("type") == "Accepted"]
        if said and all(c.get("status") == "False" for c in said):
            ref = _mapping(status.get("parentRef"))
            place = _text(ref.get("namespace")) or route.metadata.namespace
            found.add((place, _text(ref.get("name")), _text(ref.get("sectionName"))))
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class UnresolvedRefs:
    """Why references of a route cannot be resolved, such as RefNotPermitted, and the other namespaces that it names."""

    reasons: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()

    def not_granted(self, namespace: str) -> bool:
        """Whether a namespace certainly grants no reference: the status names none, so it is the only one."""
        return "RefNotPermitted" in self.reasons and self.places == {namespace}


def unresolved_refs(route: AnyRoute) -> UnresolvedRefs:
    found = (
        condition
        for parent in _mappings(_mapping(route.status).get("parents"))
        for condition in _mappings(parent.get("conditions"))
        if condition.get("type") == "ResolvedRefs"
        and condition.get("status") == "False"
        # What was said of an earlier generation may be mended.
        and (_integer(condition.get("observedGeneration")) or route.metadata.generation) >= route.metadata.generation
    )
    reasons = frozenset(_text(condition.get("reason")) for condition in found)
    places = {backend.namespace for rule in rules_of(route).rules for backend in rule.backends} if reasons else set()
    return UnresolvedRefs(reasons, frozenset(places - {route.metadata.namespace}))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> Iterator[dict[str, Any]]:
    yield from (entry for entry in (value if isinstance(value, list) else ()) if isinstance(entry, dict))
