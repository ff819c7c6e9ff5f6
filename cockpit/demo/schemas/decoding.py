"""Request bodies: parsed, checked against their kind's shape, unknown fields dropped."""

from __future__ import annotations

import json
from typing import Any

import yaml

from cockpit.demo.errors import BadRequest, UnsupportedMediaType
from cockpit.demo.schemas import protobodies, schema
from cockpit.demo.schemas.kinds import Kind
from cockpit.demo.schemas.objects import Object

KEPT_WHEN_EMPTY = ("endpoints",)


class TypeMismatchError(Exception):
    """A value of another type than its field has."""


def parse_object(body: bytes, content_type: str, kind: Kind) -> Object:
    """The object of a create or update request."""
    media = content_type.split(";")[0].strip() or "application/json"
    if media == protobodies.MEDIA_TYPE:
        return protobodies.parse(body)
    if media not in ("application/json", "application/yaml"):
        raise UnsupportedMediaType(
            "the body of the request was in an unknown format - accepted media types include: "
            "application/json, application/yaml"
        )
    try:
        value = json.loads(body) if media == "application/json" else yaml.safe_load(body)
    except (ValueError, yaml.YAMLError) as error:
        raise BadRequest(
            f"the object provided is unrecognized (must be of type {kind.kind}): couldn't get version/kind; "
            f"json parse error: {error}"
        ) from None
    if not isinstance(value, dict):
        raise BadRequest(f"the object provided is unrecognized (must be of type {kind.kind})")
    return value


def check_kind(obj: Object, api_version: str, kind: str) -> None:
    """Refuse an object of another kind than the request's."""
    given = (obj.get("apiVersion") or api_version, obj.get("kind") or kind)
    if given != (api_version, kind):
        raise BadRequest(
            f'{given[1]} in version "{given[0]}" cannot be handled as a {kind}: '
            f"converting ({given[0]}.{given[1]}) to ({api_version}.{kind}): unknown conversion"
        )


def conform(kind_name: str, api_version: str, obj: Object) -> list[str]:
    """Give `obj` its kind's shape in place; the answer names the unknown fields that were dropped.

    BadRequest, as the Go decoder words it, for a value of a wrong type.
    """
    node = schema.root(api_version, kind_name)
    if node is None:
        return []
    unknown: list[str] = []
    try:
        _object(node, obj, "", kind_name, unknown)
    except TypeMismatchError as error:
        version = api_version.rsplit("/", 1)[-1]
        raise BadRequest(f'{kind_name} in version "{version}" cannot be handled as a {kind_name}: {error}') from None
    return unknown


def conform_metadata(kind: Kind, obj: Object) -> list[str]:
    """The same for the metadata of a custom object, whose schema says nothing of it."""
    unknown: list[str] = []
    meta = obj.setdefault("metadata", {})
    try:
        _value(schema.METADATA, meta, "metadata", kind.kind, unknown)
    except TypeMismatchError as error:
        raise BadRequest(f"the object provided is unrecognized (must be of type {kind.kind}): {error}") from None
    return unknown


def _object(shape: schema.Node, value: dict[str, Any], path: str, owner: str, unknown: list[str]) -> None:
    properties = shape.get("properties")
    for field in list(value):
        where = f"{path}.{field}" if path else field
        node = schema.child(shape, field)
        if node is None:
            if properties is not None:
                unknown.append(where)
                del value[field]
            continue
        empty_list = value[field] == [] and schema.resolve(node).get("type") == "array"
        if value[field] is None or (empty_list and field not in KEPT_WHEN_EMPTY):
            del value[field]
            continue
        value[field] = _value(node, value[field], where, owner, unknown)


def _value(node: schema.Node, value: Any, path: str, owner: str, unknown: list[str]) -> Any:
    shape = schema.resolve(node)
    expected = shape.get("type")
    if expected == "object":
        if not isinstance(value, dict):
            raise _mismatch(value, owner, path, schema.type_name(node) or "map[string]interface {}")
        _object(shape, value, path, schema.type_name(node) or owner, unknown)
    elif expected == "array":
        if not isinstance(value, list):
            raise _mismatch(value, owner, path, "[]" + (schema.type_name(shape["items"]) or "string"))
        for index, item in enumerate(value):
            value[index] = _value(shape["items"], item, f"{path}[{index}]", owner, unknown)
    elif expected is not None:
        return _scalar(node, shape, value, path, owner)
    return value


def _scalar(node: schema.Node, shape: schema.Node, value: Any, path: str, owner: str) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match shape["type"]:
        case "string":
            if number and shape.get("format") == "int-or-string" and isinstance(value, int):
                return value
            if number and schema.type_name(node) == "Quantity":
                return str(value)
            if not isinstance(value, str):
                raise _mismatch(value, owner, path, "string")
        case "integer":
            if isinstance(value, float) and value.is_integer():
                return int(value)
            if not number or isinstance(value, float):
                raise _mismatch(value, owner, path, shape.get("format", "int32"))
        case "boolean":
            if not isinstance(value, bool):
                raise _mismatch(value, owner, path, "bool")
    return value


def _mismatch(value: Any, owner: str, path: str, expected: str) -> TypeMismatchError:
    names = {bool: "bool", str: "string", list: "array", dict: "object"}
    given = names.get(type(value), "number")
    if isinstance(value, float):
        given = f"number {value}"
    return TypeMismatchError(f"json: cannot unmarshal {given} into Go struct field {owner}.{path} of type {expected}")
