"""The clock of a machine that can fall asleep."""

from __future__ import annotations

import asyncio

from cockpit.model.clock import Clock

# Seconds that a sum of floating-point numbers may be off: nobody sleeps for them once more.
_CLOSE_ENOUGH = 1e-6


class SleepyMachine:
    """Implements Clock on another one. While the machine is asleep nothing that waits goes on.

    As in a real suspend, the monotonic clock leaves out the time asleep, and the wall clock has it when it wakes.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._missed = 0.0
        self._asleep: tuple[float, float] | None = None  # monotonic and wall time at which it fell asleep
        self._awake = asyncio.Event()
        self._awake.set()

    @property
    def asleep(self) -> bool:
        """Whether nothing goes on."""
        return self._asleep is not None

    def now(self) -> float:
        return self._asleep[1] if self._asleep else self._clock.now()

    def monotonic(self) -> float:
        return (self._asleep[0] if self._asleep else self._clock.monotonic()) - self._missed

    async def sleep(self, seconds: float) -> None:
        end = self.monotonic() + seconds
        await self._clock.sleep(seconds)
        await self._awake.wait()
        while (left := end - self.monotonic()) > _CLOSE_ENOUGH:
            await self._clock.sleep(left)
            await self._awake.wait()

    async def suspend(self, seconds: float) -> None:
        """Fall asleep, and wake after so many seconds of the other clock, or when this is cancelled."""
        began = self._clock.monotonic()
        self._asleep = began, self._clock.now()
        self._awake.clear()
        try:
            await self._clock.sleep(seconds)
        finally:
            self._missed += self._clock.monotonic() - began
            self._asleep = None
            self._awake.set()
