"""The tables of Istio's kinds: the printer columns of their CRDs."""

from __future__ import annotations

import json
from typing import Any

from cockpit.demo.api.tables.cells import age
from cockpit.demo.api.tables.columns import AGE, NAME, Cells, Column, TableForm


def _list(value: Any) -> str:
    """A list as the API server prints one; nothing where there is none."""
    return "" if value is None else json.dumps(value, separators=(",", ":"))


def _virtual_service(obj: dict[str, Any], now: float) -> Cells:
    spec = obj.get("spec") or {}
    return [obj["metadata"]["name"], _list(spec.get("gateways")), _list(spec.get("hosts")), age(obj, now)]


def _gateway(obj: dict[str, Any], now: float) -> Cells:
    return [obj["metadata"]["name"], age(obj, now)]


def _destination_rule(obj: dict[str, Any], now: float) -> Cells:
    return [obj["metadata"]["name"], (obj.get("spec") or {}).get("host"), age(obj, now)]


VIRTUALSERVICES = TableForm((NAME, Column("Gateways"), Column("Hosts"), AGE), _virtual_service)
DESTINATIONRULES = TableForm((NAME, Column("Host"), AGE), _destination_rule)
GATEWAYS = TableForm((NAME, AGE), _gateway)
