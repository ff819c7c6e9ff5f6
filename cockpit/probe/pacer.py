"""When to send: an open-loop schedule for one probe, and the limits for all probes together."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from cockpit.model.clock import Clock

# Seconds by which a beat may be late and still be sent; later ones are skipped, so that no burst follows a stall.
SLACK = 0.05
# Longest sleep, so that a changed rate takes effect soon.
_LONGEST_SLEEP = 0.25
# Rounding may wake a sleeper this early; another sleep that short would not advance the clock.
_TINY = 1e-6
RATE_LIMITS = (0.01, 10_000.0)


def bounded_rate(rate: float) -> float:
    """The rate per second, limited to what a probe can be set to."""
    low, high = RATE_LIMITS
    return min(max(rate, low), high)


class Pacer:
    """Beats at a rate per second, whatever happens to the requests.

    With `rng` each interval is by chance up to twice the mean. A gateway that serves weights in turn (Traefik, nginx)
    gives two clients that ask at equal distances each the same places of its round: of 50/50 one version each.
    """

    def __init__(self, clock: Clock, rate: float, rng: random.Random | None = None) -> None:
        self._clock = clock
        self._rng, self._part = rng, 1.0
        self._last: float | None = None
        # Of the last beat: seconds by which this process was late with it, and the beats before it that were skipped.
        self.late, self.missed = 0.0, 0
        self.rate = bounded_rate(rate)

    async def beat(self, *, held: bool = False) -> float:
        """Wait for the next beat and return the time (monotonic) at which it was due.

        `held`: since the last beat the caller had to wait for something else, so that only what is late from now on
        is this process's own fault. A late beat comes at once, without a turn for others: the caller limits what is
        in flight.
        """
        called = self._clock.monotonic()
        while True:
            now = self._clock.monotonic()
            due = now if self._last is None else self._last + self._part / self.rate
            if due - now < _TINY:
                # Missed beats are skipped: the schedule continues from now.
                self._last = due if now - due <= max(SLACK, 1 / self.rate) else now
                self.late = max(self._clock.monotonic() - (max(due, called) if held else due), 0.0)
                self.missed = 0 if held or self._last == due else int((now - due) * self.rate)
                if self._rng is not None:
                    self._part = self._rng.uniform(0.0, 2.0)
                return self._last
            await self._clock.sleep(min(due - now, _LONGEST_SLEEP))


class Budget:
    """The limits for all probes together: requests per second, and requests in flight at once.

    The probe that comes first waits for nobody: its requests are sent at their beat and the others' later, and it has
    `first` places of its own besides the `concurrency` that all others share.
    """

    def __init__(self, clock: Clock, rate: float = 200.0, concurrency: int = 64, first: int = 8) -> None:
        self._clock = clock
        self._interval = 1 / bounded_rate(rate)
        self._next = 0.0
        self._places = {True: asyncio.Semaphore(max(first, 1)), False: asyncio.Semaphore(max(concurrency, 1))}

    async def turn(self, due: float, *, first: bool = False) -> float:
        """Wait until the shared rate has room for a request due at that time, and return that time."""
        at = due if first else max(self._next, due)
        self._next = max(self._next, due) + self._interval
        wait = at - self._clock.monotonic()
        if wait > 0:
            await self._clock.sleep(wait)
        return at

    async def take(self, *, first: bool = False) -> Callable[[], None]:
        """Wait for a place among the requests in flight; calling the result frees it."""
        places = self._places[first]
        await places.acquire()
        return places.release
