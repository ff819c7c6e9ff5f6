"""The app on a fake cockpit, driven by keys and read as text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any

from textual.pilot import Pilot
from textual.screen import Screen

from cockpit.tui.app import CockpitApp
from cockpit.tui.paint import plain
from cockpit.tui.widgets.painted import Painted
from tests.tui.fake import START, FakeCockpit


@asynccontextmanager
async def screen(
    cockpit: FakeCockpit | None = None, size: tuple[int, int] = (80, 24), **more: object
) -> AsyncIterator[tuple[CockpitApp, Pilot[None]]]:
    more = {"now": lambda: START + 300, **more}
    app = CockpitApp(cockpit or FakeCockpit(), zone=UTC, **more)  # type: ignore[arg-type]
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


def shown(app: CockpitApp) -> str:
    """All text on the screen."""
    return shown_on(app.screen)


def shown_on(screen: Screen[Any]) -> str:
    """All text on a screen that may be under another."""
    return "\n".join(line for pane in screen.query(Painted) for line in plain(pane.lines))


def said(app: CockpitApp) -> str:
    return " | ".join(notification.message for notification in app._notifications)


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()
