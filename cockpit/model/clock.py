"""Time as a part that is handed in, so that a test or a replay can hold it still."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """UTC seconds since 1970, for people and files."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump, for measuring and waiting."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds; at once (but after a turn of the loop) for zero or less."""
        ...
