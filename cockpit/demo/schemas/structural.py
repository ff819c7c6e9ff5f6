"""The structural schema of a CRD applied to an object: what is dropped and what is filled in.

Follows k8s.io/apiextensions-apiserver/pkg/apiserver/schema (pruning, defaulting). `apiVersion`, `kind` and `metadata`
of an object belong to the API server, not to the schema.
"""

from __future__ import annotations

from typing import Any

from cockpit.demo.schemas.objects import Object, copied

Schema = dict[str, Any]
PRESERVE = "x-kubernetes-preserve-unknown-fields"
EMBEDDED = "x-kubernetes-embedded-resource"
OWN = ("apiVersion", "kind", "metadata")


def prune(schema: Schema, obj: Object) -> list[str]:
    """Drop in place what the schema does not know; the answer names it, sorted: `spec.steps[0].odd`."""
    dropped: list[str] = []
    _prune(schema, obj, "", dropped, OWN)
    return sorted(dropped)


def _prune(schema: Schema, value: Any, path: str, dropped: list[str], kept: tuple[str, ...] = ()) -> None:
    if isinstance(value, list):
        inner = schema.get("items")
        if isinstance(inner, dict):
            for number, entry in enumerate(value):
                _prune(inner, entry, f"{path}[{number}]", dropped, OWN if inner.get(EMBEDDED) else ())
        return
    if not isinstance(value, dict):
        return
    open_ = bool(schema.get(PRESERVE)) or schema.get("additionalProperties") is True
    for key in list(value):
        if key in kept:
            continue
        inner, where = field_of(schema, key), f"{path}.{key}" if path else key
        if inner is not None:
            _prune(inner, value[key], where, dropped, OWN if inner.get(EMBEDDED) else ())
        elif not open_:
            dropped.append(where)
            del value[key]


def fill_in(schema: Schema, obj: Object) -> None:
    """Take away in place what is null and may not be, then fill in the defaults."""
    _fill_in(schema, obj, OWN)


def _fill_in(schema: Schema, value: Any, kept: tuple[str, ...] = ()) -> None:
    if isinstance(value, list):
        inner = schema.get("items")
        if isinstance(inner, dict):
            for entry in value:
                _fill_in(inner, entry)
        return
    if not isinstance(value, dict):
        return
    _fill_in_fields(schema, value, kept)
    for key, entry in value.items():
        inner = field_of(schema, key) if isinstance(entry, dict | list) and key not in kept else None
        if inner is not None:
            _fill_in(inner, entry)


def _fill_in_fields(schema: Schema, value: Object, kept: tuple[str, ...]) -> None:
    """The nulls and defaults of one object's own fields."""
    for key in [key for key, entry in value.items() if entry is None and key not in kept]:
        inner = field_of(schema, key)
        if inner is not None and not inner.get("nullable"):
            del value[key]
    for key, inner in (schema.get("properties") or {}).items():
        if key not in value and "default" in inner and key not in kept:
            value[key] = copied(inner["default"])


def field_of(schema: Schema, key: str) -> Schema | None:
    """The schema of one field or one value of a map; None where the schema says nothing of it."""
    found = (schema.get("properties") or {}).get(key)
    if found is None:
        found = schema.get("additionalProperties")
    return found if isinstance(found, dict) else None
