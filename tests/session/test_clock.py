"""The manual clock moves when told, and wakes sleepers in order."""

from __future__ import annotations

import asyncio

from cockpit.session.clock import ManualClock, SystemClock


async def test_sleepers_wake_in_order_at_their_own_time() -> None:
    clock, woken = ManualClock(start=100.0), []

    async def sleeper(name: str, *naps: float) -> None:
        for nap in naps:
            await clock.sleep(nap)
            woken.append((name, clock.now()))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sleeper("slow", 5))
        tasks.create_task(sleeper("fast", 2, 2))
        await clock.sleeping(2)
        await clock.advance(4.5)
        assert woken == [("fast", 102.0), ("fast", 104.0)]
        assert clock.monotonic() == 4.5
        assert clock.deadlines == (0.5,)
        await clock.advance(1)
    assert woken[-1] == ("slow", 105.0)


async def test_cancelled_sleepers_are_forgotten() -> None:
    clock = ManualClock()
    task = asyncio.create_task(clock.sleep(1))
    await clock.sleeping()
    task.cancel()
    await asyncio.wait([task])
    assert clock.deadlines == ()
    await clock.advance(2)


async def test_no_time_is_no_sleep() -> None:
    clock = ManualClock()
    await clock.sleep(0)
    await clock.sleep(-1)
    assert clock.monotonic() == 0


async def test_system_clock_agrees_with_itself() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    await clock.sleep(-5)
    assert clock.monotonic() >= before
    assert clock.now() > 1_700_000_000
