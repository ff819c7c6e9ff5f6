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
    before, after = type(old), type(new)
    if after is dict:
        return _fields(old, new) if before is dict else [REPLACE, plain(new)]
    if after is tuple or after is list:
        return _items(old, new) if before is tuple or before is list else [REPLACE, plain(new)]
    if before is after and (names := _names(after)):
        return _members(old, new, names)
    return None if _same(old, new) else [REPLACE, plain(new)]


def _same(old: Any, new: Any) -> bool:
    """Equal, and of one type: 1, 1.0 and true are written differently. What is not a number equals itself."""
    return type(old) is type(new) and (old == new or (old != old and new != new))


def _equal(old: Any, new: Any) -> bool:
    """Whether there is no difference, found without making it."""
    if old is new:
        return True
    before, after = type(old), type(new)
    if after is dict:
        return before is dict and list(old) == list(new) and all(_equal(old[name], new[name]) for name in new)
    if after is tuple or after is list:
        return before in (tuple, list) and len(old) == len(new) and all(map(_equal, old, new))
    if before is after and (names := _names(after)):
        # Most fields are the same objects, and this is asked of every item of every list.
        for name in names:
            earlier, later = getattr(old, name), getattr(new, name)
            if earlier is not later and not _equal(earlier, later):
                return False
        return True
    return _same(old, new)


_NAMES: dict[type, tuple[str, ...]] = {}


def _names(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass; none of anything else."""
    names = _NAMES.get(kind)
    if names is None:
        names = _NAMES[kind] = tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()
    return names


def _members(old: Any, new: Any, names: tuple[str, ...]) -> Patch | None:
    changed = {}
    for name in names:
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
    if not old or not new or old[0] is new[0]:
        return 0
    if len(old) == len(new) and _equal(old[-1], new[-1]):
        return 0  # items changed in their places: a window that slides ends with another one
    last = min(len(old), _FARTHEST_SLIDE)
    # Items that are equal are often not the same ones, and what did not change is.
    same = next((n for n in range(last) if old[n] is new[0]), None)
    return next((n for n in range(last) if _equal(old[n], new[0])), 0) if same is None else same


def _alike(old: Sequence[Any], new: Sequence[Any]) -> int:
    """How many items from the front are the same."""
    for number, (before, after) in enumerate(zip(old, new, strict=False)):
        if before is not after and not _equal(before, after):
            return number
    return min(len(old), len(new))


def applied(old: Any, patch: Any) -> Any:
    """What the patch makes of a plain value. Unchanged parts are the same objects. Raises PatchError."""
    try:
        return _applied(old, patch)
    except (TypeError, ValueError, AttributeError, LookupError, RecursionError) as error:
        raise PatchError(f"{type(error).__name__}: {error}") from None


def _applied(old: Any, patch: Any) -> Any:
    kind = patch[0]
    if kind == REPLACE:
        return patch[1]
    if kind == FIELDS:
        return _with_fields(old, patch[1], patch[2], patch[3])
    if kind == ITEMS:
        return _with_items(old, patch[1:4], patch[4])
    if kind == SPLICE:
        front, _, back = _parts(old, patch[1:4])
        return [*front, *patch[4], *back]
    raise PatchError("not a patch")


def _with_fields(old: Any, changed: Any, gone: Any, order: Any) -> Any:
    if not changed and not gone and order is None:
        return old
    new = dict(old)
    for name in gone:
        del new[name]
    for name, patch in changed.items():
        new[name] = _applied(new.get(name), patch)
    if order is None:
        return new
    if len(order) != len(new):
        raise PatchError("an order of other fields")
    return {name: new[name] for name in order}


def _with_items(old: Any, places: Any, patches: Any) -> list[Any]:
    front, middle, back = _parts(old, places)
    if len(middle) != len(patches):
        raise PatchError("patches of other items")
    return [*front, *map(_applied, middle, patches), *back]


def _parts(old: Any, places: Any) -> tuple[list[Any], list[Any], list[Any]]:
    dropped, kept, behind = places
    rest = old[dropped:]
    if min(places) < 0 or dropped > len(old) or kept + behind > len(rest):
        raise PatchError("places outside of the list")
    end = len(rest) - behind
    return rest[:kept], rest[kept:end], rest[end:]
