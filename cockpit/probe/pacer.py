"""When to send: an open-loop schedule for one probe, and what all probes together may do."""

from __future__ import annotations

import asyncio

from cockpit.model.clock import Clock

# Seconds a beat may be late and still be sent; later ones are left out, so that no burst follows a stall.
SLACK = 0.05
# Longest sleep, so that a changed rate is heard soon.
_LONGEST_SLEEP = 1.0
# Rounding may wake a sleeper this early; sleeping again for so little gets nowhere.
_TINY = 1e-6
RATE_LIMITS = (0.01, 10_000.0)


def bounded_rate(rate: float) -> float:
    """A rate per second within what a probe may be asked for."""
    low, high = RATE_LIMITS
    return min(max(rate, low), high)


class Pacer:
    """Beats at a rate per second, whatever becomes of the requests."""

    def __init__(self, clock: Clock, rate: float) -> None:
        self._clock = clock
        self._last: float | None = None
        self.rate = bounded_rate(rate)

    async def beat(self) -> float:
        """Wait for the next beat and return the moment (monotonic) at which it was due."""
        while True:
            now = self._clock.monotonic()
            due = now if self._last is None else self._last + 1 / self.rate
            if due - now < _TINY:
                # What was missed is left out: the schedule goes on from here.
                self._last = due if now - due <= max(SLACK, 1 / self.rate) else now
                await self._clock.sleep(0)
                return self._last
            await self._clock.sleep(min(due - now, _LONGEST_SLEEP))


class Budget:
    """What all probes together may do: requests per second, and requests under way at once."""

    def __init__(self, clock: Clock, rate: float = 200.0, concurrency: int = 32) -> None:
        self._clock = clock
        self._interval = 1 / bounded_rate(rate)
        self._next = 0.0
        self._slots = asyncio.Semaphore(max(concurrency, 1))

    async def turn(self, due: float) -> float:
        """Wait until the common rate has room for a request due at that moment, and return when it has."""
        at = max(self._next, due)
        self._next = at + self._interval
        wait = at - self._clock.monotonic()
        if wait > 0:
            await self._clock.sleep(wait)
        return at

    async def take(self) -> None:
        """Wait for a place among the requests under way; whoever takes one gives it back."""
        await self._slots.acquire()

    def give_back(self) -> None:
        """Free the place that `take` took."""
        self._slots.release()
