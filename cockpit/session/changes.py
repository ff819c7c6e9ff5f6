"""Waits for the next change without missing one and without polling."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class ChangeSignal:
    """Call `next()` before reading, then wait on it: a beat in between is not lost."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def next(self) -> asyncio.Event:
        """An event that the next beat sets."""
        return self._event

    def beat(self) -> None:
        """Wake all waiters."""
        self._event.set()
        self._event = asyncio.Event()


async def first_of(*waits: Coroutine[Any, Any, Any]) -> None:
    """Return when the first one is done and cancel the others. Raises what the first one raised."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
