"""Reads fields of unchecked JSON: each function returns an empty value if the type is different."""

from __future__ import annotations

from typing import Any


def mapping(value: Any, *keys: str) -> dict[str, Any]:
    """The object at path `keys`; empty if there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def entries(value: Any, *keys: str) -> list[Any]:
    """The list at path `keys`; empty if there is none."""
    found = mapping(value, *keys[:-1]).get(keys[-1]) if keys else value
    return found if isinstance(found, list) else []


def text(value: Any, *keys: str) -> str:
    """The string at path `keys`; "" if there is none."""
    found = mapping(value, *keys[:-1]).get(keys[-1]) if keys else value
    return found if isinstance(found, str) else ""


def whole(value: Any, *keys: str) -> int | None:
    """The integer at path `keys`; None if there is none."""
    found = mapping(value, *keys[:-1]).get(keys[-1]) if keys else value
    if isinstance(found, bool) or not isinstance(found, int):
        return None
    return found if abs(found) < 1 << 63 else None


def flag(value: Any, *keys: str) -> bool:
    """Whether the value at path `keys` is `true`."""
    return (mapping(value, *keys[:-1]).get(keys[-1]) if keys else value) is True
