"""When requests are sent, with time in the test's hand."""

from __future__ import annotations

import asyncio
import itertools
import random

import pytest

from cockpit.probe.pacer import Budget, Pacer, bounded_rate
from cockpit.session.clock import ManualClock


async def beats(pacer: Pacer, clock: ManualClock, count: int) -> list[float]:
    found: list[float] = []

    async def collect() -> None:
        for _ in range(count):
            found.append(await pacer.beat())

    task = asyncio.create_task(collect())
    while not task.done():
        for _ in range(20):
            await asyncio.sleep(0)
        if clock.deadlines:
            await clock.advance(clock.deadlines[0])
    await task
    return found


async def test_beats_are_due_at_equal_distances() -> None:
    clock = ManualClock()
    assert await beats(Pacer(clock, 4.0), clock, 5) == pytest.approx([0, 0.25, 0.5, 0.75, 1.0])


async def test_by_chance_the_rate_is_kept_and_no_distance_is_more_than_twice_the_mean() -> None:
    clock = ManualClock()
    found = await beats(Pacer(clock, 4.0, random.Random(1)), clock, 400)
    distances = [then - one for one, then in itertools.pairwise(found)]
    assert min(distances) >= 0
    assert max(distances) <= 0.5 + 1e-6
    assert sum(distances) / len(distances) == pytest.approx(0.25, rel=0.1)
    assert len({round(each, 3) for each in distances}) > 100


async def test_a_slow_pace_is_kept_over_long_waits() -> None:
    clock = ManualClock()
    assert await beats(Pacer(clock, 0.1), clock, 3) == pytest.approx([0, 10, 20])


async def test_what_was_missed_is_left_out() -> None:
    clock = ManualClock()
    pacer = Pacer(clock, 10.0)
    await pacer.beat()
    await clock.advance(60)
    assert await beats(pacer, clock, 3) == pytest.approx([60, 60.1, 60.2])


async def test_a_little_lateness_is_made_up() -> None:
    clock = ManualClock()
    pacer = Pacer(clock, 100.0)
    await pacer.beat()
    await clock.advance(0.03)
    assert [await pacer.beat() for _ in range(3)] == pytest.approx([0.01, 0.02, 0.03])


@pytest.mark.parametrize(("asked", "given"), [(0, 0.01), (-5, 0.01), (5, 5), (1e9, 10_000), (float("inf"), 10_000)])
def test_rates_are_bounded(asked: float, given: float) -> None:
    assert bounded_rate(asked) == given


async def test_turns_of_all_are_at_equal_distances() -> None:
    clock = ManualClock()
    budget = Budget(clock, rate=2.0)
    tasks = [asyncio.create_task(budget.turn(0.0)) for _ in range(3)]
    await clock.sleeping(2)
    await clock.advance(5)
    assert [await task for task in tasks] == pytest.approx([0.0, 0.5, 1.0])


async def test_a_place_is_waited_for() -> None:
    budget = Budget(ManualClock(), concurrency=1)
    give_back = await budget.take()
    second = asyncio.create_task(budget.take())
    for _ in range(10):
        await asyncio.sleep(0)
    assert not second.done()
    give_back()
    await asyncio.wait_for(second, 5)


async def test_the_first_waits_for_nobody_and_the_others_are_sent_later() -> None:
    clock = ManualClock()
    budget = Budget(clock, rate=2.0)
    others = [asyncio.create_task(budget.turn(0.0)) for _ in range(3)]
    await clock.sleeping(2)
    assert await budget.turn(0.0, first=True) == 0.0
    late = asyncio.create_task(budget.turn(0.0))
    await clock.sleeping(3)
    await clock.advance(5)
    assert [await task for task in (*others, late)] == pytest.approx([0.0, 0.5, 1.0, 2.0])


async def test_the_first_has_places_that_nobody_else_takes() -> None:
    budget = Budget(ManualClock(), concurrency=1, first=1)
    await budget.take()
    give_back = await asyncio.wait_for(budget.take(first=True), 5)
    give_back()
    await asyncio.wait_for(budget.take(first=True), 5)
