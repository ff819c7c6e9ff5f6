"""Fields of JSON that nobody has checked: each asks for a shape and gets an empty one where there is another."""

from __future__ import annotations

from typing import Any


def mapping(value: Any, *keys: str) -> dict[str, Any]:
    """The object at the end of `keys`; empty where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def entries(value: Any, *keys: str) -> list[Any]:
    """The list at the end of `keys`; empty where there is none."""
    found = mapping(value, *keys[:-1]).get(keys[-1]) if keys else value
    return found if isinstance(found, list) else []


def text(value: Any, *keys: str) -> str:
    """The string at the end of `keys`; "" where there is none."""
    found = mapping(value, *keys[:-1]).get(keys[-1]) if keys else value
    return found if isinstance(found, str) else ""


def whole(value: Any, *keys: str) -> int | None:
    """The whole number at the end of `keys`; None where there is none."""
    found = mapping(value, *keys[:-1]).get(keys[-1]) if keys else value
    if isinstance(found, bool) or not isinstance(found, int):
        return None
    return found if abs(found) < 1 << 63 else None


def flag(value: Any, *keys: str) -> bool:
    """Whether the end of `keys` is `true`."""
    return (mapping(value, *keys[:-1]).get(keys[-1]) if keys else value) is True
