"""`dataclass` for frozen values with slots, made at a quarter of the library's price.

The library writes and compiles six methods for each class, and makes most of the time that it takes to load the
cockpit. Here `__eq__`, `__hash__`, `__repr__` and those that refuse a change are the same few functions for all
classes, and `__init__` is compiled when the first value is made. Any other class is left to the library.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls=None, /, **wanted):
        """As `dataclasses.dataclass`; what it makes can be told apart only by how soon it is there."""
        make = _frozen if wanted == {"frozen": True, "slots": True} else dataclasses.dataclass(**wanted)
        return make if cls is None else make(cls)


def _frozen(cls: type[Any]) -> type[Any]:
    written = vars(cls).keys() & {"__eq__", "__hash__", "__repr__", "__setattr__", "__delattr__", "__init__"}
    found = None if written or len(cls.__mro__) != 2 else _fields(cls)
    if found is None:
        # What a class says itself, or inherits, is the library's to judge.
        return dataclasses.dataclass(frozen=True, slots=True)(cls)
    made = _with_slots(cls, found)
    fields = found.values()
    _compare(made, tuple(field.name for field in fields if field.compare))
    shown = [field.name for field in fields if field.repr]

    def first_init(self: Any, *given: Any, **named: Any) -> None:
        made.__init__ = _compiled(made)
        made.__init__(self, *given, **named)

    def represent(self: Any) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    made.__init__, made.__repr__ = first_init, represent
    made.__setattr__, made.__delattr__ = _refuse_to_set, _refuse_to_delete
    made.__getstate__, made.__setstate__ = _state, _set_state
    return made  # type: ignore[no-any-return]


@dataclasses.dataclass(init=False, repr=False, eq=False)
class _Sample:
    """What the library writes beside the methods into each class: taken from here, because it has no other way."""

    one: int


_FIELD = dataclasses.fields(_Sample)[0]._field_type  # type: ignore[attr-defined]
_PARAMETERS: Any = _Sample.__dataclass_params__  # type: ignore[attr-defined]
_PARAMETERS.frozen = True  # for a class that is made of one of ours
# Annotations with these are no fields, or fields of another kind; and the library looks for them by name as well.
_OTHER_FIELDS = ("ClassVar", "InitVar", "KW_ONLY")


def _fields(cls: type[Any]) -> dict[str, dataclasses.Field[Any]] | None:
    """The fields of a class by name, as the library makes them; None if one is not plain."""
    found: dict[str, dataclasses.Field[Any]] = {}
    for name, kind in cls.__annotations__.items():
        if not isinstance(kind, str) or any(word in kind for word in _OTHER_FIELDS):
            return None
        given: Any = vars(cls).get(name, dataclasses.MISSING)
        field: Any = given if isinstance(given, dataclasses.Field) else dataclasses.field(default=given)
        if field.kw_only is True or field.default.__class__.__hash__ is None:
            return None
        field.name, field.type, field._field_type, field.kw_only = name, kind, _FIELD, False
        found[name] = field
    return found


def _with_slots(cls: type[Any], fields: dict[str, dataclasses.Field[Any]]) -> Any:
    """The class anew: slots have to be there when it is made."""
    body = {name: value for name, value in vars(cls).items() if name not in fields}
    for name in ("__dict__", "__weakref__"):
        body.pop(name, None)
    body |= {
        "__slots__": tuple(fields),
        "__match_args__": tuple(name for name, field in fields.items() if field.init),
        "__dataclass_fields__": fields,
        "__dataclass_params__": _PARAMETERS,
        "__qualname__": cls.__qualname__,
    }
    make: Any = type(cls)
    return make(cls.__name__, cls.__bases__, body)


def _compare(made: Any, names: tuple[str, ...]) -> None:
    """Equality and hash by these fields, as tuples."""
    values: Callable[[Any], tuple[Any, ...]]
    if len(names) == 1:
        only = attrgetter(names[0])
        values = lambda self: (only(self),)  # noqa: E731
    elif names:
        values = attrgetter(*names)
    else:
        values = lambda self: ()  # noqa: E731

    def equal(self: Any, other: object) -> bool:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: Any) -> int:
        return hash(values(self))

    made.__eq__, made.__hash__ = equal, hashed


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
