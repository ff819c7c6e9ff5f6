"""What the Gateway API's CRDs fill in and refuse (gateway-api v1, config/crd/standard)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.demo.errors import Cause
from cockpit.demo.schemas.objects import Object

GROUP = "gateway.networking.k8s.io"
MOST_WEIGHT = 1_000_000
MOST_PORT = 65_535
MOST_RULES = 16
WAITING = ("1970-01-01T00:00:00Z", "Waiting for controller", "Pending", "Unknown")


def set_http_route_defaults(obj: Object) -> None:
    """Where references lead, weight 1, the path /; a route without rules gets one for everything."""
    spec = _mapping(obj.get("spec"))
    if "rules" not in spec and spec:
        spec["rules"] = [{}]
    for rule in _mappings(spec.get("rules")):
        _set_matches(rule)
    set_route_defaults(obj)


def set_route_defaults(obj: Object) -> None:
    """Where references lead, and weight 1."""
    spec = _mapping(obj.get("spec"))
    for parent in _mappings(spec.get("parentRefs")):
        parent.setdefault("group", GROUP)
        parent.setdefault("kind", "Gateway")
    for rule in _mappings(spec.get("rules")):
        for backend in _mappings(rule.get("backendRefs")):
            backend.setdefault("group", "")
            backend.setdefault("kind", "Service")
            backend.setdefault("weight", 1)


def _set_matches(rule: dict[str, Any]) -> None:
    matches = rule.setdefault("matches", [{}])
    for match in _mappings(matches):
        path = match.setdefault("path", {})
        if isinstance(path, dict):
            path.setdefault("type", "PathPrefix")
            path.setdefault("value", "/")
        for field in (*_mappings(match.get("headers")), *_mappings(match.get("queryParams"))):
            field.setdefault("type", "Exact")


def set_gateway_defaults(obj: Object) -> None:
    """A Gateway's listeners take routes of its own namespace; nobody has looked at it."""
    for listener in _mappings(_mapping(obj.get("spec")).get("listeners")):
        listener.setdefault("allowedRoutes", {"namespaces": {"from": "Same"}})
    if not obj.get("status"):
        time, message, reason, status = WAITING
        obj["status"] = {
            "conditions": [
                {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": time}
                for kind in ("Accepted", "Programmed")
            ]
        }


def check_route(obj: Object) -> list[Cause]:
    """Weights and ports out of range, and more rules than there may be."""
    rules = list(_mappings(_mapping(obj.get("spec")).get("rules")))
    causes = []
    if len(rules) > MOST_RULES:
        text = f"Too many: {len(rules)}: must have at most {MOST_RULES} items"
        causes.append(Cause("spec.rules", text, "FieldValueTooMany"))
    for at, rule in enumerate(rules):
        for number, backend in enumerate(_mappings(rule.get("backendRefs"))):
            place = f"spec.rules[{at}].backendRefs[{number}]"
            causes += _range(backend.get("weight"), f"{place}.weight", 0, MOST_WEIGHT)
            causes += _range(backend.get("port"), f"{place}.port", 1, MOST_PORT)
            if backend.get("kind") == "Service" and not backend.get("group") and backend.get("port") is None:
                text = 'Invalid value: "object": Must have port for Service reference'
                causes.append(Cause(place, text))
    return causes


def _range(value: Any, place: str, least: int, most: int) -> list[Cause]:
    if not isinstance(value, int) or isinstance(value, bool) or least <= value <= most:
        return []
    side, bound = ("greater", least) if value < least else ("less", most)
    return [Cause(place, f"Invalid value: {value}: {place} in body should be {side} than or equal to {bound}")]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> Iterator[dict[str, Any]]:
    yield from (entry for entry in (value if isinstance(value, list) else ()) if isinstance(entry, dict))
