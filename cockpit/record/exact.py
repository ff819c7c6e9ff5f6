"""Which fields of dataclasses can be compared with ==: those in which no field of theirs is left out of it. Pure."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any

from cockpit.model.values import dataclass

_SCALARS = (str, int, float, bool, bytes, type(None))


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of a dataclass: those of which == sees every difference, and the others, each with what gets their
    values."""

    compared: tuple[str, ...]
    others: tuple[str, ...]
    compared_of: Callable[[Any], tuple[Any, ...]]
    others_of: Callable[[Any], tuple[Any, ...]]


def _shape_of(kind: Any) -> Shape | None:
    """The fields of a dataclass; None for any other type."""
    if not is_dataclass(kind):
        return None
    hints = _hints_of(kind)
    names = [field.name for field in fields(kind)]
    compared = tuple(name for name in names if _are_compared(hints[name]))
    others = tuple(name for name in names if name not in compared)
    return Shape(compared, others, _getter(compared), _getter(others))


def _are_all_compared(kind: Any) -> bool:
    """Whether == sees every difference of two dataclasses of this kind; false for what is no dataclass."""
    return is_dataclass(kind) and _are_compared(kind)


def _getter(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    if names:
        only = attrgetter(*names)
        return lambda value: (only(value),)
    return lambda value: ()


def _are_compared(kind: Any) -> bool:
    """Whether == sees every difference of two values of this type, and of all that they can hold.

    Of what can be anything it does not: 1 and true are equal, and written differently.
    """
    return all(map(_is_compared, _kinds(kind, set())))


def _is_compared(kind: Any) -> bool:
    if is_dataclass(kind):
        return all(field.compare for field in fields(kind))
    return isinstance(kind, type) and issubclass(kind, (*_SCALARS, Enum))


def _kinds(kind: Any, seen: set[Any]) -> Iterator[Any]:
    """The dataclasses and scalars in this type, however deep."""
    if kind in seen or kind is Ellipsis:
        return
    seen.add(kind)
    if parts := typing.get_args(kind):
        for part in parts:
            yield from _kinds(part, seen)
        return
    yield kind
    if is_dataclass(kind):
        for part in _hints_of(kind).values():
            yield from _kinds(part, seen)


def _hints(kind: Any) -> dict[str, Any]:
    """The types of a dataclass's fields."""
    return typing.get_type_hints(kind)


# What is asked of every item of every list is worked out once.
_hints_of: Callable[[Any], dict[str, Any]] = cache(_hints)
shape_of: Callable[[Any], Shape | None] = cache(_shape_of)
are_all_compared: Callable[[Any], bool] = cache(_are_all_compared)
