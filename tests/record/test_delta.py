"""Patches between values: what they are applied to becomes what they were made from, whatever it is."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.record.delta import PatchError, applied, difference, plain
from tests.tui import fake

scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=5)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.sampled_from("abcdefg"), inner, max_size=5),
    max_leaves=25,
)


def written(value: Any) -> Any:
    """As it comes back from a file."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(value))


def exactly(value: Any) -> str:
    """Its types and the order of its fields count as well."""
    return repr(value)


@given(values, values)
def test_a_patch_makes_the_new_of_the_old(old: Any, new: Any) -> None:
    patch = difference(old, new)
    assert exactly(applied(old, written(patch)) if patch else old) == exactly(new)


@given(values)
def test_the_same_value_has_no_patch(value: Any) -> None:
    assert difference(value, written(value)) is None


@given(values, values | st.lists(values, max_size=5))
def test_a_patch_that_does_not_fit_is_said_to_be_one(value: Any, patch: Any) -> None:
    for each in (patch, [0], [1, patch, [], None], [2, 0, 1, 1, patch], [3, patch, 0, 0, []]):
        try:
            applied(value, each)
        except PatchError:
            continue


def test_a_window_that_slides_costs_what_comes_in() -> None:
    old = [{"at": n, "version": "v1"} for n in range(500)]
    new = [*old[7:], {"at": 500, "version": "v2"}]
    assert difference(old, new) == [3, 7, 493, 0, [{"at": 500, "version": "v2"}]]


def test_the_order_of_fields_is_kept() -> None:
    old, new = {"name": "a", "uid": "1"}, {"name": "a", "deletionTimestamp": "now", "uid": "1"}
    patch = difference(old, new)
    assert patch
    assert list(applied(old, patch)) == ["name", "deletionTimestamp", "uid"]


def test_what_is_not_a_number_is_not_a_change() -> None:
    assert difference({"a": math.nan}, {"a": math.nan}) is None


def test_a_view_is_patched_as_it_is_without_being_written_whole() -> None:
    old = fake.fleet()
    cockpit = fake.FakeCockpit(old)
    cockpit.change("reviews", acting="approve")
    patch = difference(old, cockpit.current)
    assert patch == [1, {"rollouts": [4, [1, [1, {"acting": [0, "approve"]}, [], None]]]}, [], None]
    assert written(applied(written(plain(old)), patch)) == written(plain(cockpit.current))


@pytest.mark.parametrize("patch", [[2, 0, 9, 0, []], [2, -1, 0, 0, []], [3, 0, 2, 2, []], [2, 0, 0, 0, [[0, 1]]]])
def test_places_outside_of_a_list_are_refused(patch: Any) -> None:
    with pytest.raises(PatchError):
        applied([1, 2, 3], patch)
