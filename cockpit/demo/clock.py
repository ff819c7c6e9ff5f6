"""The clock of an embedded cluster: real time, or stopped and moved by hand."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class DemoClock:
    """A clock that follows the real one until it is stopped with `hold()`.

    While it is held, `now()` does not change and sleepers wake only when `advance()` passes their time. Advancing a
    running clock shifts it forward permanently. It runs `speed` times as fast as the real one.
    """

    def __init__(self, speed: float = 1.0) -> None:
        if speed <= 0:
            raise ValueError("time only moves forward")
        self._speed = speed
        self._began = time.time()
        self._offset = 0.0
        self._held_at: float | None = None
        self._moved = asyncio.Event()

    def now(self) -> float:
        """Unix time in seconds."""
        return self._real() if self._held_at is None else self._held_at

    def timestamp(self) -> str:
        """The time as Kubernetes writes it in `metadata`: UTC, whole seconds."""
        return stamp(self.now())

    @property
    def held(self) -> bool:
        """Whether the clock is stopped."""
        return self._held_at is not None

    def hold(self) -> None:
        """Stop the clock where it is."""
        if self._held_at is None:
            self._held_at = self._real()
            self._wake()

    def release(self) -> None:
        """Let the clock continue from its current time."""
        if self._held_at is not None:
            self._offset += self._held_at - self._real()
            self._held_at = None
            self._wake()

    def advance(self, seconds: float) -> None:
        """Move the time forward and wake every sleeper whose time has come."""
        if seconds < 0:
            raise ValueError("time only moves forward")
        if self._held_at is None:
            self._offset += seconds
        else:
            self._held_at += seconds
        self._wake()

    async def sleep(self, seconds: float) -> None:
        """Return once `seconds` of this clock's time have passed."""
        end = self.now() + seconds
        if seconds <= 0:
            await asyncio.sleep(0)
        while (left := end - self.now()) > 0:
            moved = self._moved
            try:
                await asyncio.wait_for(moved.wait(), None if self.held else left / self._speed)
            except TimeoutError:
                continue

    def _real(self) -> float:
        return self._began + (time.time() - self._began) * self._speed + self._offset

    def _wake(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()


def stamp(seconds: float) -> str:
    """Unix seconds as RFC 3339 in UTC with whole seconds."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
