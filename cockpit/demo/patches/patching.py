"""JSON patch (RFC 6902), merge patch (RFC 7386) and strategic merge patch on an object."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any

import jsonpatch

from cockpit.demo.errors import BadRequest, Invalid, UnsupportedMediaType
from cockpit.demo.patches.strategic import merge as strategic_merge
from cockpit.demo.schemas import schema
from cockpit.demo.schemas.kinds import Kind
from cockpit.demo.schemas.objects import Object, copied

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
MOST_OPERATIONS = 10_000


def accepted(kind: Kind) -> tuple[str, ...]:
    """The patch types a kind takes."""
    types = (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH)
    return tuple(media for media in types if not (kind.custom and media == STRATEGIC_PATCH))


def check_media(kind: Kind, media: str) -> None:
    """UnsupportedMediaType for a patch this kind does not take."""
    if media not in accepted(kind):
        raise UnsupportedMediaType("415: Unsupported Media Type", details={})


def patched(kind: Kind, media: str, current: Object, body: bytes, shape: schema.Node | None) -> Object:
    """`current` with the patch in it; `shape` steers a strategic patch."""
    try:
        patch = json.loads(body)
    except ValueError as error:
        raise BadRequest(f"error decoding patch: {error}") from None
    if media == JSON_PATCH:
        return _json_patched(current, patch)
    if not isinstance(patch, dict):
        given = f"cannot unmarshal {_go_name(patch)} into Go value of type map[string]interface {{}}"
        raise BadRequest(f"error decoding patch: json: {given}")
    if media == MERGE_PATCH:
        return _as_object(merged(copied(current), patch))
    return _as_object(strategic_merge(copied(current), patch, shape))


def _go_name(value: Any) -> str:
    return {list: "array", str: "string", bool: "bool"}.get(type(value), "number")


def merged(target: Any, patch: Any) -> Any:
    """RFC 7386: maps merge, null deletes, everything else replaces."""
    if not isinstance(patch, dict):
        return copied(patch)
    result = target if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def _json_patched(current: Object, patch: Any) -> Object:
    if not isinstance(patch, list):
        raise BadRequest(
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"
        )
    if len(patch) > MOST_OPERATIONS:
        raise BadRequest(f"The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {len(patch)}")
    try:
        return _as_object(_Patch(patch).apply(copied(current), in_place=True))
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError, KeyError, IndexError):
        raise Invalid("the server rejected our request due to an error in our request", details={}) from None


class _Test(jsonpatch.TestOperation):
    """A test for null holds where there is nothing (evanphx/json-patch, `Patch.test`); RFC 6902 leaves it open."""

    def apply(self, obj: Any) -> Any:
        if self.operation.get("value", obj) is not None:
            return super().apply(obj)
        parent, key = self.pointer.to_last(obj)
        return obj if isinstance(parent, dict) and parent.get(key) is None else super().apply(obj)


class _Patch(jsonpatch.JsonPatch):
    operations = MappingProxyType({**jsonpatch.JsonPatch.operations, "test": _Test})


def _as_object(value: Any) -> Object:
    if not isinstance(value, dict) or not isinstance(value.get("metadata"), dict):
        raise BadRequest("the patch leaves no object with metadata")
    return value
