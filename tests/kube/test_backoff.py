"""Backoff: client-go's figures."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from cockpit.kube.backoff import Backoff


@given(st.integers(), st.lists(st.floats(min_value=0, max_value=100), max_size=30))
def test_waits_stay_in_bounds_and_double(seed: int, pauses: list[float]) -> None:
    backoff, now, base = Backoff(random.Random(seed)), 0.0, 0.8
    for pause in pauses:
        delay = backoff.delay(now)
        assert base <= delay <= base * 2
        base = min(base * 2, 30.0)
        now += delay + pause


def test_two_healthy_minutes_start_afresh() -> None:
    backoff = Backoff(random.Random(1))
    now = 0.0
    for _ in range(8):
        now += backoff.delay(now)
    assert backoff.delay(now + 119) >= 30
    assert backoff.delay(now + 1000) < 1.6


@given(st.integers(), st.sampled_from((1.0, 7.0, 600.0)))
def test_who_is_told_when_to_come_back_comes_later_and_ever_more_seldom(seed: int, told: float) -> None:
    """API priority and fairness says "1" to everybody, however often it is asked."""
    backoff, now, base = Backoff(random.Random(seed)), 0.0, 0.8
    for _ in range(10):
        delay = backoff.delay(now, told)
        assert max(told, base) <= delay <= max(told, base) + base
        base = min(base * 2, 30.0)
        now += delay


def test_those_who_were_turned_away_together_come_back_apart() -> None:
    delays = {round(Backoff(random.Random(seed)).delay(0.0, 1.0), 2) for seed in range(200)}
    assert len(delays) > 40
