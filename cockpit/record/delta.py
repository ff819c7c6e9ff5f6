"""What changed between two values, small enough to be written for every view and every watch event. Pure.

Values are JSON-like, or dataclasses, which count as maps of their fields. A patch is a list that begins with its kind:

    [REPLACE, value]
    [FIELDS, {name: patch}, [names that are gone], [all names in order] or None]
    [ITEMS, dropped, kept, behind, [patch, ...]]    as many items changed as there were
    [SPLICE, dropped, kept, behind, [value, ...]]   others are in their place
    [PLACES, [place, patch, place, patch, ...]]     few of many items changed
    [TEXT, [place, part, place, part, ...]]         bytes: these of the parts between commas are other ones
    [CUT, kept, behind, bytes]                      bytes: what is between the first and the last ones

Of a list, the first `dropped` items go, `kept` follow unchanged, the last `behind` are unchanged, and what is between
changes: a window that slides costs what comes in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import compress, count
from operator import is_not, ne
from typing import Any

import msgspec

from cockpit.record.exact import Shape, are_all_compared, shape_of

REPLACE, FIELDS, ITEMS, SPLICE, PLACES, TEXT, CUT = range(7)
Patch = list[Any]

_SCALARS = frozenset({str, int, float, bool, type(None)})
# Of fewer items it costs more to look whether they slid than to write them.
_SHORTEST_WINDOW = 4
# Of a shorter text the patch is no shorter.
_SHORTEST_TEXT = 24
# How far a window may have slid between two looks.
_FARTHEST_SLIDE = 256


class PatchError(ValueError):
    """A patch that does not fit the value that it is applied to."""


def plain(value: Any) -> Any:
    """The value as it is written: dataclasses as maps, tuples and sets as lists, enums as their values."""
    return value if type(value) in _SCALARS else msgspec.to_builtins(value, builtin_types=(bytes,))


def difference(old: Any, new: Any) -> Patch | None:
    """The patch that makes `new` of `old`; None if they are the same."""
    if old is new:
        return None
    before, after = type(old), type(new)
    if after in _SCALARS:
        return None if _same(old, new) else [REPLACE, new]
    if after is dict:
        return _fields(old, new) if before is dict else [REPLACE, plain(new)]
    if after is tuple or after is list:
        return _items(old, new) if before is tuple or before is list else [REPLACE, plain(new)]
    if before is after and (shape := shape_of(after)):
        return _members(old, new, shape)
    return None if _same(old, new) else [REPLACE, new.value if isinstance(new, Enum) else plain(new)]


def _same(old: Any, new: Any) -> bool:
    """Equal, and of one type: 1, 1.0 and true are written differently. What is not a number equals itself."""
    return type(old) is type(new) and bool(old == new or (old != old and new != new))


def _equal(old: Any, new: Any) -> bool:
    """Whether there is no difference, found without making it."""
    if old is new:
        return True
    before, after = type(old), type(new)
    if after is dict:
        return before is dict and list(old) == list(new) and all(_equal(old[name], new[name]) for name in new)
    if after is tuple or after is list:
        return before in (tuple, list) and len(old) == len(new) and all(map(_equal, old, new))
    if before is after and (shape := shape_of(after)):
        same = shape.compared_of(old) == shape.compared_of(new)
        return same and all(map(_equal, shape.others_of(old), shape.others_of(new)))
    return _same(old, new)


def _members(old: Any, new: Any, shape: Shape) -> Patch | None:
    # Most fields are equal, and comparing them all at once costs least.
    changed = dict(_changes(shape.compared, shape.compared_of(old), shape.compared_of(new), ne))
    if shape.others:
        changed.update(_changes(shape.others, shape.others_of(old), shape.others_of(new), is_not))
    return [FIELDS, changed, [], None] if changed else None


def _changes(
    names: Sequence[Any], before: Sequence[Any], after: Sequence[Any], differ: Callable[[Any, Any], bool]
) -> list[tuple[Any, Patch]]:
    """What changed, by name, of values of which those that do not `differ` are the same."""
    changes = []
    for place in compress(count(), map(differ, before, after)):
        value = after[place]
        if type(value) in _SCALARS and value == value:
            changes.append((names[place], [REPLACE, value]))
        elif patch := difference(before[place], value):
            changes.append((names[place], patch))
    return changes


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
    if len(old) == len(new):
        # What is compared whole is compared at once, all else is most often the same object.
        differ = ne if new and are_all_compared(type(new[0])) else is_not
        places = list(compress(count(), map(differ, old, new)))
        if len(places) <= max(len(new) // 2, _SHORTEST_WINDOW) or not (dropped := _slide(old, new)):
            return _in_places(old, new, places)
    else:
        dropped = _slide(old, new)
    rest = old[dropped:]
    kept = _alike(rest, new)
    behind = _alike(rest[kept:][::-1], new[kept:][::-1])
    before, after = rest[kept : len(rest) - behind], new[kept : len(new) - behind]
    if len(before) != len(after):
        return [SPLICE, dropped, kept, behind, [plain(each) for each in after]]
    patches = [difference(a, b) or [FIELDS, {}, [], None] for a, b in _pairs(before, after)]
    return [ITEMS, dropped, kept, behind, patches]


def _in_places(old: Sequence[Any], new: Sequence[Any], places: Sequence[int]) -> Patch | None:
    """What changed of as many items, in these places at most."""
    changed: list[Any] = []
    for place in places:
        if patch := difference(old[place], new[place]):
            changed += (place, patch)
    return [PLACES, changed] if changed else None


def text_difference(old: bytes, new: bytes) -> Patch | None:
    """The patch that makes one text of JSON of another, which is not decoded for it."""
    if old == new:
        return None
    if len(new) < _SHORTEST_TEXT:
        return [REPLACE, new]
    before, after = old.split(b","), new.split(b",")
    if len(before) == len(after):
        changed: list[Any] = []
        for place in compress(count(), map(ne, before, after)):
            changed += (place, after[place])
        # Else nearly all of it is another text.
        return [TEXT, changed] if len(changed) <= len(after) else [REPLACE, new]
    # Each part that is the same counts with the comma beside it.
    most = min(len(old), len(new))
    kept = min(sum(len(part) + 1 for part in before[: _common(before, after)]), most)
    same = _common(before[::-1], after[::-1])
    behind = min(max(sum(len(part) + 1 for part in before[len(before) - same :]) - 1, 0), most - kept)
    return [CUT, kept, behind, new[kept : len(new) - behind]]


def _common(before: Sequence[bytes], after: Sequence[bytes]) -> int:
    """How many parts from the front are the same."""
    return next(compress(count(), map(ne, before, after)), min(len(before), len(after)))


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
    if kind == PLACES:
        return _with_places(old, patch[1])
    if kind == TEXT:
        parts = _with(old.split(b","), patch[1])
        return b",".join(parts)
    if kind == CUT:
        front, _, back = _parts(old, [0, *patch[1:3]])
        return b"".join((front, patch[3], back))
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


def _with_places(old: Any, changed: Any) -> list[Any]:
    new = list(old)
    for place, patch in _by_place(changed):
        new[place] = _applied(new[place], patch)
    return new


def _with(parts: list[bytes], changed: Any) -> list[bytes]:
    for place, part in _by_place(changed):
        if not isinstance(part, bytes):
            raise PatchError("a part that is no text")
        parts[place] = part
    return parts


def _by_place(changed: Any) -> Iterator[tuple[int, Any]]:
    """Places, which ascend, and what is to be there."""
    last = -1
    for place, what in zip(changed[::2], changed[1::2], strict=True):
        if place <= last:
            raise PatchError("places that do not ascend")
        last = place
        yield place, what


def _parts(old: Any, places: Any) -> tuple[Any, Any, Any]:
    dropped, kept, behind = places
    rest = old[dropped:]
    if min(places) < 0 or dropped > len(old) or kept + behind > len(rest):
        raise PatchError("places outside of the list")
    end = len(rest) - behind
    return rest[:kept], rest[kept:end], rest[end:]
