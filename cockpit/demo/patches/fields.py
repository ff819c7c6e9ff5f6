"""Sets of fields in the form of `managedFields[].fieldsV1`, and objects seen as such sets.

A set is a tree: `f:NAME` for a field, `k:{...}` for an item of a keyed list, `v:VALUE` for an item of a set;
an empty tree is a leaf that belongs to the set, `.` says that an inner node itself does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cockpit.demo.schemas import schema
from cockpit.demo.schemas.objects import copied

FieldSet = dict[str, Any]
Path = tuple[str, ...]
SELF = "."


def of(value: dict[str, Any], shape: schema.Node | None) -> FieldSet:
    """Every field that `value` sets."""
    return {
        "f:" + key: tree for key, item in value.items() if (tree := _tree(item, schema.child(shape, key))) is not None
    }


def _tree(value: Any, node: schema.Node | None) -> FieldSet | None:
    if value in ({}, []):
        return {}
    if isinstance(value, dict) and not schema.is_atomic(node):
        return of(value, node)
    if isinstance(value, list) and schema.list_keys(node):
        keyed: FieldSet = {}
        for item in value:
            name = item_name(item, node)
            if name is not None:
                keyed[name] = {SELF: {}, **of(item, schema.items(node))}
        return keyed
    if isinstance(value, list) and schema.is_set(node):
        return {"v:" + json.dumps(item): {} for item in value}
    return {}


def item_name(item: Any, node: schema.Node | None) -> str | None:
    """The `k:{...}` of one item of a keyed list; a port's protocol counts as TCP where it is left out."""
    if not isinstance(item, dict):
        return None
    keys = {}
    for key in sorted(schema.list_keys(node)):
        if key in item:
            keys[key] = item[key]
        elif key == "protocol":
            keys[key] = "TCP"
    return "k:" + json.dumps(keys, separators=(",", ":"))


def leaves(tree: FieldSet, prefix: Path = ()) -> Iterator[Path]:
    """The paths that belong to a set."""
    if not tree:
        if prefix:
            yield prefix
        return
    for key, sub in tree.items():
        if key == SELF:
            yield (*prefix, SELF)
        else:
            yield from leaves(sub, (*prefix, key))


def union(one: FieldSet, other: FieldSet) -> FieldSet:
    """Fields of either."""
    result = copied(one)
    for key, sub in other.items():
        if key not in result:
            result[key] = copied(sub)
        elif key != SELF:
            mine: FieldSet = result[key]
            result[key] = union(mine, sub) if mine and sub else {**({SELF: {}} if mine or sub else {}), **mine, **sub}
    return dict(result)


def difference(one: FieldSet, other: FieldSet) -> FieldSet:
    """Fields of `one` that are not in `other`."""
    result: FieldSet = {}
    for key, sub in one.items():
        if key not in other:
            result[key] = sub
        elif sub and other[key]:
            left = difference(sub, other[key])
            if left:
                result[key] = left
        elif not sub and other[key] and SELF not in other[key]:
            result[key] = {}
        elif sub and not other[key]:
            left = {name: tree for name, tree in sub.items() if name != SELF}
            if left:
                result[key] = left
    return result


def intersection(one: FieldSet, other: FieldSet) -> FieldSet:
    """Fields of both."""
    result: FieldSet = {}
    for key, sub in one.items():
        if key not in other:
            continue
        if not sub and not other[key]:
            result[key] = {}
        elif sub and other[key]:
            both = intersection(sub, other[key])
            if both:
                result[key] = both
        elif SELF in (sub or other[key]):
            result[key] = {}
    return result


def changed(old: dict[str, Any], new: dict[str, Any], shape: schema.Node | None) -> tuple[FieldSet, FieldSet]:
    """The fields that `new` adds or sets otherwise, and those it no longer has."""
    before, after = of(old, shape), of(new, shape)
    same = {path for path in leaves(intersection(before, after)) if value_at(old, path) == value_at(new, path)}
    touched: FieldSet = {}
    for path in leaves(after):
        if path not in same:
            put(touched, path)
    return touched, difference(before, after)


def put(tree: FieldSet, path: Path) -> None:
    """Add one path to a set."""
    at = tree
    for step in path:
        at = at.setdefault(step, {})


def value_at(value: Any, path: Path) -> Any:
    """The value of an object at a path; None if there is none."""
    for step in path:
        if step == SELF:
            return True
        if step.startswith("f:"):
            value = value.get(step[2:]) if isinstance(value, dict) else None
        elif step.startswith("k:"):
            value = find_item(value, json.loads(step[2:]))
        elif step.startswith("v:"):
            wanted = json.loads(step[2:])
            value = wanted if isinstance(value, list) and wanted in value else None
    return value


def find_item(items: Any, keys: dict[str, Any]) -> Any:
    """The item of a keyed list with these keys, or None."""
    if not isinstance(items, list):
        return None
    for item in items:
        if isinstance(item, dict) and all(
            item.get(key, "TCP" if key == "protocol" else None) == value for key, value in keys.items()
        ):
            return item
    return None


def remove(value: Any, path: Path) -> None:
    """Take the field at `path` out of an object, where it is."""
    *steps, last = path
    if last == SELF:
        return
    parent = value_at(value, tuple(steps))
    if last.startswith("f:") and isinstance(parent, dict):
        parent.pop(last[2:], None)
    elif last.startswith("k:") and isinstance(parent, list):
        item = find_item(parent, json.loads(last[2:]))
        if item is not None:
            parent.remove(item)
    elif last.startswith("v:") and isinstance(parent, list) and json.loads(last[2:]) in parent:
        parent.remove(json.loads(last[2:]))
