"""Failures that ended are told from those that come by chance."""

from __future__ import annotations

import random

import pytest

from cockpit.model.health import AnswerHealth, Level
from cockpit.probe.answer_health import AnswerRecord
from cockpit.probe.ending import Failures
from tests.probe.parts import V1, V2

RUNS = 200


class Service:
    """Requests that fail by chance, so many a second."""

    def __init__(self, seed: int, per_second: float = 5.0) -> None:
        self._rng, self._step, self.at = random.Random(seed), 1 / per_second, 0.0

    def get(self, rate: float) -> tuple[bool, float]:
        self.at += self._step
        return self._rng.random() < rate, self.at


def ends(rate: float, seed: int, per_second: float) -> bool:
    """Whether failures at a steady rate seem to end within 1,000 answers."""
    service, failures = Service(seed, per_second), Failures()
    for _ in range(1000):
        failures.see(*service.get(rate))
        if failures.ended:
            return True
    return False


@pytest.mark.parametrize("per_second", [1.0, 5.0, 50.0])
@pytest.mark.parametrize("rate", [0.01, 0.02, 0.05, 0.08, 0.15, 0.3])
def test_a_steady_rate_seldom_seems_to_end(rate: float, per_second: float) -> None:
    wrong = sum(ends(rate, seed, per_second) for seed in range(RUNS))
    assert wrong <= 0.05 * RUNS


def test_a_fault_that_comes_and_goes_does_not_end() -> None:
    service, failures = Service(1), Failures()
    for second in range(200):
        for _ in range(5):
            failures.see(*service.get(1.0 if second % 10 == 0 else 0.0))
            assert not failures.ended


@pytest.mark.parametrize(
    ("rate", "per_second", "most"), [(0.08, 1.0, 160), (0.08, 5.0, 200), (0.3, 5.0, 60), (1.0, 5.0, 60)]
)
def test_an_alarm_ends_soon_after_the_failures_did(rate: float, per_second: float, most: int) -> None:
    """And what failed is counted no more: neither as a rate, nor as answers that are still needed."""
    service, record = Service(3, per_second), AnswerRecord()

    def count(failed: bool, at: float) -> AnswerHealth:
        record.count("default", None if failed else V2, (V1, V2), failed, 1.0, at)
        return record.of(("default",), (V1, V2), at, at)[0]

    for _ in range(600):
        nobody = count(*service.get(rate))
    assert nobody.failing is Level.ALARM
    needed = 0
    while nobody.errors:
        nobody, needed = count(*service.get(0.0)), needed + 1
        assert needed <= most
    assert nobody.failing is Level.CALM
    assert needed <= nobody.answers <= needed + 50, "what went well since the newest failure"
