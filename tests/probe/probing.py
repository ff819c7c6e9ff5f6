"""A probe that runs while a test moves its time along."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Iterable
from functools import partial

from cockpit.probe.engine import Probe
from cockpit.session.clock import ManualClock
from tests.probe.parts import until
from tests.probe.servers import Behaviour, Exchange


@contextlib.asynccontextmanager
async def running(probe: Probe) -> AsyncIterator[Probe]:
    task = asyncio.create_task(probe.run())
    try:
        yield probe
        assert not task.done(), "the probe must outlive what it meets"
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def passing(clock: ManualClock, seconds: int) -> None:
    """Let time go on in small steps, with turns in which requests come and go."""
    for _ in range(seconds * 10):
        for _ in range(50):
            await asyncio.sleep(0)
        await clock.advance(0.1)


def _has_more(probe: Probe, before: int) -> bool:
    return probe.view().strip_total > before


async def answers(probe: Probe, clock: ManualClock, count: int) -> None:
    """Let time go on until that many more answers are in."""
    wanted = probe.view().strip_total + count
    for _ in range(count * 3):
        await clock.advance(1.0)
        before = probe.view().strip_total
        if before >= wanted:
            return
        with contextlib.suppress(AssertionError):
            await until(partial(_has_more, probe, before), 2_000)
    raise AssertionError(f"{probe.view().strip_total} of {wanted} answers")


def in_turn(bodies: Iterable[str]) -> Behaviour:
    replies = itertools.cycle(bodies)

    async def behave(exchange: Exchange) -> None:
        await exchange.answer(next(replies))

    return behave
