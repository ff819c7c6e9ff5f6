"""The clock of a machine that falls asleep: who waits goes on waiting, and the two kinds of time part."""

from __future__ import annotations

import asyncio

import pytest

from cockpit.colleague.machine import SleepyMachine
from cockpit.session.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1000.0)


async def test_awake_it_is_the_other_clock(clock: ManualClock) -> None:
    machine = SleepyMachine(clock)
    waiting = asyncio.ensure_future(machine.sleep(5))
    await clock.sleeping()
    await clock.advance(4.9)
    assert not waiting.done()
    await clock.advance(0.1)
    assert waiting.done()
    assert (machine.now(), machine.monotonic()) == (clock.now(), clock.monotonic())


async def test_who_waits_over_a_sleep_waits_for_the_rest_of_their_time(clock: ManualClock) -> None:
    machine = SleepyMachine(clock)
    waiting = asyncio.ensure_future(machine.sleep(5))
    await clock.sleeping()
    await clock.advance(2)
    asleep = asyncio.ensure_future(machine.suspend(60))
    await clock.sleeping(2)
    await clock.advance(30)
    assert not waiting.done()
    assert (machine.now(), machine.monotonic()) == (1002.0, 2.0), "nothing moves while it is asleep"
    await clock.advance(30)
    assert asleep.done()
    assert (machine.now(), machine.monotonic()) == (1062.0, 2.0), "the wall clock knows the time when it wakes"
    await clock.advance(2.9)
    assert not waiting.done()
    await clock.advance(0.1)
    assert waiting.done()


async def test_who_begins_to_wait_while_it_is_asleep_waits_from_when_it_wakes(clock: ManualClock) -> None:
    machine = SleepyMachine(clock)
    asleep = asyncio.ensure_future(machine.suspend(60))
    await clock.sleeping()
    waiting = asyncio.ensure_future(machine.sleep(5))
    await clock.advance(60)
    assert asleep.done()
    await clock.advance(4.9)
    assert not waiting.done()
    await clock.advance(0.1)
    assert waiting.done()


async def test_whoever_is_woken_early_goes_on(clock: ManualClock) -> None:
    machine = SleepyMachine(clock)
    asleep = asyncio.ensure_future(machine.suspend(60))
    await clock.sleeping()
    await clock.advance(10)
    asleep.cancel()
    await asyncio.gather(asleep, return_exceptions=True)
    waiting = asyncio.ensure_future(machine.sleep(1))
    await clock.sleeping()
    await clock.advance(1)
    assert waiting.done()
    assert machine.monotonic() == 1.0
