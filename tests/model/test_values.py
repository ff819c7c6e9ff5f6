"""Our `dataclass` makes what the library's makes."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.values import dataclass as ours


class Shelf:
    """Some classes made by one decorator."""

    def __init__(self, dataclass: Callable[..., Any]) -> None:
        @dataclass(frozen=True, slots=True)
        class Point:
            """Two numbers and what is said of them."""

            x: int
            y: float = 0.5
            words: str = dataclasses.field(default="", compare=False)
            hidden: str = dataclasses.field(default="", repr=False)
            more: tuple[Any, ...] = dataclasses.field(default_factory=tuple)
            zero: ClassVar[int] = 0

            @property
            def sum(self) -> float:
                return self.x + self.y

        @dataclass(frozen=True, slots=True)
        class Derived:
            """A field that is made from the other."""

            given: int
            made: int = dataclasses.field(init=False, compare=False)

            def __post_init__(self) -> None:
                if self.given < 0:
                    raise ValueError("negative")
                object.__setattr__(self, "made", self.given * 2)

        @dataclass(frozen=True, slots=True)
        class Nothing:
            """No field."""

        @dataclass(frozen=True, slots=True)
        class More(Point):
            """One field more."""

            z: int = 3

        @dataclass(frozen=True, slots=True)
        class Own:
            """It says itself what is equal."""

            name: str

            def __eq__(self, other: object) -> bool:
                return isinstance(other, Own) and other.name.lower() == self.name.lower()

            def __hash__(self) -> int:
                return hash(self.name.lower())

        @dataclass(frozen=True, slots=True, order=True)
        class Ordered:
            """Made by the library."""

            place: int

        for made in (Point, Derived, Nothing, More, Own, Ordered):
            made.__qualname__ = made.__name__
            setattr(self, made.__name__, made)

    Point: Any
    Derived: Any
    Nothing: Any
    More: Any
    Own: Any
    Ordered: Any


OURS, THEIRS = Shelf(ours), Shelf(dataclasses.dataclass)


def told(call: Callable[[], Any]) -> tuple[Any, ...]:
    """What comes of a call: a value's words, or an error's kind."""
    try:
        found = call()
    except Exception as error:
        return (type(error).__name__,)
    return (repr(found), dataclasses.astuple(found))


VALUES = st.one_of(st.integers(-3, 3), st.text(max_size=2), st.none())
ARGUMENTS = st.tuples(
    st.lists(VALUES, max_size=6),
    st.dictionaries(st.sampled_from(["x", "y", "words", "hidden", "more", "given", "made", "z", "no"]), VALUES),
)


@given(st.sampled_from(["Point", "Derived", "Nothing", "More", "Own", "Ordered"]), ARGUMENTS)
def test_the_same_arguments_make_the_same_value_or_the_same_error(name: str, arguments: Any) -> None:
    words, named = arguments
    mine, library = (told(lambda s=shelf: getattr(s, name)(*words, **named)) for shelf in (OURS, THEIRS))  # type: ignore[misc]
    assert mine == library


@given(st.lists(VALUES, min_size=1, max_size=5), st.lists(VALUES, min_size=1, max_size=5))
def test_values_are_equal_and_hashed_as_those_of_the_library(first: list[Any], second: list[Any]) -> None:
    results = []
    for shelf in (OURS, THEIRS):
        one, other = shelf.Point(*first), shelf.Point(*second)
        results.append((one == other, one != other, hash(one), hash(one) == hash(other), one == tuple(first)))
    assert results[0] == results[1]


@pytest.mark.parametrize("shelf", [OURS, THEIRS], ids=["ours", "library"])
def test_a_value_cannot_be_changed(shelf: Shelf) -> None:
    point = shelf.Point(1)
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'x'"):
        point.x = 2
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'x'"):
        del point.x
    with pytest.raises((dataclasses.FrozenInstanceError, TypeError)):  # the library in Python 3.11 stumbles over it
        point.new = 2
    assert not hasattr(point, "__dict__")
    assert point == shelf.Point(1)


@pytest.mark.parametrize("shelf", [OURS, THEIRS], ids=["ours", "library"])
def test_what_else_is_done_with_values(shelf: Shelf) -> None:
    point = shelf.Point(1, words="said")
    changed = dataclasses.replace(point, y=2.0)
    assert (changed.x, changed.y, changed.words, changed.sum) == (1, 2.0, "said", 3.0)
    assert dataclasses.asdict(changed) == {"x": 1, "y": 2.0, "words": "said", "hidden": "", "more": ()}
    assert [field.name for field in dataclasses.fields(point)] == ["x", "y", "words", "hidden", "more"]
    match point:
        case shelf.Point(x, y, words="said"):
            assert (x, y) == (1, 0.5)
        case _:
            pytest.fail("not matched")
    assert copy.copy(point) == copy.deepcopy(point) == point
    assert copy.copy(point).words == "said"
    assert {point: "kept"}[shelf.Point(1, words="other")] == "kept"
    assert shelf.Ordered(1) < shelf.Ordered(2)
    assert shelf.Own("A") == shelf.Own("a")
    assert shelf.More(1, z=4) != shelf.More(1)
    assert shelf.Derived(2).made == 4


@ours(frozen=True, slots=True)
class Pickled:
    """A value that is known by name, as pickle wants."""

    a: int
    b: str = dataclasses.field(default="", compare=False)


def test_a_value_is_pickled_with_all_of_its_fields() -> None:
    there = pickle.loads(pickle.dumps(Pickled(1, "b")))
    assert (there, there.b) == (Pickled(1), "b")


def test_once_a_value_was_made_its_arguments_can_be_read() -> None:
    Pickled(1)
    assert list(inspect.signature(Pickled).parameters) == ["a", "b"]
    with pytest.raises(TypeError, match=r"missing 1 required positional argument: 'a'"):
        Pickled()  # type: ignore[call-arg]
