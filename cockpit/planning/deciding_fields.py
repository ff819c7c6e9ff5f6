"""Which fields of an object decide the split or the version: what another tool set there is told, the rest is not."""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.model.objects import Ingress, Obj, Workload

# Gateways read their settings of an Ingress from annotations of these domains (nginx, mse, alb, higress, ...); the
# older way to name the gateway is one too.
_GATEWAY_DOMAIN, _CLASS = "ingress.kubernetes.io", "kubernetes.io/ingress.class"


def deciding_fields(obj: Obj) -> dict[str, Any]:
    """The fields as JSON, where the API has them; none of a workload that is part of another one.

    Of every kind that is its spec, as far as the cockpit reads it. The pods of a workload are left out, because they
    are told as such, and what only an API server gives out.
    """
    spec = _spec(obj)
    if isinstance(obj, Workload):
        if any(owner.controller for owner in obj.metadata.owner_references or ()):
            return {}
        spec.pop("replicas", None)
        spec["template"] = msgspec.json.decode(obj.spec.raw_template)
    spec.pop("clusterIP", None)
    fields: dict[str, Any] = {"spec": _without_nothing(spec)}
    if isinstance(obj, Ingress) and (chosen := _of_gateways(obj.metadata.annotations or {})):
        fields["metadata"] = {"annotations": chosen}
    return fields


def same_fields(one: Obj, other: Obj) -> bool:
    """Whether they certainly decide the same, without a look at each field."""
    if one is other:
        return True
    annotations = [getattr(obj.metadata, "annotations", None) for obj in (one, other)]
    return annotations[0] == annotations[1] and getattr(one, "spec", None) == getattr(other, "spec", None)


def _spec(obj: Obj) -> dict[str, Any]:
    spec: Any = getattr(obj, "spec", None)
    if isinstance(spec, msgspec.Struct):
        names = zip(spec.__struct_fields__, spec.__struct_encode_fields__, strict=True)
        values = {encoded: getattr(spec, name) for name, encoded in names if name != "raw_template"}
        return {name: msgspec.to_builtins(value) for name, value in values.items()}
    return dict(spec) if isinstance(spec, dict) else {}


def _of_gateways(annotations: dict[str, str]) -> dict[str, str]:
    return {n: v for n, v in annotations.items() if n == _CLASS or n.partition("/")[0].endswith(_GATEWAY_DOMAIN)}


def _without_nothing(value: Any) -> Any:
    """Without fields that are not set, which a typed object has as None."""
    match value:
        case dict():
            return {key: _without_nothing(item) for key, item in value.items() if item is not None}
        case list():
            return [_without_nothing(item) for item in value]
        case _:
            return value
