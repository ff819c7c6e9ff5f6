"""The app on a fake cockpit, driven by keys and read as text."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from cockpit.tui.app import CockpitApp
from cockpit.tui.lines import plain
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


async def settled(pilot: Pilot[None]) -> list[str]:
    """The texts on the screen once they do not change any more: panes are laid out and painted one by one."""
    seen: list[list[str]] = []
    while len(seen) < 4 or any(each != seen[-1] for each in seen[-4:]):
        assert len(seen) < 200, "the screen does not come to rest"
        await pilot.pause(0.05)
        seen.append(texts_on(pilot.app))
    return seen[-1]


def texts_on(app: App[Any]) -> list[str]:
    """The texts of a picture of the screen."""
    return re.findall(r">([^<>]+)</text>", app.export_screenshot())


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


async def ask_inside(pilot: Pilot[None], line: str) -> None:
    """Enter this line in the form of the probe target."""
    await press(pilot, "O")
    pilot.app.screen.query_one("#line", Input).value = line
    await press(pilot, "enter")
