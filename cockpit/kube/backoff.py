"""How long to wait after a failure."""

from __future__ import annotations

from typing import Protocol


class Random(Protocol):
    """The part of `random.Random` that this package uses."""

    def uniform(self, a: float, b: float, /) -> float: ...


class Backoff:
    """Exponential backoff with jitter, using the values of client-go: 0.8 s, doubled up to 30 s, times [1, 2).

    A server that says when to come back is not asked sooner. It says the same to everybody: the spread and the doubling
    stay, so that those whom it turned away do not all come back at once, again and again. Two minutes without a failure
    reset it. Times are monotonic seconds.
    """

    FIRST = 0.8
    LONGEST = 30.0
    HEALTHY = 120.0

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._next = self.FIRST
        self._resumed_at: float | None = None

    def delay(self, now: float, told: float | None = None) -> float:
        """Seconds to wait after a failure that happened `now`, at which the server told to wait for `told` seconds."""
        if self._resumed_at is not None and now - self._resumed_at >= self.HEALTHY:
            self._next = self.FIRST
        spread = self._next * self._rng.uniform(1.0, 2.0) - self._next
        seconds = max(self._next, told or 0.0) + spread
        self._next = min(self._next * 2, self.LONGEST)
        self._resumed_at = now + seconds
        return seconds
