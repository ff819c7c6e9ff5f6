"""VirtualServices, DestinationRules and Istio Gateways, as stored, read into the values that routing needs.

Source: istio, pilot/pkg/model (virtualservice.go, destination_rule.go), and networking/core/route; checked against
istiod 1.22: in the mesh the oldest VirtualService of a host counts alone, at a gateway those of a host are merged
with their catch-alls last. What makes no sense is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cockpit.demo.gateway.istio_match import MESH, full_gateway

CLUSTER = ".svc.cluster.local"
MOST_BLOCKS = 2000
Object = Mapping[str, Any]
Subsets = Mapping[tuple[str, str], Mapping[str, Mapping[str, str]]]


class Accepted:
    """VirtualServices as the proxies have them: of one that they refuse, what it was before.

    Envoy refuses routes whose weights are all zero or one of them negative, and routes without an action.
    """

    def __init__(self) -> None:
        self._good: dict[tuple[str, str], Object] = {}

    def of(self, services: Iterable[Object]) -> list[Object]:
        """Those that are in force; one that was never right is not among them."""
        found = {_place(obj): obj if _is_right(obj) else self._good.get(_place(obj)) for obj in services}
        self._good = {place: obj for place, obj in found.items() if obj is not None}
        return list(self._good.values())


def _is_right(obj: Object) -> bool:
    return all(_can_be(action) for action in items(_spec(obj).get("http")))


def _can_be(action: Object) -> bool:
    if any(isinstance(action.get(key), Mapping) for key in ("redirect", "directResponse", "delegate")):
        return True
    legs = items(action.get("route"))
    weights = [weight if isinstance(weight := leg.get("weight"), int) else 0 for leg in legs]
    return len(legs) == 1 or (sum(weights) > 0 and min(weights) >= 0)


@dataclass(frozen=True)
class Entry:
    """One match block of one http route; `action` is the route as the API has it."""

    block: Mapping[str, Any]
    action: Mapping[str, Any]
    namespace: str

    @property
    def catches_all(self) -> bool:
        return not {key: value for key, value in self.block.items() if value and key != "name"}


@dataclass(frozen=True)
class Rules:
    """One VirtualService with hosts: full names, gateways as "namespace/name" or `mesh`, its routes in order."""

    hosts: tuple[str, ...]
    gateways: frozenset[str]
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Host:
    """What a gateway serves for one host pattern."""

    gateways: frozenset[str]
    entries: tuple[Entry, ...]


def read_routes(
    services: Iterable[Object], gateways: Iterable[Object]
) -> tuple[Mapping[str, Host], Mapping[str, Rules]]:
    """What gateways serve by host pattern, and the VirtualService that counts in the mesh by host."""
    ordered = sorted(filter(_lives, services), key=_age)
    delegates = {f"{_place(obj)[0]}/{_place(obj)[1]}": obj for obj in ordered if not _spec(obj).get("hosts")}
    read = [_rules(obj, delegates) for obj in ordered if _spec(obj).get("hosts")]
    inside: dict[str, Rules] = {}
    for found in read:
        for host in found.hosts if MESH in found.gateways else ():
            inside.setdefault(host, found)
    allowed = {f"{_place(obj)[0]}/{_place(obj)[1]}": _served(obj) for obj in filter(_lives, gateways)}
    return _hosts(read, allowed), inside


def _hosts(read: Sequence[Rules], allowed: Mapping[str, tuple[str, ...]]) -> dict[str, Host]:
    """By host pattern what the gateways serve; catch-alls of merged VirtualServices come last."""
    found: dict[str, Host] = {}
    for rules in read:
        for host in rules.hosts:
            at = {name for name in rules.gateways if any(_covers(p, host) for p in allowed.get(name, ()))}
            if at:
                before = found.get(host, Host(frozenset(), ()))
                found[host] = Host(before.gateways | at, (*before.entries, *rules.entries))
    return {
        host: replace(each, entries=tuple(sorted(each.entries, key=lambda entry: entry.catches_all)))
        for host, each in found.items()
    }


def _covers(pattern: str, host: str) -> bool:
    """Whether a Gateway's host lets a VirtualService's host in; either may be a wildcard."""
    if pattern in ("*", host) or host == "*":
        return True
    if pattern.startswith("*."):
        return host.endswith(pattern[1:])
    return host.startswith("*.") and pattern.endswith(host[1:])


def _served(gateway: Object) -> tuple[str, ...]:
    """The hosts of a Gateway's HTTP servers, without the namespace that may stand before them."""
    servers = [s for s in items(_spec(gateway).get("servers")) if "tls" not in s]
    return tuple(h.partition("/")[2] or h for s in servers for h in texts(s.get("hosts")))


def _rules(obj: Object, delegates: Mapping[str, Object]) -> Rules:
    namespace, _ = _place(obj)
    spec = _spec(obj)
    hosts = tuple(full_host(host, namespace) for host in texts(spec.get("hosts")))
    named = texts(spec.get("gateways")) or [MESH]
    entries: list[Entry] = []
    for action in items(spec.get("http")):
        entries += _entries(action, namespace, delegates)
    return Rules(hosts, frozenset(full_gateway(g, namespace) for g in named), tuple(entries[:MOST_BLOCKS]))


def _entries(action: Mapping[str, Any], namespace: str, delegates: Mapping[str, Object]) -> list[Entry]:
    """The blocks of a route; of one that delegates, those of the other VirtualService under its own conditions."""
    blocks = items(action.get("match")) or [{}]
    delegate = mapping(action.get("delegate"))
    if not delegate or action.get("route"):
        return [Entry(block, action, namespace) for block in blocks]
    place = f"{delegate.get('namespace') or namespace}/{delegate.get('name')}"
    other = delegates.get(place)
    return [
        Entry(_joined(block, inner), route, place.partition("/")[0])
        for block in blocks
        for route in items(_spec(other).get("http") if other else None)
        for inner in items(route.get("match")) or [{}]
    ]


def _joined(outer: Mapping[str, Any], inner: Mapping[str, Any]) -> dict[str, Any]:
    """Both blocks' conditions; of one uri each, the delegate's, which has to lie within the other."""
    named = {
        key: {**mapping(outer.get(key)), **mapping(inner.get(key))}
        for key in ("headers", "withoutHeaders", "queryParams", "sourceLabels")
        if key in outer or key in inner
    }
    return {**outer, **inner, **named}


def read_subsets(rules: Iterable[Object]) -> Subsets:
    """Labels of subsets by namespace of the DestinationRules and host; of one name the older rule's counts."""
    found: dict[tuple[str, str], dict[str, Mapping[str, str]]] = {}
    for obj in sorted(filter(_lives, rules), key=_age):
        namespace, _ = _place(obj)
        host = _spec(obj).get("host")
        if not isinstance(host, str):
            continue
        mine = found.setdefault((namespace, full_host(host, namespace)), {})
        for subset in items(_spec(obj).get("subsets")):
            labels = {str(k): str(v) for k, v in mapping(subset.get("labels")).items()}
            mine.setdefault(str(subset.get("name")), labels)
    return found


def full_host(host: str, namespace: str) -> str:
    """A host of an object: a name without dots is a Service of the object's own namespace."""
    name = host.lower()
    return name if not name or "." in name or name == "*" else f"{name}.{namespace}{CLUSTER}"


def inside_name(host: str, namespace: str) -> str:
    """A host that a pod of a namespace asks for, as its resolver completes it."""
    parts = host.split(".")
    match len(parts):
        case 1:
            return f"{host}.{namespace}{CLUSTER}"
        case 2:
            return f"{host}{CLUSTER}"
        case 3 if parts[2] == "svc":
            return f"{host}.cluster.local"
        case _:
            return host


def service_of(host: str) -> tuple[str, str] | None:
    """Namespace and name of the Service that a full host names."""
    name, dot, namespace = host.removesuffix(CLUSTER).partition(".")
    return (namespace, name) if host.endswith(CLUSTER) and dot and "." not in namespace else None


def _place(obj: Object) -> tuple[str, str]:
    return str(obj["metadata"].get("namespace", "")), str(obj["metadata"].get("name", ""))


def _age(obj: Object) -> tuple[str, tuple[str, str]]:
    return str(obj["metadata"].get("creationTimestamp", "")), _place(obj)


def _lives(obj: Object) -> bool:
    return not obj["metadata"].get("deletionTimestamp")


def _spec(obj: Object | None) -> Mapping[str, Any]:
    return mapping((obj or {}).get("spec"))


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def texts(value: Any) -> list[str]:
    """The texts of a list; none for anything else."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
