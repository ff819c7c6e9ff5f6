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
