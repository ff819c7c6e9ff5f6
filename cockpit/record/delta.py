"""What changed between two values, small enough to be written for every view and every watch event. Pure.

Values are JSON-like, or dataclasses, which count as maps of their fields. A patch is a list that begins with its kind:

    [REPLACE, value]
    [FIELDS, {name: patch}, [names that are gone], [all names in order] or None]
    [ITEMS, dropped, kept, behind, [patch, ...]]    as many items changed as there were
    [SPLICE, dropped, kept, behind, [value, ...]]   others are in their place

Of a list, the first `dropped` items go, `kept` follow unchanged, the last `behind` are unchanged, and what is between
changes: a window that slides costs what comes in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import msgspec

REPLACE, FIELDS, ITEMS, SPLICE = range(4)
Patch = list[Any]

# How far a window may have slid between two looks.
_FARTHEST_SLIDE = 256


class PatchError(ValueError):
    """A patch that does not fit the value that it is applied to."""


def plain(value: Any) -> Any:
    """The value as it is written: dataclasses as maps, tuples and sets as lists, enums as their values."""
    return msgspec.to_builtins(value, builtin_types=(bytes,))


def difference(old: Any, new: Any) -> Patch | None:
    """The patch that makes `new` of `old`; None if they are the same."""
    if old is new:
        return None
    if isinstance(new, Mapping):
        return _fields(old, new) if isinstance(old, Mapping) else [REPLACE, plain(new)]
    if isinstance(new, tuple | list):
        return _items(old, new) if isinstance(old, tuple | list) else [REPLACE, plain(new)]
    if type(old) is type(new) and is_dataclass(new):
        return _members(old, new)
    return None if _same(old, new) else [REPLACE, plain(new)]


def _same(old: Any, new: Any) -> bool:
    """Equal, and of one type: 1, 1.0 and true are written differently. What is not a number equals itself."""
    return type(old) is type(new) and (old == new or (old != old and new != new))


_NAMES: dict[type, tuple[str, ...]] = {}


def _names(kind: type) -> tuple[str, ...]:
    if kind not in _NAMES:
        _NAMES[kind] = tuple(field.name for field in fields(kind))
    return _NAMES[kind]


def _members(old: Any, new: Any) -> Patch | None:
    changed = {}
    for name in _names(type(new)):
        before, after = getattr(old, name), getattr(new, name)
        if before is not after and (patch := difference(before, after)):
            changed[name] = patch
    return [FIELDS, changed, [], None] if changed else None


def _fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> Patch | None:
    gone = [name for name in old if name not in new]
    changed: dict[str, Patch] = {}
    for name, after in new.items():
        patch = difference(old[name], after) if name in old else [REPLACE, plain(after)]
        if patch:
            changed[name] = patch
    order = [*(name for name in old if name in new), *(name for name in new if name not in old)]
    moved = list(new) if order != list(new) else None
    return [FIELDS, changed, gone, moved] if changed or gone or moved else None


def _items(old: Sequence[Any], new: Sequence[Any]) -> Patch | None:
    dropped = _slide(old, new)
    rest = old[dropped:]
    kept = _alike(rest, new)
    if not dropped and kept == len(old) == len(new):
        return None
    behind = _alike(rest[kept:][::-1], new[kept:][::-1])
    before, after = rest[kept : len(rest) - behind], new[kept : len(new) - behind]
    if len(before) != len(after):
        return [SPLICE, dropped, kept, behind, [plain(each) for each in after]]
    patches = [difference(a, b) or [FIELDS, {}, [], None] for a, b in _pairs(before, after)]
    return [ITEMS, dropped, kept, behind, patches]


def _pairs(before: Sequence[Any], after: Sequence[Any]) -> list[tuple[Any, Any]]:
    return list(zip(before, after, strict=True))


def _slide(old: Sequence[Any], new: Sequence[Any]) -> int:
    """How many items went at the front; 0 if it is another list."""
    if not old or not new or _equal(old[0], new[0]):
        return 0
    last = min(len(old), _FARTHEST_SLIDE)
    return next((n for n in range(1, last) if _equal(old[n], new[0])), 0)


def _alike(old: Sequence[Any], new: Sequence[Any]) -> int:
    """How many items from the front are the same."""
    for number, (before, after) in enumerate(zip(old, new, strict=False)):
        if not _equal(before, after):
            return number
    return min(len(old), len(new))


def _equal(old: Any, new: Any) -> bool:
    return old is new or difference(old, new) is None


def applied(old: Any, patch: Any) -> Any:
    """What the patch makes of a plain value. Unchanged parts are the same objects. Raises PatchError."""
    try:
        match patch:
            case [0, value]:
                return value
            case [1, changed, gone, order]:
                return _with_fields(old, changed, gone, order)
            case [2, dropped, kept, behind, patches]:
                return _with_items(old, (dropped, kept, behind), patches)
            case [3, dropped, kept, behind, values]:
                front, _, back = _parts(old, (dropped, kept, behind))
                return [*front, *values, *back]
    except (TypeError, AttributeError, KeyError, RecursionError) as error:
        raise PatchError(f"{type(error).__name__}: {error}") from None
    raise PatchError("not a patch")


def _with_fields(old: Any, changed: Any, gone: Any, order: Any) -> Any:
    if not changed and not gone and order is None:
        return old
    new = {name: value for name, value in old.items() if name not in gone}
    for name, patch in changed.items():
        new[name] = applied(old.get(name), patch)
    if order is None:
        return new
    if len(order) != len(new):
        raise PatchError("an order of other fields")
    return {name: new[name] for name in order}


def _with_items(old: Any, places: tuple[Any, Any, Any], patches: Any) -> list[Any]:
    front, middle, back = _parts(old, places)
    if len(middle) != len(patches):
        raise PatchError("patches of other items")
    return [*front, *(applied(item, patch) for item, patch in _pairs(middle, patches)), *back]


def _parts(old: Any, places: tuple[Any, Any, Any]) -> tuple[list[Any], list[Any], list[Any]]:
    dropped, kept, behind = places
    rest = old[dropped:]
    if min(places) < 0 or dropped > len(old) or kept + behind > len(rest):
        raise PatchError("places outside of the list")
    end = len(rest) - behind
    return rest[:kept], rest[kept:end], rest[end:]
