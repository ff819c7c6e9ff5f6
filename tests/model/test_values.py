"""Our `dataclass` makes what the library's makes."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import itertools
import pickle
import sys
import types
from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model import values
from cockpit.model.values import dataclass as ours

T = TypeVar("T")


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
            """One is before the other, whatever is said of them."""

            place: int
            row: int = 0
            words: str = dataclasses.field(default="", compare=False)

        @dataclass(frozen=True, slots=True)
        class Keyed:
            """It says itself how it is hashed."""

            name: str

            def __hash__(self) -> int:
                return len(self.name)

        class Adds:
            """No field, and something to add to those of others."""

            __slots__ = ()

            @property
            def sum(self) -> int:
                return self.x + 1  # type: ignore[attr-defined, no-any-return]

        @dataclass(frozen=True, slots=True)
        class Mixed(Adds, Generic[T]):
            """A field and what others say of it."""

            x: int

        @dataclass(slots=True)
        class Changing:
            """It is set while it is used."""

            x: int = 0
            seen: list[int] = dataclasses.field(default_factory=list)

        for made in (Point, Derived, Nothing, More, Own, Ordered, Keyed, Mixed, Changing):
            made.__qualname__ = made.__name__
            setattr(self, made.__name__, made)

    Point: Any
    Derived: Any
    Nothing: Any
    More: Any
    Own: Any
    Ordered: Any
    Keyed: Any
    Mixed: Any
    Changing: Any


NAMES = ("Point", "Derived", "Nothing", "More", "Own", "Ordered", "Keyed", "Mixed", "Changing")
OURS, USED, THEIRS = Shelf(ours), Shelf(ours), Shelf(dataclasses.dataclass)
# Of many values `__init__` is compiled.
FIRST = {"Derived": (1,), "Own": ("",), "Ordered": (1,), "Keyed": ("",), "Mixed": (1,), "Point": (1,), "More": (1,)}
for _name in NAMES:
    for _ in range(100):
        getattr(USED, _name)(*FIRST.get(_name, ()))


def fresh(name: str, shelf: Shelf) -> Any:
    """A class of ours of which no value was made yet; any other as it is."""
    return getattr(Shelf(ours) if shelf is OURS else shelf, name)


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


@given(st.sampled_from(NAMES), ARGUMENTS)
def test_the_same_arguments_make_the_same_value_or_the_same_error(name: str, arguments: Any) -> None:
    words, named = arguments
    first, used, library = (told(lambda s=shelf: fresh(name, s)(*words, **named)) for shelf in (OURS, USED, THEIRS))  # type: ignore[misc]
    assert first == used == library


@given(st.lists(VALUES, min_size=1, max_size=5), st.lists(VALUES, min_size=1, max_size=5))
def test_values_are_equal_and_hashed_as_those_of_the_library(first: list[Any], second: list[Any]) -> None:
    results = []
    for shelf in (OURS, USED, THEIRS):
        one, other = shelf.Point(*first), shelf.Point(*second)
        results.append((one == other, one != other, hash(one), hash(one) == hash(other), one == tuple(first)))
    assert results[0] == results[1] == results[2]


PLACES = st.tuples(st.integers(-2, 2), st.integers(-2, 2), st.text(max_size=1))


@given(PLACES, PLACES)
def test_values_are_ordered_as_those_of_the_library(first: Any, second: Any) -> None:
    results = []
    for shelf in (OURS, THEIRS):
        one, other = shelf.Ordered(*first), shelf.Ordered(*second)
        results.append((one < other, one <= other, one > other, one >= other, one == other))
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
    assert (hash(shelf.Keyed("abc")), shelf.Keyed("a") == shelf.Keyed("b")) == (3, False)
    assert shelf.Mixed(2).sum == 3
    with pytest.raises(TypeError):
        shelf.Ordered(1) < shelf.Point(1)  # noqa: B015


@pytest.mark.parametrize("shelf", [OURS, USED, THEIRS], ids=["ours", "used", "library"])
def test_a_value_that_is_to_change_can_be_changed(shelf: Shelf) -> None:
    one, other = shelf.Changing(), shelf.Changing(seen=[])
    one.x += 1
    one.seen.append(2)
    assert (one.x, one.seen, other.seen) == (1, [2], [])
    assert one == shelf.Changing(1, [2]) == copy.deepcopy(one) != other
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)
    assert not hasattr(one, "__dict__")


@ours(frozen=True, slots=True)
class Pickled:
    """A value that is known by name, as pickle wants."""

    a: int
    b: str = dataclasses.field(default="", compare=False)


def test_a_value_is_pickled_with_all_of_its_fields() -> None:
    there = pickle.loads(pickle.dumps(Pickled(1, "b")))
    assert (there, there.b) == (Pickled(1), "b")


def test_once_many_values_were_made_the_arguments_can_be_read() -> None:
    for _ in range(100):
        Pickled(1)
    assert list(inspect.signature(Pickled).parameters) == ["a", "b"]
    with pytest.raises(TypeError, match=r"missing 1 required positional argument: 'a'"):
        Pickled()  # type: ignore[call-arg]


@pytest.mark.parametrize("moment", range(40))
def test_a_thread_that_makes_a_value_between_two_lines_of_the_first_one_makes_a_whole_one(moment: int) -> None:
    @ours(frozen=True, slots=True)
    class Fresh:
        one: int
        two: int = 2
        three: int = 3

    moments = itertools.count()
    made: list[Fresh] = []

    def between(frame: types.FrameType, event: str, _: object) -> Callable[..., Any] | None:
        if frame.f_code.co_filename != values.__file__:
            return None
        if next(moments) == moment:
            made.append(Fresh(1))
        return between

    before = sys.gettrace()
    sys.settrace(between)
    try:
        made.append(Fresh(1))
    finally:
        sys.settrace(before)
    assert [dataclasses.astuple(each) for each in made] == [(1, 2, 3)] * len(made)


def test_what_a_class_says_of_its_hash_and_of_its_state_holds() -> None:
    @ours(frozen=True, slots=True)
    class Marked:
        one: int
        aside: list[int] = dataclasses.field(default_factory=list, hash=False)

        def __getstate__(self) -> list[Any]:
            return [self.one]

    value = Marked(1, [2])
    assert hash(value) == hash(Marked(1, [3]))
    assert value != Marked(1, [3])
    assert value.__getstate__() == [1]
