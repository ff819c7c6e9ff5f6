"""A terminal that counts: what an app writes to it, and nothing else, reaches this driver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver


class CountingDriver(HeadlessDriver):
    """Takes what would go to a terminal."""

    written: list[str]

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.written = []

    @property
    def is_headless(self) -> bool:
        # The app writes nothing at all where its driver says it has no terminal.
        return False

    def write(self, data: str) -> None:
        self.written.append(data)

    @property
    def bytes(self) -> int:
        return sum(len(data.encode()) for data in self.written)


@asynccontextmanager
async def on_terminal(app: App[Any], size: tuple[int, int]) -> AsyncIterator[CountingDriver]:
    """Run an app on a counting terminal with synchronised updates, as modern terminals and tmux have them."""
    app.driver_class = CountingDriver
    app._sync_available = True
    running = asyncio.create_task(app.run_async(size=size, mouse=False))
    await until(lambda: app.is_running and isinstance(app._driver, CountingDriver) and app._driver.bytes > 0)
    driver = app._driver
    assert isinstance(driver, CountingDriver)
    try:
        yield driver
    finally:
        app.exit()
        await running


async def until(condition: Callable[[], bool], turns: int = 2000) -> None:
    """Let the loop turn until the condition holds; fail after so many turns of a few milliseconds."""
    for _ in range(turns):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("the condition never held")


async def settled(driver: CountingDriver) -> int:
    """Bytes written when the app has drawn everything that was asked for."""
    before = -1
    while before != driver.bytes:
        before = driver.bytes
        for _ in range(10):
            await asyncio.sleep(0.005)
    return before
