"""Whether a controller has accepted the Gateways that a route is attached to."""

from __future__ import annotations

from cockpit.model.fields import entries, text
from cockpit.model.lookup import Objects
from cockpit.model.objects import Gateway
from cockpit.model.text import safe_text
from cockpit.routers.gateway_api.routes import AnyRoute, find_gateway, rules_of

_TAKEN_UP = ("Accepted", "Programmed")


def idle_gateway(route: AnyRoute, objects: Objects) -> str:
    """Why no Gateway of a route serves requests, in words; "" if one does, or if none of them is known.

    Until a controller of its class handles it, a Gateway has no address, and its conditions are Unknown (Gateway API,
    apis/v1/gateway_types.go: the conditions that the CRD fills in).
    """
    reported = ""
    for parent in rules_of(route).parents:
        gateway = find_gateway(objects, parent.namespace, parent.name) if parent.kind == "Gateway" else None
        if gateway is None:
            continue
        why = _why_idle(gateway)
        if not why:
            return ""
        reported = reported or f"Gateway {parent.namespace}/{parent.name} {why}"
    return reported


def _why_idle(gateway: Gateway) -> str:
    if entries(gateway.status, "addresses"):
        return ""
    said = [c for c in entries(gateway.status, "conditions") if text(c, "type") in _TAKEN_UP]
    if any(text(c, "status") == "True" for c in said):
        return ""
    refused = next((c for c in said if text(c, "status") == "False"), None)
    if refused:
        return f"is not {text(refused, 'type').lower()}: {safe_text(text(refused, 'reason'), 100) or 'no reason'}"
    name = safe_text(text(gateway.spec, "gatewayClassName"), 100) or "none"
    return f"has class {name}, which no controller here serves"
