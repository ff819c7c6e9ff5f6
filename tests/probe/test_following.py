"""When a gateway follows a new split, and which part of it does."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.probe.following import Following, part_followed
from tests.probe.simulation import by_chance

HALF, ALL = {"v1": 0.5, "v2": 0.5}, {"v1": 1.0, "v2": 0.0}


def answers_until_followed(previous: dict[str, float], new: dict[str, float], seed: int) -> int:
    following = Following([previous], new)
    for number, name in enumerate(by_chance(new, seed), 1):
        following.see(name)
        if following.followed:
            return number
    raise AssertionError("the stream has no end")


def test_the_first_answer_that_only_the_new_split_allows_decides() -> None:
    following = Following([ALL], HALF)
    following.see("v1")
    assert not following.followed
    following.see("v2")
    assert following.followed


def test_answers_by_the_previous_split_do_not_count_as_followed() -> None:
    following = Following([HALF], ALL)
    for name in ["v1", "v2", "v1", "v1", "v2"]:
        following.see(name)
    assert not following.followed
    for _ in range(6):
        following.see("v1")
    assert following.followed


def test_a_split_before_the_previous_one_does_not_count_as_followed_either() -> None:
    """From 5 % to half and at once on to a fifth: 5 % is nearer to a fifth than to half."""
    fifth, twentieth = {"v1": 0.8, "v2": 0.2}, {"v1": 0.95, "v2": 0.05}
    following, one = Following([HALF, twentieth], fifth), Following([HALF], fifth)
    for name in itertools.islice(by_chance(twentieth, 3), 200):
        following.see(name)
        one.see(name)
    assert one.followed
    assert not following.followed
    for name in itertools.islice(by_chance(fifth, 3), 100):
        following.see(name)
    assert following.followed


@pytest.mark.parametrize("seed", range(5))
def test_a_step_of_a_canary_is_followed_within_half_a_minute(seed: int) -> None:
    assert answers_until_followed({"v1": 0.9, "v2": 0.1}, {"v1": 0.7, "v2": 0.3}, seed) < 150


def test_splits_that_are_much_alike_cannot_be_told_apart() -> None:
    assert not Following([{"v1": 0.7, "v2": 0.3}], {"v1": 0.69, "v2": 0.31}).measurable
    assert not Following([HALF], HALF).measurable
    assert Following([HALF], ALL).measurable


@pytest.mark.parametrize(
    ("seen", "part"), [(500, 0.0), (520, 0.0), (750, 0.5), (660, 0.32), (1000, 1.0), (970, 0.94), (200, None)]
)
def test_the_part_that_follows(seen: int, part: float | None) -> None:
    found = part_followed(HALF, ALL, {"v1": seen, "v2": 1000 - seen})
    assert found == (None if part is None else pytest.approx(part))


shares = st.dictionaries(st.sampled_from(["v1", "v2", "v3"]), st.floats(0, 1), min_size=1)


@given(shares, shares, st.lists(st.sampled_from(["v1", "v2", "v3", "v4"])))
def test_any_splits_and_answers_are_taken(previous: dict[str, float], new: dict[str, float], seen: list[str]) -> None:
    following = Following([previous], new)
    for name in seen:
        following.see(name)
    part = part_followed(previous, new, {name: seen.count(name) for name in seen})
    assert part is None or 0 <= part <= 1
