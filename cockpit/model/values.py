"""`dataclass` for values with slots, made at a tenth of the library's price.

The library writes and compiles up to ten methods for each class, and makes most of the time that it takes to load the
cockpit. Here those that compare, hash and represent are the same few functions for all classes, and `__init__` is
compiled for a class of which many values are made. Any other class is left to the library.
"""

from __future__ import annotations

import copy
import dataclasses
import operator
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls=None, /, **wanted):
        """As `dataclasses.dataclass`; what it makes can be told apart only by how soon it is there."""

        def make(cls):
            return _made(cls, **wanted) or dataclasses.dataclass(**wanted)(cls)

        return make if cls is None else make(cls)


# So many values of a class are made without compiling its `__init__`, which takes as long as that.
_FEW = 20
_ORDER = {"__lt__": operator.lt, "__le__": operator.le, "__gt__": operator.gt, "__ge__": operator.ge}
_STATE = ("__getstate__", "__setstate__")
_WRITTEN = {"__eq__", "__repr__", "__setattr__", "__delattr__", "__init__", *_STATE, *_ORDER}


def _made(cls: type[Any], *, slots: bool = False, frozen: bool = False, order: bool = False, **others: bool) -> Any:
    """The class as it was asked for; None if that is the library's to judge."""
    fields = _fields(cls) if slots and not others and _plain(cls) else None
    if fields is None:
        return None
    body = {name: value for name, value in vars(cls).items() if name not in fields}
    for name in ("__dict__", "__weakref__"):
        body.pop(name, None)
    compared = tuple(field.name for field in fields.values() if field.compare)
    body |= {
        "__slots__": tuple(fields),
        "__match_args__": tuple(name for name, field in fields.items() if field.init),
        "__dataclass_fields__": fields,
        "__dataclass_params__": _params(frozen, order),
        "__qualname__": cls.__qualname__,
        "__repr__": _representing([field.name for field in fields.values() if field.repr]),
        **_comparing(compared, order),
    }
    if frozen:
        body |= {"__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
        body |= {"__getstate__": _state, "__setstate__": _set_state}
        body.setdefault("__hash__", _hashing(compared))
    make: Any = type(cls)
    made = make(cls.__name__, cls.__bases__, body)
    made.__init__ = _first_inits(made)
    return made


def _plain(cls: type[Any]) -> bool:
    """True if a class says and inherits nothing of what is made here."""
    inherited = (vars(base).keys() & {*_WRITTEN, "__dataclass_fields__", "__slots__"} for base in cls.__mro__[1:-1])
    return not vars(cls).keys() & _WRITTEN and all(names <= {"__slots__"} for names in inherited)


@dataclasses.dataclass(init=False, repr=False, eq=False)
class _Sample:
    """What the library writes beside the methods into each class: taken from here, because it has no other way."""

    one: int


_FIELD = dataclasses.fields(_Sample)[0]._field_type  # type: ignore[attr-defined]


@cache
def _params(frozen: bool, order: bool) -> Any:
    """What was asked for, as the library notes it for a class that is made of one of ours."""
    params = copy.copy(_Sample.__dataclass_params__)  # type: ignore[attr-defined]
    params.init = params.repr = params.eq = True
    params.frozen, params.order = frozen, order
    return params


def _fields(cls: type[Any]) -> dict[str, dataclasses.Field[Any]] | None:
    """The fields of a class by name, as the library makes them; None if one is not plain."""
    found: dict[str, dataclasses.Field[Any]] = {}
    for name, kind in cls.__annotations__.items():
        if not isinstance(kind, str) or "ClassVar" in kind or "InitVar" in kind or "KW_ONLY" in kind:
            return None  # no field, or one of another kind; the library looks for them by name as well
        given: Any = vars(cls).get(name, dataclasses.MISSING)
        field: Any = given if isinstance(given, dataclasses.Field) else dataclasses.field(default=given)
        if field.kw_only is True or field.hash is not None or field.default.__class__.__hash__ is None:
            return None
        field.name, field.type, field._field_type, field.kw_only = name, kind, _FIELD, False
        found[name] = field
    return found


def _values_of(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """A function that takes these fields of a value."""
    if len(names) == 1:
        only = attrgetter(names[0])
        return lambda self: (only(self),)
    return attrgetter(*names) if names else lambda self: ()


def _comparing(names: tuple[str, ...], order: bool) -> dict[str, Any]:
    """Equality by these fields, as tuples, and order if it is wanted."""
    values = _values_of(names)

    def equal(self: Any, other: object) -> bool:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, object], bool]:
        def compared(self: Any, other: object) -> bool:
            return compare(values(self), values(other)) if other.__class__ is self.__class__ else NotImplemented

        return compared

    return {"__eq__": equal, **({name: ordered(compare) for name, compare in _ORDER.items()} if order else {})}


def _hashing(names: tuple[str, ...]) -> Callable[[Any], int]:
    values = _values_of(names)
    return lambda self: hash(values(self))


def _representing(names: list[str]) -> Callable[[Any], str]:
    return lambda self: f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"


def _first_inits(made: Any) -> Callable[..., None]:
    """An `__init__` for the first values of a class. It gives way to the compiled one, which also tells mistakes."""
    steps: list[tuple[Any, dataclasses.Field[Any]]] | None = None
    left = _FEW

    def first_init(self: Any, /, *given: Any, **named: Any) -> None:
        nonlocal left, steps
        if steps is None:
            # Another thread may make a value meanwhile: it has to find all of the steps or none.
            steps = [(vars(made)[field.name].__set__, field) for field in dataclasses.fields(made)]
        left -= 1
        if left >= 0 and _filled(self, steps, given, named):
            if hasattr(made, "__post_init__"):
                self.__post_init__()
            return
        made.__init__ = _compiled(made)
        made.__init__(self, *given, **named)

    return first_init


def _filled(
    value: Any, steps: list[tuple[Any, dataclasses.Field[Any]]], given: tuple[Any, ...], named: dict[str, Any]
) -> bool:
    """Set the fields of a value; False if the arguments do not fit."""
    place, used = 0, 0
    for put, field in steps:
        if field.init and place < len(given):
            put(value, given[place])
            place += 1
        elif field.init and field.name in named:
            put(value, named[field.name])
            used += 1
        elif field.default is not dataclasses.MISSING:
            put(value, field.default)
        elif field.default_factory is not dataclasses.MISSING:
            put(value, field.default_factory())
        elif field.init:
            return False
    return place == len(given) and used == len(named)


def _compiled(cls: Any) -> Any:
    """The class's `__init__`, with the arguments and defaults of its fields."""
    scope: dict[str, Any] = {"MISSING": dataclasses.MISSING}
    arguments, lines = ["self"], []
    for place, field in enumerate(dataclasses.fields(cls)):
        scope[f"set{place}"] = vars(cls)[field.name].__set__
        value, default = field.name, ""
        if field.default is not dataclasses.MISSING:
            scope[f"default{place}"] = field.default
            default = f"=default{place}"
        elif field.default_factory is not dataclasses.MISSING:
            scope[f"make{place}"] = field.default_factory
            value, default = f"make{place}() if {field.name} is MISSING else {field.name}", "=MISSING"
        if field.init:
            arguments.append(field.name + default)
        elif default:
            value = f"make{place}()" if f"make{place}" in scope else f"default{place}"
        else:
            continue
        lines.append(f" set{place}(self, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    text = f"def __init__({', '.join(arguments)}):\n" + ("\n".join(lines) or " pass")
    exec(text, scope)  # names of fields and nothing else: no word of it comes from outside
    scope["__init__"].__qualname__ = f"{cls.__qualname__}.__init__"
    return scope["__init__"]


def _refuse_to_set(self: Any, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)
