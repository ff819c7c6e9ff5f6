"""The tables of the Gateway API's kinds: the printer columns of their CRDs."""

from __future__ import annotations

import json
from typing import Any

from cockpit.demo.api.tables.cells import age
from cockpit.demo.api.tables.columns import AGE, NAME, Cells, Column, TableForm


def _condition(obj: dict[str, Any], kind: str) -> str:
    found = (obj.get("status") or {}).get("conditions") or []
    return next((str(c.get("status", "")) for c in found if c.get("type") == kind), "")


def _class(obj: dict[str, Any], now: float) -> Cells:
    spec = obj.get("spec") or {}
    name, controller = obj["metadata"]["name"], spec.get("controllerName", "")
    return [name, controller, _condition(obj, "Accepted"), age(obj, now), spec.get("description", "")]


def _gateway(obj: dict[str, Any], now: float) -> Cells:
    addresses = (obj.get("status") or {}).get("addresses") or []
    shown = ",".join(str(entry.get("value", "")) for entry in addresses)
    name, class_name = obj["metadata"]["name"], (obj.get("spec") or {}).get("gatewayClassName", "")
    return [name, class_name, shown, _condition(obj, "Programmed"), age(obj, now)]


def _route(obj: dict[str, Any], now: float) -> Cells:
    hosts = (obj.get("spec") or {}).get("hostnames")
    shown = "" if hosts is None else json.dumps(hosts, separators=(",", ":"))
    return [obj["metadata"]["name"], shown, age(obj, now)]


GATEWAYCLASSES = TableForm(
    (NAME, Column("Controller"), Column("Accepted"), AGE, Column("Description", priority=1)), _class
)
GATEWAYS = TableForm((NAME, Column("Class"), Column("Address"), Column("Programmed"), AGE), _gateway)
ROUTES = TableForm((NAME, Column("Hostnames"), AGE), _route)
