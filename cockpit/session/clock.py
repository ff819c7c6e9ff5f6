"""The system clock, CPU time, and a clock that only moves on request."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time


class SystemClock:
    """Implements `model.clock.Clock`."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, 0.0))


def cpu_seconds() -> float:
    """CPU seconds that this process has used so far, in all threads."""
    return time.process_time()


class ManualClock:
    """Implements `model.clock.Clock` for tests and replays: time moves only through `advance`.

    Sleepers wake in the order of their deadlines, each at exactly its own unless that passed in a `stop`.
    """

    # Loop iterations in which a woken sleeper can act and sleep again before time moves on.
    _TURNS = 20

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._start = start
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._changed = asyncio.Event()

    def now(self) -> float:
        return self._start + self._elapsed

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._numbers), waiter))
        self._changed.set()
        await waiter

    def suspend(self, seconds: float) -> None:
        """Let the wall clock go on while the monotonic one stands still, as in a suspend."""
        self._start += seconds

    def stop(self, seconds: float) -> None:
        """Let both clocks go on while nobody runs, as in a process that is stopped."""
        self._elapsed += seconds

    @property
    def deadlines(self) -> tuple[float, ...]:
        """Seconds until each sleeper wakes, soonest first."""
        self._forget_cancelled()
        return tuple(sorted(deadline - self._elapsed for deadline, _, _ in self._sleepers))

    async def advance(self, seconds: float) -> None:
        """Advance the time, waking every sleeper that is due."""
        end = self._elapsed + seconds
        while True:
            self._forget_cancelled()
            if not self._sleepers or self._sleepers[0][0] > end:
                break
            deadline, _, waiter = heapq.heappop(self._sleepers)
            self._elapsed = max(self._elapsed, deadline)
            waiter.set_result(None)
            for _ in range(self._TURNS):
                await asyncio.sleep(0)
        self._elapsed = end

    async def sleeping(self, count: int = 1) -> None:
        """Return once at least `count` are asleep."""
        while len(self.deadlines) < count:
            self._changed.clear()
            await self._changed.wait()

    def _forget_cancelled(self) -> None:
        if any(waiter.done() for _, _, waiter in self._sleepers):
            self._sleepers = [sleeper for sleeper in self._sleepers if not sleeper[2].done()]
            heapq.heapify(self._sleepers)
