"""Detectors keep their budget of false alarms on what is right, and see what is wrong soon enough.

The budget of an alarm is one in 18 million answers, too few to wait for: what is tested is the same bound at lower
evidence. Evidence of T is reached within n answers in at most n / T of all runs.
"""

from __future__ import annotations

import itertools
import random
import statistics
from collections.abc import Iterator, Mapping

import pytest

from cockpit.model.health import Level
from cockpit.probe.detectors import ALARM, DOUBTFUL
from cockpit.probe.error_detector import ErrorDetector
from cockpit.probe.split_detector import SplitDetector
from cockpit.probe.worse_detector import WorseDetector
from tests.probe.simulation import MORE, by_chance, drifting, errors_in_bursts, in_turn

pytestmark = pytest.mark.simulation

TRUE = [
    {"v1": 0.99, "v2": 0.01},
    {"v1": 0.95, "v2": 0.05},
    {"v1": 0.7, "v2": 0.3},
    {"v1": 0.5, "v2": 0.5},
    {"v1": 0.6, "v2": 0.3, "v3": 0.1},
]


def evidence(detector: SplitDetector, answers: Iterator[str], count: int) -> Iterator[float]:
    for name in itertools.islice(answers, count):
        detector.see(name)
        yield detector.evidence


def answers_until(detector: SplitDetector, answers: Iterator[str], level: Level) -> int:
    for number, name in enumerate(answers, 1):
        detector.see(name)
        if detector.level is level:
            return number
    raise AssertionError("the stream has no end")


@pytest.mark.parametrize("written", TRUE, ids=str)
def test_a_true_split_seldom_gathers_evidence_against_it(written: Mapping[str, float]) -> None:
    runs, answers, threshold = 60 * MORE, 1000, 1e4
    reached = sum(
        max(evidence(SplitDetector(written), by_chance(written, seed), answers)) >= threshold for seed in range(runs)
    )
    bound = answers / threshold
    assert reached / runs <= bound + 3 * (bound * (1 - bound) / runs) ** 0.5


def test_true_splits_are_doubtful_for_less_than_one_percent_of_the_time_and_never_off() -> None:
    doubtful, total = 0, 0
    for written, seed in itertools.product(TRUE, range(3 * MORE)):
        detector = SplitDetector(written)
        for found in evidence(detector, by_chance(written, 100 + seed), 18_000):
            doubtful += found >= DOUBTFUL
            total += 1
            assert detector.level is not Level.ALARM
    assert doubtful / total <= 0.01


@pytest.mark.parametrize("weights", [{"v1": 95, "v2": 5}, {"v1": 70, "v2": 30}, {"v1": 6, "v2": 3, "v3": 1}], ids=str)
def test_a_round_robin_by_weight_is_as_right_as_chance(weights: Mapping[str, int]) -> None:
    total = sum(weights.values())
    detector = SplitDetector({name: weight / total for name, weight in weights.items()})
    assert max(evidence(detector, in_turn(weights), 10_000 * MORE)) < DOUBTFUL


ROUNDS = [{"v1": 1, "v2": 1}, {"v1": 9, "v2": 1}, {"v1": 7, "v2": 3}, {"v1": 95, "v2": 5}]


def between(weights: Mapping[str, int], mine: Iterator[float], theirs: Iterator[float]) -> Iterator[str]:
    """What one of two clients gets of a gateway that serves weights in turn; each asks at distances of its own."""
    answers, at, other = in_turn(weights), 0.0, 0.5
    while True:
        while other < at:
            next(answers)
            other += next(theirs)
        yield next(answers)
        at += next(mine)


def distances(seed: int) -> Iterator[float]:
    """As a `Pacer` by chance."""
    rng = random.Random(seed)
    while True:
        yield rng.uniform(0.0, 2.0)


@pytest.mark.parametrize("weights", ROUNDS, ids=str)
@pytest.mark.parametrize("regular", [False, True], ids=["both by chance", "the other at equal distances"])
def test_who_else_asks_a_gateway_that_serves_in_turn_does_not_skew_a_split(
    weights: Mapping[str, int], regular: bool
) -> None:
    total = sum(weights.values())
    for seed in range(3 * MORE):
        detector = SplitDetector({name: weight / total for name, weight in weights.items()})
        stream = between(weights, distances(seed), itertools.repeat(1.0) if regular else distances(100 + seed))
        assert max(evidence(detector, stream, 6000)) < ALARM


@pytest.mark.parametrize("weights", ROUNDS, ids=str)
def test_two_that_ask_at_equal_distances_would_refute_a_true_split(weights: Mapping[str, int]) -> None:
    """So that the test above tests something."""
    total = sum(weights.values())
    detector = SplitDetector({name: weight / total for name, weight in weights.items()})
    stream = between(weights, itertools.repeat(1.0), itertools.repeat(1.0))
    assert answers_until(detector, stream, Level.ALARM) < 1000


@pytest.mark.parametrize(
    ("written", "true", "doubt", "alarm"),
    [
        (0.05, 0.1, 250, 690),
        (0.1, 0.05, 375, 990),
        (0.3, 0.36, 700, 1750),
        (0.3, 0.0, 35, 60),
        (0.5, 0.0, 20, 34),
        (0.01, 0.03, 340, 1100),
    ],
)
def test_a_wrong_split_is_seen_soon(written: float, true: float, doubt: int, alarm: int) -> None:
    doubts, alarms = [], []
    for seed in range(41 * MORE):
        detector = SplitDetector({"v1": 1 - written, "v2": written})
        first = None
        for number, name in enumerate(by_chance({"v1": 1 - true, "v2": true}, seed), 1):
            detector.see(name)
            if first is None and detector.level is not Level.CALM:
                first = number
            if detector.level is Level.ALARM:
                doubts.append(first or number)
                alarms.append(number)
                break
    assert statistics.median(doubts) <= doubt
    assert statistics.median(alarms) <= alarm


def test_a_slow_drift_is_seen_before_it_has_doubled_the_share_for_long() -> None:
    """From 5 % to 10 % within an hour at 5/s, then as it is."""
    found = []
    for seed in range(10 * MORE):
        detector = SplitDetector({"v1": 0.95, "v2": 0.05})
        stream = drifting(lambda n: 0.05 + 0.05 * min(n / 18_000, 1.0), seed)
        found.append(answers_until(detector, stream, Level.ALARM))
    assert statistics.median(found) < 18_000


def test_an_alarm_is_taken_back_after_about_as_many_right_answers_as_it_took() -> None:
    needed = []
    for seed in range(20 * MORE):
        detector = SplitDetector({"v1": 0.95, "v2": 0.05})
        wrong = by_chance({"v1": 0.9, "v2": 0.1}, seed)
        answers_until(detector, wrong, Level.ALARM)
        right = by_chance({"v1": 0.95, "v2": 0.05}, 1000 + seed)
        needed.append(answers_until(detector, right, Level.CALM))
    assert 100 < statistics.median(needed) < 1000


@pytest.mark.parametrize(("every", "length"), [(1000, 3), (1500, 5), (400, 2)])
def test_bursts_of_errors_below_one_percent_are_no_alarm(every: int, length: int) -> None:
    doubtful, total = 0, 0
    for seed in range(2 * MORE):
        detector = ErrorDetector()
        for number, failed in enumerate(itertools.islice(errors_in_bursts(every, length, seed), 36_000)):
            detector.see(failed, number / 5)
            doubtful += detector.level is not Level.CALM
            total += 1
            assert detector.level is not Level.ALARM
    assert doubtful / total <= 0.01


@pytest.mark.parametrize(
    ("rate", "per_second", "alarm"),
    [(1.0, 5.0, 40), (1.0, 1.25, 14), (0.2, 5.0, 80), (0.2, 1.25, 60), (0.05, 5.0, 500)],
)
def test_errors_are_seen_soon(rate: float, per_second: float, alarm: int) -> None:
    found = []
    for seed in range(41 * MORE):
        detector = ErrorDetector()
        for number, name in enumerate(by_chance({"failed": rate, "good": 1 - rate}, seed), 1):
            detector.see(name == "failed", number / per_second)
            if detector.level is Level.ALARM:
                found.append(number)
                break
    assert statistics.median(found) <= alarm


@pytest.mark.parametrize("rate", [0.0, 0.02, 0.1, 0.3])
def test_versions_that_fail_alike_are_seldom_told_apart(rate: float) -> None:
    runs, blocks, threshold = 60 * MORE, 500, 1e4
    reached = 0
    for seed in range(runs):
        detector = WorseDetector()
        fails = by_chance({"yes": rate, "no": 1 - rate}, seed)
        highest = 0.0
        for second in range(blocks):
            for _ in range(3):
                detector.see_old(next(fails) == "yes")
            detector.see_new(next(fails) == "yes", float(second))
            highest = max(highest, detector.evidence)
        reached += highest >= threshold
    bound = blocks / threshold
    assert reached / runs <= bound + 3 * (bound * (1 - bound) / runs) ** 0.5


def test_a_worse_version_is_told_from_the_old_one() -> None:
    found = []
    for seed in range(41 * MORE):
        detector, old = WorseDetector(), by_chance({"y": 0.01, "n": 0.99}, seed)
        new = by_chance({"y": 0.2, "n": 0.8}, 1000 + seed)
        for second in itertools.count():
            for _ in range(3):
                detector.see_old(next(old) == "y")
            detector.see_new(next(new) == "y", float(second))
            if detector.level is Level.ALARM:
                found.append(second)
                break
    assert statistics.median(found) <= 130


def test_thresholds_are_those_that_are_promised() -> None:
    assert DOUBTFUL == 1e4
    assert ALARM >= 1000 * 3600 * 5, "one false alarm in 1,000 hours at five answers a second"
