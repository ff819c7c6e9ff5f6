"""The clock interface; injected, so that a test or a replay controls the time."""

from __future__ import annotations

from typing import Protocol

# Seconds by which the wall clock has to get ahead of the monotonic one between two looks to have gone on in a suspend.
_SUSPENDED = 1.0


class Clock(Protocol):
    def now(self) -> float:
        """UTC seconds since 1970, for display and files."""
        ...

    def monotonic(self) -> float:
        """Monotonic seconds, for measuring and waiting."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds; after one iteration of the event loop for zero or less."""
        ...


class LastingTime:
    """Monotonic seconds that go on while the machine is suspended, in which the monotonic clock stands still."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at, self._now = clock.monotonic(), clock.now()
        self._missed = 0.0

    def seconds(self) -> float:
        """Seconds since some moment; never goes back."""
        at, now = self._clock.monotonic(), self._clock.now()
        ahead = (now - self._now) - (at - self._at)
        if ahead > _SUSPENDED:
            self._missed += ahead
        self._at, self._now = at, now
        return at + self._missed
