"""What a CEL rule of the Gateway API's CRDs refuses (gateway-api v1, config/crd/standard)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.demo.errors import Cause
from cockpit.demo.schemas.objects import Object


def check_route(obj: Object) -> list[Cause]:
    """A Service without a port."""
    causes = []
    for at, rule in enumerate(_mappings(_mapping(obj.get("spec")).get("rules"))):
        for number, backend in enumerate(_mappings(rule.get("backendRefs"))):
            place = f"spec.rules[{at}].backendRefs[{number}]"
            if backend.get("kind") == "Service" and not backend.get("group") and backend.get("port") is None:
                text = 'Invalid value: "object": Must have port for Service reference'
                causes.append(Cause(place, text))
    return causes


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> Iterator[dict[str, Any]]:
    yield from (entry for entry in (value if isinstance(value, list) else ()) if isinstance(entry, dict))
