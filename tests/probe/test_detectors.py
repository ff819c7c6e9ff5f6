"""The arithmetic of detectors."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.health import Level
from cockpit.probe.detectors import Detector, of_slice, worst
from cockpit.probe.error_detector import SLICE_ANSWERS, ErrorDetector
from cockpit.probe.split_detector import CLEAN, SplitDetector, alternatives
from cockpit.probe.worse_detector import WorseDetector
from tests.probe.simulation import by_chance


def test_evidence_is_the_recursion_that_the_bound_is_proven_for() -> None:
    detector = Detector(0.5, [(0.75, 1.0)])
    expected = 0.0
    for hit in (True, True, False, True):
        detector.see(hit)
        expected = (1 + expected) * (1.5 if hit else 0.5)
        assert detector.evidence == pytest.approx(expected)


@given(st.floats(0.01, 0.99), st.integers(1, 20))
def test_under_the_null_each_trial_adds_one_on_average_at_most(null: float, n: int) -> None:
    """The property that limits false alarms: the mean of the next evidence is at most one more than the evidence."""
    rates = [(0.2, 1.0), (0.6, 2.0)]
    hit, miss = Detector(null, rates), Detector(null, rates)
    hit.see(True, n)
    miss.see(False, n)
    chance = null if n == 1 else of_slice(null, n)
    assert chance * hit.evidence + (1 - chance) * miss.evidence <= 1 + 1e-9


def test_detectors_that_share_a_budget_alarm_later() -> None:
    def trials(streams: int) -> int:
        detector, count = Detector(0.1, [(0.9, 1.0)], streams), 0
        while detector.level is not Level.ALARM:
            detector.see(True)
            count += 1
        return count

    assert trials(1000) > trials(1)


@given(st.floats(0.001, 0.999))
def test_alternatives_are_other_shares_with_weights(share: float) -> None:
    found = alternatives(share)
    assert all(0 < other < 1 and other != share and 0 < weight <= 1 for other, weight in found)


@given(st.lists(st.sampled_from(["v1", "v2", "v3"]), max_size=300))
def test_evidence_against_a_split_is_never_negative_and_a_p_value_is_a_chance(seen: list[str]) -> None:
    detector = SplitDetector({"v1": 0.5, "v2": 0.5, "v3": 0.0})
    for name in seen:
        detector.see(name)
        assert detector.evidence >= 0
        assert 0 <= detector.p_value <= 1
        assert detector.level >= Level.DOUBTFUL or "v3" not in seen[: seen.index(name) + 1] or len(seen) > CLEAN


def test_a_stray_is_a_doubt_and_three_are_an_alarm_until_as_many_good_answers() -> None:
    detector = SplitDetector({"v1": 1.0, "v2": 0.0})
    levels = []
    for name in ["v2", "v1", "v2", "v1", "v2"]:
        detector.see(name)
        levels.append(detector.level)
    assert levels == [Level.DOUBTFUL] * 4 + [Level.ALARM]
    assert detector.p_value == 0.0
    levels.clear()
    for _ in range(200):
        detector.see("v1")
        levels.append(detector.level)
    assert CLEAN < levels.count(Level.ALARM) < 200, "three of five may be one in ten"
    assert levels[-1] is Level.CALM
    assert detector.p_value == 1.0


def test_an_alarm_that_was_refuted_leaves_no_p_value_behind() -> None:
    detector = SplitDetector({"v1": 0.95, "v2": 0.05})
    for name in ["v2"] * 12:
        detector.see(name)
    assert (detector.level, detector.p_value < 1e-3) == (Level.ALARM, True)
    for name in itertools.islice(by_chance({"v1": 0.95, "v2": 0.05}, 1), 1500):
        detector.see(name)
    assert (detector.level, detector.p_value > 0.1) == (Level.CALM, True)


@pytest.mark.parametrize("rate", [0.002, 0.003, 0.005])
def test_a_small_leak_is_off_and_stays_off(rate: float) -> None:
    """Few answers of a version that should give none: no flipping between a doubt, an alarm and nothing."""
    for seed in range(10):
        detector, levels = SplitDetector({"v1": 1.0, "v2": 0.0}), [Level.CALM]
        for name in itertools.islice(by_chance({"v1": 1 - rate, "v2": rate}, seed), 30_000):
            detector.see(name)
            if detector.level is not levels[-1]:
                levels.append(detector.level)
        assert levels[-1] is Level.ALARM
        assert levels.count(Level.ALARM) == 1
        assert len(levels) <= 14


def test_errors_within_a_second_count_once() -> None:
    burst, spread = ErrorDetector(), ErrorDetector()
    for number in range(SLICE_ANSWERS):
        burst.see(True, 0.0)
        spread.see(True, float(number))
    burst.settle(2.0)
    assert burst.level is Level.CALM
    assert spread.level is Level.ALARM


def test_a_tolerated_rate_is_no_alarm_and_a_lower_tolerance_is() -> None:
    strict, lenient = ErrorDetector(0.01), ErrorDetector(0.3)
    for number in range(400):
        for one in (strict, lenient):
            one.see(number % 5 == 0, number / 2)
    assert strict.level is Level.ALARM
    assert lenient.level is Level.CALM


def test_a_version_is_compared_only_with_answers_of_the_old_one() -> None:
    detector = WorseDetector()
    for second in range(1000):
        detector.see_new(True, float(second))
    assert detector.level is Level.CALM, "there is nothing to compare with"


def test_a_comparison_is_taken_back_once_both_are_alike_again() -> None:
    detector, second = WorseDetector(), 0
    while detector.level is not Level.ALARM:
        second += 1
        detector.see_old(False)
        detector.see_new(True, float(second))
    for later in range(second + 1, 3 * second + 10):
        detector.see_old(False)
        detector.see_new(False, float(later))
    assert detector.level < Level.ALARM


def test_the_worst_level_counts() -> None:
    assert worst([]) is Level.CALM
    assert worst([Level.CALM, Level.ALARM, Level.DOUBTFUL]) is Level.ALARM
