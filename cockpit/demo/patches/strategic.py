"""Strategic merge patch: a merge patch that knows which lists merge by which key.

Follows k8s.io/apimachinery/pkg/util/strategicpatch: the directives `$patch`, `$retainKeys`,
`$deleteFromPrimitiveList/FIELD` and `$setElementOrder/FIELD`.
"""

from __future__ import annotations

from typing import Any

from cockpit.demo.errors import ApiError
from cockpit.demo.schemas import schema
from cockpit.demo.schemas.objects import copied

DIRECTIVE = "$patch"
RETAIN = "$retainKeys"
DELETE_PRIMITIVES = "$deleteFromPrimitiveList/"
ORDER = "$setElementOrder/"


class PatchFailed(ApiError):  # noqa: N818 - like the other answers of the API
    """500: kube-apiserver answers a strategic patch without its merge keys so."""

    code, reason = 500, ""


def merge(target: dict[str, Any], patch: dict[str, Any], shape: schema.Node | None) -> dict[str, Any]:
    """`target`, changed in place, with `patch` merged in by the lists' keys that `shape` knows."""
    directive = patch.get(DIRECTIVE)
    if directive == "replace":
        return {key: copied(value) for key, value in patch.items() if key != DIRECTIVE}
    if directive == "delete":
        return {}
    if directive not in (None, "merge"):
        raise PatchFailed(f"unknown patch type: {directive} in map: {sorted(patch)}")
    _take_away(target, patch)
    for key, value in patch.items():
        if not key.startswith("$"):
            _merge_field(target, key, value, schema.child(shape, key))
    for key, value in patch.items():
        if key.startswith(ORDER):
            field = key[len(ORDER) :]
            _put_in_order(target, field, value, schema.child(shape, field))
    return target


def _take_away(target: dict[str, Any], patch: dict[str, Any]) -> None:
    """What `$retainKeys` does not name, and the primitives that `$deleteFromPrimitiveList` does."""
    if RETAIN in patch:
        for key in set(target) - set(patch[RETAIN]):
            del target[key]
    for key, value in patch.items():
        if key.startswith(DELETE_PRIMITIVES):
            field = key[len(DELETE_PRIMITIVES) :]
            target[field] = [item for item in target.get(field) or [] if item not in value]


def _merge_field(target: dict[str, Any], key: str, value: Any, node: schema.Node | None) -> None:
    if value is None:
        target.pop(key, None)
    elif isinstance(value, dict):
        present = target.get(key)
        merged = merge(present if isinstance(present, dict) else {}, value, node)
        if value.get(DIRECTIVE) == "delete":
            target.pop(key, None)
        else:
            target[key] = merged
    elif isinstance(value, list) and schema.merges(node):
        target[key] = _merged_list(target.get(key) or [], value, node)
    else:
        target[key] = copied(value)


def _merged_list(present: list[Any], patch: list[Any], node: schema.Node | None) -> list[Any]:
    key = schema.merge_key(node)
    if key is None:
        return present + [item for item in patch if item not in present]
    result, item_shape = list(present), schema.items(node)
    replaces = any(isinstance(item, dict) and item.get(DIRECTIVE) == "replace" for item in patch)
    if replaces:
        result = []
    for item in patch:
        if not isinstance(item, dict):
            raise PatchFailed(f"expected a map with the merge key {key}")
        directive = item.get(DIRECTIVE)
        if directive == "replace":
            continue
        if key not in item:
            raise PatchFailed(f"map: {sorted(item)} does not contain declared merge key: {key}")
        at = next((i for i, have in enumerate(result) if have.get(key) == item[key]), None)
        if directive == "delete":
            result = [have for have in result if have.get(key) != item[key]]
        elif at is None:
            result.append(merge({}, item, item_shape))
        else:
            result[at] = merge(dict(result[at]), item, item_shape)
    return result


def _put_in_order(target: dict[str, Any], field: str, order: list[Any], node: schema.Node | None) -> None:
    """Items named in `order` stand in that order; others keep their place relative to their predecessors."""
    items = target.get(field)
    if not isinstance(items, list):
        return
    key = schema.merge_key(node)

    def identity(item: Any) -> Any:
        return item.get(key) if key and isinstance(item, dict) else item

    wanted = [identity(entry) for entry in order]
    named = sorted((i for i in items if identity(i) in wanted), key=lambda item: wanted.index(identity(item)))
    result: list[Any] = []
    for item in items:
        result.append(named.pop(0) if identity(item) in wanted else item)
    target[field] = result
