"""The arithmetic, against published numbers and by simulation."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.probe.stats import always_valid, answers_needed, wilson

counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("hits", "n", "by_wilson", "at_any_time"),
    [
        (3, 10, (10.8, 60.3), (3.7, 73.3)),
        (0, 30, (0, 11.4), (0, 19.3)),
        (10, 100, (5.5, 17.4), (2.9, 22.8)),
        (30, 100, (21.9, 39.6), (16.9, 45.7)),
        (100, 1000, (8.3, 12.0), (6.9, 13.8)),
    ],
)
def test_intervals(hits: int, n: int, by_wilson: tuple[float, float], at_any_time: tuple[float, float]) -> None:
    assert tuple(round(bound * 100, 1) for bound in wilson(hits, n)) == by_wilson
    assert tuple(round(bound * 100, 1) for bound in always_valid(hits, n)) == at_any_time


def test_nothing_seen_leaves_everything_possible() -> None:
    assert wilson(0, 0) == always_valid(0, 0) == (0.0, 1.0)


@given(counts)
def test_an_interval_holds_its_share_and_stays_within_0_and_1(count: tuple[int, int]) -> None:
    for low, high in (wilson(*count), always_valid(*count)):
        assert 0 <= low <= count[0] / count[1] <= high <= 1


@given(counts)
def test_looking_at_any_time_costs_width(count: tuple[int, int]) -> None:
    low, high = wilson(*count)
    wide_low, wide_high = always_valid(*count)
    assert wide_high - wide_low > high - low


@given(counts)
def test_more_of_the_same_narrows(count: tuple[int, int]) -> None:
    hits, n = count
    for interval in (wilson, always_valid):
        few, many = interval(hits, n), interval(hits * 4, n * 4)
        assert many[1] - many[0] <= few[1] - few[0] + 1e-9


@given(counts)
def test_a_share_and_its_rest_mirror_each_other(count: tuple[int, int]) -> None:
    hits, n = count
    for interval in (wilson, always_valid):
        low, high = interval(hits, n)
        assert interval(n - hits, n) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@given(counts, st.floats(1.0, 5.0))
def test_more_certainty_widens(count: tuple[int, int], z: float) -> None:
    assert wilson(*count, z=z + 0.5)[1] >= wilson(*count, z=z)[1]


def test_rereading_wilson_would_call_it_wrong_far_more_often() -> None:
    """Why the test exists."""
    rng = random.Random(3)

    def misses() -> bool:
        hits = 0
        for n in range(1, 1001):
            hits += rng.random() < 0.3
            low, high = wilson(hits, n)
            if n >= 30 and not low <= 0.3 <= high:
                return True
        return False

    assert sum(misses() for _ in range(80)) / 80 > 0.25


def test_the_answers_needed_are_the_fewest_that_are_enough() -> None:
    for share, tolerance in ((0.05, 0.05), (0.3, 0.15), (0.5, 0.02)):
        n = answers_needed(share, tolerance)
        low, high = always_valid(round(share * n), n)
        assert max(high - share, share - low) <= tolerance * 1.1
        low, high = always_valid(round(share * n / 2), n // 2)
        assert max(high - share, share - low) > tolerance
