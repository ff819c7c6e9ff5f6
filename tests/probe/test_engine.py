"""The probe of one rollout, against real sockets, with time in the test's hand."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Iterable

import pytest

from cockpit.model.rollout import Verdict
from cockpit.probe.engine import Probe
from cockpit.probe.pacer import Budget
from cockpit.probe.sender import Transport
from cockpit.session.clock import ManualClock
from tests.probe.parts import V1, V2, door, lane, until
from tests.probe.servers import Behaviour, Exchange, serving


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


async def answers(probe: Probe, clock: ManualClock, count: int) -> None:
    """Let time go on until that many more answers are in."""
    wanted = probe.view().strip_total + count
    for _ in range(count * 3):
        await clock.advance(1.0)
        before = probe.view().strip_total
        if before >= wanted:
            return
        with contextlib.suppress(AssertionError):
            await until(lambda before=before: probe.view().strip_total > before, 2_000)
    raise AssertionError(f"{probe.view().strip_total} of {wanted} answers")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def probe(transport: Transport, clock: ManualClock) -> Probe:
    return Probe(transport, clock, Budget(clock), rate=1.0, timeout=2.0)


def in_turn(bodies: Iterable[str]) -> Behaviour:
    replies = itertools.cycle(bodies)

    async def behave(exchange: Exchange) -> None:
        await exchange.answer(next(replies))

    return behave


async def test_it_counts_the_versions_that_answer(probe: Probe, clock: ManualClock) -> None:
    async with serving(in_turn(["version: v1", "version: v2"])) as server, running(probe):
        probe.aim(door(server.port), [lane(v1=0.5, v2=0.5)], [V1, V2], "e1")
        probe.start()
        await answers(probe, clock, 10)
        probe.stop()
    (default,) = probe.lanes()
    assert default.samples == 10
    shares = {share.version: share.observed for share in default.shares}
    assert shares["v1"] is not None
    assert (shares["v1"].share, shares["v1"].samples) == (0.5, 10)
    assert shares["v1"].low < 0.5 < shares["v1"].high
    assert default.verdict is Verdict.NOT_YET
    view = probe.view()
    assert [cell.version for cell in view.strip] == ["v1", "v2"] * 5
    assert (view.total, view.errors, view.unknown, view.running) == (10, 0, 0, False)
