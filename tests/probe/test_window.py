"""Counts and recent answers in bounded memory."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.view import Cell, CellKind
from cockpit.probe.recognise import VersionReading
from cockpit.probe.window import Histogram, Strip, Tally

times = st.lists(st.floats(0.02, 1_000_000), min_size=1, max_size=200)


def histogram(values: list[float]) -> Histogram:
    made = Histogram()
    for value in values:
        made.add(value)
    return made


@given(times, st.floats(0.01, 1.0))
def test_a_quantile_is_right_within_its_bucket(values: list[float], share: float) -> None:
    exact = sorted(values)[max(math.ceil(share * len(values)), 1) - 1]
    assert histogram(values).quantile(share) == pytest.approx(exact, rel=0.03)


@given(times, times)
def test_merged_histograms_are_one_of_all(one: list[float], other: list[float]) -> None:
    merged = histogram(one)
    merged.merge(histogram(other))
    of_all = histogram(one + other)
    assert all(merged.quantile(share) == of_all.quantile(share) for share in (0.1, 0.5, 0.99))


@given(st.lists(st.floats(), min_size=1))
def test_no_time_is_too_odd_to_count(values: list[float]) -> None:
    quantile = histogram(values).quantile(0.5)
    assert quantile is not None
    assert 0 < quantile < 4_000_000


def test_an_empty_histogram_knows_no_quantile() -> None:
    assert Histogram().quantile(0.5) is None


def test_a_strip_keeps_the_newest_and_counts_all() -> None:
    strip = Strip(3)
    for number in range(5):
        strip.append(Cell(CellKind.ANSWER, "v1", "default", str(number)))
    assert [cell.note for cell in strip.cells()] == ["2", "3", "4"]
    assert strip.total == 5


def test_a_tally_tells_errors_and_nameless_answers_apart() -> None:
    tally = Tally()
    for kind, version in [
        (CellKind.ANSWER, "v1"),
        (CellKind.ERROR, "v2"),
        (CellKind.ERROR, None),
        (CellKind.UNKNOWN, None),
    ]:
        tally.count(VersionReading(kind, version, ""), 5.0)
    assert (tally.samples, tally.errors, tally.unknown, tally.named) == (4, 2, 1, 2)
    assert (tally.versions["v2"].answers, tally.versions["v2"].errors) == (1, 1)
