"""Leaving a session in another thread: quickly, and never before an act is through."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import pytest

from cockpit.model.refs import RolloutKey
from cockpit.model.view import Prepared
from cockpit.session.bridge import Bridge, SessionEndedError
from tests.session.conftest import KEY, PATIENCE
from tests.session.test_bridge import PLAN, Recorded


class Busy(Recorded):
    """A session whose loop is held by one long reading until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.reading, self.done = threading.Event(), threading.Event()

    def select(self, keys: Collection[RolloutKey]) -> None:
        self.reading.set()
        self.done.wait(PATIENCE)


async def test_leaving_does_not_wait_for_a_long_reading() -> None:
    busy = Busy()

    @asynccontextmanager
    async def opened() -> AsyncIterator[Busy]:
        yield busy

    async with Bridge(opened, patience=0.0) as cockpit:
        cockpit.select([KEY])
        await asyncio.to_thread(busy.reading.wait, PATIENCE)
    assert not busy.done.is_set()
    busy.done.set()


async def test_leaving_waits_for_an_act_even_while_something_is_read() -> None:
    busy = Busy()

    @asynccontextmanager
    async def opened() -> AsyncIterator[Busy]:
        yield busy

    bridge = Bridge(opened, patience=0.0)
    async with bridge as cockpit:
        sending = asyncio.create_task(cockpit.send(Prepared(PLAN, ()), wait=1e6))
        cockpit.select([KEY])
        await asyncio.to_thread(busy.reading.wait, PATIENCE)
        leaving = asyncio.create_task(bridge._end())
        for _ in range(3):
            done, _ = await asyncio.wait([leaving], timeout=0.02)
            assert not done
        busy.done.set()
        await leaving
    with pytest.raises(SessionEndedError):
        await sending
