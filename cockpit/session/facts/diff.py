"""Describes what changed between two reads of an object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cockpit.model.redact import is_confidential
from cockpit.model.server_written import SERVER_WRITTEN, Path
from cockpit.model.text import safe_text

_VALUE_LENGTH = 80
# Kubernetes schemas are about 15 levels deep; anything deeper is compared as a whole.
_DEEPEST = 25
_MISSING: Any = object()


def differences(before: Mapping[str, Any], after: Mapping[str, Any], most: int = 12) -> tuple[str, ...]:
    """One safe line per changed field, such as `spec.selector.version v1 -> v2`; empty if nothing relevant changed.

    Status and server-written fields are left out. More than `most` changes end in "and N more".
    """
    lines: list[str] = []
    more = 0
    for path, old, new in _changed((), before, after):
        if len(lines) < most:
            lines.append(_line(path, old, new))
        else:
            more += 1
    return (*lines, f"and {more} more") if more else tuple(lines)


def _changed(path: Path, old: Any, new: Any) -> Iterator[tuple[Path, Any, Any]]:
    if path in SERVER_WRITTEN or old is new:
        return
    before, after = _fields(old), _fields(new)
    if before is None or after is None or len(path) >= _DEEPEST or _unlike(old, new):
        if not _same(old, new):
            yield path, old, new
        return
    for key in [*before, *(k for k in after if k not in before)]:
        yield from _changed((*path, key), before.get(key, _MISSING), after.get(key, _MISSING))


def _unlike(old: Any, new: Any) -> bool:
    """A map and a list, or nothing and an empty one: they have no parts to compare."""
    if old is _MISSING or new is _MISSING:
        return not _fields(old) and not _fields(new)
    return isinstance(old, Mapping) is not isinstance(new, Mapping)


def _same(old: Any, new: Any) -> bool:
    try:
        # True equals 1 in Python but not in JSON.
        return type(old) is type(new) and bool(old == new)
    except RecursionError:
        return False


def _fields(value: Any) -> dict[str, Any] | None:
    """The parts of a value by name; list items by their `name`, else by index. None for a leaf."""
    if value is _MISSING:
        return {}
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        names = [item.get("name") if isinstance(item, Mapping) else None for item in value]
        if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
            return {f"[{name}]": item for name, item in zip(names, value, strict=True)}
        return {f"[{place}]": item for place, item in enumerate(value)}
    return None


def _line(path: Path, old: Any, new: Any) -> str:
    place = safe_text(_dotted(path), 200)
    # The change is shown, the values are not.
    if is_confidential(path):
        return f"{place} changed"
    if old is _MISSING:
        return f"{place} added: {_value(new)}"
    if new is _MISSING:
        return f"{place} removed, was {_value(old)}"
    return f"{place} {_value(old)} -> {_value(new)}"


def _dotted(path: Path) -> str:
    text = ""
    for key in path:
        quoted = f'"{key}"' if "." in key and not key.startswith("[") else key
        text += quoted if key.startswith("[") or not text else f".{quoted}"
    return text or "the object"


def _value(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return safe_text(value, _VALUE_LENGTH) if value else '""'
        case int() | float():
            return safe_text(value, _VALUE_LENGTH)
        case Mapping():
            return f"{len(value)} fields" if value else "{}"
        case _:
            return f"{len(value)} items" if value else "[]"
